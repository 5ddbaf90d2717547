using System.Globalization;
using System.Threading.Channels;
using FacilityMonitor.Contract;
using FacilityMonitor.Mqtt;
using FacilityMonitor.Readings;

namespace FacilityMonitor.Ingest;

/// <summary>Sends receipts and requests to devices, apart from the way of the readings: a slow broker delays a receipt, never a reading.</summary>
/// <remarks>Bounded by the number of devices: of several receipts of one boot that wait, the newest is sent; a device has <see cref="SequenceTracker.GapsMax"/> gaps in each of
/// <see cref="SequenceTracker.BootsMax"/> boots to be asked for at most. One that has many holds up nobody's receipt: of the requests a part is sent, then receipts come first again.</remarks>
internal sealed class Receipts(IMqttSession session, DeviceTable devices, TimeProvider time)
{
    /// <summary>How long a device may wait before it no longer obeys a request to resend, s.</summary>
    private const int ResendTtlS = 60;

    /// <summary>Requests sent before receipts have their turn again.</summary>
    public const int RequestsARound = 64;

    private readonly Lock _gate = new();
    private readonly Dictionary<(int Device, BootId Boot), Watermark> _receipts = [];
    private readonly Dictionary<(int Device, BootId Boot, long From), ResendRequest> _requests = [];
    private readonly Channel<bool> _some = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private long _requestNumber;

    /// <summary>Receipts sent.</summary>
    public long Sent { get; private set; }

    /// <summary>Requests to resend that were sent.</summary>
    public long Requested { get; private set; }

    public void Add(List<(int Device, Watermark Settled)> receipts, List<(int Device, ResendRequest Request)> requests)
    {
        lock (_gate)
        {
            foreach (var (device, settled) in receipts)
                _receipts[(device, settled.Boot)] = settled;
            foreach (var (device, request) in requests)
                _requests[(device, request.Boot, request.From)] = request;
        }

        if (receipts.Count + requests.Count > 0)
            _some.Writer.TryWrite(true);
    }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            await _some.Reader.ReadAsync(cancellationToken);
            foreach (var (device, settled) in Take(_receipts, int.MaxValue).Select(pair => (pair.Key.Device, pair.Value)))
            {
                if (Topic(device, Fm1Kind.Acked) is not { } topic)
                    continue;
                await session.PublishAsync(topic, Fm1Downlink.Acked(settled), MqttQos.AtLeastOnce, retain: true, cancellationToken: cancellationToken);
                Sent++;
            }

            foreach (var (device, request) in Take(_requests, RequestsARound).Select(pair => (pair.Key.Device, pair.Value)))
            {
                if (Topic(device, Fm1Kind.Cmd) is not { } topic)
                    continue;
                var now = time.GetUtcNow().ToUnixTimeMilliseconds();
                var id = string.Create(CultureInfo.InvariantCulture, $"{Fm1Downlink.ResendIdPrefix}{now}-{++_requestNumber}");
                var properties = new MqttPublishProperties { MessageExpiry = TimeSpan.FromSeconds(ResendTtlS) };
                await session.PublishAsync(
                    topic, Fm1Downlink.Resend(request, id, now + (ResendTtlS * 1000L), ResendTtlS), MqttQos.AtLeastOnce, retain: false, properties, cancellationToken);
                Requested++;
            }
        }
    }

    private KeyValuePair<TKey, TValue>[] Take<TKey, TValue>(Dictionary<TKey, TValue> waiting, int most)
        where TKey : notnull
    {
        lock (_gate)
        {
            var taken = waiting.Take(most).ToArray();
            foreach (var (key, _) in taken)
                waiting.Remove(key);
            if (waiting.Count > 0)
                _some.Writer.TryWrite(true);
            return taken;
        }
    }

    private string? Topic(int device, Fm1Kind kind) =>
        devices.Find(device)?.Id is { Dialect: Dialect.Fm1, Site: { } site } id ? Fm1Topic.Of(site, id.Name, kind) : null;
}
