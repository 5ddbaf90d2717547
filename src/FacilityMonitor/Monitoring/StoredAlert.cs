using System.Globalization;
using System.Text.Json;
using FacilityMonitor.Alerts;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;

namespace FacilityMonitor.Monitoring;

/// <summary>Reads back what <see cref="TransitionJson"/> wrote, all but the evidence.</summary>
internal static class StoredAlert
{
    /// <summary>The numbers behind it, for a page; the rules need none of them back.</summary>
    public static IReadOnlyDictionary<string, object> Evidence(string json)
    {
        using var document = JsonDocument.Parse(json);
        return ResponseJson.ReadEvidence(document.RootElement.GetProperty("evidence").GetRawText());
    }

    /// <summary>Of a suspicion how likely it is, which every page of its site shows; of all others nothing.</summary>
    private static SortedDictionary<string, object> LikelihoodOf(JsonElement root) =>
        FlyWireCase.IsBegunBy(root.GetProperty("rule").GetString()!) && root.TryGetProperty("evidence", out var evidence) && evidence.TryGetProperty(FlyWireCase.Likelihood, out var p) && p.ValueKind == JsonValueKind.Number
            ? new SortedDictionary<string, object>(StringComparer.Ordinal) { [FlyWireCase.Likelihood] = p.GetDouble() } : [];

    public static AlertTransition Read(string json, long onsetMs, int sequence)
    {
        using var document = JsonDocument.Parse(json);
        var root = document.RootElement;
        var at = DateTimeOffset.Parse(root.GetProperty("at").GetString()!, CultureInfo.InvariantCulture).ToUnixTimeMilliseconds();
        return new AlertTransition
        {
            AlertId = root.GetProperty("alert").GetString()!,
            Rule = root.GetProperty("rule").GetString()!,
            Priority = Enum.Parse<Priority>(root.GetProperty("priority").GetString()!),
            Condition = Enum.GetValues<Condition>().First(condition => TransitionJson.State(condition) == root.GetProperty("state").GetString()),
            AtMs = at,
            OnsetMs = onsetMs,
            Sequence = sequence,
            Site = root.GetProperty("site").GetString(),
            Device = root.GetProperty("device").GetString(),
            Channel = root.GetProperty("channel").GetString() is { } text && ChannelId.TryParse(text, out var channel) ? channel : null,
            Asset = root.GetProperty("asset").GetString()!,
            Evidence = LikelihoodOf(root),
            Text = new LocalText(root.GetProperty("text").GetProperty("zh").GetString()!, root.GetProperty("text").GetProperty("en").GetString()!),
        };
    }
}
