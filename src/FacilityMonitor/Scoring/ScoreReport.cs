using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using FacilityMonitor.Contract;
using FacilityMonitor.Rules;

namespace FacilityMonitor.Scoring;

/// <summary>A score for people (Markdown) and for scripts (JSON).</summary>
internal static class ScoreReport
{
    /// <summary>Longest list of what was missed or wrong in the JSON; how many there are is told beside it.</summary>
    private const int ListMax = 1_000;

    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, Indented = true };

    public static IEnumerable<string> Markdown(Scorecard card)
    {
        yield return "| 规则 rule | 发生 happened | 查出 recall | 响铃 rang | 说对 precision | 误报/点位·周 false per site-week | 延迟 delay p50 / p90 |";
        yield return "|---|---:|---:|---:|---:|---:|---:|";
        foreach (var rule in card.Rules)
            yield return Line(card, rule, RuleCatalogue.Find(rule.Rule) is null ? $"`{rule.Rule}` (尚无 not built)" : $"`{rule.Rule}`");
        yield return Line(card, card.Total, "**合计 total**");
    }

    public static void Json(Scorecard card, Stream output)
    {
        using var writer = new Utf8JsonWriter(output, Options);
        writer.WriteStartObject();
        writer.WriteNumber("site_weeks", Math.Round(card.SiteWeeks, 4));
        writer.WriteStartArray("rules");
        foreach (var rule in card.Rules.Append(card.Total))
        {
            writer.WriteStartObject();
            writer.WriteString("rule", rule.Rule);
            writer.WriteBoolean("built", RuleCatalogue.Find(rule.Rule) is not null);
            writer.WriteNumber("truths", rule.Truths);
            writer.WriteNumber("found", rule.Found);
            writer.WriteNumber("rang", rule.Rings);
            writer.WriteNumber("right", rule.Right);
            writer.WriteNumber("explained", rule.Explained);
            writer.WriteNumber("false", rule.False);
            Number(writer, "recall", rule.Recall);
            Number(writer, "precision", rule.Precision);
            Number(writer, "false_per_site_week", card.FalsePerSiteWeek(rule));
            Number(writer, "delay_p50_s", rule.DelayMedianS);
            Number(writer, "delay_p90_s", rule.DelayP90S);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteNumber("missed_count", card.Missed.Count);
        writer.WriteStartArray("missed");
        foreach (var truth in card.Missed.Take(ListMax))
        {
            writer.WriteStartObject();
            writer.WriteString("from", ReadingJson.Instant(truth.FromMs));
            writer.WriteString("to", ReadingJson.Instant(truth.ToMs));
            writer.WriteString("rule", truth.Rule);
            writer.WriteString("asset", truth.Asset);
            writer.WriteString("label", truth.Label);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteNumber("false_count", card.Wrong.Count);
        writer.WriteStartArray("false");
        foreach (var ring in card.Wrong.Take(ListMax))
        {
            writer.WriteStartObject();
            writer.WriteString("at", ReadingJson.Instant(ring.RangMs));
            writer.WriteString("rule", ring.Rule);
            writer.WriteString("asset", ring.Asset);
            writer.WriteString("alert", ring.Alert);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static string Line(Scorecard card, RuleScore rule, string name) => string.Create(
        CultureInfo.InvariantCulture,
        $"| {name} | {rule.Truths} | {Percent(rule.Recall)} | {rule.Rings}{(rule.Explained > 0 ? $" ({rule.Explained} 属次生 explained)" : "")} | {Percent(rule.Precision)} | {(card.FalsePerSiteWeek(rule) is { } often ? often.ToString("0.##", CultureInfo.InvariantCulture) : "–")} | {Span(rule.DelayMedianS)} / {Span(rule.DelayP90S)} |");

    private static string Percent(double? share) => share is { } value ? (100 * value).ToString("0.#", CultureInfo.InvariantCulture) + " %" : "–";

    private static string Span(double? seconds) => seconds switch
    {
        null => "–",
        < 120 => seconds.Value.ToString("0", CultureInfo.InvariantCulture) + " s",
        _ => (seconds.Value / 60).ToString("0.#", CultureInfo.InvariantCulture) + " min",
    };

    private static void Number(Utf8JsonWriter writer, string name, double? value)
    {
        if (value is { } number)
            writer.WriteNumber(name, Math.Round(number, 4));
        else
            writer.WriteNull(name);
    }
}
