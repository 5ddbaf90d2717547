using FacilityMonitor.OnCall.Channels;
using FacilityMonitor.Response;

namespace FacilityMonitor.OnCall.Responses;

/// <summary>How loud every channel is that there is now. Follows the channels in force; any thread.</summary>
internal sealed class ChannelSounds
{
    private volatile Sounds _now;
    private long _version;

    /// <param name="byName">How loud, by name of the channel.</param>
    /// <param name="siren">The channel of sirens; null: there is none.</param>
    /// <param name="logs">Channels that end in our own log.</param>
    /// <param name="rooms">Channels in which many read the same.</param>
    /// <param name="replaced">Channels whose messages can be replaced.</param>
    public ChannelSounds(IReadOnlyDictionary<string, Loudness> byName, string? siren, IReadOnlySet<string>? logs = null, IReadOnlySet<string>? rooms = null, IReadOnlySet<string>? replaced = null) =>
        _now = new Sounds(byName, siren, logs ?? new HashSet<string>(), rooms ?? new HashSet<string>(), replaced ?? new HashSet<string>());

    /// <summary>The channel of sirens; null: there is none.</summary>
    public string? Siren => _now.Siren;

    /// <summary>Channels that end in our own log: nobody is at the other end who could confirm anything, and who reads it sits at this machine.</summary>
    public IReadOnlySet<string> Logs => _now.Logs;

    /// <summary>Rises with every edit.</summary>
    public long Version => Interlocked.Read(ref _version);

    /// <summary>Channels in which many read the same: a group chat is flooded by what each of its readers would still take.</summary>
    public IReadOnlySet<string> Rooms => _now.Rooms;

    /// <summary>Channels whose messages can be replaced where they stand.</summary>
    public IReadOnlySet<string> Replaced => _now.Replaced;

    /// <summary>Of the channels that are configured.</summary>
    public static ChannelSounds From(IReadOnlyList<ChannelDefinition> channels)
    {
        var sounds = new ChannelSounds(new Dictionary<string, Loudness>(), null);
        sounds.Use(channels);
        return sounds;
    }

    /// <summary>How loud a channel is; null: there is no such channel.</summary>
    public Loudness? Of(string channel) => _now.ByName.TryGetValue(channel, out var loudness) ? loudness : null;

    /// <summary>From now on these are the channels.</summary>
    public void Use(IReadOnlyList<ChannelDefinition> channels)
    {
        _now = new Sounds(
            channels.Where(channel => channel.Form.Kind != ChannelKind.Siren).ToDictionary(channel => channel.Id, channel => channel.Form switch
            {
                { IsVoice: true } => Loudness.Voice,
                { Kind: ChannelKind.AliyunSms or ChannelKind.TencentSms } => Loudness.Sms,
                _ => Loudness.Message,
            }, StringComparer.Ordinal),
            channels.FirstOrDefault(channel => channel.Form.Kind == ChannelKind.Siren)?.Id,
            channels.Where(channel => channel.Form.Kind == ChannelKind.Console).Select(channel => channel.Id).ToHashSet(StringComparer.Ordinal),
            channels.Where(channel => channel.Form.IsRoom).Select(channel => channel.Id).ToHashSet(StringComparer.Ordinal),
            channels.Where(channel => channel.Form.IsReplaced).Select(channel => channel.Id).ToHashSet(StringComparer.Ordinal));
        Interlocked.Increment(ref _version);
    }

    private sealed record Sounds(IReadOnlyDictionary<string, Loudness> ByName, string? Siren, IReadOnlySet<string> Logs, IReadOnlySet<string> Rooms, IReadOnlySet<string> Replaced);
}
