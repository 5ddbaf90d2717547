using FacilityMonitor.Registry;
using FacilityMonitor.Rules;

namespace FacilityMonitor.Edits;

/// <summary>A number of a rule that managers set: those that differ from place to place. All others stay in the files, for who knows what they do.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="Setting">The number.</param>
/// <param name="Label">What it is, for people.</param>
/// <param name="IsOfCircuit">Whether the rule judges circuits, so that it is no number of a device.</param>
internal sealed record TunableLimit(Rule Rule, RuleSetting Setting, LocalText Label, bool IsOfCircuit)
{
    /// <summary>Every one. Each is judged by readings that are stored, so that what it would have done can be worked out.</summary>
    public static IReadOnlyList<TunableLimit> All { get; } =
    [
        Of("socket-overload", "limit_w", "一个充电口最多多少功率", "Most power of one socket"),
        Of("socket-overload", "hold_s", "超过多久才告警", "Above it for how long"),
        Of("pile-overload", "limit_w", "整个充电桩最多多少功率", "Most power of a whole pile"),
        Of("pile-overload", "hold_s", "超过多久才告警", "Above it for how long"),
        Of("circuit-overload", "mean_ratio", "三小时平均到额定的几成就提示（0.8 是八成）", "Mean over three hours, as a share of the rating (0.8 is 80 %)", isOfCircuit: true),
        Of("circuit-overload", "over_hold_s", "超过额定多久才告警", "Above the rating for how long", isOfCircuit: true),
        Of("residual-current", "mean_ma", "十分钟平均剩余电流到多少就告警", "Residual current, mean over ten minutes"),
        Of("residual-current", "urgent_ma", "剩余电流到多少就紧急", "Residual current that is urgent"),
        Of("voltage-out-of-range", "low_v", "电压低于多少告警", "Voltage that is too low"),
        Of("voltage-out-of-range", "high_v", "电压高于多少告警", "Voltage that is too high"),
        Of("over-temperature", "limit_c", "充电口温度到多少开始警惕", "Temperature of a socket to be wary of"),
        Of("over-temperature", "max_c", "充电口温度到多少立即告警", "Temperature of a socket that is an alert by itself"),
        Of("smoke", "limit_dbm", "烟浓度到多少告警", "Smoke density that is an alert"),
        Of("heat", "fixed_c", "气温到多少告警", "Air temperature that is an alert"),
        Of("heat", "fast_c", "快速升温时，气温到多少告警", "The same while it rises fast"),
        Of("water", "high_cm", "积水到多深告警", "Depth of water that is an alert"),
        Of("water", "urgent_cm", "积水到多深就紧急", "Depth of water that is urgent"),
        Of("exit-blocked", "hold_s", "出口堵多久告警", "Exit blocked for how long"),
        Of("over-capacity", "percent", "停车到容量的百分之几告警", "Bikes, as a share of the capacity"),
    ];

    /// <summary>The rules that have such numbers.</summary>
    public static IReadOnlyList<Rule> Rules { get; } = [.. All.Select(limit => limit.Rule).Distinct()];

    /// <summary>The numbers of a rule.</summary>
    public static IReadOnlyList<TunableLimit> OfRule(string rule) => [.. All.Where(limit => limit.Rule.Name == rule)];

    private static TunableLimit Of(string rule, string setting, string zh, string en, bool isOfCircuit = false)
    {
        var known = RuleCatalogue.Find(rule) ?? throw new ArgumentException($"There is no rule {rule}.", nameof(rule));
        return new TunableLimit(known, known.FindSetting(setting) ?? throw new ArgumentException($"{rule} has no {setting}.", nameof(setting)), new LocalText(zh, en), isOfCircuit);
    }
}
