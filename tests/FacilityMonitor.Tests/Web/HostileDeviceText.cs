using System.Collections;
using System.Reflection;
using System.Text;
using FacilityMonitor.Contract;
using FacilityMonitor.Readings;

namespace FacilityMonitor.Tests.Web;

/// <summary>A message in which a device says markup in one of the texts that the contract lets it say.</summary>
/// <param name="Text">Which text, as the parser's own types name it: <c>Birth.Model</c>.</param>
/// <param name="Topic">The topic.</param>
/// <param name="Payload">The payload.</param>
/// <param name="IsRefused">Whether the parser lets no markup through there.</param>
internal sealed record HostileDeviceText(string Text, string Topic, string Payload, bool IsRefused = false)
{
    /// <summary>As long as the shortest text may be, 32 bytes; if a browser takes it for markup, <c>window.pwned</c> is set.</summary>
    public const string Markup = "<img src=x onerror=pwned=1>";

    private const string Site = "huaihai";

    /// <summary>Every text by its name in the parser's types. <see cref="Names()"/> finds them; one that is missing here has to be added.</summary>
    public static IReadOnlyList<HostileDeviceText> All { get; } =
    [
        new("Device.Id.Name", $"tele/{Markup}/SENSOR", """{"Time":"2026-11-20T10:00:00","ENERGY":{"Power":5}}"""),
        new("Device.Id.Site", $"fm/1/{Markup}/pile-01/data", Data("\"w\":1"), IsRefused: true),
        new("Envelope.Boot", $"fm/1/{Site}/pile-01/data", Data("\"w\":1").Replace("\"b1\"", $"\"{Markup}\"", StringComparison.Ordinal), IsRefused: true),
        new("Birth.Boot", $"fm/1/{Site}/pile-01/birth", Birth("model", "fw").Replace("\"b1\"", $"\"{Markup}\"", StringComparison.Ordinal), IsRefused: true),
        new("Birth.Model", $"fm/1/{Site}/pile-01/birth", Birth(Markup, "1")),
        new("Birth.Firmware", $"fm/1/{Site}/pile-01/birth", Birth("P", Markup)),
        new("Birth.Channels.Metrics", $"fm/1/{Site}/pile-02/birth", Birth("P", "1", metric: Markup)),
        new("Birth.Ops", $"fm/1/{Site}/pile-02/birth", Birth("P", "1", op: Markup)),
        new("Birth.Cfg", $"fm/1/{Site}/pile-02/birth", Birth("P", "1", cfg: Markup)),
        new("Status.Boot", $"fm/1/{Site}/pile-02/status", $$"""{"s":"online","bd":7,"boot":"{{Markup}}","ts":1795168800000}""", IsRefused: true),
        new("Status.Cfg", $"fm/1/{Site}/pile-02/status", $$"""{"s":"online","bd":7,"boot":"b1","ts":1795168800000,"cfg":"{{Markup}}"}"""),
        new("Readings.State", $"fm/1/{Site}/pile-01/data", Data($"\"w\":5,\"st\":\"{Markup}\"")),
        new("Events.Session", $"fm/1/{Site}/pile-01/event", Event($"\"ev\":\"session-start\",\"session\":\"{Markup}\"")),
        new("Events.User", $"fm/1/{Site}/pile-01/event", Event($"\"ev\":\"session-start\",\"session\":\"a\",\"user\":\"{Markup}\"")),
        new("CommandAck.Id", $"fm/1/{Site}/pile-01/ack", $$"""{"id":"{{Markup}}","result":"done"}"""),
        new("CommandAck.Reason", $"fm/1/{Site}/pile-01/ack", $$"""{"id":"a","result":"failed","reason":"{{Markup}}"}"""),
    ];

    /// <summary>Texts that no device says: they come from the registry.</summary>
    public static IReadOnlyList<string> OfRegistry { get; } = ["OutOfRange.Path"];

