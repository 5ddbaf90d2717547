using FacilityMonitor.Alerts;
using FacilityMonitor.Journal;
using FacilityMonitor.Monitoring;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;
using FacilityMonitor.Rules;
using FacilityMonitor.Storage;
using FacilityMonitor.Tests.Web;
using FacilityMonitor.Users;
using Microsoft.Extensions.DependencyInjection;

namespace FacilityMonitor.Tests.Reports;

/// <summary>The service on the demo neighbourhood in November, with an October behind it that was written by hand. One for all tests of a class: nobody changes anything.</summary>
public sealed class ReportServer : IAsyncLifetime, IDisposable
{
    /// <summary>A rule's text that a device had a hand in.</summary>
    public const string Hostile = "=HYPERLINK(\"http://x\",\"<img src=x onerror=alert(1)>\")";

    private readonly TemporaryFolder _folder = new();

    internal PageUnderTest Page { get; private set; } = null!;

    /// <summary>Sees every site.</summary>
    internal UserUnderTest Manager { get; private set; } = null!;

    /// <summary>Sees Panyu Road alone.</summary>
    internal UserUnderTest Elsewhere { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Page = await PageUnderTest.StartAsync(_folder.Path);
        await ReadingsAsync();
        await PastAlert.WriteAsync(Page.Database, Alerts);
        await SessionsAsync();
        Manager = await Page.EnterAsync("zhou", UserRole.PropertyManager, "all", displayName: "周经理");
        Elsewhere = await Page.EnterAsync("elsewhere", UserRole.PropertyManager, "panyu-road");
        // The next hour closes the ones before it.
        await Page.UntilAsync(async () => (await HoursAsync()).Count == 3 * 3, "the hourly figures of October");
    }

    public async Task DisposeAsync()
    {
        Manager.Dispose();
        Elsewhere.Dispose();
        await Page.DisposeAsync();
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>Told after 10, 20 and 60 s, taken after 60, 120 and 900 s, over after 20 and 40 min; beside them one of another month, one elsewhere, an exercise, a stranger's.</summary>
    private static IReadOnlyList<PastAlert> Alerts =>
    [
        new("00000000000000a1", "circuit-overload", "huaihai/c-shed", Priority.P1, At(3, 14)) { Told = 10, Acknowledged = 60, Recovered = 1_200 },
        new("00000000000000a2", "circuit-overload", "huaihai/c-shed", Priority.P1, At(12, 19)) { Told = 20, Acknowledged = 120, Recovered = 2_400 },
        new("00000000000000a3", "socket-overload", "huaihai/shed-1/pile-02/s7", Priority.P1, At(31, 23)) { Told = 60, Acknowledged = 900, Text = new LocalText(Hostile + "。", Hostile + ". ") },
        new("00000000000000a4", "offline", "huaihai/shed-1/pile-03", Priority.P2, At(20, 2)) { Told = 60, Recovered = 3_590 },
        new("00000000000000a5", "smoke", "huaihai/shed-1/shed-01", Priority.P0, At(5, 10)) { Told = 1, Acknowledged = 2, Recovered = 3, Exercise = Exercise.Drill },
        new("00000000000000a6", "socket-overload", "huaihai/nobodys", Priority.P1, At(6, 10)) { IsStranger = true },
        new("00000000000000a7", "circuit-overload", "huaihai/c-shed", Priority.P1, At(31, 23).AddHours(1)) { Told = 1 },
        new("00000000000000b1", "circuit-overload", "jiugeng/c-garage", Priority.P1, At(15, 20)) { Told = 5, Acknowledged = 30, Recovered = 60 },
        new("00000000000000c1", "noise-limit", "panyu-road/noise-1", Priority.P3, At(15, 21)) { Recovered = 600, Text = new LocalText("噪声超标，路口。", "Noise over the limit, junction. ") },
    ];

    /// <summary>An hour of a day of October, in Shanghai.</summary>
    internal static DateTimeOffset At(int day, int hour) => new(2026, 10, day, hour, 0, 0, TimeSpan.FromHours(8));

    /// <summary>The shed's meter on 10 October from midnight on, three hours, ten minutes apart: 10 Wh a minute and phase, from 1 kWh each.</summary>
    private async Task ReadingsAsync()
    {
        var from = At(10, 0).ToUnixTimeMilliseconds();
        await Page.SayAsync(
            "meter-shed",
            Enumerable.Range(0, 18).SelectMany(step => (string[])["l1", "l2", "l3"], (step, phase) => (phase, from + (step * 600_000L), new[] { (Metric.Wh, 1_000d + (step * 100)), (Metric.W, 600d) })),
            FacilityMonitor.Contract.MessageKind.Hist);
        foreach (var pile in Piles)
            await Page.SayAsync(pile, "s1", 0, FacilityMonitor.Contract.MessageKind.Hist, from);
    }

    private static string[] Piles => ["pile-01", "pile-02", "pile-03"];

    /// <summary>Sixty sockets in use from six to half past, one of them until nine.</summary>
    private Task SessionsAsync() => Page.Database.CommitAsync(CommitPriority.Alerts, connection =>
    {
        var devices = Page.Services.GetRequiredService<DeviceTable>();
        var start = At(10, 18).ToUnixTimeMilliseconds();
        foreach (var pile in Piles)
        {
            var device = devices.All.Single(device => device.Id is { Site: "huaihai" } id && id.Name == pile);
            for (var socket = 1; socket <= 20; socket++)
            {
                SessionLog.Write(connection, new ChargingSession(device, ChannelId.Socket(socket), start)
                {
                    StartMs = start,
                    EndMs = start + ((pile == "pile-01" && socket == 1 ? 180 : 30) * 60_000L),
                    IsWhole = true,
                    StartedBy = SessionSigns.Power,
                    EndedBy = SessionSigns.Power,
                    EnergyFrom = EnergySource.None,
                    PeakW = 180,
                    Shape = CurveShape.Constant,
                    Packs = 1,
                    ConstantMs = 0,
                    TaperMs = 0,
                    TailMs = 0,
                    Restarts = 0,
                    UnseenMs = 0,
                });
            }
        }
    });

    private async Task<IReadOnlyList<HourlyRollup>> HoursAsync()
    {
        var meter = Page.Services.GetRequiredService<DeviceTable>().All.FirstOrDefault(device => device.Id is { Site: "huaihai", Name: "meter-shed" });
        return meter is null ? [] : await Page.Services.GetRequiredService<IReadingStore>().HourlyAsync([meter], At(10, 0).ToUnixTimeMilliseconds(), At(11, 0).ToUnixTimeMilliseconds(), default);
    }
}
