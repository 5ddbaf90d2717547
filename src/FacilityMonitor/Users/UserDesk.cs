using System.Security.Cryptography;
using FacilityMonitor.Configuration;
using FacilityMonitor.Journal;
using FacilityMonitor.Registry;
using FacilityMonitor.Web;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.Users;

/// <summary>What is done to users: judged, committed together with its line in the audit, then known to everybody. Any thread.</summary>
internal sealed class UserDesk(Database database, UserDirectory directory, PasswordCheck passwords, FacilitySource registry, TimeProvider time) : IDisposable
{
    /// <summary>How long a one-time link can be used.</summary>
    public static readonly TimeSpan LinkValidFor = TimeSpan.FromHours(24);

    private const int AgentMax = 120;

    /// <summary>One change at a time: each is judged by what the one before has left.</summary>
    private readonly SemaphoreSlim _turn = new(1);

    private long NowMs => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Adds a user, without a password: by a link or by the command line the person gets one.</summary>
    /// <param name="by">Who adds.</param>
    /// <param name="name">What is typed to sign in.</param>
    /// <param name="displayName">How we address the person.</param>
    /// <param name="note">Whatever helps.</param>
    /// <param name="role">What the user is.</param>
    /// <param name="sites">Which sites.</param>
    /// <param name="person">Who it is in people.yaml; null: whoever has the same name there.</param>
    /// <param name="form">Names the form that it came with, so that one that is sent twice is known again by <see cref="IsMadeBy"/>; null: it came with none.</param>
    /// <exception cref="DatabaseUnavailableException">The disk did not take it: nothing was done.</exception>
    public Task<LocalText?> AddAsync(Visitor by, string name, string displayName, string note, UserRole role, SiteScope sites, string? person, string? form = null) => ChangeAsync(() =>
    {
        if (directory.Find(name) is { } taken)
            return (by.Sites.Covers(taken.Sites) ? new($"已有用户 '{name}'；请换一个名字，或修改那个用户", $"there is a user '{name}' already; choose another name, or change that user") : NotFree(name), null, []);
        var stamp = form is null ? NewStamp() : StampOf(by, form);
        var user = new User { Name = name, DisplayName = displayName.Trim(), Note = note.Trim(), Role = role, Sites = sites, Person = person, Stamp = stamp, CreatedMs = NowMs };
        if (RefusalOf(by, user) is { } refusal)
            return (refusal, null, []);
        if (directory.All.Count >= User.CountMax)
            return (new($"用户最多 {User.CountMax} 个", $"there are at most {User.CountMax} users"), null, []);
        if (!by.Sites.Covers(sites))
            return (TooWide(by), null, []);
        return (null, user, [Entry(by, "user-add", name, sites, $"{Words.Of(role)} · {sites}")]);
    });

    /// <summary>Whether a user is as this form made him: nobody set a password since, or changed what he may.</summary>
    public bool IsMadeBy(Visitor by, string name, string form) => Find(by, name) is { } user && user.Stamp == StampOf(by, form);

