using System.Buffers;
using System.Buffers.Text;
using FacilityMonitor.Readings;

namespace FacilityMonitor.Contract;

/// <summary>What a foreign topic carries.</summary>
internal enum ForeignKind : byte
{
    /// <summary>Of no dialect we read.</summary>
    Unknown,

    /// <summary>Of a dialect we read, and nothing for us.</summary>
    Ignored,

    /// <summary>Tasmota <c>SENSOR</c>, <c>STATUS8</c>, <c>STATUS10</c>: measurements.</summary>
    TasmotaSensor,

    /// <summary>Tasmota <c>STATE</c>, <c>RESULT</c>: relays and signal.</summary>
    TasmotaState,

    /// <summary>Tasmota <c>POWERn</c>: plain ON or OFF.</summary>
    TasmotaPower,

    /// <summary>Tasmota <c>LWT</c>.</summary>
    TasmotaPresence,

    /// <summary>Shelly <c>events/rpc</c>.</summary>
    ShellyNotification,

    /// <summary>Shelly <c>status/&lt;component&gt;</c>.</summary>
    ShellyComponent,

    /// <summary>Shelly <c>online</c>.</summary>
    ShellyPresence,

    /// <summary>Zigbee2MQTT state of a device.</summary>
    ZigbeeState,

    /// <summary>Zigbee2MQTT in attribute mode: one value a topic.</summary>
    ZigbeeAttribute,

    /// <summary>Zigbee2MQTT <c>availability</c>.</summary>
    ZigbeePresence,

    /// <summary>ThingsBoard <c>…/v1/devices/me/telemetry</c> and its short form <c>v2/t</c>.</summary>
    ThingsBoardTelemetry,

    /// <summary>ThingsBoard <c>v1/gateway/telemetry</c>: several devices, named by the payload.</summary>
    ThingsBoardGateway,

    /// <summary>ThingsBoard <c>v1/gateway/connect</c>.</summary>
    ThingsBoardConnect,

    /// <summary>ThingsBoard <c>v1/gateway/disconnect</c>.</summary>
    ThingsBoardDisconnect,
}

