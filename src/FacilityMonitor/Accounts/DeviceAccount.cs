using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using static FacilityMonitor.Accounts.AccessKind;
using static FacilityMonitor.Accounts.AccessRule;

namespace FacilityMonitor.Accounts;

/// <summary>The account of one device at the broker: what it may say and hear follows from the registry.</summary>
/// <param name="User">User name, <c>site/device</c>; also the client id, unless another is wished.</param>
/// <param name="Own">Rules for topics that are this device's alone.</param>
/// <param name="Common">Rules for what others may say or hear as well.</param>
internal sealed record DeviceAccount(string User, IReadOnlyList<AccessRule> Own, IReadOnlyList<AccessRule> Common)
{
    private const string RolePrefix = "device:";

    /// <summary>What a Zigbee2MQTT bridge says for all devices it has paired.</summary>
    private const string BridgeTopics = "zigbee2mqtt/#";

    /// <summary>What a ThingsBoard gateway says for the devices it names in the payload.</summary>
    private const string GatewayTopics = "v1/gateway/#";

    /// <summary>The role that belongs to a user name.</summary>
    public static string RoleOf(string user) => RolePrefix + user;

    /// <summary>Whether a role is that of a device's own account.</summary>
    public static bool IsDeviceRole(string role) => role.StartsWith(RolePrefix, StringComparison.Ordinal);

    /// <summary>Everything the role says.</summary>
    public IEnumerable<AccessRule> Rules => Own.Concat(Common);

    /// <summary>What others may no longer say, or be handed, once this account is there.</summary>
    public IEnumerable<AccessRule> Denials => DenialsOf(Own);

    /// <summary>Denials that belong to rules, as few as will do: the broker goes through them for every message of a shared account.</summary>
    /// <remarks>What it hears is what it takes orders by: nobody but the service says that to it, whatever topics the settings let a shared account say.</remarks>
    public static IEnumerable<AccessRule> DenialsOf(IEnumerable<AccessRule> own) =>
        own.Where(rule => rule.Allow && rule.Kind is Send or Receive && rule.Topic != SharedAccount.HostState)
            .SelectMany(rule => (AccessKind[])(rule.Kind == Receive ? [Send, Receive] : [Send]), (rule, kind) => new AccessRule(kind, Whole(rule.Topic), Allow: false)).Distinct();

    /// <summary>What the broker cannot keep apart; null when it can.</summary>
    public LocalText? Warning { get; init; }

    /// <summary>The account of a device; a refusal when it cannot have one.</summary>
    /// <param name="facility">The registry. A device that is not in it is taken to speak fm/1.</param>
    /// <param name="site">Site id.</param>
    /// <param name="device">Device id.</param>
    /// <param name="refusal">Why not, and what to do.</param>
    public static DeviceAccount? Of(Facility facility, string site, string device, out LocalText? refusal)
    {
        refusal = null;
        var user = $"{site}/{device}";
        var devices = facility.Sites.FirstOrDefault(known => known.Id == site)?.Devices ?? [];
        var entry = devices.FirstOrDefault(known => known.Id == device);
        if (entry?.Gateway is { } gateway)
        {
            refusal = new($"{user} 通过网关 {gateway} 上报，自己不连消息代理；请给网关开账号：device add {site}/{gateway}",
                $"{user} speaks through the gateway {gateway} and has no connection of its own; give the gateway an account: device add {site}/{gateway}");
            return null;
        }

        if (entry?.Foreign is { Dialect: Dialect.Zigbee2Mqtt })
        {
            refusal = new($"{user} 是 Zigbee 设备，由 Zigbee2MQTT 代它上报；请登记一台 kind: gateway 的设备，在 {device} 上写 gateway:，再给网关开账号",
                $"{user} is a Zigbee device and Zigbee2MQTT speaks for it; register a device of kind gateway, name it by gateway: on {device}, and give the gateway an account");
            return null;
        }

        var voices = devices.Where(known => known.Gateway == device).Prepend(entry ?? new DeviceEntry { Id = device, Name = new(device, device), Kind = DeviceKind.Plug });
        var (own, common, warning) = (new List<AccessRule>(), new List<AccessRule>(), (LocalText?)null);
        foreach (var voice in voices)
        {
            if (voice.Foreign is not { } foreign)
            {
                own.AddRange([.. Each(Send, SharedAccount.Up.Select(kind => Fm1Topic.Of(site, voice.Id, kind))), .. Hear(SharedAccount.Down.Select(kind => Fm1Topic.Of(site, voice.Id, kind)))]);
                common.AddRange(Hear(SharedAccount.HostState));
                continue;
            }

            if (foreign.Name.IndexOfAny(['+', '#']) >= 0 && voice.Gateway is null)
            {
                refusal = new($"{user} 的名称 '{foreign.Name}' 含有 '+' 或 '#'，不能成为主题；请改名", $"the name '{foreign.Name}' of {user} has '+' or '#' in it, which no topic can hold; rename it");
                return null;
            }

            own.AddRange(Foreign(foreign, isBehindGateway: voice.Gateway is not null));
            foreach (var (topic, isOwn) in Mapped(foreign, facility.Mappings))
            {
                (isOwn ? own : common).AddRange(Each(Send, topic));
                if (!isOwn)
                {
                    warning = new($"{foreign.Name} 的厂家把设备名写在消息里（{topic}）：消息代理分不清它的设备，有这个口令的人可以冒充同一厂家的其他设备",
                        $"the vendor of {foreign.Name} names the device in the payload ({topic}): the broker cannot tell its devices apart, and who has this password can speak as another of them");
                }
            }
        }

        foreach (var (dialect, topic) in ((Dialect, string)[])[(Dialect.Zigbee2Mqtt, BridgeTopics), (Dialect.ThingsBoard, GatewayTopics)])
        {
            if (own.Exists(rule => rule.Topic == topic) && Elsewhere(facility, site, device, dialect) is { Count: > 0 } others)
            {
                var shared = new LocalText(
                    $"{user} 用的主题 {topic} 不分设备：有这个口令的人可以冒充不在它后面的 {others.Count} 台设备（{others[0]} 等）",
                    $"the topics {topic} of {user} tell no device from another: who has this password can speak as {others.Count} that are not behind it ({others[0]} and so on)");
                warning = warning is null ? shared : new LocalText($"{warning.Zh}；{shared.Zh}", $"{warning.En}; {shared.En}");
            }
        }

        var isForeign = own.Concat(common).All(rule => rule.Kind != Send || !rule.Topic.StartsWith("fm/", StringComparison.Ordinal));
        if (isForeign)
            common.Add(SharedAccount.NeverFm1);
        return new DeviceAccount(user, [.. own.Distinct()], [.. common.Distinct()]) { Warning = warning };
    }

