using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using FacilityMonitor.Control;

namespace FacilityMonitor.Contract;

/// <summary>The payloads we send to devices.</summary>
public static class Fm1Downlink
{
    /// <summary>What the ids of our requests to resend begin with; they are not in the book of commands.</summary>
    public const string ResendIdPrefix = "resend-";

    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    // A district of 20,000 devices is sent thousands of receipts a second.
    [ThreadStatic]
    private static (ArrayBufferWriter<byte> Output, Utf8JsonWriter Writer)? _reused;

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

    /// <summary><c>cmd</c>, never retained.</summary>
    /// <param name="order">What somebody ordered.</param>
    /// <param name="expiresMs">After this moment it must not be done, ms since 1970-01-01 UTC. The same however often it is sent.</param>
    /// <param name="ttlS">What is left of that now, for devices without a clock, seconds.</param>
    public static byte[] Command(CommandOrder order, long expiresMs, int ttlS)
    {
        ArgumentNullException.ThrowIfNull(order);
        return Write(writer =>
        {
            writer.WriteString("id"u8, order.Id);
            writer.WriteString("op"u8, Fm1Words.Operations[(int)order.Operation]);
            if (order.Channel is { } channel)
                writer.WriteString("ch"u8, channel.ToString());
            writer.WriteStartObject("args"u8);
            if (order.Watts is { } watts)
                writer.WriteNumber("w"u8, watts);
            if (order.Seconds is { } seconds)
                writer.WriteNumber("s"u8, seconds);
            writer.WriteEndObject();
            writer.WriteNumber("exp"u8, expiresMs);
            writer.WriteNumber("ttl"u8, ttlS);
            writer.WriteString("by"u8, order.By);
            writer.WriteString("why"u8, order.Why);
        });
    }

    /// <summary><c>cfg</c>, retained.</summary>
    /// <param name="desired">How the device should be set.</param>
    /// <param name="expiresMs">After this moment it is not to be taken up any more, ms since 1970-01-01 UTC. What runs goes on.</param>
    public static byte[] Configuration(DesiredConfiguration desired, long expiresMs)
    {
        ArgumentNullException.ThrowIfNull(desired);
        // Written with the same writer: before ours begins.
        var hash = desired.Hash;
        return Write(writer =>
        {
            writer.WriteNumber("v"u8, 1);
            writer.WriteString("hash"u8, hash);
            writer.WriteNumber("exp"u8, expiresMs);
            Values(writer, desired);
        });
    }

    /// <summary>What a <see cref="DesiredConfiguration"/> is recognised by.</summary>
    internal static byte[] ConfigurationValues(DesiredConfiguration desired) => Write(writer => Values(writer, desired));

    private static void Values(Utf8JsonWriter writer, DesiredConfiguration desired)
    {
        if (desired.PeriodS is { } period)
            writer.WriteNumber("period"u8, period);
        if (desired.LimitW is { } limit)
            writer.WriteNumber("limit_w"u8, limit);
    }

    /// <summary><c>fm/1/state/&lt;host&gt;</c>: whether anyone listens, retained; the will says no.</summary>
    public static byte[] HostState(bool online, long atMs) => Write(writer =>
    {
        writer.WriteBoolean("online"u8, online);
        writer.WriteNumber("ts"u8, atMs);
    });

    private static byte[] Write(Action<Utf8JsonWriter> body)
    {
        var (output, writer) = _reused ??= Open();
        // What a body that threw has left is of no concern to the next.
        output.ResetWrittenCount();
        writer.Reset();
        writer.WriteStartObject();
        body(writer);
        writer.WriteEndObject();
        writer.Flush();
        return output.WrittenSpan.ToArray();
    }

    private static (ArrayBufferWriter<byte> Output, Utf8JsonWriter Writer) Open()
    {
        var output = new ArrayBufferWriter<byte>(256);
        return (output, new Utf8JsonWriter(output, Options));
    }
}
