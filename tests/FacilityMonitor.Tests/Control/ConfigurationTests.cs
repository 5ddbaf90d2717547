using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using FacilityMonitor.Commands;
using FacilityMonitor.Configuration;
using FacilityMonitor.Contract;
using FacilityMonitor.Control;
using FacilityMonitor.Journal;
using FacilityMonitor.Mqtt;
using FacilityMonitor.Readings;
using FacilityMonitor.Tests.Mqtt;
using Microsoft.Extensions.Logging.Abstractions;

namespace FacilityMonitor.Tests.Control;

/// <summary>How devices are told what the registry wants of them, and how one that does not follow is seen.</summary>
public sealed class ConfigurationTests : IAsyncLifetime, IDisposable
{
    private const string Topic = "fm/1/lane/pile-01/cfg";

    private readonly TemporaryFolder _folder = new();
    private readonly ManualTime _time = new();
    private readonly ControlCounts _counts = new();
    private readonly ConcurrentQueue<(string Topic, string Body)> _told = new();
    private Database _database = null!;
    private FacilitySource _registry = null!;
    private ConfigurationWorker _worker = null!;
    private volatile bool _isUp = true;
    private int _pile;

    public async Task InitializeAsync()
    {
        Directory.CreateDirectory(Config);
        Write("period-s: 30, limit-w: 800");
        _registry = new FacilitySource(Config, FacilityLoader.Load(Config, RunCommand.Rules).Facility!, _time, NullLogger<FacilitySource>.Instance, RunCommand.Rules);
        _database = Database.Open(Path.Combine(_folder.Path, "data"), _time);
        var devices = new DeviceTable();
        var journal = new MessageJournal(_database, devices);
        _pile = devices.Resolve(Dialect.Fm1, "lane"u8, "pile-01"u8)!.Number;
        var writer = new JournalWriter();
        writer.Tick(NowMs);
        await journal.AppendAsync(writer);
        var link = new CommandLink(
            () => _isUp, (_, _, _) => throw new InvalidOperationException("A configuration is retained."),
            (topic, payload, _) =>
            {
                _told.Enqueue((topic, Encoding.UTF8.GetString(payload)));
                return ValueTask.FromResult(MqttReasonCode.Success);
            });
        _worker = new ConfigurationWorker(_database, _registry, link, _counts, _time, NullLogger<ConfigurationWorker>.Instance);
    }

    public async Task DisposeAsync()
    {
        await _worker.StopAsync(CancellationToken.None);
        await _database.DisposeAsync();
    }

    public void Dispose()
    {
        _worker.Dispose();
        _registry.Dispose();
        _folder.Dispose();
    }

    private string Config => Path.Combine(_folder.Path, "config");

    private long NowMs => _time.GetUtcNow().ToUnixTimeMilliseconds();

    [Fact]
    public async Task A_device_is_told_once_and_again_after_a_day_and_when_the_registry_wants_something_else()
    {
        await _worker.StartAsync(CancellationToken.None);
        await ToldAsync(1);
        var first = JsonDocument.Parse(_told.Last().Body).RootElement;
        Assert.Equal((Topic, 30, 800), (_told.Last().Topic, first.GetProperty("period").GetInt32(), first.GetProperty("limit_w").GetInt32()));
        Assert.Equal(NowMs + (30L * 24 * 3_600_000), first.GetProperty("exp").GetInt64());
        await BirthAsync(first.GetProperty("hash").GetString());

        _time.Advance(TimeSpan.FromHours(23));
        Assert.Single(_told);
        _time.Advance(TimeSpan.FromHours(1) + TimeSpan.FromSeconds(5));
        await ToldAsync(2);
        Assert.Equal(first.GetProperty("hash").GetString(), JsonDocument.Parse(_told.Last().Body).RootElement.GetProperty("hash").GetString());

        Write("limit-w: 600");
        await UntilAsync(() => _told.Count == 3, "the new wish being told");
        Assert.False(JsonDocument.Parse(_told.Last().Body).RootElement.TryGetProperty("period", out _));

        Write("");
        await UntilAsync(() => _told.Count == 4, "the wish being taken back");
        Assert.Equal((Topic, ""), _told.Last());
    }

