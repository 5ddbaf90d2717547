using System.Security.Cryptography;
using System.Text;
using FacilityMonitor.Journal;

namespace FacilityMonitor.Users;

/// <summary>Who there is, and who is signed in: all of it in memory, because every request asks. What changes is written first and known here once it is on disk. Any thread.</summary>
internal sealed class UserDirectory
{
    /// <summary>A session that nobody used for so long is over.</summary>
    public static readonly TimeSpan IdleMax = TimeSpan.FromDays(7);

    /// <summary>After so long everybody signs in again (NIST SP 800-63B, 4.1.3: at least every 30 days).</summary>
    public static readonly TimeSpan SessionMax = TimeSpan.FromDays(30);

    /// <summary>How long a place counts as one from where somebody signs in.</summary>
    public static readonly TimeSpan PlaceKnownFor = TimeSpan.FromDays(30);

    /// <summary>Sessions of one user; the oldest ends when one more begins.</summary>
    public const int SessionsMax = 20;

    /// <summary>When a session was used is written down this exactly: not with every request.</summary>
    private static readonly TimeSpan SeenStep = TimeSpan.FromMinutes(10);

    private readonly Database _database;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, User> _users = new(StringComparer.Ordinal);
    private readonly Dictionary<string, UserSession> _sessions = new(StringComparer.Ordinal);
    private readonly Dictionary<(string User, string Place), long> _places = [];

    private UserDirectory(Database database, TimeProvider time) => (_database, _time) = (database, time);

    /// <summary>Somebody's session or rights changed: open streams look again.</summary>
    public event Action? Changed;

    /// <summary>Everybody, by name.</summary>
    public IReadOnlyList<User> All
    {
        get
        {
            lock (_gate)
                return [.. _users.Values.OrderBy(user => user.Name, StringComparer.Ordinal)];
        }
    }

    private long NowMs => _time.GetUtcNow().ToUnixTimeMilliseconds();

    public static UserDirectory Open(Database database, TimeProvider time)
    {
        var directory = new UserDirectory(database, time);
        using var reader = database.OpenReader();
        foreach (var user in UserTable.Users(reader))
            directory._users[user.Name] = user;
        foreach (var session in UserTable.Sessions(reader))
            directory._sessions[session.Id] = session;
        foreach (var (user, place, seen) in UserTable.Places(reader))
            directory._places[(user, place)] = seen;
        return directory;
    }

    public User? Find(string name)
    {
        lock (_gate)
            return _users.GetValueOrDefault(name);
    }

    /// <summary>How somebody who acted is called; null: it is nobody of ours.</summary>
    public string? DisplayName(string actor)
    {
        lock (_gate)
            return _users.GetValueOrDefault(actor)?.DisplayName is { Length: > 0 } name ? name : null;
    }

    /// <summary>The names of a session: what its cookie holds, and what is stored of it.</summary>
    public static (string Secret, string Id) NewSession()
    {
        var secret = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        return (secret, IdOf(secret));
    }

    public static string IdOf(string secret) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));

    /// <summary>Whose session it is, and that it was used now; null: it is over.</summary>
    public (User User, UserSession Session)? Admit(string id)
    {
        var now = NowMs;
        UserSession session;
        User user;
        lock (_gate)
        {
            if (OpenAt(id, now) is not var (owner, open))
                return null;
            (user, session) = (owner, open);
            if (now - session.SeenMs < (long)SeenStep.TotalMilliseconds)
                return (user, session);
            _sessions[id] = session = session with { SeenMs = now };
        }

        // Nobody waits for it: if it is lost the session seems ten minutes older.
        _ = _database.CommitAsync(CommitPriority.Housekeeping, connection => UserTable.Saw(connection, id, now));
        return (user, session);
    }

    /// <summary>Whether a session goes on.</summary>
    public bool IsOpen(string id)
    {
        lock (_gate)
            return OpenAt(id, NowMs) is not null;
    }

    /// <summary>Sessions that go on, the newest first.</summary>
    public IReadOnlyList<UserSession> SessionsOf(string user)
    {
        var now = NowMs;
        lock (_gate)
            return [.. _sessions.Values.Where(session => session.User == user && OpenAt(session.Id, now) is not null).OrderByDescending(session => session.SeenMs)];
    }

    /// <summary>Whether somebody signed in from there within 30 days.</summary>
    public bool IsKnownPlace(string user, string place)
    {
        lock (_gate)
            return _places.TryGetValue((user, place), out var seen) && NowMs - seen < (long)PlaceKnownFor.TotalMilliseconds;
    }

    /// <summary>A user is on disk as he now is.</summary>
    internal void Put(User user)
    {
        lock (_gate)
            _users[user.Name] = user;
        Changed?.Invoke();
    }

    /// <summary>A session is on disk; of a user's many the oldest is to end.</summary>
    internal void Put(UserSession session, string place)
    {
        lock (_gate)
        {
            _sessions[session.Id] = session;
            _places[(session.User, place)] = session.OpenedMs;
        }
    }

    /// <summary>Sessions are gone.</summary>
    internal void Drop(IEnumerable<string> sessions)
    {
        lock (_gate)
        {
            foreach (var id in sessions)
                _sessions.Remove(id);
        }

        Changed?.Invoke();
    }

    /// <summary>What is over of a user's sessions, and what is too many when one more begins: they may be deleted.</summary>
    internal IReadOnlyList<string> Stale(string user)
    {
        var now = NowMs;
        lock (_gate)
        {
            var (open, over) = (new List<UserSession>(), new List<string>());
            foreach (var session in _sessions.Values.Where(session => session.User == user))
            {
                if (OpenAt(session.Id, now) is null)
                    over.Add(session.Id);
                else
                    open.Add(session);
            }

            return [.. over, .. open.OrderBy(session => session.SeenMs).Take(open.Count + 1 - SessionsMax).Select(session => session.Id)];
        }
    }

    private (User, UserSession)? OpenAt(string id, long nowMs) =>
        _sessions.TryGetValue(id, out var session) && _users.TryGetValue(session.User, out var user) && !user.IsDisabled && user.Stamp == session.Stamp
        && nowMs - session.OpenedMs < (long)SessionMax.TotalMilliseconds && nowMs - session.SeenMs < (long)IdleMax.TotalMilliseconds
            ? (user, session) : null;
}
