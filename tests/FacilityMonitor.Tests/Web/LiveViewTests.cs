using FacilityMonitor.Commands;
using FacilityMonitor.Configuration;
using FacilityMonitor.Contract;
using FacilityMonitor.Monitoring;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
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

    [Fact]
    public void What_speaks_only_when_something_happens_is_silent_only_when_it_is_known_to_be_gone()
    {
        DeviceEntry Entry(string id, DeviceKind kind, double? periodS = null) => new() { Id = id, Name = new LocalText(id, id), Kind = kind, PeriodS = periodS };
        var site = new Site
        {
            Id = "lane",
            Name = new LocalText("弄", "Lane"),
            Devices = [Entry("siren", DeviceKind.Siren), Entry("camera", DeviceKind.Camera), Entry("button", DeviceKind.CallButton), Entry("battery", DeviceKind.Shed, 86_400), Entry("gate", DeviceKind.Gateway, 60)],
        };
        using var registry = new FacilitySource(Path.Combine(AppContext.BaseDirectory, "demo"), new Facility { Version = "test", Contacts = [], Sites = [site] }, new ManualTime(), NullLogger<FacilitySource>.Instance);
        var view = new LiveView(registry);
        const long HourMs = 3_600_000;
        var now = 1_000 * HourMs;

        // The siren was never heard; the camera told something ten days ago, the battery twenty hours, the gateway, which has no readings, just now.
        Say("camera", now - (240 * HourMs), Metric.Bikes);
        Say("battery", now - (20 * HourMs), Metric.Tc);
        Say("gate", now - 60_000, null);
        Assert.Equal((0, 5), (At(now).Silent, At(now).Devices));
        Assert.Equal(1, At(now + 121_000).Silent);

        // Three of its days later the battery is silent too, and a siren that is known to be gone calls nobody.
        Assert.Equal(2, At(now + (53 * HourMs)).Silent);
        view.Apply(new DeviceMessage { Kind = MessageKind.Status, Device = _devices.Resolve(Dialect.Fm1, "lane"u8, "siren"u8), ReceivedMs = now, Status = new DeviceStatus { Presence = Presence.Offline } });
        Assert.Equal(1, At(now).Silent);

        // Never heard, what should speak is silent.
        Assert.True(SiteNow.IsSilent(view, Entry("new", DeviceKind.Shed), null, now));
        Assert.True(SiteNow.IsSilent(view, Entry("new", DeviceKind.CallButton, 60), null, now));

        SiteNow At(long nowMs) => SiteNow.Of(view, new MonitoringState(1, [], [], 0), site, nowMs);

        void Say(string name, long atMs, Metric? metric)
        {
            var message = new DeviceMessage { Kind = MessageKind.Data, Device = _devices.Resolve(Dialect.Fm1, "lane"u8, System.Text.Encoding.UTF8.GetBytes(name)), ReceivedMs = atMs };
            if (metric is { } told)
            {
                ref var reading = ref message.Readings.Add();
                (reading.Channel, reading.AtMs, reading.DeviceMs) = (ChannelId.Main, atMs, atMs);
                message.Readings.AddValue(told, 3);
            }

            view.Apply(message);
        }
    }

    private void Hear(Dialect dialect, Presence? presence) => _view.Apply(new DeviceMessage
    {
        Kind = presence is null ? MessageKind.Data : MessageKind.Status,
        Device = _devices.Resolve(dialect, default, "plug-1"u8),
        ReceivedMs = 1,
        Status = presence is { } known ? new DeviceStatus { Presence = known } : null,
    });
}
