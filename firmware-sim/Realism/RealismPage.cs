using System.Globalization;
using System.Net;
using System.Text;
using FirmwareSim.Physics;

namespace FirmwareSim.Realism;

/// <summary>A page for the eye: each real charge beside simulated ones, every pack of the street, and when and how long people charge. One file, no script.</summary>
internal static class RealismPage
{
    /// <summary>Bikes in a plot of one kind: enough to see the spread, few enough to see each.</summary>
    private const int Examples = 12;

    /// <summary>How long before its peak a charge is shown beside others of its kind, min: packs that were nearly empty have hours of it.</summary>
    private const double BeforePeakMin = 120;

    private const double AfterPeakMin = 240;

    private const string Style = """
        <style>
        :root{--text:#1d1d1f;--paper:#fff;--card:#fafafa;--line:#d9d9de;--real:#111;--near:#c2410c;--sim:#2563eb;--band:#16a34a22}
        @media(prefers-color-scheme:dark){:root{--text:#e8e8ea;--paper:#17181a;--card:#1f2023;--line:#3a3b40;--real:#f5f5f5;--near:#fb923c;--sim:#60a5fa;--band:#22c55e2e}}
        body{font:15px/1.55 system-ui,"Noto Sans CJK SC",sans-serif;color:var(--text);background:var(--paper);margin:0 auto;padding:24px 20px 60px;max-width:1320px}
        h1{margin:0 0 4px}h2{margin:36px 0 4px}p{margin:4px 0 12px;max-width:75em}
        .two{display:grid;gap:14px;grid-template-columns:repeat(auto-fit,minmax(min(100%,520px),1fr))}.many{display:grid;gap:14px;grid-template-columns:repeat(auto-fill,minmax(min(100%,380px),1fr))}
        figure{margin:0;padding:10px 12px;background:var(--card);border:1px solid var(--line);border-radius:8px}figcaption{font-size:13px;min-height:3em}
        svg{display:block;width:100%;height:auto}polyline{fill:none;stroke-width:1.6;stroke-linejoin:round}.real{stroke:var(--real);stroke-width:2.2}.near{stroke:var(--near);stroke-width:2}
        .sim{stroke:var(--sim);stroke-width:1;opacity:.65}rect.bar{fill:var(--sim);opacity:.75}.band{fill:var(--band)}.grid{stroke:var(--line);stroke-width:.7}
        text{font-size:11px;fill:var(--text)}.up{text-anchor:end}.along{text-anchor:middle}.unit{text-anchor:end;font-style:italic}.from{text-anchor:start}
        .key{display:inline-block;width:22px;height:0;border-top:3px solid;vertical-align:middle;margin:0 5px 0 14px}.scroll{overflow-x:auto}
        table{border-collapse:collapse;font-size:14px}td,th{border:1px solid var(--line);padding:4px 9px;text-align:left;vertical-align:top}th{background:var(--card)}
        </style>
        """;

    public static string Write(IReadOnlyList<Trace> traces, IReadOnlyList<RealismRow> rows, ShedHabits habits)
    {
        var html = new StringBuilder();
        html.Append("<!doctype html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>模拟与真实 Simulated and real</title>\n");
        html.Append(Style).Append("</head><body>\n");
        html.Append("<h1>模拟与真实 Simulated and real</h1>\n");
        html.Append("<p>模拟器画的充电曲线，和插座电表真实量到的放在一起。看形状：先恒流慢慢爬升，再平滑回落，最后几瓦的尾巴。<br>The simulator's charging curves beside what a plug really measured. Look at the shape: a slow climb at constant current, a smooth taper, a tail of a few watts.</p>\n");
        html.Append("<p><span class=\"key\" style=\"border-color:var(--real);margin-left:0\"></span>真实 real<span class=\"key\" style=\"border-color:var(--near)\"></span>最像的一条模拟 the nearest simulated one<span class=\"key\" style=\"border-color:var(--sim)\"></span>同类的模拟 simulated ones of its kind</p>\n");
        AppendPairs(html, traces);
        AppendStreet(html);
        AppendHabits(html, habits);
        AppendTable(html, rows);
        return html.Append("</body></html>\n").ToString();
    }

    private static void AppendPairs(StringBuilder html, IReadOnlyList<Trace> traces)
    {
        html.Append("<h2>真实与模拟并排 Real beside simulated</h2>\n");
        html.Append(CultureInfo.InvariantCulture, $"<p>左：同类 {RealismTable.Bikes} 辆里最像的一条，归一到同一峰值、平移时间。右：同类 {Examples} 辆，对齐在峰值。<br>Left: the nearest of {RealismTable.Bikes} bikes of its kind, put to the same peak and shifted in time. Right: {Examples} bikes of its kind, put together at their peaks.</p>\n");
        if (traces.Count == 0)
            html.Append("<p>手头没有真实曲线；用 --traces 或 FM_TRACES 指定文件夹。 There are no real traces at hand; name their folder by --traces or FM_TRACES.</p>\n");
        html.Append("<div class=\"two\">\n");
        foreach (var trace in traces)
            AppendPair(html, trace);
        html.Append("</div>\n");
    }

    private static void AppendPair(StringBuilder html, Trace trace)
    {
        var kind = RealismTable.KindOf(trace);
        var (rms, nearest) = SimulatedCurves.Nearest(trace, SimulatedCurves.Of(kind, RealismTable.Bikes, RealismTable.Seed));
        var peakW = Plot.Beyond(1.04 * trace.Points.Max(point => point.Watts));
        html.Append(new Plot($"{trace.Name}: RMS {rms.ToString("F1", CultureInfo.InvariantCulture)} %", (0, Plot.Beyond(trace.Points[^1].Minute), "min"), (peakW, "W"))
            .Curve(nearest, "near").Curve(trace.Points, "real").Figure("与最像的一条 with the nearest one"));
        var plot = new Plot($"{trace.Name} / {kind.Name}", (-BeforePeakMin, AfterPeakMin, "min"), (1.1, "峰值 peak"));
        foreach (var curve in SimulatedCurves.Of(kind, Examples, RealismTable.Seed))
            plot.Curve(AtPeak(curve), "sim");
        html.Append(plot.Curve(AtPeak(trace.Points), "real").Figure("峰值前后 around the peak"));
    }

