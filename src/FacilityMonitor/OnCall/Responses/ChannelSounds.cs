using FacilityMonitor.OnCall.Channels;
using FacilityMonitor.Response;

namespace FacilityMonitor.OnCall.Responses;

/// <summary>How loud every channel is that there is.</summary>
/// <param name="ByName">By name of the channel.</param>
/// <param name="Siren">The channel of sirens; null: there is none.</param>
internal sealed record ChannelSounds(IReadOnlyDictionary<string, Loudness> ByName, string? Siren)
{
    /// <summary>Of the channels that are configured.</summary>
    public static ChannelSounds From(IReadOnlyList<ChannelDefinition> channels) => new(
        channels.Where(channel => channel.Form.Kind != ChannelKind.Siren).ToDictionary(channel => channel.Id, channel => channel.Form switch
        {
            { IsVoice: true } => Loudness.Voice,
            { Kind: ChannelKind.AliyunSms or ChannelKind.TencentSms } => Loudness.Sms,
            _ => Loudness.Message,
        }, StringComparer.Ordinal),
        channels.FirstOrDefault(channel => channel.Form.Kind == ChannelKind.Siren)?.Id);

    public Loudness? Of(string channel) => ByName.TryGetValue(channel, out var loudness) ? loudness : null;
}
