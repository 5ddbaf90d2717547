using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using FacilityMonitor.Contract;

namespace FacilityMonitor.OnCall;

/// <summary>The body that a webhook gets.</summary>
/// <remarks>
/// One JSON object in UTF-8: every property of a step as <c>replay</c> writes it, and behind them what a receiver needs:
/// <code>
/// {"at":"2026-11-20T10:00:12.000Z","alert":"8c1f…","rule":"socket-overload","priority":"P2","state":"active","site":"huaihai","device":"pile-02",
///  "channel":"s7","asset":"huaihai/shed-1/pile-02/s7","text":{"zh":"…","en":"…"},"evidence":{"w":1180,"limit_w":1000},
///  "onset":"2026-11-20T10:00:02.000Z","number":1,"untold":0,"key":"8c1f…-1-guard"}
/// </code>
/// <c>state</c> is <c>active</c>, <c>nodata</c> (it was on and nothing is heard: never the same as over) or <c>cleared</c>. <c>priority</c> P0 to P3 may
/// rise and fall while it is active. <c>number</c> rises with every step of one alert; a receiver may drop a lower one that comes later. <c>untold</c> is
/// how many earlier states of this alert this receiver was never told because they could not be delivered in time: <c>cleared</c> with <c>untold</c> above
/// 0 may be the first that it hears of it. <c>key</c> is the header <c>Idempotency-Key</c>: the same for every attempt, so what comes twice is known by it.
/// New properties may be added at the end. The rule <c>unregistered-untold</c> is no alert: it says how many alerts of devices that are not registered
/// this receiver was not told of (<see cref="StrangerQuota"/>), is <c>active</c> when it comes and never cleared.
/// </remarks>
internal static class NotificationJson
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Key(string alert, int number, string recipient) => string.Create(CultureInfo.InvariantCulture, $"{alert}-{number}-{recipient}");

    public static string Write(string step, long onsetMs, int number, int untold, string key)
    {
        var output = new ArrayBufferWriter<byte>(step.Length + 128);
        using (var writer = new Utf8JsonWriter(output, Options))
        {
            writer.WriteStartObject();
            using (var document = JsonDocument.Parse(step))
            {
                foreach (var property in document.RootElement.EnumerateObject())
                    property.WriteTo(writer);
            }

            writer.WriteString("onset"u8, ReadingJson.Instant(onsetMs));
            writer.WriteNumber("number"u8, number);
            writer.WriteNumber("untold"u8, untold);
            writer.WriteString("key"u8, key);
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}
