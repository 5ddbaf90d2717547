using System.Globalization;
using FirmwareSim.Physics;

namespace FirmwareSim.Realism;

/// <summary>One figure of the simulator beside what was measured or published.</summary>
/// <param name="What">What it is, in Chinese and English.</param>
/// <param name="Simulated">10 %, median and 90 % of the simulated ones, or a share.</param>
/// <param name="Real">The same figure of each real trace; empty where no trace has it.</param>
/// <param name="Domain">What the domain figures say.</param>
internal sealed record RealismRow(string What, string Simulated, string Real, string Domain);

/// <summary>The simulator measured: generated, so that nobody has to believe it.</summary>
internal static class RealismTable
{
    public const ulong Seed = 1;

    /// <summary>Bikes of each kind.</summary>
    public const int Bikes = 120;

    /// <summary>Which simulated kind a real trace is held against.</summary>
    private static readonly (string Trace, ChargerModel Model)[] Kinds =
    [
        ("bosch", PackCatalogue.LithiumTwoPacks),
        ("lectric", PackCatalogue.Lithium48V),
        ("rad", PackCatalogue.Lithium48V),
    ];

    public static IReadOnlyList<RealismRow> Rows(IReadOnlyList<Trace> traces, ShedHabits habits)
    {
        var rows = new List<RealismRow>();
        var lithium = Shapes(PackCatalogue.Lithium48V);
        var twoPacks = Shapes(PackCatalogue.LithiumTwoPacks);
        var lead = Shapes(PackCatalogue.Lead48V12);
        var lfp = Shapes(PackCatalogue.Lfp48V);
        var small = traces.Where(trace => KindOf(trace) == PackCatalogue.Lithium48V).Select(trace => CurveShape.Of(trace.Points)!).ToList();
        var two = traces.Where(trace => KindOf(trace) == PackCatalogue.LithiumTwoPacks).Select(trace => CurveShape.Of(trace.Points)!).ToList();

        rows.Add(Row("锂 48 V 2 A：起始功率 / NMC 48 V: level, W", lithium, small, shape => shape.LevelW, 0, "97–112"));
        rows.Add(Row("同：热身下降 / same: warm-up fall, %", lithium, small, shape => shape.WarmUpPercent, 1, "≤ 1"));
        rows.Add(Row("同：爬升 / same: climb, %/min", lithium, small, shape => shape.ClimbPercentPerMin, 3, "0.036–0.044"));
        rows.Add(Row("同：峰值到 90 % / same: peak to 90 %, min", lithium, small, shape => shape.To90Min, 0, "20"));
        rows.Add(Row("同：到 50 % / same: to 50 %, min", lithium, small, shape => shape.To50Min, 0, "45–76"));
        rows.Add(Row("同：到 30 % / same: to 30 %, min", lithium, small, shape => shape.To30Min, 0, "61–106"));
        rows.Add(Row("同：到 10 % / same: to 10 %, min", lithium, small, shape => shape.To10Min, 0, "86–132"));
        rows.Add(Row("同：尾功率 / same: tail, W", lithium, small, shape => shape.TailW, 1, "4.3–4.6"));
        rows.Add(Row("双电池轮充：起始功率 / two packs in turn: level, W", twoPacks, two, shape => shape.LevelW, 0, "160–192"));
        rows.Add(Row("同：爬升 / same: climb, %/min", twoPacks, two, shape => shape.ClimbPercentPerMin, 3, "0.11–0.14"));
        rows.Add(Row("铅酸 48 V 12 Ah：峰值 / lead-acid: peak, W", lead, [], shape => shape.PeakW, 0, "115–125"));
        rows.Add(Row("同：爬升 / same: climb, %/min", lead, [], shape => shape.ClimbPercentPerMin, 3, "0.075 (0.31 C, DC)"));
        rows.Add(Row("同：峰值到 50 % / same: peak to 50 %, min", lead, [], shape => shape.To50Min, 0, "23 (0.31 C, DC)"));
        rows.Add(Row("同：到 10 % / same: to 10 %, min", lead, [], shape => shape.To10Min, 0, "93 (0.31 C, DC)"));
        rows.Add(Row("同：浮充 / same: float, W", lead, [], shape => shape.TailW, 1, "3–6"));
        rows.Add(Row("磷酸铁锂：爬升 / LFP: climb, %/min", lfp, [], shape => shape.ClimbPercentPerMin, 3, "– (无实测 none measured)"));
        rows.AddRange(Habits(habits));
        foreach (var trace in traces)
        {
            var (rms, _) = SimulatedCurves.Nearest(trace, SimulatedCurves.Of(KindOf(trace), Bikes, Seed));
            rows.Add(new RealismRow($"最像 {trace.Name} 的模拟曲线 / nearest simulated curve", "–", $"RMS {Number(rms, 1)} %", "–"));
        }

        return rows;
    }

