using System.Diagnostics;
using System.Globalization;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;

namespace FacilityMonitor.Web;

/// <summary>A suspected fly-wire as a page shows it. Nothing here names a person or a flat: a suspicion is about a circuit, until somebody has looked.</summary>
internal sealed record FlyWireView(FlyWireCase At, long NowMs)
{
    public const int CurveWidth = 300;
    public const int CurveHeight = 80;

    private static readonly (string Key, string Text, string Unit)[] Names =
    [
        (FlyWireCase.Likelihood, "case-p", ""), ("level_w", "case-level", " W"), ("minutes", "case-minutes", " min"), ("climb_pct_min", "case-climb", " %/min"), ("fit_error_pct", "case-fit", " %"),
        ("fallen_pct", "case-taper", " %"), ("hour", "case-hour", " h"),
    ];

    /// <summary>The command of a form; null: it names no stage.</summary>
    public static ResponseCommand? Read(string? stage, string? text) =>
        Words.All<FlyWireStage>().FirstOrDefault(one => one.Word == stage) is { Word: not null } known ? new ResponseCommand.MoveCase(known.Kind, text ?? "") : null;

    /// <summary>What the button of a next stage says.</summary>
    public static string ButtonKey(FlyWireStage next) => next switch
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

    /// <summary>The numbers behind it in a line.</summary>
    public string Evidence(string language) => string.Join(" · ", Names.Where(name => At.Evidence.ContainsKey(name.Key))
        .Select(name => $"{Texts.In(language, name.Text)} {Convert.ToString(At.Evidence[name.Key], CultureInfo.InvariantCulture)}{name.Unit}"));

    /// <summary>The curve behind it as points of a picture: minutes and watts as they stand in the evidence, <c>0:150 1:151</c>; null where they cannot be read.</summary>
    public (string Label, string Points)? Curve()
    {
        if (!At.Evidence.TryGetValue(FlyWireCase.Curve, out var curve))
            return null;
        var points = new List<(double Minutes, double Watts)>();
        foreach (var pair in (curve.ToString() ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (pair.Split(':') is not [var minutes, var watts] || !double.TryParse(minutes, NumberStyles.Float, CultureInfo.InvariantCulture, out var x) || !double.TryParse(watts, NumberStyles.Float, CultureInfo.InvariantCulture, out var y))
                return null;
            points.Add((x, y));
        }

        if (points.Count < 2)
            return null;
        var (last, most) = (Math.Max(1, points.Max(point => point.Minutes)), Math.Max(1, points.Max(point => point.Watts)));
        var line = points.Select(point => string.Create(CultureInfo.InvariantCulture, $"{point.Minutes / last * CurveWidth:0.#},{CurveHeight - (point.Watts / most * CurveHeight):0.#}"));
        return (string.Create(CultureInfo.InvariantCulture, $"{last:0} min, {most:0} W"), string.Join(' ', line));
    }
}
