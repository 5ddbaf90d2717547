using FacilityMonitor.Alerts;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Response;

/// <summary>An alert as inhibition sees it.</summary>
/// <param name="Rule">Rule name.</param>
/// <param name="Priority">How soon somebody has to come.</param>
/// <param name="Asset">Registry path.</param>
internal sealed record InhibitionFact(string Rule, Priority Priority, string Asset);

/// <summary>What hangs on what in one site, for alerts: along the electrical tree, and along the network.</summary>
/// <remarks>What is hidden goes on being judged and shown; only nobody is called for it alone. Life safety is never hidden, and a hazard only by life safety on the same asset.</remarks>
internal sealed class Inhibition
{
    /// <summary>Rule of the parent that nobody reported: most of what hangs on one node fell silent at once.</summary>
    public const string LossRule = "power-or-network-lost";

    /// <summary>Share of a node's devices that must fall silent together.</summary>
    public const double LossShare = 0.6;

    /// <summary>Fewer than this is no pattern.</summary>
    public const int LossMin = 3;

    /// <summary>Together is within so long, ms.</summary>
    public const long LossWithinMs = 60_000;

    /// <summary>Share of a node's devices still silent below which the loss is over.</summary>
    public const double LossOverShare = 0.3;

    private static readonly HashSet<string> Outages = new(StringComparer.Ordinal) { LossRule, "supply-lost", "circuit-tripped" };
    private static readonly HashSet<string> Absences = new(StringComparer.Ordinal) { "offline", "silent" };

    /// <summary>What a dead circuit or gateway explains.</summary>
    private static readonly HashSet<string> Consequences = new(StringComparer.Ordinal) { "offline", "silent", "stale", "lamp-failure", "blocker-fault", "sequence-gap", "clock-off", "off-dock" };

    private readonly Dictionary<string, List<string>> _above = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<string>> _below = new(StringComparer.Ordinal);
    private readonly Dictionary<string, LocalText> _names = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<string>> _circuits = new(StringComparer.Ordinal);

    public Inhibition(Facility facility)
    {
        foreach (var site in facility.Sites)
        {
            var devices = site.Devices.ToDictionary(device => device.Id, StringComparer.Ordinal);
            foreach (var device in site.Devices)
                Place(site, device, devices);
            foreach (var circuit in site.Circuits)
                _circuits[$"{site.Id}/{circuit.Id}"] = [.. ElectricalTree.Feeding(site.Circuits, circuit).Select(feeder => $"{site.Id}/{feeder.Id}")];
        }
    }

    /// <summary>The nodes that can be lost, with the devices that hang on them: circuits, gateways and sites.</summary>
    public IReadOnlyDictionary<string, List<string>> Nodes => _below;

    /// <summary>Every device and circuit with its path.</summary>
    public IEnumerable<string> Assets => _above.Keys.Concat(_below.Keys.Where(node => node.Contains('/', StringComparison.Ordinal)));

    /// <summary>What a node is called.</summary>
    public LocalText NameOf(string node) => _names.TryGetValue(node, out var name) ? name : new LocalText(node, node);

    /// <summary>Whether a rule says that something is heard no more.</summary>
    public static bool IsAbsence(string rule) => Absences.Contains(rule);

    /// <summary>Assets on which an alert could hide one of this asset: itself, the device of a channel, and what the device hangs on.</summary>
    public IReadOnlyList<string> Above(string asset)
    {
        var device = DeviceOf(asset);
        return [asset, .. device == asset ? [] : (string[])[device], .. _above.TryGetValue(device, out var nodes) ? nodes : []];
    }

    /// <summary>Circuits and gateways whose being switched off would explain that an asset is dead or silent: what it hangs on, and a circuit itself with all that feed it.</summary>
    public IReadOnlyList<string> Feeding(string asset) => _circuits.TryGetValue(asset, out var feeders)
        ? feeders : [.. Above(asset).Where(node => node != asset && node.Contains('/', StringComparison.Ordinal) && _below.ContainsKey(node))];

    /// <summary>Whether a rule says no more than that something is dead, silent, or does not do its work: that is what a circuit explains which is switched off.</summary>
    public static bool IsOfDeadCircuit(string rule) => Outages.Contains(rule) || Consequences.Contains(rule);

