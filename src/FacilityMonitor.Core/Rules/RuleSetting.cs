using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>One number of a rule that the registry may override, at the device, the circuit, the site or everywhere; the narrowest wins.</summary>
/// <param name="Name">Its key under the rule's name, such as <c>hold_s</c>; the unit is its last part.</param>
/// <param name="Unit">Unit of the number; empty for a ratio or a count.</param>
/// <param name="Default">What holds when nobody says otherwise.</param>
/// <param name="Min">Least value accepted.</param>
/// <param name="Max">Greatest value accepted.</param>
/// <param name="Source">Where the default comes from; "our choice" where it is ours.</param>
public sealed record RuleSetting(string Name, string Unit, double Default, double Min, double Max, string Source)
{
    /// <summary>Whether the number may stand in the registry.</summary>
    public bool Accepts(double value) => double.IsFinite(value) && value >= Min && value <= Max;
}

/// <summary>The overrides that hold for one thing, narrowest first: device, circuit, site, everywhere.</summary>
/// <param name="Scopes">The levels, narrowest first.</param>
public readonly record struct SettingScopes(params RuleSettings[] Scopes)
{
    /// <summary>Only the rules' defaults.</summary>
    public static SettingScopes Defaults => new([]);

    /// <summary>The setting's value here. A value outside its range is ignored: validation has refused it, and a rule must never run on it.</summary>
    public double Value(Rule rule, RuleSetting setting) => Override(rule, setting) ?? setting.Default;

    /// <summary>The narrowest override; null when every level is silent.</summary>
    public double? Override(Rule rule, RuleSetting setting)
    {
        ArgumentNullException.ThrowIfNull(rule);
        ArgumentNullException.ThrowIfNull(setting);
        foreach (var scope in Scopes)
        {
            if (scope.ByRule.TryGetValue(rule.Name, out var settings) && settings.TryGetValue(setting.Name, out var value) && setting.Accepts(value))
                return value;
        }

        return null;
    }
}
