using FacilityMonitor.Mqtt;

namespace FacilityMonitor.Tests.Mqtt;

public sealed class MqttClientOptionsTests
{
    private static readonly MqttClientOptions Good = new() { Host = "broker", ClientId = "worker" };

    public static TheoryData<string, MqttClientOptions, bool> Edges => new()
    {
        { "port 0", Good with { Port = 0 }, false },
        { "port 1", Good with { Port = 1 }, true },
        { "port 65535", Good with { Port = 65_535 }, true },
        { "port 65536", Good with { Port = 65_536 }, false },
        { "no keep-alive", Good with { KeepAlive = TimeSpan.Zero }, true },
        { "keep-alive under a second", Good with { KeepAlive = TimeSpan.FromSeconds(0.9) }, false },
        { "keep-alive of a second", Good with { KeepAlive = TimeSpan.FromSeconds(1) }, true },
        { "longest keep-alive", Good with { KeepAlive = TimeSpan.FromSeconds(65_535) }, true },
        { "keep-alive too long", Good with { KeepAlive = TimeSpan.FromSeconds(65_536) }, false },
        { "window 65534", Good with { OutboundWindow = 65_534 }, true },
        { "window 65535", Good with { OutboundWindow = 65_535 }, false },
        { "no name, session kept", Good with { ClientId = "" }, false },
        { "no name, clean start", Good with { ClientId = "", CleanStart = true }, true },
        { "password alone, 3.1.1", Good with { Version = MqttVersion.V311, Password = "x" }, false },
        { "password alone, 5", Good with { Password = "x" }, true },
        { "will with wildcard", Good with { Will = new MqttWill("a/+", default) }, false },
        { "back-off upside down", Good with { ReconnectMin = TimeSpan.FromSeconds(31) }, false },
        { "filter a/#", Good with { Subscriptions = [new MqttSubscription("a/#")] }, true },
        { "filter +/b", Good with { Subscriptions = [new MqttSubscription("+/b")] }, true },
        { "filter a#", Good with { Subscriptions = [new MqttSubscription("a#")] }, false },
        { "filter #/a", Good with { Subscriptions = [new MqttSubscription("#/a")] }, false },
        { "filter a+/b", Good with { Subscriptions = [new MqttSubscription("a+/b")] }, false },
        { "empty filter", Good with { Subscriptions = [new MqttSubscription("")] }, false },
        { "certificate without key", Good with { Tls = new MqttTls { ClientCertificateFile = typeof(MqttClientOptions).Assembly.Location } }, false },
    };

    [Theory]
    [MemberData(nameof(Edges))]
    public void Every_option_is_checked_at_its_edges(string what, MqttClientOptions options, bool valid) =>
        Assert.True(valid == (options.Validate().Count == 0), what);

    [Fact]
    public void Every_error_is_told_at_once_and_stops_the_client_from_being_made()
    {
        var bad = Good with { Host = " ", Port = 0, OutboundQueue = -1 };

        Assert.Equal(3, bad.Validate().Count);
        var refusal = Assert.Throws<ArgumentException>(() => new MqttClient(bad, TimeProvider.System));
        Assert.Contains("Port is 0: use 1 to 65535.", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, 0.999, 0.25)]
    [InlineData(2, 0.999, 0.5)]
    [InlineData(8, 0.999, 30)]
    [InlineData(10_000, 0.999, 30)]
    [InlineData(0, 0.999, 0.25)]
    [InlineData(5, 0, 0)]
    public void Reconnect_delay_doubles_up_to_its_edge_and_is_drawn_evenly_below_it(int failures, double draw, double edgeS)
    {
        var delay = Backoff.Delay(Good with { Jitter = () => draw }, failures);

        Assert.Equal(edgeS * draw, delay.TotalSeconds, precision: 3);
    }
}
