using FacilityMonitor.Alerts;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>A stair-climber that moves while something forbids it: more than 1 step a minute in 2 samples. P1. What forbids it is the rule's own.</summary>
internal abstract class ForbiddenMove : ChannelRule
{
    private static readonly RuleSetting LimitSpm = new("limit_spm", "1/min", 1, 0.1, 10, "our choice: a sensor's jitter is less");

    /// <inheritdoc/>
    public sealed override IReadOnlyList<RuleSetting> Settings { get; } = [LimitSpm];

    /// <summary>Whether it must not move now.</summary>
    /// <param name="values">A reading.</param>
    /// <param name="isForbidden">The answer.</param>
    /// <returns>False when the reading does not tell.</returns>
    protected abstract bool TryForbid(in Values values, out bool isForbidden);

    internal sealed override bool AppliesTo(in Subject subject) => subject.Device?.Kind == DeviceKind.Climber && subject.Channel.Kind == ChannelKind.Main;

    internal sealed override Grade[] Grades(in Subject subject, SettingScopes scopes)
    {
        var limit = (float)scopes.Value(this, LimitSpm);
        return [new Grade(Priority.P1, limit, false, limit, new HoldTiming(0, 2, AlertTiming.OffDelayMs(Priority.P1)))];
    }

    internal sealed override bool TryMeasure(in Values values, out float value, out byte origin)
    {
        origin = 0;
        var known = values.TryGet(Metric.Spm, out var spm) & TryForbid(values, out var isForbidden);
        value = isForbidden ? (float)Math.Abs(spm) : 0;
        return known;
    }

    internal sealed override void Explain(in Grade grade, float value, byte origin, SortedDictionary<string, object> evidence) => evidence["spm"] = Math.Round((double)value, 1);
}