    /// <summary>Registered devices of a dialect that are not behind this gateway: with another bridge, or with an account of their own.</summary>
    private static List<string> Elsewhere(Facility facility, string site, string gateway, Dialect dialect) =>
        [.. from known in facility.Sites from entry in known.Devices where entry.Foreign?.Dialect == dialect && (known.Id, entry.Gateway) != (site, gateway) select $"{known.Id}/{entry.Id}"];

    /// <summary>Everything below the device, where the topic is one of fm/1.</summary>
    private static string Whole(string topic) => topic.Split('/') is ["fm", "1", var site, var device, _] ? $"fm/1/{site}/{device}/#" : topic;

    /// <summary>The topics of a dialect, as narrow as it lets them be.</summary>
    private static IEnumerable<AccessRule> Foreign(DeviceId foreign, bool isBehindGateway) => foreign switch
    {
        // FullTopic may put the prefix before the name or behind it. It listens to cmnd/<name>/#.
        { Dialect: Dialect.Tasmota, Name: var name } =>
            [.. Each(Send, $"tele/{name}/+", $"stat/{name}/+", $"{name}/tele/+", $"{name}/stat/+"), .. Hear($"cmnd/{name}/#", $"{name}/cmnd/#")],
        { Dialect: Dialect.Shelly, Name: var name } =>
            [.. Each(Send, $"{name}/events/rpc", $"{name}/status/+", $"{name}/online"), .. Hear($"{name}/rpc", $"{name}/command", $"{name}/command/+")],
        // A bridge names its devices itself, also those that are paired tomorrow.
        { Dialect: Dialect.Zigbee2Mqtt } => [.. Each(Send, BridgeTopics), .. Hear(BridgeTopics)],
        { Dialect: Dialect.ThingsBoard } when isBehindGateway => [.. Each(Send, GatewayTopics), .. Hear(GatewayTopics)],
        // Its API's topics name nobody; the listener's mount point does, and rules are checked behind it.
        { Dialect: Dialect.ThingsBoard, Name: "me" } => [.. Each(Send, "v1/devices/me/#"), .. Hear("v1/devices/me/#")],
        { Dialect: Dialect.ThingsBoard, Name: var name } =>
            [.. Each(Send, $"tb/{name}/v1/devices/me/#", $"tb/{name}/v2/#"), .. Hear($"tb/{name}/v1/devices/me/#", $"tb/{name}/v2/#")],
        _ => [],
    };

    /// <summary>The topics a vendor's mappings give a device, and whether they are its alone.</summary>
    private static IEnumerable<(string Topic, bool IsOwn)> Mapped(DeviceId foreign, IReadOnlyList<JsonMapping> mappings)
    {
        if (foreign.Dialect != Dialect.Mapped || foreign.Name.Split('/', 2) is not [var vendor, var name])
            yield break;
        foreach (var mapping in mappings.Where(mapping => mapping.Vendor == vendor))
        {
            if (mapping.DeviceLevel is not { } level)
            {
                yield return (mapping.Topic, false);
                continue;
            }

            // The registry has checked that the level is a '+', or lies within a '#' at the end.
            var levels = mapping.Topic.Split('/').ToList();
            if (level >= levels.Count && levels[^1] == "#")
            {
                levels.RemoveAt(levels.Count - 1);
                levels.AddRange(Enumerable.Repeat("+", level - levels.Count));
                levels.Add("#");
            }

            levels[level - 1] = name;
            yield return (string.Join('/', levels), true);
        }
    }
}
