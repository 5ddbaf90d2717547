using System.Text.Json;

namespace FirmwareSim.Protocol;

/// <summary>A <c>cfg</c> message as it came.</summary>
internal sealed record DesiredSettings(string Hash, long? ExpiresMs, int? PeriodS, double? LimitW)
{
    /// <summary>Reads it; null when it is none, such as the empty one that takes a retained one away.</summary>
    public static DesiredSettings? Read(ReadOnlyMemory<byte> payload)
    {
        try
        {
            using var document = JsonDocument.Parse(payload);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("hash", out var hash) || hash.ValueKind != JsonValueKind.String)
                return null;
            return new DesiredSettings(hash.GetString()!, (long?)Number(root, "exp"), (int?)Number(root, "period"), Number(root, "limit_w"));
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static double? Number(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) ? number : null;
}
