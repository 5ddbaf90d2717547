using System.Net.Sockets;
using System.Text;
using FacilityMonitor.Ingest;

namespace FacilityMonitor.Tests.Ingest;

public sealed class SystemdWorkerTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_supervisor_hears_ready_then_every_second_that_we_live_then_that_we_stop(bool isAbstract)
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "notify");
        using var supervisor = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        supervisor.Bind(new UnixDomainSocketEndPoint(isAbstract ? "\0" + path : path));
        var time = new ManualTime();
        using var worker = new SystemdWorker(isAbstract ? "@" + path : path, time);
        await worker.StartAsync(CancellationToken.None);

        Assert.Equal("READY=1", await HearAsync(supervisor));
        for (var second = 0; second < 3; second++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            Assert.Equal("WATCHDOG=1", await HearAsync(supervisor));
        }

        await worker.StopAsync(CancellationToken.None);
        Assert.Equal("STOPPING=1", await HearAsync(supervisor));
    }

    [Fact]
    public async Task Where_there_is_no_systemd_nothing_is_told_and_nothing_fails()
    {
        using var worker = new SystemdWorker(null, new ManualTime());
        await worker.StartAsync(CancellationToken.None);
        await worker.ExecuteTask!;
        await worker.StopAsync(CancellationToken.None);
    }

    private static async Task<string> HearAsync(Socket supervisor)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30), WakingTime.Clock);
        var datagram = new byte[256];
        return Encoding.ASCII.GetString(datagram, 0, await supervisor.ReceiveAsync(datagram, deadline.Token));
    }
}
