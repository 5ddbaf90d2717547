using System.Globalization;
using FacilityMonitor.Alerts;
using FacilityMonitor.Journal;
using FacilityMonitor.OnCall.Notices;
using FacilityMonitor.Response;

namespace FacilityMonitor.Tests.OnCall.Alertmanager;

/// <summary>
/// The same alerts given to us and to a real Alertmanager, whose groups and inhibitions are written as ours are meant: what each tells in one message, what it holds
/// back and behind what, and that it tells nothing twice must agree. Where we differ on purpose, a test says in its name how.
/// </summary>
public sealed class AlertmanagerTests
{
    /// <summary>Our tree as labels: what hangs on a circuit has its name, and so has the circuit itself.</summary>
    private static readonly string Configuration = string.Create(CultureInfo.InvariantCulture, $$"""
        route:
          receiver: hook
          group_by: [site, severity]
          group_wait: {{AlertmanagerServer.GroupWait.TotalSeconds}}s
          group_interval: 1s
          repeat_interval: 1h
          routes:
            - {matchers: [severity="P0"], group_by: ['...'], group_wait: 0s}
        receivers:
          - {name: hook, webhook_configs: [{url: 'RECEIVER', send_resolved: true}]}
        inhibit_rules:
          - {source_matchers: [rule="supply-lost"], target_matchers: [severity=~"P2|P3", rule=~"offline|silent|blocker-fault|lamp-failure"], equal: [circuit]}
          - {source_matchers: [severity="P0"], target_matchers: [severity=~"P1|P2|P3"], equal: [asset]}
          - {source_matchers: [severity="P1"], target_matchers: [severity=~"P2|P3"], equal: [asset]}
        """);

    /// <summary>Two fires, an overloaded dozen, a dead circuit with what hangs on it, and two assets with more than one fault.</summary>
    private static readonly IReadOnlyList<AlertTransition> Stream =
    [
        Step("fire-1", Priority.P0, "smoke", "huaihai/pile-25"), Step("fire-2", Priority.P0, "smoke", "huaihai/far-02"),
        .. Enumerable.Range(1, 12).Select(number => Step($"over-{number:00}", Priority.P1, "socket-overload", $"huaihai/pile-{number:00}")),
        .. Enumerable.Range(13, 8).Select(number => Step($"gone-{number:00}", Priority.P2, "offline", $"huaihai/pile-{number:00}")),
        Step("blocked-22", Priority.P2, "blocker-fault", "huaihai/pile-22"),
        Step("dead", Priority.P1, "supply-lost", "huaihai/c-shed"),
        Step("gone-far", Priority.P2, "offline", "huaihai/far-03"),
        Step("hot", Priority.P1, "over-temperature", "huaihai/far-01"), Step("welded", Priority.P2, "welded-relay", "huaihai/far-01"),
        Step("burnt", Priority.P1, "socket-overload", "huaihai/far-02"),
        Step("warm", Priority.P2, "pile-overload", "huaihai/pile-23"), Step("worn", Priority.P3, "welded-relay", "huaihai/pile-24"),
    ];

