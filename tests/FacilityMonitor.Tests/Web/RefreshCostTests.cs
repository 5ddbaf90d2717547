using System.Globalization;
using FacilityMonitor.Alerts;
using FacilityMonitor.Commands;
using FacilityMonitor.Configuration;
using FacilityMonitor.Contract;
using FacilityMonitor.Journal;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Readings;
using FacilityMonitor.Response;
using FacilityMonitor.Tests.Journal;
using FacilityMonitor.Users;
using FacilityMonitor.Web;
using FacilityMonitor.Web.Pages;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace FacilityMonitor.Tests.Web;

/// <summary>What one more look at a page costs, counted: pages are looked at again every few seconds, by everybody, in the worst hour most of all.</summary>
public sealed class RefreshCostTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Who_has_the_open_alerts_of_a_site_is_one_question_however_many_there_are_and_however_much_happened()
    {
        await using var page = await PageUnderTest.StartAsync(_folder.Path);
        var desk = page.Services.GetRequiredService<ResponseDesk>();
        var steps = new List<AlertTransition>();
        for (var number = 0; number < 30; number++)
        {
            var alert = string.Create(CultureInfo.InvariantCulture, $"alert-{number:00}");
            await page.RaiseAsync(alert, "huaihai", $"huaihai/shed-1/pile-02/s{number}");
            steps.Add(StepOf(alert));
        }

        await desk.DoAsync("alert-03", new ResponseCommand.Acknowledge(), new Actor("manager", "page"));
        await desk.DoAsync("alert-04", new ResponseCommand.Acknowledge(), new Actor("manager", "page"));
        await desk.DoAsync("alert-04", new ResponseCommand.Unacknowledge(), new Actor("manager", "page"));
        using var reader = new CountedReader(_folder.Path);

        var alerts = AssetAlert.Of(steps, reader.Connection);

        Assert.Equal(1, reader.Statements);
        Assert.Equal(steps.Select(step => step.AlertId), alerts.Select(one => one.Alert.Id));
        Assert.Equal(["manager"], alerts[3].Alert.Takers);
        Assert.All(alerts.Where((_, index) => index != 3), one => Assert.Empty(one.Alert.Takers));
    }

    [Fact]
    public async Task Who_took_an_alert_before_the_upgrade_still_has_it()
    {
        await using var page = await PageUnderTest.StartAsync(_folder.Path);
        await page.RaiseAsync("alert-1", "huaihai", "huaihai/shed-1/pile-02/s1");
        await page.Services.GetRequiredService<ResponseDesk>().DoAsync("alert-1", new ResponseCommand.Acknowledge(), new Actor("manager", "page"));
        await page.Database.CommitAsync(CommitPriority.Alerts, connection => Database.Execute(connection, "update response set takers = null"));
        using var reader = page.Database.OpenReader();

        Assert.Equal(["manager"], Assert.Single(AssetAlert.Of([StepOf("alert-1")], reader)).Alert.Takers);
    }

    [Fact]
    public async Task While_the_disk_is_asked_who_has_taken_what_nobody_waits_for_the_live_picture()
    {
        await using var page = await PageUnderTest.StartAsync(_folder.Path);
        using var asked = new SemaphoreSlim(0);
        using var answer = new ManualResetEventSlim();
        var slow = new AnsweredAlerts(
            () =>
            {
                asked.Release();
                Assert.True(answer.Wait(TimeSpan.FromSeconds(60)));
                return page.Database.OpenReader();
            },
            page.Responses, page.Time);
        var services = page.Services;
        using var feed = ActivatorUtilities.CreateInstance<LiveFeed>(services, slow);
        var first = Task.Run(() => feed.Look((_, state, _) => state.Number));
        Assert.True(await asked.WaitAsync(TimeSpan.FromSeconds(60)));

        // One of them waits for the disk; the others look at the picture, and open pages, meanwhile.
        await Task.Run(() => feed.Look((_, state, _) => state.Number)).WaitAsync(TimeSpan.FromSeconds(60), WakingTime.Clock);
        using var viewer = (await Task.Run(() => feed.Open(SiteScope.All, () => true)).WaitAsync(TimeSpan.FromSeconds(60), WakingTime.Clock))!;
        await Task.Run(() => feed.Tell(LiveFrame.Of("devices", "{}"u8.ToArray()))).WaitAsync(TimeSpan.FromSeconds(60), WakingTime.Clock);

        Assert.False(first.IsCompleted);
        answer.Set();
        await first;
        feed.Close(viewer);
    }

    [Fact]
    public void Of_a_crowd_of_new_devices_only_those_that_are_shown_are_looked_at_closely()
    {
        const int Crowd = 1_000;
        var devices = new DeviceTable();
        var demo = Path.Combine(AppContext.BaseDirectory, "demo");
        using var registry = new FacilitySource(demo, FacilityLoader.Load(demo, RunCommand.Rules).Facility!, new ManualTime(), NullLogger<FacilitySource>.Instance);
        var view = new LiveView(registry);
        for (var number = 0; number < Crowd; number++)
        {
            var message = new DeviceMessage
            {
                Kind = MessageKind.Data,
                Device = devices.Resolve(Dialect.Fm1, "nowhere"u8, System.Text.Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"new-{number}"))),
                ReceivedMs = number,
            };
            ref var reading = ref message.Readings.Add();
            (reading.Channel, reading.AtMs) = (ChannelId.Socket(1), number);
            message.Readings.AddValue(Metric.W, number);
            view.Apply(message);
        }

        var (newest, more) = SettingsDevicesModel.Newest(view, SiteScope.All);

        Assert.Equal(Enumerable.Range(Crowd - LiveView.OfferedMax, LiveView.OfferedMax).Reverse().Select(number => string.Create(CultureInfo.InvariantCulture, $"new-{number}")), newest.Select(one => one.New.Id));
        Assert.Equal(Crowd - LiveView.OfferedMax, more);
        Assert.Equal(Crowd - 1, Assert.Single(newest[0].Values).Value);
    }

    private static AlertTransition StepOf(string alert) => FacilityMonitor.Tests.OnCall.ResponseFixture.Step(alert, Condition.Active, Priority.P1) with { AlertId = alert };
}
