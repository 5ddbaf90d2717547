using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Storage;
using FacilityMonitor.Web;

namespace FacilityMonitor.Tests.Web;

/// <summary>History is read by a bounded number at once.</summary>
public sealed class SeriesDeskTests : IDisposable
{
    private readonly ManualTime _time = new();
    private readonly DeviceTable _devices = new();
    private readonly SlowStore _store = new();

    public void Dispose() => _store.Dispose();

    [Fact]
    public async Task Two_read_at_once_the_third_waits_its_turn_and_after_ten_seconds_is_refused_and_counted()
    {
        _devices.Resolve(Dialect.Fm1, "huaihai"u8, "meter-shed"u8);
        using var desk = new SeriesDesk(_store, _devices, _time);
        var (one, other) = (desk.ReadAsync(Query, default), desk.ReadAsync(Query, default));
        var (third, fourth) = (desk.ReadAsync(Query, default), desk.ReadAsync(Query, default));

        _time.Advance(SeriesDesk.TurnMax - TimeSpan.FromMilliseconds(1));
        Assert.False(third.IsCompleted);
        _store.Release();
        Assert.IsType<SeriesOutcome.Found>(await await Task.WhenAny(one, other));
        await _store.EnteredAsync(3);
        _time.Advance(TimeSpan.FromMilliseconds(1));

        var outcomes = new[] { third, fourth };
        Assert.IsType<SeriesOutcome.Busy>(await await Task.WhenAny(outcomes));
        Assert.Equal(1, desk.Refused);
        _store.Release(2);
        Assert.All(await Task.WhenAll(one, other), outcome => Assert.IsType<SeriesOutcome.Found>(outcome));
        Assert.Single(await Task.WhenAll(outcomes), outcome => outcome is SeriesOutcome.Found);
    }

    [Fact]
    public async Task Whoever_leaves_the_page_while_waiting_is_not_called_refused()
    {
        _devices.Resolve(Dialect.Fm1, "huaihai"u8, "meter-shed"u8);
        using var desk = new SeriesDesk(_store, _devices, _time);
        var reading = new[] { desk.ReadAsync(Query, default), desk.ReadAsync(Query, default) };
        using var leaving = new CancellationTokenSource();
        var waiting = desk.ReadAsync(Query, leaving.Token);

        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.Equal(0, desk.Refused);
        _store.Release(2);
        await Task.WhenAll(reading);
    }

    [Fact]
    public async Task A_device_that_never_spoke_has_an_empty_history_and_takes_nobodys_turn()
    {
        using var desk = new SeriesDesk(_store, _devices, _time);

        var found = Assert.IsType<SeriesOutcome.Found>(await desk.ReadAsync(Query, default));

        Assert.Empty(Assert.Single(found.Channels));
    }

    private static SeriesQuery Query
    {
        get
        {
            var entry = new DeviceEntry { Id = "meter-shed", Name = new LocalText("电表", "Meter"), Kind = DeviceKind.Meter };
            return new SeriesQuery(new RegisteredDevice(new Site { Id = "huaihai", Name = new LocalText("淮海里", "Huaihai Lane"), Devices = [entry] }, entry), [ChannelId.Main], Metric.A, 0, 1, 1);
        }
    }

    /// <summary>A store that answers when it is let.</summary>
    private sealed class SlowStore : IReadingStore, IDisposable
    {
        private readonly SemaphoreSlim _gate = new(0);
        private int _entered;

        public void Dispose() => _gate.Dispose();

        public void Release(int count = 1) => _gate.Release(count);

        public async Task EnteredAsync(int count)
        {
            while (Volatile.Read(ref _entered) < count)
                await Task.Yield();
        }

        public async ValueTask<IReadOnlyList<IReadOnlyList<SeriesPoint>>> SeriesAsync(
            Device device, IReadOnlyList<ChannelId> channels, Metric metric, long fromMs, long toMs, int maxPoints, CancellationToken cancellation)
        {
            Interlocked.Increment(ref _entered);
            await _gate.WaitAsync(cancellation);
            return [.. channels.Select(_ => Array.Empty<SeriesPoint>())];
        }

        public ValueTask<IReadOnlyList<LatestReading>> LatestAsync(IReadOnlyCollection<Device> devices, CancellationToken cancellation) => throw new NotSupportedException();

        public IAsyncEnumerable<StoredReading> ReadingsAsync(Device device, long fromMs, long toMs, CancellationToken cancellation) => throw new NotSupportedException();

        public ValueTask<IReadOnlyList<HourlyRollup>> HourlyAsync(IReadOnlyCollection<Device> devices, long fromMs, long toMs, CancellationToken cancellation) => throw new NotSupportedException();

        public ValueTask<long?> HourBeforeAsync(Device device, long hour, CancellationToken cancellation) => throw new NotSupportedException();

        public ValueTask<IReadOnlyList<Load>> TopLoadsAsync(IReadOnlyCollection<Device> devices, long sinceMs, int most, CancellationToken cancellation) => throw new NotSupportedException();
    }
}
