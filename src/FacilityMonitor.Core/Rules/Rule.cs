using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>What a rule is called, which of its numbers can be changed, and what it tells people. Its state and its step stand beside it in the same file.</summary>
public abstract class Rule
{
    /// <summary>Most steps a runbook has: more is not read at night.</summary>
    public const int StepsMax = 3;

    /// <summary>Name in files, tables and exports, such as <c>socket-overload</c>.</summary>
    public abstract string Name { get; }

    /// <summary>What people call it.</summary>
    public abstract LocalText Title { get; }

    /// <summary>When it speaks, with its priorities, in a sentence: the table of rules in the README is made of it.</summary>
    public abstract LocalText Detects { get; }

    /// <summary>Its numbers.</summary>
    public abstract IReadOnlyList<RuleSetting> Settings { get; }

    /// <summary>What happens if nobody comes.</summary>
    public abstract LocalText Next { get; }

    /// <summary>What to do, at most <see cref="StepsMax"/> steps, the first one first.</summary>
    public abstract IReadOnlyList<LocalText> Steps { get; }

    /// <summary>What it judges may be told this seldom though the device speaks more often, ms: so long without a value is no gap. 0: three periods of the device are one.</summary>
    internal virtual long GapLeastMs => 0;

    /// <summary>The setting of this name; null when the rule has none.</summary>
    public RuleSetting? FindSetting(string name) => Settings.FirstOrDefault(setting => setting.Name == name);
}
