using System.Runtime.CompilerServices;
using FacilityMonitor.Contract;
using FacilityMonitor.Readings;

namespace FacilityMonitor.Storage;

/// <summary>Readings in memory only: for tests and for runs that keep nothing.</summary>
internal sealed class MemoryStore : IReadingStore, IReadingHours
{
    private readonly OpenBlocks _open = new();
    private readonly LatestTable _latest = new();

    public void Add(DeviceMessage message) => _open.Add(message, _latest);

    public ValueTask<IReadOnlyList<LatestReading>> LatestAsync(IReadOnlyCollection<Device> devices, CancellationToken cancellation) =>
        ValueTask.FromResult<IReadOnlyList<LatestReading>>([.. devices.SelectMany(_latest.Of)]);

    public ValueTask<IReadOnlyList<IReadOnlyList<SeriesPoint>>> SeriesAsync(
        Device device, IReadOnlyList<ChannelId> channels, Metric metric, long fromMs, long toMs, int maxPoints, CancellationToken cancellation) =>
        ReadingQueries.SeriesAsync(this, device, channels, metric, fromMs, toMs, maxPoints, cancellation);

    public IAsyncEnumerable<StoredReading> ReadingsAsync(Device device, long fromMs, long toMs, CancellationToken cancellation) =>
        ReadingQueries.ReadingsAsync(this, device, fromMs, toMs, cancellation);

    public async IAsyncEnumerable<ReadingHour> HoursAsync(Device device, long fromMs, long toMs, ReadingParts parts, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var (from, to) = (HourlyRollup.HourOf(fromMs), HourlyRollup.HourOf(toMs - 1));
        foreach (var hour in _open.Hours(device.Number).Where(hour => hour >= from && hour <= to).Order())
        {
            cancellation.ThrowIfCancellationRequested();
            var block = new ReadingBlock();
            _open.CopyTo(device.Number, hour, block);
            yield return new ReadingHour(hour, block.Sort());
        }

        await Task.CompletedTask;
    }

    public ValueTask<long?> HourBeforeAsync(Device device, long hour, CancellationToken cancellation) =>
        ValueTask.FromResult(_open.Hours(device.Number).Where(other => other < hour).Select(other => (long?)other).Max());

    public ValueTask<IReadOnlyList<HourlyRollup>> HourlyAsync(IReadOnlyCollection<Device> devices, long fromMs, long toMs, CancellationToken cancellation) =>
        ReadingQueries.HourlyAsync(this, devices, fromMs, toMs, cancellation);

    public ValueTask<IReadOnlyList<Load>> TopLoadsAsync(IReadOnlyCollection<Device> devices, long sinceMs, int most, CancellationToken cancellation) =>
        ValueTask.FromResult(ReadingQueries.Top(devices.SelectMany(_latest.Of), sinceMs, most));
}