    [Fact]
    public async Task After_somebody_deleted_the_file_a_device_is_told_once_all_the_same()
    {
        await _worker.StartAsync(CancellationToken.None);
        await ToldAsync(1);
        await Until.TrueAsync(IsBooked, "the first wish being booked");
        foreach (var file in Directory.GetFiles(_database.Directory, Database.FileName + "*"))
            File.Delete(file);

        Write("limit-w: 600");
        await UntilAsync(() => _told.Count == 2, "the new wish being told");
        for (var look = 0; look < 20; look++)
        {
            _time.Advance(TimeSpan.FromSeconds(5));
            await Task.Delay(10);
        }

        Assert.Equal((1, 2), (_database.Rescues, _told.Count));

        bool IsBooked()
        {
            using var reader = _database.OpenReader();
            return FacilityMonitor.Storage.BlockTable.Number(reader, "select count(*) from device_cfg") == 1;
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_device_that_runs_something_else_or_does_not_say_what_is_counted_after_ten_minutes_and_told_again(bool says)
    {
        await _worker.StartAsync(CancellationToken.None);
        await ToldAsync(1);
        await BirthAsync(says ? "0123456789abcdef" : null);
        _time.Advance(TimeSpan.FromMinutes(9));
        Assert.Equal(0, _counts.ConfigurationsBehind);
        await UntilAsync(() => _counts.ConfigurationsBehind == 1, "the device being counted");
        Assert.InRange(NowMs, Start + ConfigurationWorker.BehindAfterMs, Start + ConfigurationWorker.BehindAfterMs + 20_000);
        await ToldAsync(2);

        await StatusAsync(JsonDocument.Parse(_told.Last().Body).RootElement.GetProperty("hash").GetString()!);
        await UntilAsync(() => _counts.ConfigurationsBehind == 0, "the device having followed");
    }

    [Fact]
    public async Task A_device_that_never_came_is_not_counted_and_nothing_is_told_while_the_broker_is_away()
    {
        _isUp = false;
        await _worker.StartAsync(CancellationToken.None);
        _time.Advance(TimeSpan.FromMinutes(30));
        Assert.Empty(_told);
        _isUp = true;
        await UntilAsync(() => _told.Count == 1, "the wish being told");
        _time.Advance(TimeSpan.FromMinutes(30));

        Assert.Equal(0, _counts.ConfigurationsBehind);
        Assert.Single(_told);
    }

    [Fact]
    public void The_same_wish_has_the_same_hash_and_another_wish_another_one()
    {
        var wish = new DesiredConfiguration(30, 800);
        Assert.Equal(new DesiredConfiguration(30, 800).Hash, wish.Hash);
        Assert.Matches("^[0-9a-f]{16}$", wish.Hash);
        Assert.Equal(3, new[] { wish, wish with { PeriodS = 31 }, wish with { LimitW = null } }.Select(one => one.Hash).Distinct().Count());
        Assert.InRange(Fm1Downlink.Configuration(wish, long.MaxValue).Length, 1, DesiredConfiguration.BytesMax);
    }

    [Theory]
    [InlineData("period-s: 1", true)]
    [InlineData("period-s: 0", false)]
    [InlineData("period-s: 3600", true)]
    [InlineData("period-s: 3601", false)]
    [InlineData("limit-w: 10", true)]
    [InlineData("limit-w: 9", false)]
    [InlineData("limit-w: 900", true)]
    [InlineData("limit-w: 901", false)]
    [InlineData("limit: 100", false)]
    public void The_registry_wants_only_what_a_device_may_be_set_to(string desired, bool isGood)
    {
        Write(desired);

        Assert.Equal(isGood, FacilityLoader.Load(Config, RunCommand.Rules).Facility is not null);
    }

    [Theory]
    [InlineData("kind: siren", "desired: {limit-w: 100}")]
    [InlineData("kind: plug, foreign: \"tasmota:x\"", "desired: {period-s: 10}")]
    [InlineData("kind: lamp, period-s: 20", "desired: {period-s: 21}")]
    public void A_wish_that_cannot_be_followed_or_would_raise_a_false_alert_is_refused(string device, string desired)
    {
        File.WriteAllText(Path.Combine(Config, "facility.yaml"), $"sites:\n  - id: lane\n    name: 里\n    devices:\n      - {{id: d-1, name: 一, {device}, {desired}}}\n");

        var errors = FacilityLoader.Load(Config, RunCommand.Rules).Errors.Where(error => !error.IsWarning);

        Assert.Contains("desired", Assert.Single(errors).Key, StringComparison.Ordinal);
    }

    private static long Start => new ManualTime().GetUtcNow().ToUnixTimeMilliseconds();

    private void Write(string desired) => File.WriteAllText(
        Path.Combine(Config, "facility.yaml"), $$"""
        sites:
          - id: lane
            name: {zh: 里, en: Lane}
            devices:
              - {id: pile-01, name: {zh: 一, en: One}, kind: pile, sockets: 2, socket-rated-w: 900, desired: { {{desired}} } }
        """);

    private Task ToldAsync(int count) => Until.TrueAsync(() => _told.Count >= count, $"{count} configurations were told");

    /// <summary>Lets the clock go on until it is so; the registry and the worker look at it every few seconds.</summary>
    private Task UntilAsync(Func<bool> condition, string what) => Until.TrueAsync(
        () =>
        {
            if (condition())
                return true;
            _time.Advance(TimeSpan.FromSeconds(5));
            return condition();
        },
        what);

    private Task BirthAsync(string? cfg) => TakeAsync(new DeviceWord(_pile, NowMs, null, new DeviceAbilities([], [], false), "b", cfg));

    private Task StatusAsync(string cfg) => TakeAsync(new DeviceWord(_pile, NowMs, null, null, null, cfg));

    private Task TakeAsync(DeviceWord word)
    {
        var keep = new DeviceWords(new ControlCounts(), new UnwrittenCommands()).Keep([word], []);
        return _database.CommitAsync(CommitPriority.Ingest, connection => keep(connection, 0));
    }
}