/// <summary>A foreign topic, recognised by its shape.</summary>
internal readonly ref struct ForeignTopic
{
    /// <summary>Longest name of a foreign device, bytes.</summary>
    public const int NameMax = 128;

    private static readonly SearchValues<byte> ComponentName = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789_"u8);

    private ForeignTopic(ForeignKind kind, Dialect dialect, ReadOnlySpan<byte> device, ReadOnlySpan<byte> part)
    {
        Kind = kind;
        Dialect = dialect;
        Device = device;
        Part = part;
    }

    public ForeignKind Kind { get; }

    public Dialect Dialect { get; }

    /// <summary>The device's own name.</summary>
    public ReadOnlySpan<byte> Device { get; }

    /// <summary>What follows it and matters: <c>POWER2</c>, <c>switch:0</c>, <c>power</c>.</summary>
    public ReadOnlySpan<byte> Part { get; }

    private static ForeignTopic Ignored => new(ForeignKind.Ignored, default, [], []);

    /// <summary>Recognises a topic.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="payload">Its payload: Zigbee2MQTT names may hold slashes, so an attribute is told from a device by what the payload is.</param>
    public static ForeignTopic Recognise(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload)
    {
        // Another version of our own contract, or a slip in it: no stranger's.
        if (topic.StartsWith("fm/"u8))
            return default;
        if (topic.StartsWith("zigbee2mqtt/"u8))
            return Zigbee(topic["zigbee2mqtt/"u8.Length..], payload);
        if (topic.StartsWith("tasmota/discovery/"u8) || topic.StartsWith("homeassistant/"u8))
            return Ignored;
        if (ThingsBoard(topic) is { Kind: not ForeignKind.Unknown } thingsBoard)
            return thingsBoard;
        // Before Shelly's shapes: a plug may be called "status".
        if (Tasmota(topic) is { Kind: not ForeignKind.Unknown } tasmota)
            return tasmota;
        if (topic.EndsWith("/events/rpc"u8))
            return Named(ForeignKind.ShellyNotification, Dialect.Shelly, topic[..^"/events/rpc"u8.Length], []);
        if (topic.EndsWith("/rpc"u8) || topic.EndsWith("/command"u8))
            return Ignored;
        if (topic.EndsWith("/online"u8))
            return Named(ForeignKind.ShellyPresence, Dialect.Shelly, topic[..^"/online"u8.Length], []);
        var status = topic.IndexOf("/status/"u8);
        return status > 0 && IsComponent(topic[(status + "/status/"u8.Length)..])
            ? Named(ForeignKind.ShellyComponent, Dialect.Shelly, topic[..status], topic[(status + "/status/"u8.Length)..])
            : default;
    }

    /// <summary><c>switch:0</c>, <c>sys</c>: lower-case letters and digits, then perhaps a number.</summary>
    private static bool IsComponent(ReadOnlySpan<byte> part)
    {
        var colon = part.IndexOf((byte)':');
        var name = colon < 0 ? part : part[..colon];
        return !name.IsEmpty && !name.ContainsAnyExcept(ComponentName)
            && (colon < 0 || (colon + 1 < part.Length && !part[(colon + 1)..].ContainsAnyExceptInRange((byte)'0', (byte)'9')));
    }

    /// <summary>
    /// The API knows a device by its access token and its topics name nobody, so whoever listens puts the device before them: <c>tb/&lt;device&gt;/v1/…</c>.
    /// Without that the device is <c>me</c>, as its topic says; a gateway names its devices itself. Behind a device's name there is no gateway: whoever may speak as one
    /// device could else name any other in the payload.
    /// </summary>
    private static ForeignTopic ThingsBoard(ReadOnlySpan<byte> topic)
    {
        var device = "me"u8;
        var api = topic;
        if (topic.StartsWith("tb/"u8))
        {
            var rest = topic["tb/"u8.Length..];
            // The first of the two ends the name: what a device may say below its own topics names no other.
            var (first, second) = (rest.IndexOf("/v1/"u8), rest.IndexOf("/v2/"u8));
            var slash = first < 0 || second < 0 ? Math.Max(first, second) : Math.Min(first, second);
            if (slash <= 0)
                return default;
            device = rest[..slash];
            api = rest[(slash + 1)..];
            if (api.StartsWith("v1/gateway/"u8))
                return default;
        }

        if (api.SequenceEqual("v1/devices/me/telemetry"u8) || api.SequenceEqual("v2/t"u8) || api.SequenceEqual("v2/t/j"u8))
            return Named(ForeignKind.ThingsBoardTelemetry, Dialect.ThingsBoard, device, []);
        if (api.SequenceEqual("v1/gateway/telemetry"u8))
            return Named(ForeignKind.ThingsBoardGateway, Dialect.ThingsBoard, device, []);
        if (api.SequenceEqual("v1/gateway/connect"u8))
            return Named(ForeignKind.ThingsBoardConnect, Dialect.ThingsBoard, device, []);
        if (api.SequenceEqual("v1/gateway/disconnect"u8))
            return Named(ForeignKind.ThingsBoardDisconnect, Dialect.ThingsBoard, device, []);
        return api.StartsWith("v1/devices/me/"u8) || api.StartsWith("v1/gateway/"u8) || (api.Length < topic.Length && api.StartsWith("v2/"u8)) ? Ignored : default;
    }

    private static ForeignTopic Zigbee(ReadOnlySpan<byte> rest, ReadOnlySpan<byte> payload)
    {
        if (rest.StartsWith("bridge/"u8) || rest.EndsWith("/set"u8) || rest.EndsWith("/get"u8))
            return Ignored;
        if (rest.EndsWith("/availability"u8))
            return Named(ForeignKind.ZigbeePresence, Dialect.Zigbee2Mqtt, rest[..^"/availability"u8.Length], []);
        var slash = rest.LastIndexOf((byte)'/');
        var isObject = payload.TrimStart(ForeignDecoder.Space).StartsWith("{"u8);
        return slash > 0 && !isObject
            ? Named(ForeignKind.ZigbeeAttribute, Dialect.Zigbee2Mqtt, rest[..slash], rest[(slash + 1)..])
            : Named(ForeignKind.ZigbeeState, Dialect.Zigbee2Mqtt, rest, []);
    }

    private static ForeignTopic Tasmota(ReadOnlySpan<byte> topic)
    {
        // FullTopic may put the prefix first (the default) or after the name.
        var last = topic.LastIndexOf((byte)'/');
        if (last <= 0)
            return default;
        var part = topic[(last + 1)..];
        var rest = topic[..last];
        var first = rest.IndexOf((byte)'/');
        var final = rest.LastIndexOf((byte)'/');
        if (first <= 0)
            return default;
        ReadOnlySpan<byte> prefix, device;
        if (IsPrefix(rest[..first]))
        {
            prefix = rest[..first];
            device = rest[(first + 1)..];
        }
        else if (IsPrefix(rest[(final + 1)..]))
        {
            prefix = rest[(final + 1)..];
            device = rest[..final];
        }
        else
        {
            return default;
        }

        var kind = prefix.SequenceEqual("cmnd"u8) ? ForeignKind.Ignored
            : part.SequenceEqual("SENSOR"u8) || part.SequenceEqual("STATUS8"u8) || part.SequenceEqual("STATUS10"u8) ? ForeignKind.TasmotaSensor
            : part.SequenceEqual("STATE"u8) || part.SequenceEqual("RESULT"u8) || part.SequenceEqual("STATUS11"u8) ? ForeignKind.TasmotaState
            : part.SequenceEqual("LWT"u8) ? ForeignKind.TasmotaPresence
            : TasmotaRelay(part) >= 0 ? ForeignKind.TasmotaPower
            : ForeignKind.Ignored;
        return Named(kind, Dialect.Tasmota, device, part);
    }

    /// <summary>The number behind <c>POWER</c>: 0 when there is none, -1 when it is something else.</summary>
    public static int TasmotaRelay(ReadOnlySpan<byte> key)
    {
        if (!key.StartsWith("POWER"u8))
            return -1;
        var number = key["POWER"u8.Length..];
        if (number.IsEmpty)
            return 0;
        return number.Length <= 2 && Utf8Parser.TryParse(number, out int value, out var used) && used == number.Length && value > 0 ? value : -1;
    }

    private static bool IsPrefix(ReadOnlySpan<byte> part) => part.SequenceEqual("tele"u8) || part.SequenceEqual("stat"u8) || part.SequenceEqual("cmnd"u8);

    private static ForeignTopic Named(ForeignKind kind, Dialect dialect, ReadOnlySpan<byte> device, ReadOnlySpan<byte> part) =>
        device.IsEmpty ? default : new ForeignTopic(kind, dialect, device, part);
}
