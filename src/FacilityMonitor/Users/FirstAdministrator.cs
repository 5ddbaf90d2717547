using System.Globalization;
using FacilityMonitor.Alerts;
using FacilityMonitor.Configuration;
using FacilityMonitor.Journal;

namespace FacilityMonitor.Users;

/// <summary>How the first person comes in. With a password in the settings: as the user they name, who is made an administrator at the first start. Without: by a one-time link in the log.</summary>
/// <remarks>
/// Before there were users the settings held the one name and password; nobody who used them is shut out by an update. Afterwards the settings change one thing only: a password
/// that is new there is given to that user at the next start, and a name that is new there becomes a user. So who may write the settings of this machine gets in again, and a
/// password that was changed on the page stays as it is when the service restarts.
/// </remarks>
internal sealed partial class FirstAdministrator(
    Database database, UserDirectory directory, UserDesk desk, PasswordCheck passwords, OneTimeLinks links, ServiceSettings settings, TimeProvider time, ILogger<FirstAdministrator> log) : IHostedService
{
    private readonly ILogger<FirstAdministrator> _log = log;

    /// <summary>Before the page listens: nobody is let in by a password that the settings no longer have.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (settings.Web.Password is { Length: > 0 } password)
            await FromSettingsAsync(settings.Web.User, password);
        else if (directory.All.Count == 0)
            await ByLinkAsync();
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task FromSettingsAsync(string name, string password)
    {
        if (directory.Find(name) is not { } user)
        {
            // Any name will do that was one before: who uses it must not be shut out by an update.
            var hash = passwords.Hash(password);
            await desk.PutAsync(
                new User
                {
                    Name = name,
                    DisplayName = "",
                    Role = UserRole.Administrator,
                    Sites = SiteScope.All,
                    PasswordHash = hash,
                    SettingsHash = hash,
                    Stamp = UserDesk.NewStamp(),
                    CreatedMs = time.GetUtcNow().ToUnixTimeMilliseconds(),
                }, "user-by-settings");
            LogFromSettings(name);
        }
        else if (user.SettingsHash is null || !passwords.Matches(user.SettingsHash, password))
        {
            var hash = passwords.Hash(password);
            await desk.PutAsync(user with { PasswordHash = hash, SettingsHash = hash, Stamp = UserDesk.NewStamp() }, "password-by-settings");
            LogNewPassword(name);
        }
    }

    private async Task ByLinkAsync()
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        using (var reader = database.OpenReader())
        {
            if (UserTable.FirstLinkUntilMs(reader, now) is { } until)
            {
                LogLinkWaits(AlertText.Clock(until));
                return;
            }
        }

        if (await desk.FirstLinkAsync(Visitor.Machine("first start", "")) is { } secret)
            LogLink(links.Of(secret), UserDesk.LinkValidFor.TotalHours.ToString("0", CultureInfo.InvariantCulture));
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "还没有用户。在 {Hours} 小时内打开这个链接，设立第一个管理员（只能用一次）：{Link}  There is no user yet. Open this link within {Hours} hours to become the first administrator (it works once)")]
    private partial void LogLink(string link, string hours);

    [LoggerMessage(Level = LogLevel.Warning, Message = "还没有用户；较早的日志里有第一个管理员的链接，{Until} 前有效，facility-monitor user first 再给一个。There is no user yet; the link for the first administrator stands in the log of an earlier start and works until {Until}; facility-monitor user first makes another")]
    private partial void LogLinkWaits(string until);

    [LoggerMessage(Level = LogLevel.Information, Message = "The user {Name} of the settings is an administrator now")]
    private partial void LogFromSettings(string name);

    [LoggerMessage(Level = LogLevel.Information, Message = "The user {Name} has the password that the settings have now; earlier sessions are over")]
    private partial void LogNewPassword(string name);
}
