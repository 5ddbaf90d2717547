using FacilityMonitor.Commands;
using FacilityMonitor.Configuration;
using FacilityMonitor.Contract;
using FacilityMonitor.Influx;
using FacilityMonitor.OnCall;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Storage;
using FacilityMonitor.Tests.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace FacilityMonitor.Tests.Influx;

/// <summary><c>influx backfill</c>: in the end the database has every reading, to the point, however often it is repeated or broken off.</summary>
public sealed class BackfillTests : IAsyncDisposable
{
    // 2026-11-20 10:00 UTC, where the test clock begins.
    private const long Now = 1_795_168_800_000;
    private const long Hour = 3_600_000;

    private readonly TemporaryFolder _folder = new();
    private StoreFixture _data;
    private int _seq;

    public BackfillTests() => _data = new StoreFixture(_folder.Path);

    public async ValueTask DisposeAsync()
    {
        await _data.DisposeAsync();
        _folder.Dispose();
    }

    [RealServerTheory(InfluxServer.Influxd)]
    [InlineData("embedded")]
    // Here the embedded store keeps no readings: what is skipped is put into it, or it would be nowhere.
    [InlineData("influxdb")]
    public async Task What_was_skipped_while_the_journal_was_full_is_there_after_a_backfill_to_the_point_and_repeating_adds_nothing(string readings)
    {
        var isAlone = readings == "influxdb";
        _data = new StoreFixture(_folder.Path) { Options = new StorageOptions { KeepsReadings = !isAlone } };
        await using var influx = await InfluxServer.StartAsync(InfluxServer.Influxd);
        using var client = new InfluxClient(InfluxdFixture.SettingsFor(influx.Url), new HttpMessageInvoker(WebhookNotifier.Handler()), TimeProvider.System);
        var sink = new SwitchedSink(client);
        await _data.StartAsync();
        using var registry = new FacilitySource(_folder.Path, Rules.Scene.Lane(), _data.Time, NullLogger<FacilitySource>.Instance);
        using var ship = new ShipWorker(
            InfluxdFixture.SettingsFor(influx.Url) with { BatchReadings = 10 },
            new DataSettings { Directory = _folder.Path, Readings = isAlone ? ReadingsIn.Influx : ReadingsIn.Embedded, RetentionDays = 1, RetentionBytes = 1 << 30, JournalBytes = 20_000, ReserveBytes = 0 },
            sink, _data.Database, _data.Journal, _data.Worker, registry, _data.Devices, _data.Time, NullLogger<ShipWorker>.Instance);
        await ship.StartAsync(CancellationToken.None);
        await AppendAsync(50, Now);
        await UntilAsync(async () => await influx.CountAsync("w") == 50, "the first are there");

        sink.IsAway = true;
        // A pile that was cut off for a week tells the week while InfluxDB is away: the gap is where the readings are, not when they came.
        await AppendAsync(600, Now);
        await AppendAsync(300, Now - (7 * 24 * Hour));
        await StoreAsync();
        await UntilAsync(() => Task.FromResult(ship.State.Skipped == 1 && Gaps().Count == 2), "it gave way");
        while (await _data.Journal.TrimAsync(100))
        {
        }

        sink.IsAway = false;
        await AppendAsync(20, Now + Hour);
        await UntilAsync(async () => await influx.CountAsync("w") == 70, "it goes on with what came later");
        await StoreAsync();
        await ship.StopAsync(CancellationToken.None);
        // What was taken but not yet booked is left out too, and comes twice.
        Assert.InRange(_data.Count("select sum(readings) from block"), isAlone ? 900 : 970, isAlone ? 910 : 970);
        Assert.Equal([Now - (7 * 24 * Hour), Now], Gaps().Select(gap => gap.FromMs));

        // The service runs and does not hear us: everything is sent, and the gap stands.
        var (code, said) = await BackfillAsync(client, null);
        Assert.Equal(1, code);
        Assert.Contains("could not be noted", said, StringComparison.Ordinal);
        Assert.Equal(970, await influx.CountAsync("w"));
        await _data.Database.DisposeAsync();

        (code, said) = await BackfillAsync(client, null);
        Assert.Equal(0, code);
        Assert.Contains("300 readings sent", said, StringComparison.Ordinal);
        Assert.Equal(970, await influx.CountAsync("w"));
        Assert.Equal(970, await influx.CountAsync("quality"));
        Assert.Empty(Gaps());
        (code, said) = await BackfillAsync(client, null);
        Assert.Equal((0, "There is no known gap, and nothing to fill."), (code, said.Trim()));

        // A time may be named at any time.
        (code, said) = await BackfillAsync(client, new ShippingGap(Now, Now + (100 * 10)));
        Assert.Equal(0, code);
        Assert.Contains(isAlone ? " readings sent" : "100 readings sent", said, StringComparison.Ordinal);
        Assert.Equal(970, await influx.CountAsync("w"));
    }

    [Fact]
    public async Task Broken_off_in_the_middle_it_says_how_far_it_came_and_the_next_goes_on_from_there()
    {
        var sink = new ScriptedSink();
        await FilledAsync(hours: 4, perHour: 30);
        sink.Answer = lines => lines.Any(line => line.Contains("w=75 ", StringComparison.Ordinal)) ? new WriteAnswer.Refused("HTTP 403 token was revoked") : null;
        var (code, said) = await BackfillAsync(sink, null);
        Assert.Equal(1, code);
        Assert.Contains("HTTP 403 token was revoked. Everything before 2026-11-20T12:00:00.000Z is done", said, StringComparison.Ordinal);
        Assert.Equal([new ShippingGap(Now + (2 * Hour), Now + (4 * Hour))], Gaps());

        sink.Answer = _ => null;
        var before = sink.Writes.Sum(lines => lines.Length);
        Assert.Equal(0, (await BackfillAsync(sink, null)).Code);
        Assert.Equal(60, sink.Writes.Sum(lines => lines.Length) - before);
        Assert.Equal(120, sink.Kept.Count);
        Assert.Empty(Gaps());
    }

