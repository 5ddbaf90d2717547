using System.Text.Json;
using FacilityMonitor.Contract;
using FacilityMonitor.Readings;

namespace FirmwareSim.Protocol;

/// <summary>A command as it came.</summary>
internal sealed record Command
{
    /// <summary>Longest id a device remembers, in characters.</summary>
    public const int IdLengthMax = 64;

    public required string Id { get; init; }

    public required string Operation { get; init; }

    public ChannelId? Channel { get; init; }

    /// <summary>Whether a channel was named that no device has.</summary>
    public bool ChannelIsUnreadable { get; init; }

    /// <summary>When it is too late, epoch ms by the device's clock.</summary>
    public long? ExpiresMs { get; init; }

    /// <summary>The same as a span from its arrival, s; what a device without a clock goes by.</summary>
    public double? TtlS { get; init; }

    /// <summary>Whether doing it twice is harmless. Such commands are not remembered, so that many of them do not push out one that is not.</summary>
    public bool IsHarmless => Operation is "resend" or "rebirth";

    /// <summary>First and last number a resend asks for.</summary>
    public long? From { get; init; }

    public long? To { get; init; }

    /// <summary>Boot a resend asks for; null: the present one.</summary>
    public string? Boot { get; init; }

    public double? Watts { get; init; }

    public double? Seconds { get; init; }

    /// <summary>Reads a command; null when it is none that could even be answered.</summary>
    public static Command? Read(ReadOnlyMemory<byte> payload)
    {
        try
        {
            using var document = JsonDocument.Parse(payload);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || Text(root, "id") is not { Length: > 0 and <= IdLengthMax } id || Text(root, "op") is not { } operation)
                return null;
            var arguments = root.TryGetProperty("args", out var found) && found.ValueKind == JsonValueKind.Object ? found : default;
            var channelText = Text(root, "ch");
            ChannelId? channel = channelText is not null && ChannelId.TryParse(channelText, out var parsed) ? parsed : null;
            return new Command
            {
                Id = id,
                Operation = operation,
                Channel = channel,
                ChannelIsUnreadable = channelText is not null && channel is null,
                ExpiresMs = (long?)Number(root, "exp"),
                TtlS = Number(root, "ttl"),
                From = (long?)Number(arguments, "from"),
                To = (long?)Number(arguments, "to"),
                Boot = Text(arguments, "boot"),
                Watts = Number(arguments, "w"),
                Seconds = Number(arguments, "s"),
            };
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string? Text(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static double? Number(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number
            && value.TryGetDouble(out var number) ? number : null;
}

/// <summary>What a device answers.</summary>
internal sealed record CommandAnswer(CommandResult Result, string? Reason = null)
{
    public static CommandAnswer Done { get; } = new(CommandResult.Done);

    public static CommandAnswer Expired { get; } = new(CommandResult.Expired);

    public static CommandAnswer Rejected(string reason) => new(CommandResult.Rejected, reason);
}
