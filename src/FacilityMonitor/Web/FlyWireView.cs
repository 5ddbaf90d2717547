using System.Diagnostics;
using System.Globalization;
using FacilityMonitor.Alerts;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;

namespace FacilityMonitor.Web;

/// <summary>A suspected fly-wire as a page shows it. Nothing here names a person or a flat: a suspicion is about a circuit, until somebody has looked.</summary>
internal static class FlyWireView
{
    private const int CurveWidth = 300;
    private const int CurveHeight = 80;

    /// <summary>The command of a form; null: it names no stage.</summary>
    public static ResponseCommand? Read(string? stage, string? text) =>
        Words.All<FlyWireStage>().FirstOrDefault(one => one.Word == stage) is { Word: not null } known ? new ResponseCommand.MoveCase(known.Kind, text ?? "") : null;

    /// <summary>How far a case is, by when the next step is due, and the numbers behind it.</summary>
    public static string Show(FlyWireCase at, string language, long nowMs)
    {
        var due = at.DueMs is { } ms ? $" · {T("case-due")} {AlertText.Clock(ms)}{(at.IsOverdue(nowMs) ? $" <strong class=\"attention\">{T("case-late")}</strong>" : "")}" : "";
        var sights = at.Sights > 1 ? $" · {T("case-sights")} {at.Sights}" : "";
        var text = at.Text.Length > 0 ? $"<p>{Page.Encode(at.Text)}</p>" : "";
        return $"<p><strong>{Page.Encode(FlyWireWords.Of(at.Stage).In(language))}</strong>{due}{sights}</p>{text}{Evidence(at.Evidence, language)}";

        string T(string key) => Page.Encode(Texts.In(language, key));
    }

    /// <summary>What can follow, as fields of a form.</summary>
    public static string Fields(FlyWireCase at, string language) =>
        $"<label for=\"case-text\">{Page.Encode(Texts.In(language, "case-text"))}</label><textarea id=\"case-text\" name=\"text\" maxlength=\"{ResponseLife.TextMax}\"></textarea>"
        + string.Concat(at.Next.Select(next => $"<button name=\"stage\" value=\"{Words.Of(next)}\" data-testid=\"case-{Words.Of(next)}\">{Page.Encode(Texts.In(language, ButtonKey(next)))}</button>"));

    private static string ButtonKey(FlyWireStage next) => next switch
    {
        // No case goes back to a suspicion.
        FlyWireStage.Suspected => throw new UnreachableException(),
        FlyWireStage.Confirmed => "case-to-confirmed",
        FlyWireStage.Dismissed => "case-to-dismissed",
        FlyWireStage.Advised => "case-to-advised",
        FlyWireStage.Noticed => "case-to-noticed",
        FlyWireStage.Recheck => "case-to-recheck",
        FlyWireStage.Closed => "case-to-closed",
    };

    /// <summary>The numbers in a line, and the curve as a picture.</summary>
    private static string Evidence(IReadOnlyDictionary<string, object> evidence, string language)
    {
        var parts = Names.Where(name => evidence.ContainsKey(name.Key))
            .Select(name => $"{Page.Encode(Texts.In(language, name.Text))} {Page.Encode(Convert.ToString(evidence[name.Key], CultureInfo.InvariantCulture) ?? "")}{name.Unit}");
        var line = string.Join(" · ", parts);
        return (line.Length > 0 ? $"<p>{line}</p>" : "") + (evidence.TryGetValue("curve", out var curve) ? Curve(curve.ToString() ?? "") : "");
    }

    private static (string Key, string Text, string Unit)[] Names =>
    [
        ("p", "case-p", ""), ("level_w", "case-level", " W"), ("minutes", "case-minutes", " min"), ("climb_pct_min", "case-climb", " %/min"), ("fit_error_pct", "case-fit", " %"),
        ("fallen_pct", "case-taper", " %"), ("hour", "case-hour", " h"),
    ];

    /// <summary>Minutes and watts as they stand in the evidence, <c>0:150 1:151</c>; nothing where they cannot be read.</summary>
    private static string Curve(string text)
    {
        var points = new List<(double Minutes, double Watts)>();
        foreach (var pair in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (pair.Split(':') is not [var minutes, var watts] || !double.TryParse(minutes, NumberStyles.Float, CultureInfo.InvariantCulture, out var x) || !double.TryParse(watts, NumberStyles.Float, CultureInfo.InvariantCulture, out var y))
                return "";
            points.Add((x, y));
        }

        if (points.Count < 2)
            return "";
        var (last, most) = (Math.Max(1, points.Max(point => point.Minutes)), Math.Max(1, points.Max(point => point.Watts)));
        var line = string.Join(' ', points.Select(point => string.Create(CultureInfo.InvariantCulture, $"{point.Minutes / last * CurveWidth:0.#},{CurveHeight - (point.Watts / most * CurveHeight):0.#}")));
        return $"<svg class=\"curve\" viewBox=\"0 0 {CurveWidth} {CurveHeight}\" role=\"img\" aria-label=\"{last:0} min, {most:0} W\"><polyline fill=\"none\" stroke=\"currentColor\" points=\"{line}\"/></svg>";
    }
}
