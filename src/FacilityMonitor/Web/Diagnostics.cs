using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using FacilityMonitor.Registry;
using FacilityMonitor.Users;

namespace FacilityMonitor.Web;

/// <summary><c>GET /status/diagnostics</c>: the status as a file, for whoever helps. It holds what the page says and nothing else, so it holds no secret that the page does not show, and that shows none.</summary>
internal static class Diagnostics
{
    private static readonly JsonWriterOptions Options = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static void MapDiagnostics(this WebApplication app) => app.MapGet("/status/diagnostics", (HttpContext context, StatusDesk desk) =>
    {
        var status = desk.Look(context.Visitor().Sites);
        var name = DateTimeOffset.FromUnixTimeMilliseconds(status.AtMs).ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture);
        return Results.File(Write(status), "application/json", $"facility-monitor-{name}.json");
    }).Needs(Right.See);

    /// <summary>The status as it stands on the page, in both languages.</summary>
    public static byte[] Write(SystemStatus status)
    {
        var output = new ArrayBufferWriter<byte>(16 * 1024);
        using (var writer = new Utf8JsonWriter(output, Options))
        {
            writer.WriteStartObject();
            writer.WriteString("at", DateTimeOffset.FromUnixTimeMilliseconds(status.AtMs).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
            writer.WriteString("version", StatusDesk.Version);
            writer.WriteStartArray("lines");
            foreach (var group in status.Groups)
            {
                foreach (var line in group.Lines)
                    Line(writer, group, line);
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        return output.WrittenSpan.ToArray();
    }

    private static void Line(Utf8JsonWriter writer, StatusGroup group, StatusLine line)
    {
        writer.WriteStartObject();
        writer.WriteString("group", group.Key);
        writer.WriteString("key", line.Key);
        writer.WriteString("level", Words.Of(line.Level));
        Local(writer, "name", line.Name);
        Local(writer, "value", line.Value);
        if (line.Do is { } what)
            Local(writer, "do", what);
        writer.WriteEndObject();
    }

    private static void Local(Utf8JsonWriter writer, string key, LocalText text)
    {
        writer.WriteStartObject(key);
        writer.WriteString("zh", text.Zh);
        writer.WriteString("en", text.En);
        writer.WriteEndObject();
    }
}
