using System.Runtime.CompilerServices;
using FacilityMonitor.Edits;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Rules;
using FacilityMonitor.Storage;

namespace FacilityMonitor.Tests.Edits;

/// <summary>A rehearsal says what a number would have done, and stops where it has seen enough: by readings, by time, by whoever waits for it.</summary>
public sealed class RehearsalTests
{
    private const long HourMs = 3_600_000;

    private readonly ManualTime _time = new();
    private readonly DeviceTable _devices = new();
    private readonly Device _plug;
    private readonly StoreOfTest _store = new();

    public RehearsalTests() => _plug = _devices.Resolve(Dialect.Fm1, "lane"u8, "plug-1"u8)!;

    private long NowMs => _time.GetUtcNow().ToUnixTimeMilliseconds();

    [Fact]
    public async Task A_lower_limit_would_have_fired_where_the_old_one_kept_silent()
    {
        foreach (var day in (int[])[2, 5, 9, 20])
            Episode(NowMs - (day * 24 * HourMs), 900);

        var result = await RunAsync(850);

        Assert.Equal((0, 4, RehearsalEnd.Whole), (result!.Now.Count, result.Then.Count, result.End));
        Assert.Equal([20, 9, 5, 2], result.Then.Select(alert => (int)Math.Round((NowMs - alert.AtMs) / (24.0 * HourMs))));
        Assert.Equal((NowMs - (Rehearsal.Days * 24 * HourMs), NowMs), (result.FromMs, result.ToMs));
    }

    [Fact]
    public async Task What_lasts_shorter_than_the_rule_holds_fires_neither_way()
    {
        Episode(NowMs - (2 * 24 * HourMs), 900, seconds: 9);

        Assert.Empty((await RunAsync(850))!.Then);
    }

    [Fact]
    public async Task Of_too_many_readings_the_newest_are_judged_and_it_is_said()
    {
        Episode(NowMs - (20 * 24 * HourMs), 900);
        Episode(NowMs - (2 * 24 * HourMs), 900);
        _store.Hours.AddRange(Enumerable.Range(0, 30).Select(day => new HourlyRollup(_plug.Number, ChannelId.Main, HourlyRollup.HourOf(NowMs - (day * 24 * HourMs)), (int)(Rehearsal.ReadingsMax / 10), null, null, null, null, null, 0)));

        var result = await RunAsync(850);

        Assert.Equal((1, RehearsalEnd.TooMany), (result!.Then.Count, result.End));
        Assert.InRange(NowMs - result.FromMs, 9 * 24 * HourMs, 11 * 24 * HourMs);
    }

    [Fact]
    public async Task When_the_time_is_up_it_ends_and_says_how_far_it_came()
    {
        Episode(NowMs - (29 * 24 * HourMs), 900);
        Episode(NowMs - (2 * 24 * HourMs), 900);
        _store.Asked = () => _time.Advance(TimeSpan.FromSeconds(2));

        var result = await RunAsync(850);

        Assert.Equal((1, RehearsalEnd.TooLong), (result!.Then.Count, result.End));
        Assert.True(result.ToMs < NowMs - (25 * 24 * HourMs));
    }

    [Fact]
    public async Task Of_two_at_once_the_second_is_told_to_wait_and_who_leaves_ends_his()
    {
        using var gone = new CancellationTokenSource();
        var reached = new TaskCompletionSource();
        var held = new TaskCompletionSource();
        _store.Waits = () =>
        {
            reached.TrySetResult();
            return held.Task;
        };
        using var rehearsal = new Rehearsal(_store, _devices, _time);
        var first = rehearsal.RunAsync(Registry(1_000), Registry(850), "lane", [_plug.Id], "socket-overload", gone.Token);
        await reached.Task;

        Assert.Null(await rehearsal.RunAsync(Registry(1_000), Registry(850), "lane", [_plug.Id], "socket-overload", CancellationToken.None));
        await gone.CancelAsync();
        held.SetResult();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        _store.Waits = () => Task.CompletedTask;
        Assert.NotNull(await rehearsal.RunAsync(Registry(1_000), Registry(850), "lane", [_plug.Id], "socket-overload", CancellationToken.None));
    }

    [Fact]
    public async Task Days_of_which_nothing_is_stored_are_counted()
    {
        // Thirty days at six in the evening touch thirty-one; 29 lie wholly in them. One hour of one of them is stored.
        Episode(NowMs - (2 * 24 * HourMs), 900);
        _store.Hours.Add(Stored(_plug, HourlyRollup.HourOf(NowMs - (2 * 24 * HourMs)), 7));

        Assert.Equal(28, (await RunAsync(850))!.DaysWithout);
    }

