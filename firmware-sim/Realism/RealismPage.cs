using System.Globalization;
using System.Net;
using System.Text;

namespace FirmwareSim.Realism;

/// <summary>A page for the eye: each real charge, the nearest simulated one over it, and six of its kind beside it. One file, no script.</summary>
internal static class RealismPage
{
    private const double Width = 560;
    private const double Height = 260;
    private const int Examples = 6;

    public static string Write(IReadOnlyList<Trace> traces, IReadOnlyList<RealismRow> rows)
    {
        var html = new StringBuilder();
        html.Append("""
            <!doctype html><html lang="zh"><meta charset="utf-8"><title>模拟与真实 Simulated and real</title>
            <style>body{font:14px/1.5 system-ui,sans-serif;margin:24px;max-width:1240px}table{border-collapse:collapse}td,th{border:1px solid #bbb;padding:3px 8px;text-align:left}
            figure{display:inline-block;margin:8px}figcaption{font-weight:600}svg{background:#fafafa;border:1px solid #ddd}</style>
            <h1>模拟与真实 Simulated and real</h1>
            <p>黑：真实；橙：最像的一条模拟曲线；灰：同类的六条模拟曲线。 Black: real; orange: the nearest simulated curve; grey: six simulated ones of its kind.</p>

            """);
        foreach (var trace in traces)
            AppendPair(html, trace);
        if (traces.Count == 0)
            html.Append("<p>没有真实曲线（FM_TRACES）。 No real traces at hand (FM_TRACES).</p>\n");
        foreach (var model in Physics.PackCatalogue.Street.Select(entry => entry.Model))
            AppendFigure(html, model.Name, [.. SimulatedCurves.Of(model, Examples, RealismTable.Seed).Select(curve => (curve, "#888"))]);
        html.Append("<table><tr><th>指标 what<th>模拟 simulated<th>真实 real<th>领域 domain</tr>\n");
        foreach (var row in rows)
            html.Append(CultureInfo.InvariantCulture, $"<tr><td>{Text(row.What)}<td>{Text(row.Simulated)}<td>{Text(row.Real)}<td>{Text(row.Domain)}</tr>\n");
        return html.Append("</table></html>\n").ToString();
    }

    private static void AppendPair(StringBuilder html, Trace trace)
    {
        var kind = RealismTable.KindOf(trace);
        var (rms, nearest) = SimulatedCurves.Nearest(trace, SimulatedCurves.Of(kind, RealismTable.Bikes, RealismTable.Seed));
        AppendFigure(html, string.Create(CultureInfo.InvariantCulture, $"{trace.Name}, RMS {rms:F1} %"), [(nearest, "#d95f02"), (trace.Points, "#000")]);
        AppendFigure(html, $"{kind.Name} x {Examples}", [.. SimulatedCurves.Of(kind, Examples, RealismTable.Seed).Select(curve => (curve, "#888"))]);
    }

    private static void AppendFigure(StringBuilder html, string title, IReadOnlyList<(IReadOnlyList<(double Minute, double Watts)> Curve, string Colour)> curves)
    {
        var minutes = Math.Max(60, curves.Max(curve => curve.Curve.Count == 0 ? 0 : curve.Curve[^1].Minute));
        var watts = 1.08 * Math.Max(10, curves.Max(curve => curve.Curve.Count == 0 ? 0 : curve.Curve.Max(point => point.Watts)));
        html.Append(CultureInfo.InvariantCulture, $"<figure><figcaption>{Text(title)}</figcaption><svg viewBox=\"0 0 {Width} {Height}\" width=\"{Width}\" height=\"{Height}\" role=\"img\" aria-label=\"{Text(title)}\">\n");
        for (var line = 1; line <= 4; line++)
        {
            var y = Height * (1 - (line / 5.0));
            html.Append(CultureInfo.InvariantCulture, $"<line x1=\"0\" x2=\"{Width}\" y1=\"{y:F0}\" y2=\"{y:F0}\" stroke=\"#e2e2e2\"/><text x=\"4\" y=\"{y - 3:F0}\" font-size=\"11\">{watts * line / 5:F0} W</text>\n");
            html.Append(CultureInfo.InvariantCulture, $"<text x=\"{Width * line / 5:F0}\" y=\"{Height - 4}\" font-size=\"11\">{minutes * line / 5:F0} min</text>\n");
        }

        foreach (var (curve, colour) in curves)
        {
            html.Append(CultureInfo.InvariantCulture, $"<polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.4\" points=\"");
            foreach (var (minute, value) in curve)
                html.Append(CultureInfo.InvariantCulture, $"{Width * minute / minutes:F1},{Height * (1 - (value / watts)):F1} ");
            html.Append("\"/>\n");
        }

        html.Append("</svg></figure>\n");
    }

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
