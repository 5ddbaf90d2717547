using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using FacilityMonitor.Alerts;
using FacilityMonitor.Contract;

namespace FacilityMonitor.Monitoring;

/// <summary>One step of an alert as <c>replay</c>, the tables and notifications spell it. Its properties stand in this order for ever: others script against it.</summary>
internal static class TransitionJson
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Write(AlertTransition step)
    {
        var output = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(output, Options))
        {
            writer.WriteStartObject();
            writer.WriteString("at"u8, ReadingJson.Instant(step.AtMs));
            writer.WriteString("alert"u8, step.AlertId);
            writer.WriteString("rule"u8, step.Rule);
            writer.WriteString("priority"u8, step.Priority.ToString());
            writer.WriteString("state"u8, State(step.Condition));
            writer.WriteString("site"u8, step.Site);
            writer.WriteString("device"u8, step.Device);
            writer.WriteString("channel"u8, step.Channel?.ToString());
            writer.WriteString("asset"u8, step.Asset);
            writer.WriteStartObject("text"u8);
            writer.WriteString("zh"u8, step.Text.Zh);
            writer.WriteString("en"u8, step.Text.En);
            writer.WriteEndObject();
            writer.WriteStartObject("evidence"u8);
            foreach (var (name, value) in step.Evidence.OrderBy(pair => pair.Key, StringComparer.Ordinal))
                Evidence(writer, name, value);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    public static string State(Condition condition) => condition switch
    {
        Condition.Normal => "normal",
        Condition.Pending => "pending",
        Condition.Active => "active",
        Condition.Recovering => "recovering",
        Condition.Cleared => "cleared",
        Condition.NoData => "nodata",
    };

    private static void Evidence(Utf8JsonWriter writer, string name, object value)
    {
        switch (value)
        {
            case double number when double.IsFinite(number):
                writer.WriteNumber(name, number);
                break;
            case int whole:
                writer.WriteNumber(name, whole);
                break;
            case long whole:
                writer.WriteNumber(name, whole);
                break;
            case bool flag:
                writer.WriteBoolean(name, flag);
                break;
            default:
                writer.WriteString(name, Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture));
                break;
        }
    }
}
