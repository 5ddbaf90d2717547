using FacilityMonitor.Commands;
using FacilityMonitor.Configuration;
using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FacilityMonitor.Web;
using Microsoft.Extensions.Logging.Abstractions;

namespace FacilityMonitor.Tests.Web;

public sealed class LiveViewTests : IDisposable
{
    private readonly DeviceTable _devices = new();
    private readonly FacilitySource _registry;
    private readonly LiveView _view;

    public LiveViewTests()
    {
        var demo = Path.Combine(AppContext.BaseDirectory, "demo");
        _registry = new FacilitySource(demo, FacilityLoader.Load(demo, RunCommand.Rules).Facility!, new ManualTime(), NullLogger<FacilitySource>.Instance);
        _view = new LiveView(_registry);
    }

    public void Dispose() => _registry.Dispose();

    [Theory]
    [InlineData(Dialect.Tasmota, 900)]
    [InlineData(Dialect.Shelly, 900)]
    [InlineData(Dialect.Zigbee2Mqtt, 3_600)]
    public void A_plug_knownnot_called_stale_between_two_of_its_usual_messages(Dialect dialect, int freshS)
    {
        Hear(dialect, null);

        Assert.Equal(freshS * 1000L, _view.FreshMs(Assert.Single(_view.All)));
    }

    [Fact]
    public void While_its_broker_says_that_it_knownthere_silence_means_that_nothing_changed()
    {
        Hear(Dialect.Shelly, Presence.Online);
        Assert.Equal(LiveView.FreshMsWatched, _view.FreshMs(Assert.Single(_view.All)));

        Hear(Dialect.Shelly, Presence.Offline);
        Assert.Equal(900_000, _view.FreshMs(Assert.Single(_view.All)));
    }

    private void Hear(Dialect dialect, Presence? presence) => _view.Apply(new DeviceMessage
    {
        Kind = presence is null ? MessageKind.Data : MessageKind.Status,
        Device = _devices.Resolve(dialect, default, "plug-1"u8),
        ReceivedMs = 1,
        Status = presence is { } known ? new DeviceStatus { Presence = known } : null,
    });
}