    /// <summary>Names what a form about a user was drawn from: role, sites and names.</summary>
    public static string Seen(User user) => Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(
        string.Join('\n', Words.Of(user.Role), user.Sites.ToString(), user.DisplayName, user.Note, user.Person ?? ""))))[..32];

    /// <summary>Changes a user.</summary>
    /// <inheritdoc cref="AddAsync" path="/exception"/>
    public Task<LocalText?> DoAsync(Visitor by, string name, UserChange change) => DoAsync(by, name, [change], seen: null);

    /// <summary>Changes several things of a user, in one commit or none of them; each that differs has its line in the audit.</summary>
    /// <param name="by">Who does it.</param>
    /// <param name="name">To whom.</param>
    /// <param name="changes">What.</param>
    /// <param name="seen">What <see cref="Seen"/> said when the form was drawn, which somebody may have changed since; null: there was no form.</param>
    /// <inheritdoc cref="AddAsync" path="/exception"/>
    public Task<LocalText?> DoAsync(Visitor by, string name, IReadOnlyList<UserChange> changes, string? seen) => ChangeAsync(() =>
    {
        if (Find(by, name) is not { } user)
            return (Unknown(name), null, []);
        var (next, made) = (user, new List<UserChange>());
        foreach (var change in changes)
        {
            var changed = change.Apply(next);
            if (changed != next)
                made.Add(change);
            next = changed;
        }

        // A form that is sent twice says the same twice.
        if (next == user)
            return (null, null, []);
        if (seen is not null && seen != Seen(user))
            return (Stale, null, []);
        if (RefusalOf(by, next) is { } refusal)
            return (refusal, null, []);
        // What needs two people needs two: nobody becomes the second one himself.
        if (by.IsUser && by.Name == name && next.Actor != user.Actor)
            return (new("不能改自己是 people.yaml 里的谁；请让另一位管理员改", "nobody changes who he is in people.yaml himself; ask another administrator"), null, []);
        // Who sees some sites can neither give more than those, nor take from somebody who has more.
        if (!by.Sites.Covers(next.Sites))
            return (TooWide(by), null, []);
        // Somebody who has no password yet cannot sign in: whoever stays must be able to.
        if (Administers(user) && !Administers(next) && !directory.All.Any(other => other.Name != name && Administers(other) && other.PasswordHash is not null))
        {
            return (new(
                $"'{name}' 是最后一个管全部点位的管理员；请先让另一个有口令的人成为管理员", $"'{name}' is the last administrator of all sites; first make somebody else one who has a password"), null, []);
        }

        if (made.Exists(change => change.EndsSessions))
            next = next with { Stamp = NewStamp() };
        return (null, next, [.. made.Select(change => Entry(by, change.Word, name, user.Sites.With(next.Sites), change.Detail))]);
    });

    /// <summary>Makes a one-time link with which the user sets a password; one that was made before is void.</summary>
    public async Task<(string? Secret, LocalText? Refusal)> LinkAsync(Visitor by, string name)
    {
        var secret = NewSecret();
        LocalText? refusal = null;
        await WriteAsync(connection =>
        {
            if (Find(by, name) is not { } user)
                refusal = Unknown(name);
            else if (user.IsDisabled)
                refusal = new($"'{name}' 已停用；请先启用", $"'{name}' is disabled; enable the user first");
            if (refusal is not null)
                return;
            UserTable.AddLink(connection, UserDirectory.IdOf(secret), name, NowMs);
            AuditLog.Add(connection, Entry(by, "link-made", name, directory.Find(name)!.Sites, ""));
        });
        return refusal is null ? (secret, null) : (null, refusal);
    }

    /// <summary>Makes the link by which the first administrator comes in; null: there is somebody already.</summary>
    public async Task<string?> FirstLinkAsync(Visitor by)
    {
        var secret = NewSecret();
        var isMade = false;
        await WriteAsync(connection =>
        {
            if (isMade = directory.All.Count == 0)
            {
                UserTable.AddLink(connection, UserDirectory.IdOf(secret), null, NowMs);
                AuditLog.Add(connection, Entry(by, "link-made", "", SiteScope.All, ""));
            }
        });
        return isMade ? secret : null;
    }

    /// <summary>Whose link it is; null: it was used, is too old, or never was one.</summary>
    public LinkOwner? FindLink(string secret)
    {
        using var reader = database.OpenReader();
        return UserTable.FindLink(reader, UserDirectory.IdOf(secret), NowMs) is { } owner && (owner.User is null ? directory.All.Count == 0 : directory.Find(owner.User) is { IsDisabled: false }) ? owner : null;
    }

    /// <summary>Uses a link: sets the password, and for the first administrator makes the user.</summary>
    /// <param name="secret">What the link holds.</param>
    /// <param name="firstName">Name of the first administrator; else unread.</param>
    /// <param name="password">The password, which the rules allow.</param>
    /// <param name="place">The address it comes from.</param>
    public async Task<(User? User, LocalText? Refusal)> UseLinkAsync(string secret, string firstName, string password, string place)
    {
        var hash = passwords.Hash(password);
        User? made = null;
        LocalText? refusal = null;
        await WriteAsync(connection =>
        {
            made = null;
            // Looked at again where nothing else writes: of two who use it at once one comes too late.
            if (UserTable.FindLink(connection, UserDirectory.IdOf(secret), NowMs) is not { } owner || (owner.User is null && directory.All.Count > 0)
                || (owner.User is { } name && directory.Find(name) is not { IsDisabled: false }))
            {
                refusal = new("这个链接已经用过或已过期；请向管理员再要一个", "this link was used or is too old; ask the administrator for another one");
                return;
            }

            var user = owner.User is { } known ? directory.Find(known)! : new User
            {
                Name = firstName,
                DisplayName = "",
                Role = UserRole.Administrator,
                Sites = SiteScope.All,
                Stamp = "",
                CreatedMs = NowMs,
            };
            refusal = RefusalOf(Visitor.Machine(Visitor.OneTimeLink, place), user) ?? PasswordRules.Refusal(password, user.Name, user.DisplayName);
            if (refusal is not null)
                return;
            made = user with { PasswordHash = hash, Stamp = NewStamp() };
            UserTable.Write(connection, made);
            UserTable.VoidLinks(connection, owner.User);
            AuditLog.Add(connection, Entry(Visitor.Machine(Visitor.OneTimeLink, place), "link-used", made.Name, made.Sites, owner.User is null ? Words.Of(made.Role) : ""));
        }, () =>
        {
            if (made is not null)
                directory.Put(made);
        });
        return (made, refusal);
    }

    /// <summary>Sets somebody's password, who is told it by other ways: for the command line.</summary>
    public async Task<LocalText?> SetPasswordAsync(Visitor by, string name, string password) =>
        Find(by, name) is not { } user ? Unknown(name)
        : PasswordRules.Refusal(password, user.Name, user.DisplayName) ?? await DoAsync(by, name, new UserChange.Password(passwords.Hash(password)));

    /// <summary>The user chooses another password; the old one is asked for, so that a page left open is not enough.</summary>
    public async Task<(LocalText? Refusal, bool IsWrong)> ChangeOwnPasswordAsync(Visitor by, string old, string password)
    {
        if (directory.Find(by.Name) is not { } user)
            return (Unknown(by.Name), false);
        return await passwords.IsRightAsync(user.PasswordHash, old) switch
        {
            null => (new("现在登录的人太多，请过几秒再试", "too many are signing in now; try again in some seconds"), false),
            false => (new("现在的口令不对", "the present password is wrong"), true),
            true => (PasswordRules.Refusal(password, user.Name, user.DisplayName) ?? await DoAsync(by, by.Name, new UserChange.Password(passwords.Hash(password))), false),
        };
    }

    /// <summary>Makes a hash anew that has too few rounds. The password is the same, so nothing else changes.</summary>
    public Task StrengthenAsync(string name, string password)
    {
        var hash = passwords.Hash(password);
        User? next = null;
        return WriteAsync(connection =>
        {
            next = directory.Find(name) is { PasswordHash: { } weak } user && passwords.Matches(weak, password) ? user with { PasswordHash = hash } : null;
            if (next is not null)
                UserTable.Write(connection, next);
        }, () =>
        {
            if (next is not null)
                directory.Put(next);
        });
    }

    /// <summary>Puts in a user as the settings have it, or gives it the password that they have now.</summary>
    public Task PutAsync(User user, string what) => ChangeAsync(() => (null, user, [Entry(Visitor.Machine(Visitor.Settings, ""), what, user.Name, user.Sites, "")]));

    /// <summary>Begins a session.</summary>
    /// <returns>What the cookie holds.</returns>
    public async Task<string> OpenSessionAsync(User user, string place, string agent)
    {
        var (secret, id) = UserDirectory.NewSession();
        var session = new UserSession(id, user.Name, user.Stamp, NowMs, NowMs, place, agent.Length <= AgentMax ? agent : agent[..AgentMax]);
        IReadOnlyList<string> stale = [];
        await WriteAsync(connection =>
        {
            stale = directory.Stale(user.Name);
            foreach (var one in stale)
                UserTable.End(connection, one);
            UserTable.Open(connection, session);
            UserTable.Know(connection, user.Name, place, session.OpenedMs);
            AuditLog.Add(connection, new AuditEntry(session.OpenedMs, user.Name, place, "sign-in", user.Name, user.Sites.InAudit, session.Agent));
        }, () =>
        {
            directory.Drop(stale);
            directory.Put(session, place);
        });
        return secret;
    }

    /// <summary>Ends one session of a user, or all of them.</summary>
    /// <param name="by">Who wants it.</param>
    /// <param name="name">The user.</param>
    /// <param name="session">Which; null: all.</param>
    public async Task<LocalText?> EndSessionsAsync(Visitor by, string name, string? session = null)
    {
        LocalText? refusal = null;
        IReadOnlyList<string> ended = [];
        await WriteAsync(connection =>
        {
            if (by.Name != name && Find(by, name) is null)
            {
                refusal = Unknown(name);
                return;
            }

            ended = [.. directory.SessionsOf(name).Where(open => session is null || open.Id == session).Select(open => open.Id)];
            foreach (var one in ended)
                UserTable.End(connection, one);
            if (ended.Count > 0)
                AuditLog.Add(connection, Entry(by, by.Session is not null && session == by.Session ? "sign-out" : "sessions-ended", name, directory.Find(name)?.Sites ?? SiteScope.All, ""));
        }, () => directory.Drop(ended));
        return refusal;
    }

    /// <summary>Notes something that somebody did elsewhere.</summary>
    public Task NoteAsync(params IReadOnlyList<AuditEntry> entries) => database.CommitAsync(CommitPriority.Alerts, connection =>
    {
        foreach (var entry in entries)
            AuditLog.Add(connection, entry);
    });

    public void Dispose() => _turn.Dispose();

    internal static string NewStamp() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    internal static LocalText Unknown(string name) => new($"没有用户 '{name}'；facility-monitor user list 列出全部", $"there is no user '{name}'; facility-monitor user list names them all");

    /// <summary>The form is older than what somebody else changed.</summary>
    internal static LocalText Stale { get; } = new(
        "你打开这一页以后，别人改过这个用户，所以没有保存。下面写着现在是什么；核对后再按一次，就按你填的保存。",
        "Somebody else changed this user after you opened this page, so nothing was saved. What holds now stands below; look at it, and press again to save what you wrote.");

    /// <summary>A name that somebody of other sites has: that, and no more.</summary>
    private static LocalText NotFree(string name) => new($"用户名 '{name}' 不能用；请换一个", $"the user name '{name}' cannot be used; choose another one");

    private static LocalText NoPerson(string person) => new($"people.yaml 里没有人员 '{person}'", $"people.yaml names no person '{person}'");

    private static string StampOf(Visitor by, string form) => Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes($"{by.Name}\n{form}")))[..32];

    private static LocalText TooWide(Visitor by) => new($"你只管 {by.Sites}，不能给别的点位", $"you administer {by.Sites} and can give no other site");

    private static bool Administers(User user) => user is { Role: UserRole.Administrator, IsDisabled: false, Sites.IsAll: true };

    private static string NewSecret() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));

    /// <summary>Somebody whom this visitor may see: whoever has more sites than he is nobody to him.</summary>
    private User? Find(Visitor by, string name) => directory.Find(name) is { } user && by.Sites.Covers(user.Sites) ? user : null;

    /// <param name="by">Who does it.</param>
    /// <param name="what">The word of it.</param>
    /// <param name="subject">To whom.</param>
    /// <param name="sites">Sites of the user it is done to.</param>
    /// <param name="detail">More about it.</param>
    private AuditEntry Entry(Visitor by, string what, string subject, SiteScope sites, string detail) => new(NowMs, by.Name, by.Place, what, subject, sites.InAudit, detail);

    /// <summary>What cannot be as it is written, for whom it is: what belongs to other sites is not named.</summary>
    private LocalText? RefusalOf(Visitor by, User user)
    {
        var before = directory.Find(user.Name);
        if (before is null && !MappingReader.IsId(user.Name))
            return new($"'{user.Name}' 不能作用户名；请用 1 到 48 个小写字母、数字或 '-'", $"'{user.Name}' is no user name; use 1 to 48 of a-z, 0-9 and '-'");
        if (user.DisplayName.Length > User.DisplayNameMax || user.DisplayName.Any(char.IsControl))
            return new($"称呼最多 {User.DisplayNameMax} 个字，不能有控制字符", $"what somebody is called has at most {User.DisplayNameMax} characters and no control characters");
        if (user.Note.Length > User.NoteMax || user.Note.Any(char.IsControl))
            return new($"备注最多 {User.NoteMax} 个字，不能有控制字符", $"a note has at most {User.NoteMax} characters and no control characters");
        var index = registry.Current;
        if (user.Sites is { IsAll: false, Sites.Count: 0 })
            return new("至少要有一个点位；全部点位请写 all", "name at least one site; all sites are written: all");
        if (before?.Sites.Equals(user.Sites) != true && user.Sites.Sites.FirstOrDefault(site => index.FindSite(site) is null) is { } unknown)
        {
            var known = string.Join(", ", by.Sites.Of(index.Facility).Sites.Select(site => site.Id));
            return new($"没有点位 '{unknown}'；有的是：{known}", $"there is no site '{unknown}'; there are: {known}");
        }

        var (people, isNew) = (index.Facility.People, before?.Actor != user.Actor);
        // Whoever administers some sites makes nobody a person whom other sites alone call: he would take their alerts and be their second person.
        if (isNew && people.Find(user.Actor) is not null && !by.Sites.Has(user.Actor, people))
            return user.Person is null ? NotFree(user.Name) : NoPerson(user.Person);
        // One who acts for another would be a second person to himself.
        if (isNew && directory.All.FirstOrDefault(other => other.Name != user.Name && other.Actor == user.Actor) is { } same)
        {
            return by.Sites.Covers(same.Sites)
                ? new($"用户 '{same.Name}' 已经是 '{user.Actor}'；一个人只能有一个用户", $"the user '{same.Name}' is '{user.Actor}' already; one person has one user")
                : new($"'{user.Actor}' 已经有一个用户，不归你管；请找管全部点位的管理员", $"'{user.Actor}' has a user already, who is not yours to change; ask an administrator of all sites");
        }

        return user.Person is { } person && before?.Person != person && people.Find(person) is null ? NoPerson(person) : null;
    }

    private async Task<LocalText?> ChangeAsync(Func<(LocalText? Refusal, User? Next, IReadOnlyList<AuditEntry> Entries)> judge)
    {
        LocalText? refusal = null;
        User? next = null;
        await WriteAsync(connection =>
        {
            (refusal, next, var entries) = judge();
            if (refusal is not null || next is null)
                return;
            UserTable.Write(connection, next);
            // Whoever has a new password, or may not come any more, has no use for an old link.
            if (directory.Find(next.Name) is { } before && before.Stamp != next.Stamp)
                UserTable.VoidLinks(connection, next.Name);
            foreach (var entry in entries)
                AuditLog.Add(connection, entry);
        }, () =>
        {
            if (refusal is null && next is not null)
                directory.Put(next);
        });
        return refusal;
    }

    private async Task WriteAsync(Action<SqliteConnection> write, Action? committed = null)
    {
        await _turn.WaitAsync();
        try
        {
            await database.CommitAsync(CommitPriority.Alerts, write, committed);
        }
        finally
        {
            _turn.Release();
        }
    }
}
