using System.Text;

namespace FacilityMonitor.Web;

/// <summary>One event as it goes over the wire: written once, and the same bytes for every page.</summary>
internal sealed class LiveFrame
{
    private LiveFrame(string name, byte[] bytes) => (Name, Bytes) = (name, bytes);

    /// <summary>What it is: <c>hello devices alerts health heartbeat</c>.</summary>
    public string Name { get; }

    /// <summary>Name and body in the form of server-sent events.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <param name="name">Name of the event.</param>
    /// <param name="json">Its body, one line: what is written without indentation has no other.</param>
    public static LiveFrame Of(string name, byte[] json) => new(name, [.. Encoding.ASCII.GetBytes($"event: {name}\ndata: "), .. json, (byte)'\n', (byte)'\n']);
}
