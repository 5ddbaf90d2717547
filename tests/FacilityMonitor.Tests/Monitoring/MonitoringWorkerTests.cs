using FacilityMonitor.Alerts;
using FacilityMonitor.Contract;
using FacilityMonitor.Journal;
using FacilityMonitor.Monitoring;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;
using FacilityMonitor.Tests.OnCall;

namespace FacilityMonitor.Tests.Monitoring;

public sealed class MonitoringWorkerTests
{
    private const string Overload = "huaihai/shed-1/pile-02/s7";

    [Fact]
    public async Task Only_sites_that_changed_are_written_to_the_snapshot()
    {
        await using var fixture = new MonitoringFixture(TimeSpan.FromSeconds(30));
        await fixture.OpenAndRunAsync();
        for (var atS = 0; atS <= 300; atS += 5)
        {
            await SayAsync(fixture, atS, atS == 0 ? ["huaihai/pile-02", "panyu-road/pile-r1"] : ["huaihai/pile-02"], 100);
            // The clock waits for the worker: one that lags would find several rounds due at once, and write one.
            await fixture.CaughtUpAsync();
        }

        var written = fixture.Rows("select name || ' ' || position from snapshot order by name").ToDictionary(row => row.Split(' ')[0], row => long.Parse(row.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal(["rules", "rules/huaihai", "rules/panyu-road"], written.Keys);
        Assert.InRange(written["rules/panyu-road"], 1, 8);
        Assert.InRange(written["rules/huaihai"], 50, 61);
        Assert.Equal(written["rules"], fixture.Journal.Cursors()[MonitoringWorker.Cursor]);
        Assert.InRange(fixture.Worker.SitesSaved, 9, 13);
    }

    [Fact]
    public async Task A_journal_entry_that_cannot_be_read_is_told_and_stops_nobody()
    {
        await using var fixture = new MonitoringFixture(TimeSpan.FromHours(1));
        await fixture.OpenAndRunAsync();
        for (var atS = 0; atS <= 30; atS += 5)
        {
            await SayAsync(fixture, atS, ["huaihai/pile-02"], 1200);
            if (atS == 5)
                await fixture.AppendAsync(OfUnknownDevice());
        }

        await fixture.CaughtUpAsync();

        Assert.Equal(1, fixture.Worker.Damaged);
        Assert.Contains("Error Journal entry 3 cannot be read to its end, the rules go on behind it: The journal names device 77", fixture.Log, StringComparison.Ordinal);
        Assert.Equal(Overload, Assert.Single(fixture.Worker.State.Alerts).Asset);
    }

    [Fact]
    public async Task A_damaged_memory_of_one_site_ends_its_alerts_honestly_and_leaves_the_others_alone()
    {
        await using var fixture = new MonitoringFixture(TimeSpan.FromHours(1));
        await fixture.OpenAndRunAsync();
        for (var atS = 0; atS <= 30; atS += 5)
            await SayAsync(fixture, atS, ["huaihai/pile-02", "panyu-road/pile-r1"], 1200);
        await fixture.CaughtUpAsync();
        await fixture.CloseAsync();
        fixture.Open();
        await fixture.Database.CommitAsync(CommitPriority.Alerts, connection => Database.Execute(connection, "update snapshot set body = substr(body, 1, 40) where name = 'rules/huaihai'"));
        await fixture.Worker.StartAsync(CancellationToken.None);
        await SayAsync(fixture, 35, ["huaihai/pile-02", "panyu-road/pile-r1"], 100);
        await fixture.CaughtUpAsync();

        Assert.Equal(1, fixture.Worker.Damaged);
        Assert.Contains("Error What the rules knew of site huaihai cannot be read", fixture.Log, StringComparison.Ordinal);
        Assert.Equal("panyu-road/row/pile-r1/s7", Assert.Single(fixture.Worker.State.Alerts).Asset);
        Assert.Contains(fixture.Told(), line => line.Contains("\"state\":\"cleared\"", StringComparison.Ordinal) && line.Contains("No longer watched: " + Overload, StringComparison.Ordinal));

        // If the cause lasts it is raised again.
        for (var atS = 40; atS <= 60; atS += 5)
            await SayAsync(fixture, atS, ["huaihai/pile-02", "panyu-road/pile-r1"], 1200);
        await fixture.CaughtUpAsync();
        Assert.Equal(2, fixture.Worker.State.Alerts.Count);
    }

    [Fact]
    public async Task A_charging_session_that_is_over_is_in_the_store()
    {
        await using var fixture = new MonitoringFixture(TimeSpan.FromHours(1));
        await fixture.OpenAndRunAsync();
        await EventAsync(fixture, 0, """{"dt":0,"ch":"s7","ev":"session-start","session":"a81f","user":"h:9c2e"}""");
        for (var atS = 5; atS <= 30; atS += 5)
            await SayAsync(fixture, atS, ["huaihai/pile-02"], 132);
        await EventAsync(fixture, 31, """{"dt":0,"ch":"s7","ev":"session-stop","reason":"user","session":"a81f","user":"h:9c2e","wh":1.1}""");
        await SayAsync(fixture, 35, ["huaihai/pile-02"], 0);
        await fixture.CaughtUpAsync();

        Assert.Equal(["a81f h:9c2e 3 1.1 132.0"], fixture.Rows("select name || ' ' || user || ' ' || reason || ' ' || wh || ' ' || peak_w from session"));
    }

    private static Task EventAsync(MonitoringFixture fixture, double atS, string fact) =>
        fixture.AppendAsync(new Entry(atS, [("fm/1/huaihai/pile-02/event", MonitoringFixture.Readings(100_000 + (int)atS, atS, fact))], [(int)atS]));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_alert_whose_circuit_is_rated_otherwise_now_does_not_stay_open_for_ever_and_is_judged_anew(bool whileRunning)
    {
        await using var fixture = new MonitoringFixture(TimeSpan.FromHours(1));
        await fixture.OpenAndRunAsync();
        for (var atS = 0; atS <= 90; atS += 5)
            await LoadAsync(fixture, atS, 115);
        await fixture.CaughtUpAsync();
        Assert.Equal("huaihai/c-shed", Assert.Single(fixture.Worker.State.Alerts).Asset);

        await EditAsync(fixture, whileRunning, text => text.Replace("en: Shed charging}, rated-a: 63", "en: Shed charging}, rated-a: 80", StringComparison.Ordinal));
        await LoadAsync(fixture, 95, 30);
        await EndedAsync(fixture, "huaihai/c-shed");

        for (var atS = 120; atS <= 240; atS += 5)
            await LoadAsync(fixture, atS, 150);
        await fixture.CaughtUpAsync();
        Assert.Equal("huaihai/c-shed", Assert.Single(fixture.Worker.State.Alerts).Asset);
        Assert.Equal([80d], fixture.Worker.State.Circuits.Where(circuit => circuit.Path == "huaihai/c-shed").Select(circuit => circuit.RatedA!.Value));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_alert_of_a_device_that_is_of_another_kind_now_does_not_stay_open_for_ever(bool whileRunning)
    {
        await using var fixture = new MonitoringFixture(TimeSpan.FromHours(1));
        fixture.Edit(text => text.Replace("- {id: lamp-1, kind: lamp, name: {zh: 弄口路灯", "- {id: lamp-1, kind: plug, name: {zh: 弄口路灯", StringComparison.Ordinal));
        await fixture.OpenAndRunAsync();
        for (var atS = 0; atS <= 30; atS += 5)
            await SayAsync(fixture, atS, ["huaihai/lamp-1"], 2900, "main");
        await fixture.CaughtUpAsync();
        Assert.Equal("huaihai/lamp-1", Assert.Single(fixture.Worker.State.Alerts).Asset);

        await EditAsync(fixture, whileRunning, text => text.Replace("- {id: lamp-1, kind: plug, name: {zh: 弄口路灯", "- {id: lamp-1, kind: lamp, name: {zh: 弄口路灯", StringComparison.Ordinal));
        await SayAsync(fixture, 35, ["huaihai/lamp-1"], 2900, "main");
        await EndedAsync(fixture, "huaihai/lamp-1");
    }

    [Fact]
    public async Task An_edit_that_concerns_nothing_that_is_open_changes_no_alert()
    {
        await using var fixture = new MonitoringFixture(TimeSpan.FromHours(1));
        await fixture.OpenAndRunAsync();
        for (var atS = 0; atS <= 90; atS += 5)
            await LoadAsync(fixture, atS, 115);
        await fixture.CaughtUpAsync();
        var before = fixture.Told();

        // One more pile on the same circuit: the breaker is as warm as it was.
        await EditAsync(fixture, whileRunning: true, text => text.Replace("- {id: shed-01, kind: shed,", "- {id: pile-09, kind: pile, name: 9, circuit: c-shed, sockets: 10}\n      - {id: shed-01, kind: shed,", StringComparison.Ordinal));
        await LoadAsync(fixture, 100, 115);
        await fixture.CaughtUpAsync();

        Assert.Equal(before, fixture.Told());
        Assert.Single(fixture.Worker.State.Alerts);
    }

    [Fact]
    public async Task While_the_disk_refuses_alerts_are_shown_as_not_yet_durable_and_written_when_it_is_back()
    {
        await using var fixture = new MonitoringFixture(TimeSpan.FromHours(1));
        await fixture.OpenAndRunAsync();
        var isRefusing = true;
        await fixture.RefuseAlertsAsync(() => isRefusing);
        for (var atS = 0; atS <= 30; atS += 5)
            await SayAsync(fixture, atS, ["huaihai/pile-02"], 1200);
        await fixture.CaughtUpAsync();

        Assert.Equal((1, 2, 0L), (fixture.Worker.State.Alerts.Count, fixture.Worker.State.NotDurable, fixture.Worker.Raised));
        Assert.Empty(fixture.Told());

        // Nothing comes from the devices any more; the steps are written all the same.
        isRefusing = false;
        await Mqtt.Until.TrueAsync(
            () =>
            {
                fixture.Time.Advance(TimeSpan.FromSeconds(0.5));
                return fixture.Worker.State.NotDurable == 0;
            },
            "the steps are on disk");

        Assert.Equal((1, 1L), (fixture.Worker.State.Alerts.Count, fixture.Worker.Raised));
        // Two steps, one alert, one contact who looks after the site.
        Assert.Equal(4, fixture.Told().Length);
        Assert.Single(fixture.Log.Split('\n'), line => line.StartsWith("Error", StringComparison.Ordinal));
        Assert.Contains("are on disk", fixture.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_replay_counts_and_logs_no_alert_again()
    {
        await using var fixture = new MonitoringFixture(TimeSpan.FromHours(1));
        await fixture.OpenAndRunAsync();
        for (var atS = 0; atS <= 30; atS += 5)
            await SayAsync(fixture, atS, ["huaihai/pile-02"], 1200);
        await fixture.CaughtUpAsync();
        Assert.Equal(1, fixture.Worker.Raised);

        await fixture.KillAsync();
        await fixture.OpenAndRunAsync();
        await fixture.CaughtUpAsync();

        var alert = Assert.Single(fixture.Worker.State.Alerts);
        Assert.Equal((0L, MonitoringFixture.Start.ToUnixTimeMilliseconds()), (fixture.Worker.Raised, alert.OnsetMs));
        Assert.Single(fixture.Log.Split('\n'), line => line.Contains("Alert socket-overload on", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Alerts_that_are_over_longer_than_is_kept_are_deleted_in_steps_and_open_ones_never()
    {
        await using var fixture = new MonitoringFixture(TimeSpan.FromHours(1));
        fixture.Open();
        await fixture.Database.CommitAsync(CommitPriority.Alerts, connection =>
        {
            for (var alert = 0; alert < 5; alert++)
            {
                AlertLog.Write(connection, OutboxFixture.Step($"a{alert}", 0, Condition.Active) with { AtMs = 1000 * alert });
                if (alert != 2)
                    AlertLog.Write(connection, OutboxFixture.Step($"a{alert}", 1, Condition.Cleared) with { AtMs = 1000 * alert });
            }
        });

        var deleted = new List<int>();
        for (var step = 0; step < 3; step++)
            await fixture.Database.CommitAsync(CommitPriority.Housekeeping, connection => deleted.Add(AlertLog.Prune(connection, 4000, most: 2)));

        Assert.Equal([2, 1, 0], deleted);
        Assert.Equal(["a2", "a4"], fixture.Rows("select id from alert order by id"));
        Assert.Equal(["a2", "a4", "a4"], fixture.Rows("select alert from alert_transition order by alert"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_staff_found_reaches_the_rules_at_once_and_survives_a_kill(bool isKilled)
    {
        await using var fixture = new MonitoringFixture(TimeSpan.FromHours(1));
        await fixture.OpenAndRunAsync();
        await DismissAsync(fixture, 40);
        if (isKilled)
        {
            await fixture.KillAsync();
            await fixture.OpenAndRunAsync();
        }

        await ChargeAsync(fixture);

        Assert.True(ToldMs(fixture, "c-corridor-1").Single() > ToldMs(fixture, "c-corridor-2").Single());
    }

    /// <summary>When the rules suspected a load on a corridor.</summary>
    private static List<long> ToldMs(MonitoringFixture fixture, string circuit) =>
    [
        .. fixture.Rows("select at_ms || '' from alert_transition where alert not like 'x%' and body like '%charger-on-public-circuit%' and body like '%\"active\"%' and body like '%" + circuit + "%' order by at_ms")
            .Select(at => long.Parse(at, System.Globalization.CultureInfo.InvariantCulture)),
    ];

    /// <summary>Suspicions on the first corridor, and each time somebody found something else.</summary>
    private static async Task DismissAsync(MonitoringFixture fixture, int times)
    {
        await fixture.Database.CommitAsync(CommitPriority.Alerts, connection =>
        {
            for (var number = 0; number < times; number++)
            {
                var step = new AlertTransition
                {
                    AlertId = $"x{number}",
                    Rule = "charger-on-public-circuit",
                    Priority = Priority.P2,
                    Condition = Condition.Active,
                    AtMs = 1,
                    OnsetMs = 1,
                    Site = "jiugeng",
                    Asset = "jiugeng/c-corridor-1",
                    Text = new LocalText("疑似", "perhaps"),
                };
                AlertLog.Write(connection, step);
                fixture.Responses.Observe(connection, [step]);
                Assert.IsType<ResponseOutcome.Done>(fixture.Responses.Command(connection, step.AlertId, new ResponseCommand.MoveCase(FlyWireStage.Dismissed, "水泵"), new Actor("manager", "page")));
                AlertLog.Write(connection, step with { Condition = Condition.Cleared, Sequence = 1 });
            }
        });
        fixture.Responses.AnnounceTaught();
    }

    /// <summary>Three hours of lamps and one load that climbs as a charger does, the same on both corridors.</summary>
    private static async Task ChargeAsync(MonitoringFixture fixture)
    {
        for (var minute = 0; minute < 150; minute++)
        {
            var atS = minute * 60;
            // 130 W: like none of the chargers that belong there.
            var watts = minute < 60 ? 20 : 150 + (0.08 * (minute - 60));
            var reading = FormattableString.Invariant($$"""{"dt":0,"ch":"main","w":{{watts:0.0}}}""");
            await fixture.AppendAsync(new Entry(atS, [Of("meter-cor1"), Of("meter-cor2")], [atS]));

            (string, string) Of(string meter) => ($"fm/1/jiugeng/{meter}/data", MonitoringFixture.Readings(atS + 1, atS, reading));
        }

        await fixture.CaughtUpAsync();
    }

    private static Task SayAsync(MonitoringFixture fixture, int atS, string[] devices, int watts, string channel = "s7") => fixture.AppendAsync(new Entry(
        atS, [.. devices.Select(device => ($"fm/1/{device}/data", MonitoringFixture.Readings(atS, atS, $$"""{"dt":0,"ch":"{{channel}}","w":{{watts}},"v":228}""")))], Seconds(atS)));

    private static Task LoadAsync(MonitoringFixture fixture, int atS, int amps) => fixture.AppendAsync(new Entry(
        atS,
        [("fm/1/huaihai/meter-shed/data", MonitoringFixture.Readings(atS, atS, string.Join(',', Enumerable.Range(1, 3).Select(phase => $$"""{"dt":0,"ch":"l{{phase}}","a":{{amps}},"v":228}"""))))],
        Seconds(atS)));

    private static int[] Seconds(int atS) => [.. Enumerable.Range(Math.Max(0, atS - 4), atS == 0 ? 1 : 5)];

    private static async Task EndedAsync(MonitoringFixture fixture, string asset)
    {
        await Mqtt.Until.TrueAsync(() => fixture.Told().Any(line => line.Contains("No longer watched: " + asset, StringComparison.Ordinal)), "the alert is ended");
        await Mqtt.Until.TrueAsync(() => fixture.Worker.State.Alerts.Count == 0, "the page shows it");
        Assert.Contains(fixture.Told(), line => line.Contains("不再监测：" + asset, StringComparison.Ordinal) && line.Contains("\"state\":\"cleared\"", StringComparison.Ordinal));
    }

    private static async Task EditAsync(MonitoringFixture fixture, bool whileRunning, Func<string, string> edit)
    {
        if (!whileRunning)
            await fixture.CloseAsync();
        fixture.Edit(edit);
        if (whileRunning)
            await Mqtt.Until.TrueAsync(() => fixture.LookAtFiles(), "the edit is in force");
        else
            await fixture.OpenAndRunAsync();
    }

    private static JournalBatch OfUnknownDevice()
    {
        var message = new DeviceMessage { Kind = MessageKind.Data, ReceivedMs = MonitoringFixture.Start.ToUnixTimeMilliseconds() + 6_000 };
        message.Device = new Device(77, new DeviceId(Dialect.Fm1, "huaihai", "nobody"));
        var writer = new JournalWriter();
        writer.Message(message);
        return new JournalBatch(writer);
    }
}
