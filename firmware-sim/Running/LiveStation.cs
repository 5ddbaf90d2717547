using System.Security.Cryptography;
using System.Threading.Channels;
using FirmwareSim.Devices;
using FirmwareSim.Protocol;

namespace FirmwareSim.Running;

/// <summary>One device on a real broker. All of it but the connection's own tasks runs on the world's thread.</summary>
internal sealed class LiveStation : Station, IAsyncDisposable
{
    private readonly BrokerAddress _broker;
    private readonly ChannelWriter<Signal> _signals;
    private readonly TimeProvider _time;
    private readonly List<Task> _closing = [];
    private readonly LiveGateway? _gateway;
    private ILiveConnection? _connection;
    private int _number;

    private LiveStation(DeviceFirmware firmware, BrokerAddress broker, ChannelWriter<Signal> signals, TimeProvider time, LiveGateway? gateway)
        : base(firmware)
    {
        _broker = broker;
        _signals = signals;
        _time = time;
        _gateway = gateway;
    }

    public long Produced { get; private set; }

    public long Sent { get; private set; }

    public long BrokerAcked { get; private set; }

    public long WatermarkAcked { get; private set; }

    public long Losses { get; private set; }

    public long Refusals { get; private set; }

    public string? LastRefusal { get; private set; }

    protected override bool IsDialled => _connection is not null;

    public static LiveStation Of(
        SimulatedDevice device, FirmwareSettings settings, BrokerAddress broker, Ledger ledger, ChannelWriter<Signal> signals, TimeProvider time,
        LiveGateway? gateway = null)
    {
        LiveStation? station = null;
        // Real entropy, whatever the seed: a boot that came twice would make the service drop the second run's messages as duplicates.
        static ulong Entropy() => BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));
        if (device.Seat.Dialect != SpokenDialect.Fm1)
            return station = new LiveStation(ForeignFirmware.Of(device.Seat.Dialect, device, Entropy, message => station!.Publish(message)), broker, signals, time, gateway);
        var firmware = new Firmware(
            device,
            settings,
            Entropy,
            bootCount: RandomNumberGenerator.GetInt32(1, 100),
            message => station!.Publish(message),
            (key, kind) =>
            {
                station!.Produced++;
                ledger.Produced(device, key, kind);
            },
            key =>
            {
                station!.WatermarkAcked++;
                ledger.Acked(device, key);
            });
        return station = new LiveStation(firmware, broker, signals, time, gateway);
    }

    /// <summary>What the network said; words of an earlier connection are too late.</summary>
    public void Hear(Signal signal, in Moment now)
    {
        if (signal.Connection != _number || _connection is null)
            return;
        switch (signal)
        {
            case Signal.Up:
                Firmware.Connected(now);
                break;
            case Signal.Down:
                Losses++;
                Firmware.Disconnected();
                Close(_connection.AbandonAsync());
                break;
            case Signal.Delivered delivered:
                BrokerAcked++;
                Firmware.Delivered(delivered.Key);
                break;
            case Signal.Refused refused:
                Refusals++;
                LastRefusal = refused.Reason;
                break;
            case Signal.Received received:
                Firmware.Receive(received.Topic, received.Payload, received.Retained, now, received.ArrivedMs);
                break;
        }
    }

    /// <summary>Says that it is switched off, and waits until the broker knows.</summary>
    public async Task ShutDownAsync(Moment now)
    {
        Firmware.ShutDown(now);
        if (_connection is not null)
            Close(_connection.CloseAsync());
        await Task.WhenAll(_closing).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        if (_connection is not null)
            await _connection.DisposeAsync().ConfigureAwait(false);
        Firmware.Dispose();
    }

    protected override void Dial(in Moment now)
    {
        _closing.RemoveAll(task => task.IsCompletedSuccessfully);
        // The old connection of the same client id goes first; else the broker would end the new one for it.
        if (_closing.Count > 0)
            return;
        _number++;
        _connection = _gateway?.Seat(this, _number) ?? new LiveConnection(_broker, this, _number, Firmware.NextWill(), _signals, _time);
        _connection.Open();
    }

    protected override void HangUp(in Moment now)
    {
        Firmware.Disconnected();
        Close(_connection!.TearAsync());
    }

    private void Close(Task closing)
    {
        _connection = null;
        _closing.Add(closing);
    }

    private void Publish(Outgoing message)
    {
        if (message.Key is not null)
            Sent++;
        _connection?.Publish(message);
    }
}