    public static ChargerModel KindOf(Trace trace) =>
        Kinds.FirstOrDefault(kind => trace.Name.StartsWith(kind.Trace, StringComparison.Ordinal)).Model ?? PackCatalogue.Lithium48V;

    /// <summary>The table in Markdown.</summary>
    public static IEnumerable<string> Markdown(IReadOnlyList<RealismRow> rows)
    {
        yield return "| 指标 what | 模拟 simulated (10 % / 50 % / 90 %) | 真实曲线 real traces | 领域数字 domain figure |";
        yield return "|---|---|---|---|";
        foreach (var row in rows)
            yield return $"| {row.What} | {row.Simulated} | {(row.Real.Length == 0 ? "–" : row.Real)} | {row.Domain} |";
    }

    private static IEnumerable<RealismRow> Habits(ShedHabits habits)
    {
        double Share(Func<double, bool> inside) => 100.0 * habits.Starts.Count(start => inside(start.Hour)) / habits.Starts.Count;
        string Hours(IEnumerable<(double Hour, bool IsFree)> moments, bool isFree) => Quantiles([.. moments.Where(moment => moment.IsFree == isFree).Select(moment => moment.Hour)], 1);
        yield return new RealismRow(
            "开始充电 17–21 点 / starts between 17 and 21 h, %", Number(Share(hour => hour is >= 17 and < 21), 0), "", "68 in 18:00 ± 90 min (assumed there)");
        yield return new RealismRow("开始充电 0–6 点 / starts between 0 and 6 h, %", Number(Share(hour => hour < 6), 1), "", "–");
        yield return new RealismRow("开始时刻，工作日 / hour of the start, workdays", Hours(habits.Starts, isFree: false), "", "18:00 ± 90 min (assumed there)");
        yield return new RealismRow("开始时刻，休息日 / hour of the start, free days", Hours(habits.Starts, isFree: true), "", "–");
        yield return new RealismRow("取车时刻，工作日 / hour of fetching, workdays", Hours(habits.Fetched, isFree: false), "", "–");
        yield return new RealismRow("取车时刻，休息日 / hour of fetching, free days", Hours(habits.Fetched, isFree: true), "", "–");
        yield return new RealismRow(
            "每个充电口每天次数 / charges a socket and day", Number(habits.StartsPerSocketAndDay, 2), "", "1.6 (小区实数 one estate: 400 a day, 252 sockets)");
        yield return new RealismRow("充电时长 / session length, h", Quantiles(habits.SessionHours, 1), "", "≤ 8 (锂电指南 guide), 12 (订单上限 order limit)");
        yield return new RealismRow("每次电量 / energy a session, kWh", Quantiles(habits.SessionKiloWattHours, 2), "", "0.2–1.4 (电池容量 pack size)");
        yield return new RealismRow(
            "充满自停的比例 / sessions that end full, %",
            Number(100.0 * habits.Reasons.GetValueOrDefault(FacilityMonitor.Contract.StopReason.Full) / habits.SessionHours.Count, 0), "", "–");
    }

    private static List<CurveShape> Shapes(ChargerModel model) => [.. SimulatedCurves.Of(model, Bikes, Seed).Select(CurveShape.Of).OfType<CurveShape>()];

    private static RealismRow Row(string what, List<CurveShape> simulated, List<CurveShape> real, Func<CurveShape, double> figure, int decimals, string domain) =>
        new(what, Quantiles([.. simulated.Select(figure)], decimals), string.Join("; ", real.Select(shape => Number(figure(shape), decimals))), domain);

    private static string Quantiles(IReadOnlyList<double> values, int decimals)
    {
        var ordered = values.Where(double.IsFinite).Order().ToList();
        string At(double share) => Number(ordered[(int)Math.Round(share * (ordered.Count - 1))], decimals);
        return ordered.Count == 0 ? "–" : $"{At(0.1)} / {At(0.5)} / {At(0.9)}";
    }

    private static string Number(double value, int decimals) =>
        double.IsFinite(value) ? Math.Round(value, decimals).ToString("F" + decimals.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture) : "–";
}
