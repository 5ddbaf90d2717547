using FacilityMonitor.OnCall.Channels;
using FacilityMonitor.Response;

namespace FacilityMonitor.OnCall.Responses;

/// <summary>How loud every channel is that there is.</summary>
/// <param name="ByName">By name of the channel.</param>
/// <param name="Siren">The channel of sirens; null: there is none.</param>
internal sealed record ChannelSounds(IReadOnlyDictionary<string, Loudness> ByName, string? Siren)
{
    /// <summary>Channels that end in our own log: nobody is at the other end who could confirm anything, and who reads it sits at this machine.</summary>
    public IReadOnlySet<string> Logs { get; init; } = new HashSet<string>();

    /// <summary>Of the channels that are configured.</summary>
    public static ChannelSounds From(IReadOnlyList<ChannelDefinition> channels) => new(
        channels.Where(channel => channel.Form.Kind != ChannelKind.Siren).ToDictionary(channel => channel.Id, channel => channel.Form switch
        {
            { IsVoice: true } => Loudness.Voice,
            { Kind: ChannelKind.AliyunSms or ChannelKind.TencentSms } => Loudness.Sms,
            _ => Loudness.Message,
        }, StringComparer.Ordinal),
        channels.FirstOrDefault(channel => channel.Form.Kind == ChannelKind.Siren)?.Id)
    {
        Logs = channels.Where(channel => channel.Form.Kind == ChannelKind.Console).Select(channel => channel.Id).ToHashSet(StringComparer.Ordinal),
    };

    public Loudness? Of(string channel) => ByName.TryGetValue(channel, out var loudness) ? loudness : null;
}
