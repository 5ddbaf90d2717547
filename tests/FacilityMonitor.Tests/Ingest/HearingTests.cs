using System.Net;
using System.Text;
using FacilityMonitor.Ingest;
using FacilityMonitor.Tests.Mqtt;
using FacilityMonitor.Tests.Web;
using Microsoft.Extensions.DependencyInjection;

namespace FacilityMonitor.Tests.Ingest;

/// <summary>A broker that kept our session hands over what it kept before it answers anything: we are not deaf meanwhile.</summary>
public sealed class HearingTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_session_that_was_kept_is_heard_before_its_subscriptions_are_answered()
    {
        using var server = new ScriptedServer();
        await using var service = await PageUnderTest.StartAsync(_folder.Path, further: new Dictionary<string, string> { ["FM_BROKER__PORT"] = server.Port.ToString(System.Globalization.CultureInfo.InvariantCulture) });
        using var live = await AcceptAsync(server);
        var ingest = service.Services.GetRequiredService<IngestWorker>();
        await Until.TrueAsync(() => ingest.Broker.SessionPresent, "the broker's word");
        // It has said that it has the session, and nothing else.
        Assert.False(ingest.IsHearing);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await ReadyAsync(service));

        await live.PublishAsync("fm/1/huaihai/pile-01/data", "{}");
        while ((await live.ReadAsync()).First != 0x40)
        {
            // The filters are asked for all the same, and wait for their answer.
        }

        Assert.NotEqual(FacilityMonitor.Mqtt.MqttConnectionState.Subscribed, ingest.Broker.State);
        Assert.True(ingest.IsHearing);
        Assert.Equal(HttpStatusCode.OK, await ReadyAsync(service));
        await service.UntilAsync(() => service.State().GetProperty("health").GetProperty("broker").GetProperty("connected").GetBoolean(), "the page saying so");
    }

    private static async Task<ScriptedConnection> AcceptAsync(ScriptedServer server)
    {
        ScriptedConnection? live = null;
        for (var session = 0; session < 2; session++)
        {
            var connection = await server.AcceptAsync();
            var connect = Encoding.Latin1.GetString((await connection.ReadAsync()).Body);
            await connection.ConnAckAsync(0, sessionPresent: true);
            if (connect.Contains("-live", StringComparison.Ordinal))
                live = connection;
        }

        return live!;
    }

    private static async Task<HttpStatusCode> ReadyAsync(PageUnderTest service) => (await service.Client.GetAsync(new Uri("/readyz", UriKind.Relative))).StatusCode;
}
