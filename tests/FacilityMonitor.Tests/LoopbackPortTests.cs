using System.Net;
using System.Net.Sockets;
using FacilityMonitor.Tests.Mqtt;

namespace FacilityMonitor.Tests;

/// <summary>That a fixture knows its own server from somebody else's.</summary>
public sealed class LoopbackPortTests
{
    [Fact]
    public void A_port_belongs_to_the_process_that_listens_there_and_to_no_other()
    {
        using var ours = new TcpListener(IPAddress.Loopback, 0);
        ours.Start();
        var port = ((IPEndPoint)ours.LocalEndpoint).Port;
        using var other = System.Diagnostics.Process.Start("sleep", ["60"]);
        try
        {
            Assert.True(LoopbackPort.IsListenedOnBy(port, Environment.ProcessId));
            Assert.False(LoopbackPort.IsListenedOnBy(port, other.Id));
            ours.Stop();
            Assert.False(LoopbackPort.IsListenedOnBy(port, Environment.ProcessId));
        }
        finally
        {
            other.Kill();
        }
    }

    [RealServerFact("mosquitto")]
    public async Task What_a_child_listens_on_is_also_its_parents()
    {
        await using var broker = await MosquittoBroker.StartAsync();

        Assert.True(LoopbackPort.IsListenedOnBy(broker.Port, Environment.ProcessId));
    }

    [Fact]
    public void No_port_is_handed_out_twice()
    {
        var ports = Enumerable.Range(0, 200).Select(_ => LoopbackPort.Free()).ToList();

        Assert.Equal(ports.Count, ports.Distinct().Count());
    }

    [RealServerFact("mosquitto")]
    public async Task Somebody_elses_server_on_the_port_is_not_taken_for_our_own()
    {
        await using var broker = await MosquittoBroker.StartAsync();
        await broker.StopAsync();
        using var somebodyElse = new TcpListener(IPAddress.Loopback, broker.Port);
        somebodyElse.Start();

        await Assert.ThrowsAsync<InvalidOperationException>(broker.StartAgainAsync);
    }
}
