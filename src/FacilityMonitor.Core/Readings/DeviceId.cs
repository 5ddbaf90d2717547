namespace FacilityMonitor.Readings;

/// <summary>The language a device speaks on MQTT.</summary>
public enum Dialect : byte
{
    /// <summary>Our own contract, <c>fm/1</c>.</summary>
    Fm1 = 0,

    /// <summary>Tasmota: <c>tele/…</c>, <c>stat/…</c>.</summary>
    Tasmota = 1,

    /// <summary>Shelly Gen2 and later: <c>…/events/rpc</c>, <c>…/status/…</c>.</summary>
    Shelly = 2,

    /// <summary>Zigbee2MQTT: <c>zigbee2mqtt/…</c>.</summary>
    Zigbee2Mqtt = 3,

    /// <summary>ThingsBoard's device and gateway API: <c>v1/…</c>.</summary>
    ThingsBoard = 4,

    /// <summary>JSON of a vendor, read by a mapping of the registry. The name begins with the vendor and a slash.</summary>
    Mapped = 5,
}

/// <summary>How often devices of a dialect speak when neither the registry nor they themselves say.</summary>
public static class DialectPeriods
{
    /// <summary>Longest usual time between two messages, ms: a pile every minute; Tasmota's <c>TelePeriod</c> is 300 s; a Shelly tells changes, and energy each minute while
    /// something runs; a Zigbee device tells changes, and otherwise within its reporting interval, usually an hour: a third of it, for three silent periods are a gap.
    /// ThingsBoard's examples send every few minutes; vendors' piles report every 10 s to 600 s as they were told (<c>getDevStatusSec</c>, login).</summary>
    public static long DefaultMs(Dialect dialect) => dialect switch
    {
        Dialect.Fm1 => 60_000,
        Dialect.Tasmota => 300_000,
        Dialect.Shelly => 300_000,
        Dialect.Zigbee2Mqtt => 1_200_000,
        Dialect.ThingsBoard => 300_000,
        Dialect.Mapped => 600_000,
    };
}

/// <summary>Who speaks: the dialect, the site, and the device's own name. A foreign device has no site until the registry adopts it.</summary>
/// <param name="Dialect">The language it speaks.</param>
/// <param name="Site">Site id, <c>[a-z0-9-]{1,48}</c>; null for a foreign device.</param>
/// <param name="Name">Device id, <c>[a-z0-9-]{1,48}</c> in <c>fm/1</c>; for a foreign device the name its topics carry.</param>
public sealed record DeviceId(Dialect Dialect, string? Site, string Name)
{
    /// <summary><c>site/device</c>, or the dialect in place of the site: <c>tasmota:plug-1</c>.</summary>
    public override string ToString() => Site is null ? $"{DialectKey}:{Name}" : $"{Site}/{Name}";

    private string DialectKey => Dialect switch
    {
        Dialect.Fm1 => "fm1",
        Dialect.Tasmota => "tasmota",
        Dialect.Shelly => "shelly",
        Dialect.Zigbee2Mqtt => "zigbee2mqtt",
        Dialect.ThingsBoard => "thingsboard",
        Dialect.Mapped => "mapped",
    };
}

/// <summary>A device we have seen, with the small number that stands for it in journal and blocks.</summary>
/// <param name="Number">From 1, given once, never used again for another device.</param>
/// <param name="Id">Who it is.</param>
public sealed record Device(int Number, DeviceId Id);
