using System.Runtime.CompilerServices;
using FacilityMonitor.Contract;
using FacilityMonitor.Readings;

namespace FacilityMonitor.Storage;

/// <summary>Readings in memory only: for tests and for runs that keep nothing.</summary>
internal sealed class MemoryStore : IReadingStore
{
    private readonly OpenBlocks _open = new();
    private readonly LatestTable _latest = new();

    public void Add(DeviceMessage message) => _open.Add(message, _latest);

    public ValueTask<IReadOnlyList<LatestReading>> LatestAsync(IReadOnlyCollection<Device> devices, CancellationToken cancellation) =>
        ValueTask.FromResult<IReadOnlyList<LatestReading>>([.. devices.SelectMany(_latest.Of)]);

    public ValueTask<IReadOnlyList<SeriesPoint>> SeriesAsync(
        Device device, ChannelId channel, Metric metric, long fromMs, long toMs, int maxPoints, CancellationToken cancellation)
    {
        var values = new List<(long, double)>();
        foreach (var hour in _open.Hours(device.Number).Order())
            EmbeddedStore.Collect(ReadHour(device, hour), channel, metric, fromMs, toMs, values);
        return ValueTask.FromResult(ReadingStoreExtensions.Bucket(values, fromMs, toMs, maxPoints));
    }

    public async IAsyncEnumerable<StoredReading> ReadingsAsync(Device device, long fromMs, long toMs, [EnumeratorCancellation] CancellationToken cancellation)
    {
        foreach (var hour in _open.Hours(device.Number).Order())
        {
            cancellation.ThrowIfCancellationRequested();
            var block = ReadHour(device, hour);
            for (var index = 0; index < block.Count; index++)
            {
                if (block.Rows[index].AtMs >= fromMs && block.Rows[index].AtMs < toMs)
                    yield return EmbeddedStore.ToReading(device, block, index);
            }
        }

        await Task.CompletedTask;
    }

    public ValueTask<IReadOnlyList<HourlyRollup>> HourlyAsync(IReadOnlyCollection<Device> devices, long fromMs, long toMs, CancellationToken cancellation)
    {
        var rows = new List<HourlyRollup>();
        foreach (var device in devices)
        {
            var before = new ReadingBlock();
            foreach (var hour in _open.Hours(device.Number).Order())
            {
                var block = ReadHour(device, hour);
                if (hour >= EmbeddedStore.FirstHour(fromMs) && hour <= HourlyRollup.HourOf(toMs - 1))
                    rows.AddRange(HourlyRollup.Of(device.Number, hour, before, block));
                before = block;
            }
        }

        return ValueTask.FromResult<IReadOnlyList<HourlyRollup>>([.. rows.OrderBy(row => row.Device).ThenBy(row => row.Channel.Code).ThenBy(row => row.Hour)]);
    }

    public ValueTask<IReadOnlyList<Load>> TopLoadsAsync(IReadOnlyCollection<Device> devices, long sinceMs, int most, CancellationToken cancellation) =>
        ValueTask.FromResult(EmbeddedStore.Top(devices.SelectMany(_latest.Of), sinceMs, most));

    private ReadingBlock ReadHour(Device device, long hour)
    {
        var block = new ReadingBlock();
        _open.CopyTo(device.Number, hour, block);
        return block.Sort();
    }
}
