using FacilityMonitor.Registry;

namespace FacilityMonitor.Configuration;

/// <summary>The registry in force. Looks at the files every two seconds; a good edit takes effect, a bad one keeps the old registry and says so.</summary>
internal sealed partial class FacilitySource : IDisposable
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(2);

    private readonly string _folder;
    private readonly ILogger<FacilitySource> _log;
    private readonly Lock _gate = new();
    private readonly ITimer _timer;
    private string _seen;

    /// <summary>Begins with a registry that was read and is good.</summary>
    public FacilitySource(string folder, Facility first, TimeProvider time, ILogger<FacilitySource> log)
    {
        _folder = folder;
        _log = log;
        Current = new FacilityIndex(first);
        _seen = Fingerprint();
        _timer = time.CreateTimer(_ => Look(), null, Every, Every);
    }

    /// <summary>A new registry came into force. Raised on a timer's thread.</summary>
    public event Action<FacilityIndex>? Changed;

    /// <summary>The registry in force.</summary>
    public FacilityIndex Current { get; private set; }

    /// <summary>What is wrong with the files as they are now; empty when they are in force.</summary>
    public IReadOnlyList<ConfigurationError> LastErrors { get; private set; } = [];

    /// <summary>Edits that were refused.</summary>
    public long Refused { get; private set; }

    public void Dispose() => _timer.Dispose();

    /// <summary>Looks whether the files changed.</summary>
    internal void Look()
    {
        FacilityIndex? changed = null;
        lock (_gate)
        {
            string now;
            LoadResult loaded;
            try
            {
                now = Fingerprint();
                if (now == _seen)
                    return;
                loaded = FacilityLoader.Load(_folder);
            }
            catch (IOException)
            {
                // An editor is writing just now; in two seconds it is done.
                return;
            }

            _seen = now;
            if (loaded.Facility is { } facility)
            {
                LastErrors = [];
                if (facility.Version != Current.Facility.Version)
                {
                    changed = Current = new FacilityIndex(facility);
                    LogChanged(facility.Version);
                }
            }
            else
            {
                LastErrors = loaded.Errors;
                Refused++;
                LogRefused(loaded.Errors.Count(error => !error.IsWarning), loaded.Errors[0].ToString());
            }
        }

        if (changed is not null)
            Changed?.Invoke(changed);
    }

    private string Fingerprint() => string.Join('|', FacilityLoader.Files(_folder).Select(file => $"{file}:{File.GetLastWriteTimeUtc(file).Ticks}:{new FileInfo(file).Length}"));

    [LoggerMessage(Level = LogLevel.Information, Message = "The registry changed; version {Version} is in force")]
    private partial void LogChanged(string version);

    [LoggerMessage(Level = LogLevel.Error, Message = "The edited registry has {Errors} errors and the old one stays in force. The first: {First}")]
    private partial void LogRefused(int errors, string first);
}
