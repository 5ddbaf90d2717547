using System.Security.Cryptography;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Configuration;

/// <summary>Files of the configuration that somebody changed.</summary>
/// <param name="Names">The files, relative to the folder.</param>
/// <param name="Version">Hash of them all as they are now.</param>
/// <param name="Errors">What is wrong with them; 0: they are in force, or will be at the next start.</param>
internal sealed record FilesNoticed(IReadOnlyList<string> Names, string Version, int Errors);

/// <summary>The registry in force. It follows its files; an edit with errors changes nothing and says so.</summary>
/// <remarks>
/// The files are looked at instead of waiting to be told: network file systems and bind mounts tell nothing. <see cref="Current"/> and
/// <see cref="LastErrors"/> may be read from any thread. <see cref="Changed"/> is raised one edit at a time, on a thread of the pool, after
/// <see cref="Current"/> has changed; a handler should only pass the index on.
/// </remarks>
internal sealed partial class FacilitySource : IDisposable
{
    /// <summary>How often the files are looked at. An edit is read at the first look that finds them as the one before did: editors write in several steps.</summary>
    public static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(2);

    /// <summary>Every so many looks the content is compared though size and time are the same: some file systems keep time in steps of two seconds.</summary>
    public const int LooksPerComparison = 15;

    private readonly string _folder;
    private readonly KnownRules? _rules;
    private readonly ILogger<FacilitySource> _log;
    private readonly Lock _gate = new();
    private readonly ITimer _timer;
    private volatile FacilityIndex _current;
    private volatile IReadOnlyList<ConfigurationError> _lastErrors = [];
    private string? _stamp;
    private string? _readStamp;
    private string _readVersion;
    private Dictionary<string, string> _hashes;
    private int _looks;
    private long _refused;
    private bool _disposed;

    /// <summary>Begins with a registry that was read from the folder without errors.</summary>
    public FacilitySource(string folder, Facility first, TimeProvider time, ILogger<FacilitySource> log, KnownRules? rules = null)
    {
        (_folder, _rules, _log) = (folder, rules, log);
        _current = new FacilityIndex(first);
        _readVersion = first.Version;
        _stamp = _readStamp = ConfigurationFolder.Stamp(folder);
        _hashes = Hashes(ConfigurationFolder.Read(folder, new Problems()));
        _timer = time.CreateTimer(_ => Look(), null, LookEvery, LookEvery);
    }

    /// <summary>The file that a person edits to register something.</summary>
    public string File => Path.Combine(_folder, ConfigurationFolder.FacilityFile);

    /// <summary>The configuration folder.</summary>
    public string Folder => _folder;

    /// <summary>What reading these files would give, by the same rules as those in force; nothing is changed.</summary>
    public LoadResult Try(ConfigurationFolder folder) => FacilityLoader.Load(folder, new Problems(), _rules);

    /// <summary>Raised after <see cref="Current"/> has changed, with the new one.</summary>
    public event Action<FacilityIndex>? Changed;

    /// <summary>The registry in force.</summary>
    public FacilityIndex Current => _current;

    /// <summary>What is wrong with the files as they are now; empty when they are in force.</summary>
    public IReadOnlyList<ConfigurationError> LastErrors => _lastErrors;

    /// <summary>Edits refused since the start.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>Raised with the names of files that differ from what was read before, whether they were accepted or not; on a thread of the pool, after the registry has changed.</summary>
    public event Action<FilesNoticed>? Noticed;

    /// <summary>Reads the files at once: who wrote a whole one need not wait for the next look.</summary>
    public void ReadNow()
    {
        lock (_gate)
        {
            if (_disposed || ConfigurationFolder.Stamp(_folder) is not { } stamp)
                return;
            _stamp = stamp;
            Read(stamp);
        }
    }

    public void Dispose()
    {
        lock (_gate)
            _disposed = true;
        _timer.Dispose();
    }

    private void Look()
    {
        lock (_gate)
        {
            if (_disposed || ConfigurationFolder.Stamp(_folder) is not { } stamp)
                return;
            var isSettled = stamp == _stamp;
            _stamp = stamp;
            _looks++;
            if (isSettled && (stamp != _readStamp || _looks % LooksPerComparison == 0))
                Read(stamp);
        }
    }

    private void Read(string stamp)
    {
        var problems = new Problems();
        var folder = ConfigurationFolder.Read(_folder, problems);
        var version = folder.Version();
        _readStamp = stamp;
        // Touched but not edited. Where reading itself failed there is no content to compare, and that is the news.
        if (!problems.HasErrors && version == _readVersion)
            return;
        _readVersion = version;
        var changed = Changes(folder);
        var loaded = FacilityLoader.Load(folder, problems, _rules);
        if (loaded.Facility is { } facility)
            Accept(facility);
        else
            Refuse([.. loaded.Errors.Where(error => !error.IsWarning)]);
        if (changed.Count > 0)
            Noticed?.Invoke(new FilesNoticed(changed, version, loaded.Errors.Count(error => !error.IsWarning)));
    }

    /// <summary>Files that are new, other or gone since they were read last.</summary>
    private List<string> Changes(ConfigurationFolder folder)
    {
        var now = Hashes(folder);
        var changed = now.Keys.Union(_hashes.Keys).Where(name => now.GetValueOrDefault(name) != _hashes.GetValueOrDefault(name)).Order(StringComparer.Ordinal).ToList();
        _hashes = now;
        return changed;
    }

    private static Dictionary<string, string> Hashes(ConfigurationFolder folder) =>
        folder.Files.ToDictionary(file => file.Name, file => Convert.ToHexStringLower(SHA256.HashData(file.Content)), StringComparer.Ordinal);

    private void Accept(Facility facility)
    {
        _lastErrors = [];
        // An edit taken back leads to what is in force already.
        if (facility.Version == _current.Facility.Version)
            return;
        _current = new FacilityIndex(facility);
        var devices = facility.Sites.Sum(site => site.Devices.Count);
        LogAccepted(facility.Version, facility.Sites.Count, devices);
        Changed?.Invoke(_current);
    }

    private void Refuse(IReadOnlyList<ConfigurationError> errors)
    {
        // A file that stays unreadable is read again and again, and is one refusal.
        if (errors.SequenceEqual(_lastErrors))
            return;
        _lastErrors = errors;
        Interlocked.Increment(ref _refused);
        var (inForce, first) = (_current.Facility.Version, errors[0]);
        LogRefused(errors.Count, inForce, first);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Registry {Version} is in force: {Sites} sites, {Devices} devices")]
    private partial void LogAccepted(string version, int sites, int devices);

    [LoggerMessage(Level = LogLevel.Error, Message = "The edited registry has {Errors} errors and {Version} stays in force. The first: {First}")]
    private partial void LogRefused(int errors, string version, ConfigurationError first);
}