    /// <summary>A curve as a share of its peak over the minutes from the end of its constant current: its last value near the peak.</summary>
    private static IEnumerable<(double Minute, double Share)> AtPeak(IReadOnlyList<(double Minute, double Watts)> curve)
    {
        var peakW = curve.Max(point => point.Watts);
        var endMin = curve.Last(point => point.Watts >= 0.97 * peakW).Minute;
        return curve.Select(point => (point.Minute - endMin, point.Watts / peakW));
    }

    private static void AppendStreet(StringBuilder html)
    {
        html.Append("<h2>街上的每一种电池 Every pack of the street</h2>\n");
        html.Append(CultureInfo.InvariantCulture, $"<p>各 {Examples} 辆，新旧不一，从一成到六成电开始充。<br>{Examples} bikes each, of all ages, plugged in between a tenth and six tenths full.</p>\n<div class=\"many\">\n");
        foreach (var (model, share) in PackCatalogue.Street)
        {
            var curves = SimulatedCurves.Of(model, Examples, RealismTable.Seed).ToList();
            var plot = new Plot(
                model.Name, (0, Plot.Beyond(curves.Max(curve => curve[^1].Minute)), "min"), (Plot.Beyond(1.04 * curves.Max(curve => curve.Max(point => point.Watts))), "W"));
            foreach (var curve in curves)
                plot.Curve(curve, "sim");
            html.Append(plot.Figure($"{ChemistryOf(model)}, {share.ToString("P0", CultureInfo.InvariantCulture)}"));
        }

        html.Append("</div>\n");
    }

    private static void AppendHabits(StringBuilder html, ShedHabits habits)
    {
        html.Append("<h2>人的习惯 When and how long people charge</h2>\n");
        html.Append("<p>四十个充电口的车棚，四周，由它自己的桩来数。绿色是资料里的范围：有人数过的，或规定的。<br>A shed of forty sockets for four weeks, as its own piles count. Green is the range of the literature: what somebody counted, or what is prescribed.</p>\n<div class=\"many\">\n");
        AppendHistogram(html, "开始充电，工作日 starts on workdays", [.. habits.Starts.Where(start => !start.IsFree).Select(start => start.Hour)], 24, 24, "点 hour", (18, 21));
        AppendHistogram(html, "开始充电，休息日 starts on free days", [.. habits.Starts.Where(start => start.IsFree).Select(start => start.Hour)], 24, 24, "点 hour", (18, 21));
        AppendHistogram(html, "取车，工作日 fetched on workdays", [.. habits.Fetched.Where(fetched => !fetched.IsFree).Select(fetched => fetched.Hour)], 24, 24, "点 hour", null);
        AppendHistogram(html, "取车，休息日 fetched on free days", [.. habits.Fetched.Where(fetched => fetched.IsFree).Select(fetched => fetched.Hour)], 24, 24, "点 hour", null);
        AppendHistogram(html, "充电时长 session length", habits.SessionHours, 13, 26, "h", (0, 8));
        AppendHistogram(html, "每次电量 energy a session", habits.SessionKiloWattHours, 2.4, 24, "kWh", (0.2, 1.4));
        html.Append("</div>\n");
    }

    private static void AppendHistogram(StringBuilder html, string title, IReadOnlyList<double> values, double to, int bars, string unit, (double From, double To)? domain)
    {
        var shares = new double[bars];
        foreach (var value in values)
            shares[Math.Clamp((int)(value / to * bars), 0, bars - 1)] += 100.0 / values.Count;
        var plot = new Plot(title, (0, to, unit), (Plot.Beyond(shares.Max()), "%"));
        if (domain is { } range)
            plot.Band(range.From, range.To);
        html.Append(plot.Bars(shares, "bar").Figure(string.Create(CultureInfo.InvariantCulture, $"n = {values.Count}")));
    }

    private static void AppendTable(StringBuilder html, IReadOnlyList<RealismRow> rows)
    {
        html.Append("<h2>数字 In numbers</h2>\n<p>模拟一列是 10 % / 50 % / 90 % 分位。 The simulated column is the 10, 50 and 90 % quantiles.</p>\n");
        html.Append("<div class=\"scroll\"><table><tr><th>指标 what<th>模拟 simulated<th>真实 real<th>领域数字 domain figure</tr>\n");
        foreach (var row in rows)
            html.Append(CultureInfo.InvariantCulture, $"<tr><td>{Text(row.What)}<td>{Text(row.Simulated)}<td>{Text(row.Real.Length == 0 ? "–" : row.Real)}<td>{Text(row.Domain)}</tr>\n");
        html.Append("</table></div>\n");
    }

    private static string ChemistryOf(ChargerModel model) => model.Chemistry switch
    {
        Chemistry.LeadAcid => "铅酸 lead-acid",
        Chemistry.Nmc when model.Taper is Taper.None => "三元锂，直接切断 NMC, cut without taper",
        Chemistry.Nmc when model.Packs > 1 => "三元锂，双电池轮充 NMC, two packs in turn",
        Chemistry.Nmc => "三元锂 NMC",
        Chemistry.Lfp => "磷酸铁锂 LFP",
    };

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
