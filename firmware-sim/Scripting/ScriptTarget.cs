using FirmwareSim.Protocol;

namespace FirmwareSim.Scripting;

/// <summary>What a script step's <c>on</c> points at: <c>site/circuit</c>, <c>site/device</c> or <c>site/device/channel</c>, and whether that exists.</summary>
internal sealed class ScriptTarget(YamlSection section, IReadOnlyList<SiteSpec> sites)
{
    public ScriptAction WholeSite(Func<string, ScriptAction> make)
    {
        var site = section.RequiredText("on");
        if (section.Has("on") && Site(site) is null)
            Refuse("there is no such site in this scenario");
        return make(site);
    }

    /// <summary>A device with registers: a meter, a pile or a cabinet.</summary>
    public ScriptAction Counting(Func<string, string, ScriptAction> make)
    {
        var parts = Parts(2, "site/device");
        var isMeter = Site(parts[0])?.Circuits.Any(circuit => circuit.Meter == parts[1]) == true;
        if (parts[0].Length > 0 && !isMeter && !HasDevice(parts[0], parts[1], SimulatedKind.Pile) && !HasDevice(parts[0], parts[1], SimulatedKind.Cabinet))
            Refuse("there is no meter, pile or cabinet of that id in this scenario");
        return make(parts[0], parts[1]);
    }

    public ScriptAction Circuit(Func<string, string, ScriptAction> make)
    {
        var parts = Parts(2, "site/circuit");
        if (parts[0].Length > 0 && Site(parts[0])?.Circuits.Any(circuit => circuit.Id == parts[1]) != true)
            Refuse("there is no such circuit in this scenario");
        return make(parts[0], parts[1]);
    }

    /// <param name="kind">Of which kind it has to be; null: any, meters too.</param>
    /// <param name="make">Makes the action.</param>
    public ScriptAction Device(SimulatedKind? kind, Func<string, string, ScriptAction> make)
    {
        var parts = Parts(2, "site/device");
        if (parts[0].Length > 0 && !HasDevice(parts[0], parts[1], kind))
            Refuse(kind is null ? "there is no such device in this scenario" : $"there is no such device of kind {kind} in this scenario");
        return make(parts[0], parts[1]);
    }

    /// <summary>A device whose own firmware is simulated down to its messages.</summary>
    public ScriptAction Fm1Device(Func<string, string, ScriptAction> make)
    {
        var action = Device(null, make);
        var parts = (section.Text("on") ?? "").Split('/');
        if (parts.Length == 2 && Site(parts[0]) is { } site
            && (site.Devices.Any(device => device.Id == parts[1] && device.Dialect != SpokenDialect.Fm1) || site.Circuits.Any(circuit => circuit.Meter == parts[1] && circuit.MeterDialect != SpokenDialect.Fm1)))
            Refuse("only fm1 devices repeat, delay, flood or spoil their messages");
        return action;
    }

    public ScriptAction Point(Func<string, string, string, ScriptAction> make)
    {
        var parts = Parts(3, "site/device/channel");
        var device = Site(parts[0])?.Devices.FirstOrDefault(candidate => candidate.Id == parts[1]);
        if (parts[0].Length > 0 && (device is null || !ScenarioReader.HasChannel(device, parts[2])))
            Refuse("there is no such socket or slot in this scenario");
        return make(parts[0], parts[1], parts[2]);
    }

    private bool HasDevice(string siteId, string id, SimulatedKind? kind) => Site(siteId) is { } site
        && (site.Devices.Any(device => device.Id == id && (kind is null || device.Kind == kind))
            || (kind is null && site.Circuits.Any(circuit => circuit.Meter == id)));

    private SiteSpec? Site(string id) => sites.FirstOrDefault(site => site.Id == id);

    private string[] Parts(int count, string form)
    {
        var parts = section.RequiredText("on").Split('/');
        if (parts.Length == count)
            return parts;
        if (section.Has("on"))
            Refuse("use " + form);
        return [.. Enumerable.Repeat("", count)];
    }

    private void Refuse(string fix) => section.Refuse("on", section.Text("on") ?? "", fix);
}
