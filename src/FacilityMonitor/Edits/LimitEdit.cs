using FacilityMonitor.Configuration;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Rules;
using FacilityMonitor.Users;

namespace FacilityMonitor.Edits;

/// <summary>What the numbers of a rule are set for: a site, one of its circuits, or one of its devices.</summary>
/// <param name="Site">The site.</param>
/// <param name="Circuit">The circuit; null: none.</param>
/// <param name="Device">The device; null: none.</param>
internal sealed record LimitScope(Site Site, Circuit? Circuit, DeviceEntry? Device)
{
    private const string OfSite = "site";
    private const string OfCircuit = "circuit";
    private const string OfDevice = "device";

    /// <summary>As an address has it: <c>huaihai</c>, <c>huaihai/circuit/c-shed</c>, <c>huaihai/device/pile-01</c>.</summary>
    public string Key => Circuit is not null ? $"{Site.Id}/{OfCircuit}/{Circuit.Id}" : Device is not null ? $"{Site.Id}/{OfDevice}/{Device.Id}" : Site.Id;

    /// <summary>What it is called.</summary>
    public LocalText Name => (Circuit?.Name ?? Device?.Name) is { } name ? new($"{Site.Name.Zh} · {name.Zh}", $"{Site.Name.En} · {name.En}") : Site.Name;

    /// <summary>Its own numbers, then those that hold above it.</summary>
    public SettingScopes Scopes(Facility facility)
    {
        var circuit = Circuit ?? Site.Circuits.FirstOrDefault(circuit => circuit.Id == Device?.Circuit);
        return new SettingScopes([.. ((RuleSettings?[])[Device?.Rules, circuit?.Rules, Site.Rules, facility.Rules]).OfType<RuleSettings>()]);
    }

    /// <summary>Every one of a site that a rule judges.</summary>
    public static IEnumerable<LimitScope> Of(Site site, bool isOfCircuit) =>
    [
        new(site, null, null), .. site.Circuits.Select(circuit => new LimitScope(site, circuit, null)), .. isOfCircuit ? [] : site.Devices.Select(device => new LimitScope(site, null, device)),
    ];

    /// <summary>Devices whose readings decide about it.</summary>
    public IReadOnlyList<DeviceId> Devices()
    {
        var devices = Site.Devices.AsEnumerable();
        if (Device is not null)
        {
            devices = [Device];
        }
        else if (Circuit is not null)
        {
            var below = new HashSet<string>(StringComparer.Ordinal) { Circuit.Id };
            // Parents stand before their children.
            foreach (var circuit in Site.Circuits.Where(circuit => circuit.Parent is not null && below.Contains(circuit.Parent)))
                below.Add(circuit.Id);
            var meters = Site.Circuits.Where(circuit => below.Contains(circuit.Id)).Select(circuit => circuit.Meter).ToHashSet();
            devices = Site.Devices.Where(device => meters.Contains(device.Id) || (device.Circuit is { } on && below.Contains(on)));
        }

        return [.. devices.Select(device => device.Foreign ?? new DeviceId(Dialect.Fm1, Site.Id, device.Id))];
    }

    /// <summary>The edit of a rule for it.</summary>
    public EditName Edit(string rule) => new(EditKind.Limits, Site.Id, Circuit is not null ? OfCircuit : Device is not null ? OfDevice : OfSite, Circuit?.Id ?? Device?.Id ?? Site.Id, rule);

    /// <summary>What is written of it.</summary>
    public YamlMapping? Written(WrittenRegistry written) => Circuit is not null ? WrittenRegistry.Item(written.Site(Site.Id), "circuits", Circuit.Id)
        : Device is not null ? WrittenRegistry.Item(written.Site(Site.Id), "devices", Device.Id) : written.Site(Site.Id);

    /// <summary>The same with rules, as an edit says it.</summary>
    public YamlMapping With(YamlElement rules)
    {
        var (list, id) = Circuit is not null ? ("circuits", Circuit.Id) : ("devices", Device?.Id ?? "");
        return Yaml.Listed("sites", ("id", Yaml.Text(Site.Id)), id.Length == 0 ? ("rules", rules) : (list, Yaml.List(Yaml.Map(("id", Yaml.Text(id)), ("rules", rules)))));
    }
}

/// <summary>Numbers of a rule for a site, circuit or device.</summary>
internal static class LimitEdit
{
    /// <param name="scope">For what.</param>
    /// <param name="rule">The rule.</param>
    /// <param name="values">What was written for each of its numbers; an empty one stays what it is elsewhere.</param>
    /// <param name="without">What is written of the rule there without the edit. What it says already is not said again: a later change there must not be hidden by this one.</param>
    public static (RegistryEdit? Edit, EditRefusal? Refusal) Of(LimitScope scope, Rule rule, IReadOnlyDictionary<string, string?> values, YamlElement? without)
    {
        var said = TunableLimit.OfRule(rule.Name).Select(limit => (Key: limit.Setting.Name, Value: (YamlElement?)Yaml.TextOrNone(values.GetValueOrDefault(limit.Setting.Name)))).Where(one => one.Value is not null && Text(one.Value) != Number(without, one.Key)).ToList();
        if (said.Count == 0)
            return (null, EditRefusal.Of(new("请至少填一个跟文件里不同的数；要恢复原来的，请在“网页上的改动”里撤销", "write at least one number that is not that of the files; to have the former ones back, undo the edit under changes")));
        return (new RegistryEdit
        {
            Name = scope.Edit(rule.Name),
            Content = scope.With(Yaml.Map((rule.Name, Yaml.Map(said)))),
            Word = "limits-edit",
            Sites = SiteScope.Of([scope.Site.Id]),
            Part = written => Part(written, scope, rule),
            Fields = [.. said.Select(one => ($"rules › {rule.Name} › {one.Key}", one.Key))],
        }, null);
    }

    /// <summary>A number as it is written of a rule; null: it is not.</summary>
    public static string? Number(YamlElement? rule, string setting) => Text((rule as YamlMapping)?.Find(setting));

    private static string? Text(YamlElement? value) => (value as YamlScalar)?.Text;

    /// <summary>What is written of a rule there.</summary>
    public static YamlElement? Part(WrittenRegistry written, LimitScope scope, Rule rule) => (scope.Written(written)?.Find("rules") as YamlMapping)?.Find(rule.Name);
}
