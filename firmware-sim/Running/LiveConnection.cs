using System.Text;
using System.Threading.Channels;
using FacilityMonitor.Mqtt;
using FirmwareSim.Protocol;

namespace FirmwareSim.Running;

/// <summary>One MQTT connection of one device, from its first attempt to its loss. The next one is a new client, because its will carries a new number.</summary>
internal sealed class LiveConnection : ILiveConnection
{
    private static readonly TimeSpan GoodbyeMax = TimeSpan.FromSeconds(3);

    private readonly MqttClient _client;
    private readonly ChannelWriter<Signal> _signals;
    private readonly CancellationTokenSource _ended = new();
    private readonly LiveStation _station;
    private readonly int _number;
    private readonly TimeProvider _time;
    private readonly List<Task> _work = [];
    private Task _lastPublish = Task.CompletedTask;

    /// <param name="broker">Where to.</param>
    /// <param name="station">Whose it is.</param>
    /// <param name="number">Which of its connections this is.</param>
    /// <param name="will">Its will, with the number that the next birth has.</param>
    /// <param name="subscriptions">What it listens to.</param>
    /// <param name="isShared">Whether a hundred devices speak over it.</param>
    /// <param name="signals">Where it tells what happens.</param>
    /// <param name="time">The clock.</param>
    public LiveConnection(
        BrokerAddress broker, LiveStation station, int number, byte[] will, IEnumerable<string> subscriptions, bool isShared, ChannelWriter<Signal> signals, TimeProvider time)
    {
        _station = station;
        _number = number;
        _signals = signals;
        _time = time;
        var firmware = station.Firmware;
        _client = new MqttClient(
            new MqttClientOptions
            {
                Host = broker.Host,
                Port = broker.Port,
                Tls = broker.IsTls ? new MqttTls() : null,
                Username = broker.User,
                Password = broker.Password,
                ClientId = $"sim-{firmware.Device.Seat.Site}-{firmware.Device.Seat.Id}",
                // What a device must not lose is in its own buffer; the broker keeps nothing for it.
                CleanStart = true,
                SessionExpiry = TimeSpan.Zero,
                KeepAlive = TimeSpan.FromSeconds(10),
                Will = firmware.WillTopic is { } willTopic ? new MqttWill(willTopic, will) { Retain = firmware.RetainsWill } : null,
                Subscriptions = [.. subscriptions.Select(topic => new MqttSubscription(topic) { RetainAsPublished = false, RetainHandling = MqttRetainHandling.SendAtSubscribe })],
                // Hundreds of these live in one process, and each says a kilobyte now and then; a gateway's says a hundred times as much.
                ReceiveMaximum = 64,
                OutboundWindow = isShared ? 500 : 100,
                OutboundQueue = isShared ? 20_000 : 2_000,
                InboundBatchMessages = isShared ? 256 : 64,
                InboundBatchBytes = 64 << 10,
                ReadBufferBytes = isShared ? 16 << 10 : 4 << 10,
                WriteBufferBytes = isShared ? 64 << 10 : 32 << 10,
                SocketReceiveBufferBytes = 0,
                MaximumPacketSize = 64 << 10,
                ReconnectMin = TimeSpan.FromMilliseconds(500),
                ReconnectMax = TimeSpan.FromSeconds(10),
            },
            time);
    }

    public void Open()
    {
        _ = _client.StartAsync();
        _work.Add(WatchAsync());
        _work.Add(ReceiveAsync());
    }

    public void Publish(Outgoing message) => PublishFor(_station, _number, message);

    /// <summary>Publishes for a device that shares this connection; what becomes of the message is told to it.</summary>
    public void PublishFor(LiveStation station, int number, Outgoing message) => _lastPublish = PublishAsync(station, number, message);

    /// <summary>Tears the connection as a power cut would, so that the broker publishes the will.</summary>
    public Task TearAsync() => EndAsync(publishWill: true);

    /// <summary>Lets go of a connection that is lost already.</summary>
    public Task AbandonAsync() => EndAsync(publishWill: false);

    /// <summary>Waits until what was published last has arrived, and says goodbye.</summary>
    public async Task CloseAsync()
    {
        await Task.WhenAny(_lastPublish, Task.Delay(GoodbyeMax, _time)).ConfigureAwait(false);
        await EndAsync(publishWill: false).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(_work).ConfigureAwait(false);
        await _client.DisposeAsync().ConfigureAwait(false);
        _ended.Dispose();
    }

    private async Task EndAsync(bool publishWill)
    {
        using var patience = new CancellationTokenSource(GoodbyeMax, _time);
        await _client.StopAsync(publishWill, patience.Token).ConfigureAwait(false);
        await DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Tells of the first time it stands and of the first time it is lost; what comes after belongs to the next connection.</summary>
    private async Task WatchAsync()
    {
        try
        {
            var stood = false;
            await foreach (var change in _client.WatchAsync(_ended.Token).ConfigureAwait(false))
            {
                if (change.State == MqttConnectionState.Subscribed && !stood)
                {
                    stood = true;
                    await _signals.WriteAsync(new Signal.Up(_station, _number), _ended.Token).ConfigureAwait(false);
                }
                else if (stood && change.State is MqttConnectionState.Waiting or MqttConnectionState.Connecting)
                {
                    await _signals.WriteAsync(new Signal.Down(_station, _number), _ended.Token).ConfigureAwait(false);
                    return;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Closed: nobody wants to know any more.
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
                        await _signals.WriteAsync(Take(batch[index]), _ended.Token).ConfigureAwait(false);
                    await batch.AcknowledgeAsync().ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Closed.
        }
    }

    private Signal.Received Take(in MqttInboundMessage message) =>
        new(_station, _number, Encoding.UTF8.GetString(message.Topic), message.Payload.ToArray(), message.Retain, _time.GetUtcNow().ToUnixTimeMilliseconds());

    private async Task PublishAsync(LiveStation station, int number, Outgoing message)
    {
        try
        {
            var reason = await _client.PublishAsync(Encoding.UTF8.GetBytes(message.Topic), message.Payload, MqttQos.AtLeastOnce, message.Retain, null, _ended.Token)
                .ConfigureAwait(false);
            if (reason >= MqttReasonCode.UnspecifiedError)
                await _signals.WriteAsync(new Signal.Refused(station, number, $"{message.Topic}: {reason}"), _ended.Token).ConfigureAwait(false);
            else if (message.Key is { } key)
                await _signals.WriteAsync(new Signal.Delivered(station, number, key), _ended.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Lost with the connection; the firmware still has it.
        }
    }
}