    [Fact]
    public async Task A_day_without_is_one_on_the_wall_clock_of_the_sites_from_midnight_to_midnight()
    {
        var midnight = HourlyRollup.HourOf(ShanghaiTime.MidnightMs(ShanghaiTime.DayOf(NowMs).AddDays(-9)));
        var hours = Enumerable.Range(0, Rehearsal.Days * 24).Select(hour => HourlyRollup.HourOf(NowMs - (Rehearsal.Days * 24 * HourMs)) + hour).ToList();

        // Nothing from midnight to midnight there; what is as long and lies across it leaves something of both days.
        Assert.Equal(1, await WithoutAsync(midnight, 24));
        Assert.Equal(0, await WithoutAsync(midnight, 23));
        Assert.Equal(0, await WithoutAsync(midnight - 8, 24));
        Assert.Equal(0, await WithoutAsync(midnight + 8, 24));
        Assert.Equal(1, await WithoutAsync(midnight - 8, 47));
        Assert.Equal(2, await WithoutAsync(midnight - 1, 50));

        async Task<int> WithoutAsync(long from, int count)
        {
            _store.Hours.Clear();
            _store.Hours.AddRange(hours.Where(hour => hour < from || hour >= from + count).Select(hour => Stored(_plug, hour, 1)));
            return (await RunAsync(850))!.DaysWithout;
        }
    }

    [Fact]
    public async Task The_hours_of_a_month_are_looked_through_device_by_device_and_added_up()
    {
        Device[] plugs = [_plug, .. Enumerable.Range(2, 3).Select(number => _devices.Resolve(Dialect.Fm1, "lane"u8, System.Text.Encoding.UTF8.GetBytes($"plug-{number}"))!)];
        // Each alone is within what is taken; together they are not, and the third day back is left out.
        foreach (var (plug, day) in plugs.SelectMany(plug => Enumerable.Range(1, 3).Select(day => (plug, day))))
            _store.Hours.Add(Stored(plug, HourlyRollup.HourOf(NowMs) - (day * 24), (int)(Rehearsal.ReadingsMax / 10)));
        using var rehearsal = new Rehearsal(_store, _devices, _time);

        var result = await rehearsal.RunAsync(Registry(1_000), Registry(850), "lane", [.. plugs.Select(plug => plug.Id)], "socket-overload", CancellationToken.None);

        Assert.Equal((1, plugs.Length), (_store.DevicesAtOnce, _store.HourlyAsked));
        Assert.Equal((RehearsalEnd.TooMany, (HourlyRollup.HourOf(NowMs) - (3 * 24) + 1) * HourMs), (result!.End, result.FromMs));
    }

    [Fact]
    public async Task A_way_out_that_is_blocked_fires_though_messages_come_every_two_seconds()
    {
        var from = NowMs - (2 * 24 * HourMs);
        for (var second = 0; second <= 900; second += 2)
            Say(from + (second * 1_000), Metric.ExitBlocked, second is >= 300 and <= 350 ? 1 : 0);

        var result = await RunAsync("exit-blocked", "hold_s", now: 60, then: 30);

        Assert.Equal((0, 1), (result!.Now.Count, result.Then.Count));
        Assert.InRange(result.Then[0].AtMs - from, 330_000, 336_000);
    }

    [Fact]
    public async Task When_the_time_is_up_amid_what_was_read_at_once_it_ends_there()
    {
        var from = NowMs - (Rehearsal.Days * 24 * HourMs);
        for (var number = 0; number < 10_000; number++)
            Say(from + (number * 2_000), Metric.W, 20);
        _store.Asked = () => _time.Advance(TimeSpan.FromSeconds(30));

        var result = await RunAsync(850);

        Assert.Equal(RehearsalEnd.TooLong, result!.End);
        Assert.InRange(result.Readings, 1, 5_000);
        Assert.Equal(from + ((result.Readings - 1) * 2_000), result.ToMs);
    }

    [Fact]
    public async Task Of_an_hour_that_is_very_full_a_part_is_read_at_once()
    {
        var hour = HourlyRollup.HourOf(NowMs - (3 * 24 * HourMs));
        _store.Hours.Add(new HourlyRollup(_plug.Number, ChannelId.Main, hour, 600_000, null, null, null, null, null, 0));

        Assert.Equal(RehearsalEnd.Whole, (await RunAsync(850))!.End);

        var spans = _store.Spans.Where(span => span.FromMs < (hour + 1) * HourMs && span.ToMs > hour * HourMs).ToList();
        Assert.All(spans, span => Assert.InRange(Math.Min(span.ToMs, (hour + 1) * HourMs) - Math.Max(span.FromMs, hour * HourMs), 1, HourMs / 3));
        // None is left out, none is read twice.
        Assert.All(_store.Spans.Zip(_store.Spans.Skip(1)), pair => Assert.Equal(pair.First.ToMs, pair.Second.FromMs));
        Assert.Equal((NowMs - (Rehearsal.Days * 24 * HourMs), NowMs), (_store.Spans[0].FromMs, _store.Spans[^1].ToMs));
    }

