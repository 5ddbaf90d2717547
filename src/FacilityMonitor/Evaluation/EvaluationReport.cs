using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace FacilityMonitor.Evaluation;

/// <summary>Writes an evaluation for people (Markdown) and for programs (JSON).</summary>
internal static class EvaluationReport
{
    private static readonly CultureInfo Culture = CultureInfo.InvariantCulture;
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="result">What was found.</param>
    /// <param name="output">Where it goes.</param>
    /// <param name="withCategories">Whether every kind of appliance gets its line.</param>
    public static void WriteMarkdown(EvaluationResult result, TextWriter output, bool withCategories = true)
    {
        output.WriteLine("### Alone: each trace on a public circuit of its own");
        output.WriteLine();
        output.WriteLine(string.Create(Culture, $"{result.False.Count} false of {result.Days} appliance-days ({(result.IsQuietEnough ? "within" : "above")} one in a thousand, or one in fewer)."));
        output.WriteLine();
        if (result.False.Count > 0)
        {
            output.WriteLine("| false day | category | minute of day |");
            output.WriteLine("|---|---|---|");
            foreach (var day in result.False)
                output.WriteLine(string.Create(Culture, $"| {day.Name} | {day.Category} | {day.Minute:0} |"));
            output.WriteLine();
        }

        if (withCategories)
            WriteCategories(result, output);
        output.WriteLine("| charge | found after, min | asked for, min | constant current, min | climb, %/min |");
        output.WriteLine("|---|---|---|---|---|");
        foreach (var charge in result.Charges)
        {
            var found = charge.Minutes is { } minutes ? minutes.ToString("0.0", Culture) : "not found";
            output.WriteLine(string.Create(Culture, $"| {charge.File} | {found}{(charge.IsInTime ? "" : " **(too late)**")} | {charge.Shape.LimitMin:0} | {charge.Shape.ConstantMin:0} | {charge.Shape.ClimbPercentAMin:0.000} |"));
        }

        if (result.Mixtures.Count == 0)
            return;
        output.WriteLine();
        output.WriteLine("### Mixture: charges among appliances, a lift and a lamp timer");
        output.WriteLine();
        output.WriteLine("| noise, W | values | interval, s | precision | recall | recall, climb ≥ 0.1 %/min | too late | wrong days: too early, none there | of each charge |");
        output.WriteLine("|---|---|---|---|---|---|---|---|---|");
        foreach (var row in result.Mixtures)
        {
            var strong = row.StrongRecall is { } recall ? recall.ToString("0.00", Culture) : "–";
            var each = string.Join(", ", row.Charges.Select(charge => string.Create(Culture, $"{charge.File} {(double)charge.Found / ChargerEvaluation.Offsets:0.00}")));
            output.WriteLine(string.Create(Culture, $"| {row.Meter.NoiseW} | {row.Meter.StepW} W | {row.Meter.IntervalS} | {row.Precision:0.000} | {row.Recall:0.000} | {strong} | {row.Late} | {row.Early}, {row.Without} | {each} |"));
        }

        output.WriteLine();
        output.WriteLine("Recall counts alerts while the charge draws 20 W or more. One that comes when it draws less is too late: true, so precision counts it as such, and found by nobody, so recall does not.");
        output.WriteLine("A charge whose own sampling is coarser than the interval is judged at its own, with the whole circuit: nothing is interpolated.");
    }

    /// <param name="rows">The same mixture several times.</param>
    /// <param name="output">Where it goes.</param>
    public static void WriteRepeats(IReadOnlyList<MixtureResult> rows, TextWriter output)
    {
        if (rows.Count == 0)
            return;
        output.WriteLine();
        output.WriteLine(string.Create(Culture, $"### The same mixture {rows.Count} times: {rows[0].Meter.NoiseW} W of noise, every {rows[0].Meter.IntervalS} s"));
        output.WriteLine();
        output.WriteLine("| time | precision | recall | recall, climb ≥ 0.1 %/min | too late | wrong days: too early, none there |");
        output.WriteLine("|---|---|---|---|---|---|");
        for (var time = 0; time < rows.Count; time++)
            output.WriteLine(string.Create(Culture, $"| {time + 1} | {rows[time].Precision:0.000} | {rows[time].Recall:0.000} | {rows[time].StrongRecall ?? double.NaN:0.00} | {rows[time].Late} | {rows[time].Early}, {rows[time].Without} |"));
        var all = new MixtureResult(rows[0].Meter, [.. rows.SelectMany(row => row.Charges)]);
        output.WriteLine(string.Create(Culture, $"| all | {all.Precision:0.000} | {all.Recall:0.000} | {all.StrongRecall ?? double.NaN:0.00} | {all.Late} | {all.Early}, {all.Without} |"));
    }

    private static void WriteCategories(EvaluationResult result, TextWriter output)
    {
        output.WriteLine("| category | days | false |");
        output.WriteLine("|---|---|---|");
        foreach (var category in result.Categories)
            output.WriteLine(string.Create(Culture, $"| {category.Category} | {category.Days} | {category.FalseDays} |"));
        output.WriteLine();
    }

    public static string ToJson(EvaluationResult result) => new JsonObject
    {
        ["days"] = result.Days,
        ["falseDays"] = result.False.Count,
        ["byCategory"] = new JsonObject(result.Categories.Select(category => KeyValuePair.Create<string, JsonNode?>(
            category.Category, new JsonObject { ["days"] = category.Days, ["falseDays"] = category.FalseDays }))),
        ["falseOn"] = new JsonArray([.. result.False.Select(day => new JsonObject { ["category"] = day.Category, ["trace"] = day.Name, ["minute"] = Math.Round(day.Minute, 1) })]),
        ["charges"] = new JsonArray([.. result.Charges.Select(charge => new JsonObject
        {
            ["file"] = charge.File,
            ["found"] = charge.Minutes is not null,
            ["minutes"] = charge.Minutes is { } minutes ? Math.Round(minutes, 1) : null,
            ["limit"] = Math.Round(charge.Shape.LimitMin, 1),
            ["inTime"] = charge.IsInTime,
        })]),
        ["mixture"] = new JsonArray([.. result.Mixtures.Select(row => new JsonObject
        {
            ["noise"] = row.Meter.NoiseW,
            ["interval"] = row.Meter.IntervalS,
            ["step"] = row.Meter.StepW,
            ["found"] = row.Found,
            ["early"] = row.Early,
            ["late"] = row.Late,
            ["without"] = row.Without,
            ["precision"] = Math.Round(row.Precision, 4),
            ["recall"] = Math.Round(row.Recall, 4),
            ["strongRecall"] = row.StrongRecall is { } strong ? Math.Round(strong, 4) : null,
        })]),
    }.ToJsonString(Json);
}