    /// <summary>Whether one alert explains another, so that nobody has to be called for that one.</summary>
    public bool Hides(InhibitionFact source, InhibitionFact target)
    {
        if (target.Priority == Priority.P0)
            return false;
        // That nobody works at a case is no consequence of what began it.
        if (target.Rule == FlyWireCase.OverdueRule)
            return false;
        if (source.Asset == target.Asset)
            return source.Priority < target.Priority && (target.Priority >= Priority.P2 || source.Priority == Priority.P0) && source.Rule != target.Rule;
        if (target.Priority == Priority.P1 || !Consequences.Contains(target.Rule))
            return false;
        var isAbove = Above(target.Asset).Contains(source.Asset);
        return isAbove && CanHideBelow(source);
    }

    /// <summary>Whether an alert can explain others than those of its own asset.</summary>
    public bool CanHideBelow(InhibitionFact source) => Outages.Contains(source.Rule) || (Absences.Contains(source.Rule) && _below.ContainsKey(source.Asset));

    /// <summary>Nodes that seem lost: most of their devices fell silent together. The smallest of those that say the same.</summary>
    /// <param name="silent">Device assets that are silent, and since when, ms.</param>
    /// <param name="nowMs">Now.</param>
    public IReadOnlyList<string> Lost(IReadOnlyDictionary<string, long> silent, long nowMs)
    {
        var candidates = new List<(string Node, HashSet<string> Silent, int Size)>();
        foreach (var (node, devices) in _below)
        {
            var fresh = devices.Where(device => silent.TryGetValue(device, out var since) && nowMs - since <= LossWithinMs).ToHashSet(StringComparer.Ordinal);
            if (fresh.Count >= LossMin && fresh.Count >= LossShare * devices.Count)
                candidates.Add((node, fresh, devices.Count));
        }

        var lost = new List<string>();
        var explained = new HashSet<string>(StringComparer.Ordinal);
        // The node that explains most comes first; of those that explain the same, the one with the fewest others below it.
        foreach (var (node, fresh, _) in candidates.OrderByDescending(one => one.Silent.Count).ThenBy(one => one.Size).ThenBy(one => one.Node, StringComparer.Ordinal))
        {
            if (fresh.Any(device => !explained.Contains(device)))
            {
                lost.Add(node);
                explained.UnionWith(fresh);
            }
        }

        return lost;
    }

    /// <summary>Whether a lost node is back.</summary>
    public bool IsBack(string node, IReadOnlyDictionary<string, long> silent) =>
        !_below.TryGetValue(node, out var devices) || devices.Count(silent.ContainsKey) < LossOverShare * devices.Count;

    private void Place(Site site, DeviceEntry device, Dictionary<string, DeviceEntry> devices)
    {
        var asset = new RegisteredDevice(site, device).AssetPath(ChannelId.Main);
        _names[asset] = device.Name;
        // Who is itself above others is not counted among what hangs there twice: a gateway hangs on its circuit like any device.
        if ((site.Circuits.FirstOrDefault(one => one.Id == device.Circuit) ?? site.Circuits.FirstOrDefault(one => one.Meter == device.Id)) is { } circuit)
        {
            foreach (var feeder in ElectricalTree.Feeding(site.Circuits, circuit))
                Hang(asset, $"{site.Id}/{feeder.Id}", feeder.Name);
        }

        var gateway = device.Gateway;
        for (var depth = 0; gateway is not null && devices.TryGetValue(gateway, out var above) && depth <= devices.Count; depth++)
        {
            Hang(asset, new RegisteredDevice(site, above).AssetPath(ChannelId.Main), above.Name);
            gateway = above.Gateway;
        }

        Hang(asset, site.Id, site.Name);
    }

    private void Hang(string asset, string node, LocalText name)
    {
        _names[node] = name;
        Add(_above, asset, node);
        Add(_below, node, asset);
    }

    private static void Add(Dictionary<string, List<string>> lists, string key, string value)
    {
        if (!lists.TryGetValue(key, out var list))
            lists[key] = list = [];
        list.Add(value);
    }

    /// <summary>The device of a channel's path.</summary>
    private string DeviceOf(string asset)
    {
        if (_above.ContainsKey(asset))
            return asset;
        var cut = asset.LastIndexOf('/');
        return cut > 0 && _above.ContainsKey(asset[..cut]) ? asset[..cut] : asset;
    }
}
