using FacilityMonitor.Configuration;

namespace FacilityMonitor.OnCall.Channels;

/// <summary>The channels in force. They follow <c>channels.yaml</c> and the files of secrets it names; an edit with errors changes nothing and says so.</summary>
/// <remarks>
/// As with the registry the files are looked at, and an edit counts at the first look that finds it as the one before did. They are few and small, so each look
/// reads them whole: that also finds a secret that was changed in its own file, wherever that lies.
/// </remarks>
internal sealed partial class ChannelSource : IDisposable
{
    private readonly string _folder;
    private readonly string _language;
    private readonly ILogger<ChannelSource> _log;
    private readonly Lock _gate = new();
    private readonly ITimer _timer;
    private volatile IReadOnlyList<ChannelDefinition> _current;
    private volatile IReadOnlyList<ConfigurationError> _lastErrors = [];
    private string _seen;
    private string _read;
    private long _refused;
    private bool _disposed;

    /// <summary>Begins with channels that were read from the folder without errors.</summary>
    /// <param name="folder">The configuration folder.</param>
    /// <param name="language">Language of channels that name none.</param>
    /// <param name="first">The channels.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">Where edits are told.</param>
    public ChannelSource(string folder, string language, IReadOnlyList<ChannelDefinition> first, TimeProvider time, ILogger<ChannelSource> log)
    {
        (_folder, _language, _log, _current) = (folder, language, log, first);
        _seen = _read = Name(ChannelReader.Load(folder, language));
        _timer = time.CreateTimer(_ => Look(), null, FacilitySource.LookEvery, FacilitySource.LookEvery);
    }

    /// <summary>Raised after <see cref="Current"/> has changed, on a thread of the pool; a handler should only pass it on.</summary>
    public event Action<IReadOnlyList<ChannelDefinition>>? Changed;

    /// <summary>Raised after an edit was accepted or refused, on a thread of the pool.</summary>
    public event Action<FilesNoticed>? Noticed;

    /// <summary>The channels in force.</summary>
    public IReadOnlyList<ChannelDefinition> Current => _current;

    /// <summary>What is wrong with the file as it is now; empty when it is in force.</summary>
    public IReadOnlyList<ConfigurationError> LastErrors => _lastErrors;

    /// <summary>Edits refused since the start.</summary>
    public long Refused => Interlocked.Read(ref _refused);

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
            if (_disposed)
                return;
            var loaded = ChannelReader.Load(_folder, _language);
            var name = Name(loaded);
            var isSettled = name == _seen;
            _seen = name;
            if (!isSettled || name == _read)
                return;
            _read = name;
            if (loaded.Channels is { } channels)
                Accept(channels);
            else
                Refuse([.. loaded.Errors.Where(error => !error.IsWarning)]);
            Noticed?.Invoke(new FilesNoticed([ChannelReader.File], "", _lastErrors.Count));
        }
    }

    private void Accept(IReadOnlyList<ChannelDefinition> channels)
    {
        _lastErrors = [];
        // An edit taken back leads to what is in force already.
        if (channels.Select(channel => channel.Fingerprint).SequenceEqual(_current.Select(channel => channel.Fingerprint)))
            return;
        // Answers of a chat come over a connection that is made at the start.
        var streams = string.Join(", ", channels.Where(channel => channel.Form.IsAnswered && !_current.Any(one => one.Fingerprint == channel.Fingerprint)).Select(channel => channel.Id));
        _current = channels;
        LogAccepted(channels.Count);
        if (streams.Length > 0)
            LogStreams(streams);
        Changed?.Invoke(channels);
    }

    private void Refuse(IReadOnlyList<ConfigurationError> errors)
    {
        _lastErrors = errors;
        Interlocked.Increment(ref _refused);
        var first = errors[0];
        LogRefused(errors.Count, first);
    }

    /// <summary>Names what stands in the files: the channels, or what is wrong with them.</summary>
    private static string Name((IReadOnlyList<ChannelDefinition>? Channels, IReadOnlyList<ConfigurationError> Errors) loaded) =>
        loaded.Channels is { } channels ? string.Join('\n', channels.Select(channel => channel.Fingerprint)) : "! " + string.Join('\n', loaded.Errors);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Channels} channels are in force")]
    private partial void LogAccepted(int channels);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Answers over {Channels} follow the edit at the next start of the service")]
    private partial void LogStreams(string channels);

    [LoggerMessage(Level = LogLevel.Error, Message = "The edited channels.yaml has {Errors} errors and the channels before stay in force. The first: {First}")]
    private partial void LogRefused(int errors, ConfigurationError first);
}