    /// <summary>Every text that a decoded message can hold, found in the parser's own types: a new one is found without anybody remembering it.</summary>
    public static IEnumerable<string> Names() => Names(typeof(DeviceMessage), "").Concat(Names(typeof(Reading), "Readings."));

    /// <summary>Every text that this message holds.</summary>
    public static IEnumerable<(string Name, string Text)> Texts(DeviceMessage message)
    {
        foreach (var found in Texts(message, ""))
            yield return found;
        foreach (var reading in message.Readings.Readings.ToArray())
        {
            if (reading.State is { } state)
                yield return ("Readings.State", state);
        }
    }

    private static IEnumerable<string> Names(Type type, string path)
    {
        foreach (var property in Read(type))
        {
            var of = ElementOf(property.PropertyType);
            if (of == typeof(string) || of == typeof(BootId))
                yield return path + property.Name;
            else if (IsOurs(of))
            {
                foreach (var name in Names(of, path + property.Name + "."))
                    yield return name;
            }
        }
    }

    private static IEnumerable<(string Name, string Text)> Texts(object holder, string path)
    {
        foreach (var property in Read(holder.GetType()))
        {
            var value = property.GetValue(holder);
            foreach (var one in value is IEnumerable many and not string ? many.Cast<object?>() : [value])
            {
                if (one is string text)
                    yield return (path + property.Name, text);
                else if (one is BootId boot)
                    yield return (path + property.Name, boot.ToString());
                else if (one is not null && IsOurs(one.GetType()))
                {
                    foreach (var found in Texts(one, path + property.Name + "."))
                        yield return found;
                }
            }
        }
    }

    private static IEnumerable<PropertyInfo> Read(Type type) => type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .Where(property => property.GetIndexParameters().Length == 0 && !property.PropertyType.IsByRefLike && property.PropertyType != typeof(ReadingBuffer));

    /// <summary>What a property holds, without its being null or many.</summary>
    private static Type ElementOf(Type type)
    {
        var plain = Nullable.GetUnderlyingType(type) ?? type;
        return plain != typeof(string) && plain.IsGenericType && typeof(IEnumerable).IsAssignableFrom(plain) ? ElementOf(plain.GetGenericArguments()[0]) : plain;
    }

    private static bool IsOurs(Type type) => type.Assembly == typeof(DeviceMessage).Assembly && !type.IsEnum && type != typeof(BootId);

    private static string Data(string reading) => $$"""{"v":1,"boot":"b1","seq":1,"ts":1795168800000,"clk":"ntp","r":[{"dt":0,"ch":"s1",{{reading}}}]}""";

    private static string Event(string fact) => $$"""{"v":1,"boot":"b1","seq":2,"ts":1795168800000,"clk":"ntp","r":[{"dt":0,"ch":"s1",{{fact}}}]}""";

    private static string Birth(string model, string firmware, string metric = "w", string op = "off", string cfg = "c") =>
        """{"v":1,"boot":"b1","bd":7,"ts":1795168800000,"model":"MODEL","fw":"FW","clk":"ntp","period":60,"buffer":100,"channels":{"s1":{"rated_a":5.5,"metrics":["METRIC"]}},"ops":["OP"],"cfg":"CFG"}"""
            .Replace("MODEL", model, StringComparison.Ordinal).Replace("FW", firmware, StringComparison.Ordinal).Replace("METRIC", metric, StringComparison.Ordinal)
            .Replace("OP", op, StringComparison.Ordinal).Replace("CFG", cfg, StringComparison.Ordinal);

    /// <summary>The message as the parser gives it; null: it refuses it.</summary>
    public DeviceMessage? Decode(DeviceTable devices, long receivedMs)
    {
        var message = new DeviceMessage();
        return new MessageDecoder(devices).Decode(Encoding.UTF8.GetBytes(Topic), Encoding.UTF8.GetBytes(Payload), retained: false, receivedMs, message).Result == DecodeResult.Decoded ? message : null;
    }
}
