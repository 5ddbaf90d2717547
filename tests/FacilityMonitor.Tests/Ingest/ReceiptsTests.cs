using FacilityMonitor.Contract;
using FacilityMonitor.Ingest;
using FacilityMonitor.Mqtt;
using FacilityMonitor.Readings;
using FacilityMonitor.Tests.Mqtt;

namespace FacilityMonitor.Tests.Ingest;

/// <summary>What devices are told of their messages. One with thousands of gaps holds up nobody's receipt.</summary>
public sealed class ReceiptsTests
{
    private readonly DeviceTable _devices = new();

    [Fact]
    public async Task A_receipt_waits_for_a_part_of_the_requests_and_not_for_all()
    {
        var (many, other) = (Device("many"), Device("other"));
        using var end = new CancellationTokenSource();
        var session = new Said();
        var receipts = new Receipts(session, _devices, new ManualTime());
        session.OnFirst = () => receipts.Add([(other.Number, new Watermark(Boot, 7))], []);
        receipts.Add([], [.. Enumerable.Range(0, 1_000).Select(gap => (many.Number, new ResendRequest(Boot, 2 * gap, 2 * gap)))]);

        var running = receipts.RunAsync(end.Token);
        await Until.TrueAsync(() => session.Count >= 1_001, "everything is said");
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);

        Assert.InRange(session.Topics.IndexOf("fm/1/lane/other/acked"), 1, Receipts.RequestsARound);
        Assert.Equal((1, 1_000), (receipts.Sent, receipts.Requested));
        Assert.Equal(1_000, session.Topics.Count(topic => topic == "fm/1/lane/many/cmd"));
    }

    private static BootId Boot => BootId.TryParse("a1"u8, out var boot) ? boot : default;

    private Device Device(string name) => _devices.Resolve(Dialect.Fm1, "lane"u8, System.Text.Encoding.UTF8.GetBytes(name))!;

    /// <summary>A session that takes everything at once and remembers its topics.</summary>
    private sealed class Said : IMqttSession
    {
        private int _count;

        public List<string> Topics { get; } = [];

        public int Count => Volatile.Read(ref _count);

        public Action? OnFirst { get; set; }

        public MqttConnectionChange LastChange => throw new NotSupportedException();

        public IReadOnlyList<string> Retired => throw new NotSupportedException();

        public ValueTask<MqttReasonCode> PublishAsync(
            string topic, ReadOnlyMemory<byte> payload, MqttQos qos, bool retain, MqttPublishProperties? properties = null, CancellationToken cancellationToken = default)
        {
            Topics.Add(topic);
            if (Topics.Count == 1)
                OnFirst?.Invoke();
            Volatile.Write(ref _count, Topics.Count);
            return ValueTask.FromResult(MqttReasonCode.Success);
        }

        public Task StartAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public IAsyncEnumerable<MqttConnectionChange> WatchAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public ValueTask<IMqttBatch?> ReceiveAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public void Resubscribe(IReadOnlyList<MqttSubscription> subscriptions) => throw new NotSupportedException();

        public void MayHold(int batches) => throw new NotSupportedException();

        public Task StopAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task StopAsync(bool publishWill, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
