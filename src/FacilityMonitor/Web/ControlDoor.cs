using System.Net;

namespace FacilityMonitor.Web;

/// <summary>Lets this machine's command line in: only from this machine, and only with the <see cref="ControlKey"/> of this start.</summary>
internal sealed class ControlDoor
{
    private ControlKey? _key;

    /// <summary>The key is known once the service listens.</summary>
    public void Open(ControlKey key) => Volatile.Write(ref _key, key);

    /// <summary>Whether somebody on this machine shows the key.</summary>
    public bool IsKeyShown(HttpContext context) => IsThisMachine(context.Connection) && Volatile.Read(ref _key)?.IsShownBy(context.Request.Headers.Authorization) == true;

    public static bool IsThisMachine(ConnectionInfo connection) =>
        connection.RemoteIpAddress is { } remote && (IPAddress.IsLoopback(remote) || remote.Equals(connection.LocalIpAddress));
}
