namespace FacilityMonitor.Rules;

/// <summary>The limits of one registry, each once: most channels, devices and sites have the same, and a site that somebody invented has nothing of its own.</summary>
internal sealed class LimitShelf
{
    private readonly Dictionary<StateRule, List<object>> _limits = [];
    private readonly List<ChannelForm> _channels = [];
    private readonly List<DeviceForm> _devices = [];
    private readonly List<StatePlan[]> _plans = [];

    /// <summary>These limits of a rule, or the equal ones that stand here.</summary>
    public object Shared(StateRule rule, object limits)
    {
        if (!_limits.TryGetValue(rule, out var known))
            _limits[rule] = known = [];
        return Shared(known, limits.Equals, limits);
    }

    /// <summary>This form of a channel, or the equal one that stands here.</summary>
    public ChannelForm Shared(ChannelForm form) => Shared(_channels, form.IsSame, form);

    /// <summary>This form of a device, or the equal one that stands here.</summary>
    public DeviceForm Shared(DeviceForm form) => Shared(_devices, form.IsSame, form);

    /// <summary>These rules with their limits, or the equal ones that stand here.</summary>
    public StatePlan[] Shared(StatePlan[] plans) => Shared(_plans, known => known.AsSpan().SequenceEqual(plans), plans);

    private static T Shared<T>(List<T> known, Predicate<T> isSame, T one)
        where T : class
    {
        if (known.Find(isSame) is { } same)
            return same;
        known.Add(one);
        return one;
    }
}
