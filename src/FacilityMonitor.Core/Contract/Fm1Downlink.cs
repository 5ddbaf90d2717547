using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace FacilityMonitor.Contract;

/// <summary>The payloads we send to devices.</summary>
public static class Fm1Downlink
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary><c>acked</c>: our receipt, retained.</summary>
    public static byte[] Acked(Watermark settled) => Write(writer =>
    {
        writer.WriteString("boot"u8, settled.Boot.ToString());
        writer.WriteNumber("seq"u8, settled.Seq);
    });

    /// <summary><c>cmd</c> with <c>resend</c>: ask for what is missing.</summary>
    /// <param name="request">Boot and range.</param>
    /// <param name="id">The command's id; the same id is the same command.</param>
    /// <param name="expiresMs">After this moment it must not be done, ms since 1970-01-01 UTC.</param>
    /// <param name="ttlS">The same as a span, for devices without a clock, seconds.</param>
    public static byte[] Resend(ResendRequest request, string id, long expiresMs, int ttlS) => Write(writer =>
    {
        writer.WriteString("id"u8, id);
        writer.WriteString("op"u8, "resend"u8);
        writer.WriteStartObject("args"u8);
        writer.WriteString("boot"u8, request.Boot.ToString());
        writer.WriteNumber("from"u8, request.From);
        writer.WriteNumber("to"u8, request.To);
        writer.WriteEndObject();
        writer.WriteNumber("exp"u8, expiresMs);
        writer.WriteNumber("ttl"u8, ttlS);
        writer.WriteString("by"u8, "facility-monitor"u8);
        writer.WriteString("why"u8, "sequence gap"u8);
    });

    /// <summary><c>fm/1/state/&lt;host&gt;</c>: whether anyone listens, retained; the will says no.</summary>
    public static byte[] HostState(bool online, long atMs) => Write(writer =>
    {
        writer.WriteBoolean("online"u8, online);
        writer.WriteNumber("ts"u8, atMs);
    });

    private static byte[] Write(Action<Utf8JsonWriter> body)
    {
        var output = new ArrayBufferWriter<byte>(256);
        using var writer = new Utf8JsonWriter(output, Options);
        writer.WriteStartObject();
        body(writer);
        writer.WriteEndObject();
        writer.Flush();
        return output.WrittenSpan.ToArray();
    }
}
