using System.Collections;
using System.Security.Cryptography;

namespace FacilityMonitor.Configuration;

/// <summary>Settings are read once at start. Whoever edits them while the service runs is told so in the log, and whether a restart would accept them.</summary>
internal sealed partial class SettingsWatch(string folder, IDictionary environment, TimeProvider time, ILogger<SettingsWatch> log) : IHostedService, IDisposable
{
    private readonly ILogger<SettingsWatch> _log = log;
    private readonly Lock _gate = new();
    private readonly string? _atStart = Hash(folder);
    private string? _seen;
    private string? _told;
    private ITimer? _timer;

    /// <summary>Raised after an edit of the file was told, on a thread of the pool.</summary>
    public event Action<FilesNoticed>? Noticed;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _seen = _told = _atStart;
        _timer = time.CreateTimer(_ => Look(), null, FacilitySource.LookEvery, FacilitySource.LookEvery);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        _timer?.Dispose();
        return Task.CompletedTask;
    }

    public void Dispose() => _timer?.Dispose();

    /// <summary>As with the registry, an edit counts at the first look that finds the file as the one before did.</summary>
    private void Look()
    {
        lock (_gate)
        {
            var now = Hash(folder);
            var isSettled = now == _seen;
            _seen = now;
            if (!isSettled || now == _told)
                return;
            _told = now;
            Tell(now);
        }
    }

    private void Tell(string? now)
    {
        var errors = SettingsLoader.Load(folder, environment).Errors.Where(error => !error.IsWarning).ToList();
        Noticed?.Invoke(new FilesNoticed([ConfigurationFolder.SettingsFile], now?[..16] ?? "", errors.Count));
        if (now == _atStart)
        {
            LogAsAtStart();
            return;
        }

        if (errors.Count == 0)
            LogNeedsRestart();
        else
            LogWouldBeRefused(errors.Count, errors[0].In(SettingsLoader.LanguageOf(folder, environment)));
    }

    /// <summary>Null when there is no such file or it cannot be read now.</summary>
    private static string? Hash(string folder)
    {
        try
        {
            var path = Path.Combine(folder, ConfigurationFolder.SettingsFile);
            return File.Exists(path) ? Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path))) : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "settings.yaml was changed. It is valid, and takes effect when the service is restarted; until then the settings of the start stay in force")]
    private partial void LogNeedsRestart();

    [LoggerMessage(Level = LogLevel.Warning, Message = "settings.yaml was changed and has {Errors} errors: a restart would be refused. The settings of the start stay in force. The first: {First}")]
    private partial void LogWouldBeRefused(int errors, string first);

    [LoggerMessage(Level = LogLevel.Information, Message = "settings.yaml is again as it was at the start")]
    private partial void LogAsAtStart();
}
