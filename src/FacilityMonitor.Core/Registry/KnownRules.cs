namespace FacilityMonitor.Registry;

/// <summary>The rules and settings that may stand under <c>rules:</c>, as validation needs them. Who owns the rules makes it from them.</summary>
/// <param name="ByName">Rule name → its settings.</param>
public sealed record KnownRules(IReadOnlyDictionary<string, IReadOnlyList<KnownRuleSetting>> ByName)
{
    /// <summary>The form a setting's name is compared in: <c>limit-w</c> in YAML and <c>limit_w</c> in code are one name.</summary>
    public static string Canonical(string setting)
    {
        ArgumentNullException.ThrowIfNull(setting);
        return setting.Replace('-', '_');
    }

    /// <summary>The setting of this rule; null when there is none.</summary>
    public KnownRuleSetting? Find(string rule, string setting) =>
        ByName.TryGetValue(rule, out var settings) ? settings.FirstOrDefault(known => Canonical(known.Name) == Canonical(setting)) : null;
}

/// <summary>One number of a rule that the registry may override.</summary>
/// <param name="Name">Its name, unit last: <c>limit_w</c>.</param>
/// <param name="Min">Least value accepted.</param>
/// <param name="Max">Greatest value accepted.</param>
public sealed record KnownRuleSetting(string Name, double Min, double Max);
