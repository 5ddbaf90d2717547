using FacilityMonitor.Response;

namespace FacilityMonitor.OnCall.Responses;

/// <summary>How loud every channel is that there is.</summary>
/// <param name="ByName">By name of the channel.</param>
/// <param name="Siren">The channel of sirens; null: there is none.</param>
internal sealed record ChannelSounds(IReadOnlyDictionary<string, Loudness> ByName, string? Siren)
{
    public Loudness? Of(string channel) => ByName.TryGetValue(channel, out var loudness) ? loudness : null;
}
