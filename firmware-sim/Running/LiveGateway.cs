using System.Globalization;
using System.Text;
using System.Threading.Channels;
using FacilityMonitor.Mqtt;
using FirmwareSim.Protocol;

namespace FirmwareSim.Running;

/// <summary>One MQTT connection for many devices of one site, as a gateway in a district's server room holds it.</summary>
/// <remarks>The client reconnects by itself. A device behind it has no will of its own: that is what sharing costs, and the service has to see it by silence.</remarks>
internal sealed class LiveGateway : IAsyncDisposable
{
    private static readonly TimeSpan GoodbyeMax = TimeSpan.FromSeconds(5);

    private readonly MqttClient _client;
    private readonly ChannelWriter<Signal> _signals;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _ended = new();
    private readonly Dictionary<string, Place> _places = [];
    private readonly List<Task> _work = [];
    private Task _lastPublish = Task.CompletedTask;
    private bool _isUp;

    public LiveGateway(BrokerAddress broker, string site, int number, IEnumerable<string> devices, ChannelWriter<Signal> signals, TimeProvider time)
    {
        _signals = signals;
        _time = time;
        _client = new MqttClient(
            new MqttClientOptions
            {
                Host = broker.Host,
                Port = broker.Port,
                Tls = broker.IsTls ? new MqttTls() : null,
                Username = broker.User,
                Password = broker.Password,
                ClientId = string.Create(CultureInfo.InvariantCulture, $"sim-{site}-gateway-{number}"),
                CleanStart = true,
                SessionExpiry = TimeSpan.Zero,
                KeepAlive = TimeSpan.FromSeconds(20),
                Subscriptions =
                [
                    .. devices.Select(device => new MqttSubscription($"fm/1/{site}/{device}/cmd")),
                    .. devices.Select(device => new MqttSubscription($"fm/1/{site}/{device}/cfg") { RetainAsPublished = false }),
                    .. devices.Select(device => new MqttSubscription($"fm/1/{site}/{device}/acked") { RetainAsPublished = false }),
                    new MqttSubscription("fm/1/state/+") { RetainAsPublished = false },
                ],
                OutboundWindow = 500,
                OutboundQueue = 20_000,
                InboundBatchMessages = 256,
                MaximumPacketSize = 64 << 10,
                ReconnectMin = TimeSpan.FromMilliseconds(500),
                ReconnectMax = TimeSpan.FromSeconds(10),
            },
            time);
    }

    /// <summary>A place in it for one device's connection.</summary>
    public ILiveConnection Seat(LiveStation station, int number) => new Place(this, station, number);

    public void Start()
    {
        _ = _client.StartAsync();
        _work.Add(WatchAsync());
        _work.Add(ReceiveAsync());
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAny(_lastPublish, Task.Delay(GoodbyeMax, _time)).ConfigureAwait(false);
        using var patience = new CancellationTokenSource(GoodbyeMax, _time);
        await _client.StopAsync(publishWill: false, patience.Token).ConfigureAwait(false);
        await _ended.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(_work).ConfigureAwait(false);
        await _client.DisposeAsync().ConfigureAwait(false);
        _ended.Dispose();
    }

    private async Task WatchAsync()
    {
        try
        {
            await foreach (var change in _client.WatchAsync(_ended.Token).ConfigureAwait(false))
            {
                var isUp = change.State == MqttConnectionState.Subscribed;
                Place[] places;
                lock (_places)
                {
                    if (isUp == _isUp)
                        continue;
                    _isUp = isUp;
                    places = [.. _places.Values];
                }

                foreach (var place in places)
                    await _signals.WriteAsync(place.Said(isUp), _ended.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // Closed.
        }
    }

    private async Task ReceiveAsync()
    {
        try
        {
            while (await _client.ReceiveAsync(_ended.Token).ConfigureAwait(false) is { } batch)
            {
                using (batch)
                {
                    for (var index = 0; index < batch.Count; index++)
                        await DistributeAsync(Encoding.UTF8.GetString(batch[index].Topic), batch[index].Payload.ToArray(), batch[index].Retain).ConfigureAwait(false);
                    await batch.AcknowledgeAsync().ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Closed.
        }
    }

    private async Task DistributeAsync(string topic, byte[] payload, bool isRetained)
    {
        var atMs = _time.GetUtcNow().ToUnixTimeMilliseconds();
        Place[] places;
        lock (_places)
        {
            // A host's state is for everybody; what comes later is told it when it sits down.
            if (topic.StartsWith("fm/1/state/", StringComparison.Ordinal))
                places = [.. _places.Values];
            else
                places = _places.TryGetValue(topic.Split('/')[3], out var place) ? [place] : [];
        }

        foreach (var place in places)
            await _signals.WriteAsync(new Signal.Received(place.Station, place.Number, topic, payload, isRetained, atMs), _ended.Token).ConfigureAwait(false);
    }

    /// <summary>One device's seat.</summary>
    private sealed class Place(LiveGateway gateway, LiveStation station, int number) : ILiveConnection
    {
        public LiveStation Station { get; } = station;

        public int Number { get; } = number;

        private string Device => Station.Firmware.Device.Seat.Id;

        public Signal Said(bool isUp) => isUp ? new Signal.Up(Station, Number) : new Signal.Down(Station, Number);

        public void Open()
        {
            lock (gateway._places)
            {
                gateway._places[Device] = this;
                if (!gateway._isUp)
                    return;
            }

            // On the world's own thread: the channel may be full of what this thread has yet to read.
            _ = gateway._signals.WriteAsync(Said(isUp: true), gateway._ended.Token).AsTask();
        }

        public void Publish(Outgoing message) => gateway._lastPublish = PublishAsync(message);

        public Task TearAsync() => LeaveAsync();

        public Task AbandonAsync() => LeaveAsync();

        public Task CloseAsync() => LeaveAsync();

        public ValueTask DisposeAsync() => new(LeaveAsync());

        private Task LeaveAsync()
        {
            lock (gateway._places)
            {
                if (gateway._places.TryGetValue(Device, out var place) && place == this)
                    gateway._places.Remove(Device);
            }

            return Task.CompletedTask;
        }

        private async Task PublishAsync(Outgoing message)
        {
            try
            {
                var reason = await gateway._client.PublishAsync(
                    Encoding.UTF8.GetBytes(message.Topic), message.Payload, MqttQos.AtLeastOnce, message.Retain, null, gateway._ended.Token).ConfigureAwait(false);
                if (reason >= MqttReasonCode.UnspecifiedError)
                    await gateway._signals.WriteAsync(new Signal.Refused(Station, Number, $"{message.Topic}: {reason}"), gateway._ended.Token).ConfigureAwait(false);
                else if (message.Key is { } key)
                    await gateway._signals.WriteAsync(new Signal.Delivered(Station, Number, key), gateway._ended.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                // Closed with it; the firmware still has it.
            }
        }
    }
}
