using FacilityMonitor.Contract;
using static FacilityMonitor.Accounts.AccessKind;
using static FacilityMonitor.Accounts.AccessRule;

namespace FacilityMonitor.Accounts;

/// <summary>An account of the broker that no single device has: user name and role are called alike.</summary>
/// <param name="Name">User name and role.</param>
/// <param name="Rules">What it may say and hear.</param>
/// <param name="IsShared">Several devices use it; what has an account of its own is no longer said under this one.</param>
internal sealed record SharedAccount(string Name, IReadOnlyList<AccessRule> Rules, bool IsShared = false)
{
    /// <summary>The role that takes the topics of devices with an account of their own away from the shared accounts.</summary>
    /// <remarks>A role of its own, because within one role the plugin keeps a single line for a topic: a denial would vanish behind the line that allows the same topic.</remarks>
    public const string SpokenFor = "spoken-for";

    /// <summary>Administers the accounts and can do nothing else.</summary>
    public static readonly SharedAccount Admin = new("admin", [.. Each(Send, "$CONTROL/dynamic-security/#"), .. Hear("$CONTROL/dynamic-security/#")]);

    /// <summary>The service: hears everything, says what devices are told. It cannot speak as a device either.</summary>
    public static readonly SharedAccount Monitor = new("monitor",
        [.. Each(Send, Any(Fm1Kind.Cmd), Any(Fm1Kind.Cfg), Any(Fm1Kind.Acked), HostState), .. Hear("#")]);

    /// <summary>fm/1 devices without an account of their own: those of a simulator.</summary>
    public static readonly SharedAccount Devices = new("devices", [.. Each(Send, Up.Select(Any)), .. Hear(Down.Select(Any)), .. Hear(HostState)], IsShared: true);

    /// <summary>Kinds a device publishes.</summary>
    public static IEnumerable<Fm1Kind> Up => [Fm1Kind.Birth, Fm1Kind.Status, Fm1Kind.Data, Fm1Kind.Hist, Fm1Kind.Event, Fm1Kind.Ack];

    /// <summary>Kinds a device hears.</summary>
    public static IEnumerable<Fm1Kind> Down => [Fm1Kind.Cmd, Fm1Kind.Cfg, Fm1Kind.Acked];

    /// <summary>Whether anyone listens; every fm/1 device may know.</summary>
    public const string HostState = "fm/1/state/+";

    /// <summary>No foreign device can pretend to be one of fm/1, whatever topics its dialect or somebody's settings bring.</summary>
    public static AccessRule NeverFm1 { get; } = new(Send, "fm/#", Allow: false);

    /// <summary>Plugs and bridges nobody knows yet: what the service reads of foreign devices may be said under this account.</summary>
    /// <param name="foreignTopics">The topics the service reads: of the settings, and of the mappings.</param>
    public static SharedAccount Plug(IEnumerable<string> foreignTopics) => new("plug",
    [
        NeverFm1,
        .. Each(Send, Dialects.Concat(foreignTopics).Where(topic => !topic.StartsWith('$')).Distinct(StringComparer.Ordinal)),
        .. Hear("cmnd/#", "+/rpc", "+/command", "+/command/+", "zigbee2mqtt/#", "tb/#", "v1/gateway/#", "homeassistant/status"),
    ], IsShared: true);

    /// <summary>What plugs say besides their readings: a device that is refused such a message says it over and over.</summary>
    /// <remarks>Not <c>+/rpc</c>: that is where a Shelly takes orders. It answers there as well, but only whom it was asked by, and we ask none.</remarks>
    private static IEnumerable<string> Dialects =>
        ["tele/#", "stat/#", "tasmota/discovery/#", "+/events/rpc", "+/online", "+/status/#", "zigbee2mqtt/#", "tb/#", "v1/gateway/#"];

    private static string Any(Fm1Kind kind) => Fm1Topic.Of("+", "+", kind);
}
