using FirmwareSim.Protocol;

namespace FirmwareSim.Running;

/// <summary>What the network has to say to the one thread that runs the world.</summary>
internal abstract record Signal(LiveStation Station, int Connection)
{
    /// <summary>Connected, and listening.</summary>
    public sealed record Up(LiveStation Station, int Connection) : Signal(Station, Connection);

    /// <summary>A connection that stood is gone.</summary>
    public sealed record Down(LiveStation Station, int Connection) : Signal(Station, Connection);

    /// <summary>The broker has a message.</summary>
    public sealed record Delivered(LiveStation Station, int Connection, MessageKey Key) : Signal(Station, Connection);

    /// <summary>The broker refused a message.</summary>
    public sealed record Refused(LiveStation Station, int Connection, string Reason) : Signal(Station, Connection);

    /// <summary>Something for the device.</summary>
    public sealed record Received(LiveStation Station, int Connection, string Topic, byte[] Payload, bool Retained, long ArrivedMs) : Signal(Station, Connection);
}
