using FacilityMonitor.Configuration;
using FacilityMonitor.Edits;
using FacilityMonitor.Journal;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Rules;
using FacilityMonitor.Users;
using Microsoft.AspNetCore.Mvc;

namespace FacilityMonitor.Web.Pages;

/// <summary><c>/settings/limits?rule=socket-overload&amp;of=huaihai/device/pile-01</c>: numbers of a rule, and what they would have done in the last thirty days.</summary>
[Needs(Right.Registry)]
[WritesAudit]
internal sealed class SettingsLimitsModel(FacilitySource registry, RegistryDesk desk, Rehearsal rehearsal, Database database, TimeProvider time) : SettingsPage(registry, desk)
{
    /// <summary>The rule; null: it has to be chosen first.</summary>
    public Rule? Rule { get; private set; }

    /// <summary>For what; null: that has to be chosen.</summary>
    public LimitScope? Scope { get; private set; }

    /// <summary>What the numbers could be for.</summary>
    public IReadOnlyList<LimitScope> Scopes { get; private set; } = [];

    public IReadOnlyList<TunableLimit> Limits { get; private set; } = [];

    /// <summary>What stands in the fields, by name of the setting.</summary>
    public IReadOnlyDictionary<string, string?> Values { get; private set; } = new Dictionary<string, string?>();

    /// <summary>What the numbers would have done; null: nobody asked.</summary>
    public RehearsalResult? Rehearsed { get; private set; }

    /// <summary>The number that holds here now.</summary>
    public string InForce(RuleSetting setting) => ViewTexts.Number(Scope!.Scopes(Facility).Value(Rule!, setting), "0.###");

    /// <summary>How the rule has done at this site: what people said of its alerts is what its numbers are changed by.</summary>
    public (long Rang, long False) Rang()
    {
        using var reader = database.OpenReader();
        return FiguresReader.Of(reader, Scope!.Site.Id, Rule!.Name, time.GetUtcNow().AddDays(-Rehearsal.Days).ToUnixTimeMilliseconds());
    }

    public IActionResult OnGet(string? rule, string? of)
    {
        if (!Find(rule, of))
            return new NotThere("limits-gone");
        if (Scope is not null)
            Values = Own();
        return Page();
    }

    public async Task<IActionResult> OnPostAsync(string? rule, string? of, string? seen)
    {
        if (!Find(rule, of) || Scope is null)
            return new NotThere("limits-gone");
        Values = Written();
        HttpContext.BelongsTo(Scope.Site.Id);
        if (Own().All(own => (own.Value ?? "") == Values[own.Key]))
            return Refuse(EditRefusal.Of(new("没有改动，所以没有保存", "Nothing was changed, so nothing was saved")));
        return await WriteAsync(LimitEdit.Of(Scope, Rule!, Values, Without()), seen) is { } refusal ? Refuse(refusal) : Redirect($"/settings/limits?rule={Rule!.Name}&of={Uri.EscapeDataString(Scope.Key)}&saved");
    }

    /// <summary>Changes nothing: reads what the numbers would have done.</summary>
    public async Task<IActionResult> OnPostRehearseAsync(string? rule, string? of)
    {
        if (!Find(rule, of) || Scope is null)
            return new NotThere("limits-gone");
        Values = Written();
        (Rehearsed, var refusal) = await RehearseAsync(rehearsal, LimitEdit.Of(Scope, Rule!, Values, Without()), Scope, Rule!.Name);
        return refusal is null ? Page() : Refuse(refusal);
    }

    private Dictionary<string, string?> Written() => Limits.ToDictionary(limit => limit.Setting.Name, limit => (string?)Request.Form[limit.Setting.Name].ToString().Trim());

    /// <summary>The numbers that the page set just here; those of the owner's files stand beside the fields.</summary>
    private Dictionary<string, string?> Own()
    {
        var (written, without) = (LimitEdit.Part(Desk.Written(), Scope!, Rule!), Without());
        return Limits.Select(limit => limit.Setting.Name).ToDictionary(name => name, name => LimitEdit.Number(written, name) is { } own && own != LimitEdit.Number(without, name) ? own : null);
    }

    /// <summary>What is written of the rule just here without the edit of the page.</summary>
    private YamlElement? Without() => LimitEdit.Part(Desk.WrittenWithout(Scope!.Edit(Rule!.Name)), Scope, Rule!);

    private bool Find(string? rule, string? of)
    {
        if (string.IsNullOrEmpty(rule))
            return true;
        Limits = TunableLimit.OfRule(rule);
        if (Limits.Count == 0)
            return false;
        Rule = Limits[0].Rule;
        Scopes = [.. Sites.SelectMany(site => LimitScope.Of(site, Limits[0].IsOfCircuit))];
        if (string.IsNullOrEmpty(of))
            return true;
        Scope = Scopes.FirstOrDefault(scope => scope.Key == of);
        if (Scope is null)
            return false;
        Seen = Desk.Seen(LimitEdit.Part(Desk.Written(), Scope, Rule));
        return true;
    }
}
