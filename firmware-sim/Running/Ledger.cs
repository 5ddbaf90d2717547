using FirmwareSim.Devices;
using FirmwareSim.Protocol;

namespace FirmwareSim.Running;

/// <summary>Writes down every message that came into being and every one the watermark covered, so that a test can hold the service's store against it.</summary>
/// <remarks>Not thread-safe. <see cref="Flush"/> hands everything to the system; a kill of this process loses at most one step.</remarks>
internal sealed class Ledger(TextWriter output) : IDisposable
{
    public static Ledger None { get; } = new(TextWriter.Null);

    public static Ledger Open(string path) => new(new StreamWriter(path, append: true));

    public void Produced(SimulatedDevice device, MessageKey key, string kind) => Write("produced", device, key, kind);

    public void Acked(SimulatedDevice device, MessageKey key) => Write("acked", device, key, kind: null);

    public void Flush() => output.Flush();

    public void Dispose() => output.Dispose();

    private void Write(string what, SimulatedDevice device, MessageKey key, string? kind)
    {
        output.Write("{\"");
        output.Write(what);
        output.Write("\":{\"site\":\"");
        output.Write(device.Seat.Site);
        output.Write("\",\"device\":\"");
        output.Write(device.Seat.Id);
        output.Write("\",\"boot\":\"");
        output.Write(key.Boot);
        output.Write("\",\"seq\":");
        output.Write(key.Seq);
        if (kind is not null)
        {
            output.Write(",\"kind\":\"");
            output.Write(kind);
            output.Write('"');
        }

        output.Write("}}\n");
    }
}