    [RealServerFact(AlertmanagerServer.Program)]
    public async Task The_same_alerts_are_told_in_the_same_groups_held_back_behind_the_same_and_told_once()
    {
        await using var theirs = await AlertmanagerServer.StartAsync(Configuration);
        await using var ours = new ResponseFixture();
        await ours.RaiseAsync([.. Stream]);
        await ours.PassAsync(31);
        await theirs.PostAsync(Stream.Select(Labels));
        // P3 is told in the morning: that is said below.
        var told = Stream.Select(step => step.AlertId).Where(alert => alert != "worn" && ours.State(alert).SuppressedBy is null).ToHashSet(StringComparer.Ordinal);
        await UntilToldAsync(theirs, [.. told, "worn"]);

        // The same messages.
        var theirGroups = theirs.Told.Select(one => Text(one.Firing)).Where(group => group != "worn").Order(StringComparer.Ordinal).ToList();
        Assert.Equal(theirGroups, Groups(ours));
        Assert.Contains("fire-1", theirGroups);
        // The same held back, behind the same.
        var inhibited = await theirs.InhibitedAsync();
        Assert.Equal(
            Stream.Where(step => ours.State(step.AlertId).SuppressedBy is not null).Select(step => step.AlertId).Order(StringComparer.Ordinal), inhibited.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(11, inhibited.Count);
        Assert.All(inhibited, pair => Assert.Contains(ours.State(pair.Key).SuppressedBy!, pair.Value));

        // The same again and again: nothing new.
        var before = (Theirs: theirs.Told.Count, Ours: ours.Notices().Count);
        for (var repeat = 0; repeat < 3; repeat++)
        {
            await theirs.PostAsync(Stream.Select(Labels));
            await ours.RaiseAsync([.. Stream]);
        }

        await PassAsync(theirs);
        await ours.PassAsync(20);
        Assert.Equal(before, (theirs.Told.Count(one => !IsMarker(one)), ours.Notices().Count));

        // The end of what was told is told, of what was held back never.
        await AcceptAsync(ours);
        AlertTransition[] over = [.. Stream.Where(step => step.AlertId is "over-01" or "over-02" or "gone-13" or "welded")];
        await theirs.PostAsync(over.Select(Labels), areOver: true);
        await ours.RaiseAsync([.. over.Select(step => step with { Condition = Condition.Cleared, Sequence = 1 })]);
        await Mqtt.Until.TrueAsync(() => theirs.Told.SelectMany(one => one.Resolved).Count() >= 2, "they tell the end");
        await PassAsync(theirs);
        await ours.PassAsync(30);
        Assert.Equal(["over-01", "over-02"], theirs.Told.Where(one => !IsMarker(one)).SelectMany(one => one.Resolved).Distinct().Order(StringComparer.Ordinal));
        Assert.Equal(["over-01", "over-02"], Ended(ours));
    }

    [RealServerFact(AlertmanagerServer.Program)]
    public async Task What_joins_a_group_later_is_told_by_both_and_only_we_do_not_tell_the_rest_again()
    {
        await using var theirs = await AlertmanagerServer.StartAsync(Configuration);
        await using var ours = new ResponseFixture();
        await BothAsync(theirs, ours, Over(1), Over(2));
        await UntilToldAsync(theirs, ["over-01", "over-02"]);
        await ours.PassAsync(6);

        await BothAsync(theirs, ours, Over(3));
        await UntilToldAsync(theirs, ["over-03"]);
        await ours.PassAsync(58);
        // Neither tells it at once: the group's interval goes by first. Ours is 60 s.
        Assert.Equal(["over-01 over-02"], Groups(ours));
        await ours.PassAsync(2);

        Assert.Equal("over-01 over-02 over-03", Text(theirs.Told[^1].Firing));
        Assert.Equal(["over-01 over-02", "over-03"], Groups(ours));
    }

    [RealServerFact(AlertmanagerServer.Program)]
    public async Task What_is_hidden_is_released_by_them_at_once_and_by_us_a_minute_after_its_cause_is_over()
    {
        await using var theirs = await AlertmanagerServer.StartAsync(Configuration);
        await using var ours = new ResponseFixture();
        var (dead, gone) = (Step("dead", Priority.P1, "supply-lost", "huaihai/c-shed"), Step("gone", Priority.P2, "offline", "huaihai/pile-01"));
        await BothAsync(theirs, ours, dead, gone);
        await UntilToldAsync(theirs, ["dead"]);
        await ours.PassAsync(6);
        await AcceptAsync(ours);
        Assert.Equal(["gone"], (await theirs.InhibitedAsync()).Keys);
        Assert.Equal("dead", ours.State("gone").SuppressedBy);

        await theirs.PostAsync([Labels(dead)], areOver: true);
        await ours.RaiseAsync(dead with { Condition = Condition.Cleared, Sequence = 1, AtMs = ours.NowMs });
        await UntilToldAsync(theirs, ["gone"]);
        await ours.PassAsync(59);

        // Devices need a moment to come back: whoever is called for each of them at once learns to look away.
        Assert.Equal("dead", ours.State("gone").SuppressedBy);
        await ours.PassAsync(32);
        Assert.Contains("gone", Groups(ours));
    }

    [RealServerFact(AlertmanagerServer.Program)]
    public async Task What_occurred_and_was_over_before_anybody_was_told_they_never_tell_and_we_do()
    {
        await using var theirs = await AlertmanagerServer.StartAsync(Configuration);
        await using var ours = new ResponseFixture();
        await BothAsync(theirs, ours, Over(1));
        await theirs.PostAsync([Labels(Over(1))], areOver: true);
        await ours.RaiseAsync(Over(1) with { Condition = Condition.Cleared, Sequence = 1 });
        await PassAsync(theirs);
        await ours.PassAsync(10);

        Assert.DoesNotContain(theirs.Told, one => one.Firing.Contains("over-01"));
        Assert.DoesNotContain(theirs.Told, one => one.Resolved.Contains("over-01"));
        Assert.Contains(ours.Timeline("over-01"), entry => entry.Fact is ResponseEvent.StepFired { Reason: PageReason.OccurredAndCleared });
    }

    [RealServerFact(AlertmanagerServer.Program)]
    public async Task Killed_and_started_again_they_tell_it_a_second_time_and_we_do_not()
    {
        await using var theirs = await AlertmanagerServer.StartAsync(Configuration);
        await using var ours = new ResponseFixture();
        await BothAsync(theirs, ours, Over(1));
        await UntilToldAsync(theirs, ["over-01"]);
        await ours.PassAsync(6);
        var before = ours.Notices();

        await theirs.KillAsync();
        await theirs.StartAgainAsync();
        await ours.KillAsync();
        await BothAsync(theirs, ours, Over(1));
        await Mqtt.Until.TrueAsync(() => theirs.Told.Count(one => one.Firing.Contains("over-01")) == 2, "they tell it again");
        await ours.PassAsync(30);

        Assert.Equal(before, ours.Notices());
    }

    [RealServerFact(AlertmanagerServer.Program)]
    public async Task An_alert_that_becomes_more_severe_is_two_alerts_to_them_and_one_to_us()
    {
        await using var theirs = await AlertmanagerServer.StartAsync(Configuration);
        await using var ours = new ResponseFixture();
        var (hazard, fire) = (Over(1), Over(1) with { Priority = Priority.P0, Sequence = 1 });
        await BothAsync(theirs, ours, hazard);
        await UntilToldAsync(theirs, ["over-01"]);
        await ours.PassAsync(6);

        await BothAsync(theirs, ours, fire);
        await Mqtt.Until.TrueAsync(() => theirs.Told.Count(one => one.Firing.Contains("over-01")) == 2, "they tell the second");

        // The first of theirs hides behind the second, and ends only when somebody says so.
        Assert.Equal(["over-01"], (await theirs.InhibitedAsync()).Keys);
        Assert.Equal((Priority.P0, true), (ours.State("over-01").Priority, ours.State("over-01").IsCalling));
        Assert.Equal(["1"], ours.Rows("select cast(count(*) as text) from response"));
    }

    [RealServerFact(AlertmanagerServer.Program)]
    public async Task What_is_only_for_information_they_tell_at_once_and_we_in_the_morning()
    {
        await using var theirs = await AlertmanagerServer.StartAsync(Configuration);
        await using var ours = new ResponseFixture();
        await BothAsync(theirs, ours, Step("worn", Priority.P3, "welded-relay", "huaihai/pile-24"));
        await UntilToldAsync(theirs, ["worn"]);

        // From noon to 9 o'clock.
        await ours.PassAsync(TimeSpan.FromHours(21).TotalSeconds - 1);
        Assert.Empty(ours.Notices());
        await ours.PassAsync(1);
        Assert.NotEmpty(ours.Notices());
    }

    private static AlertTransition Over(int number) => Step($"over-{number:00}", Priority.P1, "socket-overload", $"huaihai/pile-{number:00}");

    private static AlertTransition Step(string alert, Priority priority, string rule, string asset) => ResponseFixture.Step(alert, Condition.Active, priority, rule, asset);

    /// <summary>An alert as Prometheus would label it, with the circuit that our tree knows of.</summary>
    private static Dictionary<string, string> Labels(AlertTransition step) => new(StringComparer.Ordinal)
    {
        ["alertname"] = step.Rule,
        ["alert"] = step.AlertId,
        ["rule"] = step.Rule,
        ["site"] = step.Site!,
        ["severity"] = step.Priority.ToString(),
        ["asset"] = step.Asset,
        ["circuit"] = step.Asset.Contains("/far-", StringComparison.Ordinal) ? "c-other" : "c-shed",
    };

    private static async Task BothAsync(AlertmanagerServer theirs, ResponseFixture ours, params AlertTransition[] steps)
    {
        await theirs.PostAsync(steps.Select(Labels));
        await ours.RaiseAsync(steps);
    }

    /// <summary>What each of our messages tells of: the alert itself and those it leads. The siren is no message.</summary>
    private static List<string> Groups(ResponseFixture ours) => [.. ours.Rows("""
        select distinct notice.alert || coalesce((select ' ' || group_concat(alert, ' ') from page_member where lead = notice.alert and page = notice.step and page_member.person = notice.person), '')
        from notice where person <> 'siren-1'
        """).Select(group => Text(group.Split(' '))).Distinct().Order(StringComparer.Ordinal)];

    /// <summary>The alerts whose end we told.</summary>
    private static List<string> Ended(ResponseFixture ours) =>
        [.. Stream.Select(step => step.AlertId).Where(alert => ours.Timeline(alert).Exists(entry => entry.Fact is ResponseEvent.StepFired { Reason: PageReason.Cleared })).Order(StringComparer.Ordinal)];

    private static string Text(IEnumerable<string> names) => string.Join(' ', names.Order(StringComparer.Ordinal));

    /// <summary>Every message was taken by a provider.</summary>
    private static async Task AcceptAsync(ResponseFixture ours)
    {
        foreach (var notice in ours.Notices("state = 0"))
        {
            var parts = notice.Split(' ');
            await ours.ReportAsync(parts[0], int.Parse(parts[1], CultureInfo.InvariantCulture), parts[2], DeliveryKind.Accepted);
        }

        await ours.CommitAsync(connection => Database.Execute(connection, "update notice set state = 1 where state = 0"));
    }

    private static Task UntilToldAsync(AlertmanagerServer theirs, IReadOnlyCollection<string> alerts) =>
        Mqtt.Until.TrueAsync(() => alerts.All(alert => theirs.Told.Any(one => one.Firing.Contains(alert))), $"they tell {string.Join(' ', alerts)}");

    /// <summary>Lets every group of theirs come round at least once: an alert of another site begins, is told, and ends.</summary>
    private static async Task PassAsync(AlertmanagerServer theirs)
    {
        var marker = Labels(Step($"{Marker}{theirs.Told.Count}", Priority.P1, "socket-overload", "elsewhere/pile-01") with { Site = $"elsewhere-{theirs.Told.Count}" });
        await theirs.PostAsync([marker]);
        await UntilToldAsync(theirs, [marker["alert"]]);
        await theirs.PostAsync([marker], areOver: true);
        await Mqtt.Until.TrueAsync(() => theirs.Told.Any(one => one.Resolved.Contains(marker["alert"])), "they tell its end");
    }

    private const string Marker = "marker-";

    private static bool IsMarker(Notification one) => one.Firing.Concat(one.Resolved).All(alert => alert.StartsWith(Marker, StringComparison.Ordinal));
}