    private Task<RehearsalResult?> RunAsync(double limit) => RunAsync("socket-overload", "limit_w", 1_000, limit);

    private Task<RehearsalResult?> RunAsync(string rule, string setting, double now, double then)
    {
        var rehearsal = new Rehearsal(_store, _devices, _time);
        return rehearsal.RunAsync(Registry(now, rule, setting), Registry(then, rule, setting), "lane", [_plug.Id], rule, CancellationToken.None);
    }

    private static HourlyRollup Stored(Device device, long hour, int readings) => new(device.Number, ChannelId.Main, hour, readings, null, null, null, null, null, 0);

    private void Say(long atMs, Metric metric, double value) => _store.Readings.Add(new StoredReading(_plug, ChannelId.Main, atMs, atMs, Quality.Good, null, null, atMs, 0, [new MetricValue(metric, value)]));

    private void Episode(long fromMs, double watts, int seconds = 60)
    {
        for (var second = 0; second <= seconds + 900; second += 3)
        {
            var at = fromMs + (second * 1_000);
            _store.Readings.Add(new StoredReading(_plug, ChannelId.Main, at, at, Quality.Good, null, null, second, 0, [new MetricValue(Metric.W, second <= seconds ? watts : 20)]));
        }
    }

    private static Facility Registry(double limit, string rule = "socket-overload", string setting = "limit_w") => new()
    {
        Version = "test",
        Contacts = [],
        Sites =
        [
            new Site
            {
                Id = "lane",
                Name = new LocalText("弄", "Lane"),
                Devices =
                [
                    new DeviceEntry
                    {
                        Id = "plug-1", Name = new LocalText("插座", "Plug"), Kind = DeviceKind.Plug,
                        Rules = new RuleSettings(new Dictionary<string, IReadOnlyDictionary<string, double>> { [rule] = new Dictionary<string, double> { [setting] = limit } }),
                    },
                ],
            },
        ],
    };

    private sealed class StoreOfTest : IReadingStore
    {
        public List<StoredReading> Readings { get; } = [];

        public List<HourlyRollup> Hours { get; } = [];

        public List<(long FromMs, long ToMs)> Spans { get; } = [];

        /// <summary>Of how many devices the hours were asked for at once, at most.</summary>
        public int DevicesAtOnce { get; private set; }

        public int HourlyAsked { get; private set; }

        public Action Asked { get; set; } = () => { };

        public Func<Task> Waits { get; set; } = () => Task.CompletedTask;

        public async IAsyncEnumerable<StoredReading> ReadingsAsync(Device device, long fromMs, long toMs, [EnumeratorCancellation] CancellationToken cancellation)
        {
            Spans.Add((fromMs, toMs));
            Asked();
            await Waits();
            cancellation.ThrowIfCancellationRequested();
            foreach (var reading in Readings.Where(reading => reading.Device == device && reading.AtMs >= fromMs && reading.AtMs < toMs).OrderBy(reading => reading.AtMs))
                yield return reading;
        }

        public ValueTask<IReadOnlyList<HourlyRollup>> HourlyAsync(IReadOnlyCollection<Device> devices, long fromMs, long toMs, CancellationToken cancellation)
        {
            (DevicesAtOnce, HourlyAsked) = (Math.Max(DevicesAtOnce, devices.Count), HourlyAsked + 1);
            return new([.. Hours.Where(hour => devices.Any(device => device.Number == hour.Device))]);
        }

        public ValueTask<long?> HourBeforeAsync(Device device, long hour, CancellationToken cancellation) => throw new NotSupportedException();

        public ValueTask<IReadOnlyList<LatestReading>> LatestAsync(IReadOnlyCollection<Device> devices, CancellationToken cancellation) => throw new NotSupportedException();

        public ValueTask<IReadOnlyList<IReadOnlyList<SeriesPoint>>> SeriesAsync(
            Device device, IReadOnlyList<ChannelId> channels, Metric metric, long fromMs, long toMs, int maxPoints, CancellationToken cancellation) => throw new NotSupportedException();

        public ValueTask<IReadOnlyList<Load>> TopLoadsAsync(IReadOnlyCollection<Device> devices, long sinceMs, int most, CancellationToken cancellation) => throw new NotSupportedException();
    }
}
