using System.Net.Sockets;
using System.Text;

namespace FacilityMonitor.Ingest;

/// <summary>Tells systemd that we are ready and that we still live, by the datagrams of sd_notify(3). Does nothing elsewhere. It starts after ingest, whose books are complete then.</summary>
/// <remarks>Microsoft.Extensions.Hosting.Systemd knows no watchdog and would be one more package for three datagrams.</remarks>
internal sealed class SystemdWorker(TimeProvider time) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (Environment.GetEnvironmentVariable("NOTIFY_SOCKET") is not { Length: > 1 } path)
            return;
        // A name that begins with @ lies in the abstract namespace.
        var address = new UnixDomainSocketEndPoint(path[0] == '@' ? "\0" + path[1..] : path);
        using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1), time);
        var ready = false;
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            await socket.SendToAsync(Encoding.ASCII.GetBytes(ready ? "WATCHDOG=1" : "READY=1\nWATCHDOG=1"), SocketFlags.None, address, stoppingToken);
            ready = true;
        }
    }
}
