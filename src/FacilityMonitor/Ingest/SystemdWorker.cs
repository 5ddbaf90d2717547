using System.Net.Sockets;

namespace FacilityMonitor.Ingest;

/// <summary>Tells systemd that we are ready, that we still live and that we stop, by the datagrams of sd_notify(3). It starts after ingest, whose books are complete then.</summary>
/// <param name="socketPath">What systemd gave us in <c>NOTIFY_SOCKET</c>; null where there is no systemd: then nothing is told.</param>
/// <param name="time">The clock.</param>
/// <remarks>Microsoft.Extensions.Hosting.Systemd knows no watchdog and would be one more package for four datagrams.</remarks>
internal sealed class SystemdWorker(string? socketPath, TimeProvider time) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (socketPath is not { Length: > 1 })
            return;
        // A name that begins with @ lies in the abstract namespace.
        var address = new UnixDomainSocketEndPoint(socketPath[0] == '@' ? "\0" + socketPath[1..] : socketPath);
        using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1), time);
        await socket.SendToAsync("READY=1"u8.ToArray(), SocketFlags.None, address, stoppingToken);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                await socket.SendToAsync("WATCHDOG=1"u8.ToArray(), SocketFlags.None, address, stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            await socket.SendToAsync("STOPPING=1"u8.ToArray(), SocketFlags.None, address, CancellationToken.None);
        }
    }
}