    [Fact]
    public async Task A_few_readings_that_it_refuses_are_counted_and_all_others_sent_but_many_end_it()
    {
        var sink = new ScriptedSink { Answer = lines => lines.Any(line => line.Contains("w=75 ", StringComparison.Ordinal)) ? new WriteAnswer.Malformed("HTTP 400 field type conflict") : null };
        await FilledAsync(hours: 4, perHour: 60);
        var (code, said) = await BackfillAsync(sink, null);
        Assert.Equal(1, code);
        Assert.Contains("239 readings sent", said, StringComparison.Ordinal);
        Assert.Contains("found fault with 1 readings: HTTP 400 field type conflict", said, StringComparison.Ordinal);
        Assert.Equal(239, sink.Kept.Count);
        // To be asked for it again would not help.
        Assert.Empty(Gaps());

        sink.Answer = _ => new WriteAnswer.Malformed("HTTP 400 no");
        (code, said) = await BackfillAsync(sink, new ShippingGap(0, Now + (9 * Hour)));
        Assert.Equal(1, code);
        Assert.Contains("Not finished", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task While_it_is_only_away_it_is_tried_again_and_after_two_minutes_no_more()
    {
        var sink = new ScriptedSink { Answer = _ => new WriteAnswer.Later(null, "ConnectionError") };
        await FilledAsync(hours: 1, perHour: 5);
        var running = BackfillAsync(sink, null, _data.Time);
        await UntilAsync(() => Task.FromResult(sink.Writes.Count > 3), "some attempts");
        sink.Answer = _ => null;
        await UntilAsync(() => Task.FromResult(running.IsCompleted), "it is back");
        Assert.Equal(0, (await running).Code);

        sink.Answer = _ => new WriteAnswer.Later(null, "ConnectionError");
        var began = _data.Time.GetUtcNow();
        running = BackfillAsync(sink, new ShippingGap(Now, Now + Hour), _data.Time);
        await UntilAsync(() => Task.FromResult(running.IsCompleted), "it gives up");
        Assert.Contains("ConnectionError", (await running).Said, StringComparison.Ordinal);
        Assert.InRange(_data.Time.GetUtcNow() - began, TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(3));
    }

    /// <summary>A store whose every reading lies in a gap, closed.</summary>
    private async Task FilledAsync(int hours, int perHour)
    {
        await _data.StartAsync();
        for (var hour = 0; hour < hours; hour++)
            await AppendAsync(perHour, Now + (hour * Hour));
        await StoreAsync();
        await _data.Database.CommitAsync(FacilityMonitor.Journal.CommitPriority.Housekeeping, connection => ShippingGaps.Add(connection, Now, Now + (hours * Hour)));
        await _data.Database.DisposeAsync();
    }

    private List<ShippingGap> Gaps()
    {
        using var reader = FacilityMonitor.Journal.Database.OpenReader(_folder.Path);
        return ShippingGaps.Read(reader);
    }

    private async Task<(int Code, string Said)> BackfillAsync(IPointSink sink, ShippingGap? wanted, TimeProvider? time = null)
    {
        using var said = new StringWriter();
        var code = await InfluxCommand.BackfillAsync(_folder.Path, new FacilityIndex(Rules.Scene.Lane()), sink, 20, wanted, "en", time ?? TimeProvider.System, said, CancellationToken.None);
        return (code, said.ToString());
    }

    private async Task AppendAsync(int messages, long from)
    {
        var device = _data.Devices.Resolve(Dialect.Fm1, "lane"u8, "pile-01"u8)!;
        for (var index = 0; index < messages; index++)
        {
            var at = from + (_seq * 10);
            var message = new DeviceMessage { Kind = MessageKind.Data, Device = device, HasEnvelope = true, ReceivedMs = Now };
            message.Envelope = new Envelope(default, _seq, at, null, ClockSource.Ntp);
            ref var reading = ref message.Readings.Add();
            (reading.Channel, reading.AtMs, reading.DeviceMs, reading.State) = (ChannelId.Socket(1), at, at - (_seq % 3), _seq % 2 == 0 ? "充电" : null);
            message.Readings.AddValue(Metric.W, _seq++);
            await _data.AppendAsync(message);
        }
    }

    private async Task StoreAsync()
    {
        await _data.Worker.ReadOnAsync(_data.Reader, CancellationToken.None);
        await _data.Worker.FlushAsync();
    }

    /// <summary>Moves the clock in small steps until something has happened.</summary>
    private async Task UntilAsync(Func<Task<bool>> condition, string what)
    {
        var began = WakingTime.Clock.GetTimestamp();
        while (!await condition())
        {
            Assert.True(WakingTime.Clock.GetElapsedTime(began) < TimeSpan.FromSeconds(30), what);
            _data.Time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Delay(1);
        }
    }

    /// <summary>A database that somebody can unplug.</summary>
    private sealed class SwitchedSink(IPointSink sink) : IPointSink
    {
        public bool IsAway { get; set; }

        public string Name => sink.Name;

        public Task<WriteAnswer> WriteAsync(ReadOnlyMemory<byte> lines, CancellationToken cancellationToken) =>
            IsAway ? Task.FromResult<WriteAnswer>(new WriteAnswer.Later(null, "ConnectionError")) : sink.WriteAsync(lines, cancellationToken);

        public Task<string?> BootAsync(CancellationToken cancellationToken) => sink.BootAsync(cancellationToken);
    }
}
