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
    private LiveGateway? _carries;
    private LiveGateway? _carriedBy;
    private ILiveConnection? _connection;
    private int _number;

    private LiveStation(DeviceFirmware firmware, BrokerAddress broker, ChannelWriter<Signal> signals, TimeProvider time)
        : base(firmware)
    {
        _broker = broker;
        _signals = signals;
        _time = time;
    }

    public long Produced { get; private set; }

    public long Sent { get; private set; }

    public long BrokerAcked { get; private set; }

    public long WatermarkAcked { get; private set; }

    public long Losses { get; private set; }

    public long Refusals { get; private set; }

    public string? LastRefusal { get; private set; }

    /// <summary>Whether it has a place in its gateway's connection, standing or not.</summary>
    public bool IsSeated => _connection is not null;

    protected override bool IsDialled => _connection is not null;

    public static LiveStation Of(
        SimulatedDevice device, FirmwareSettings settings, BrokerAddress broker, Ledger ledger, ChannelWriter<Signal> signals, TimeProvider time)
    {
        LiveStation? station = null;
        // Real entropy, whatever the seed: a boot that came twice would make the service drop the second run's messages as duplicates.
        static ulong Entropy() => BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));
        if (device.Seat.Dialect != SpokenDialect.Fm1)
            return station = new LiveStation(ForeignFirmware.Of(device.Seat.Dialect, device, Entropy, message => station!.Publish(message)), broker, signals, time);
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
        return station = new LiveStation(firmware, broker, signals, time);
    }

    /// <summary>From now on it speaks over the connection of its gateway.</summary>
    public void Share(LiveStation gateway)
    {
        _carriedBy = gateway._carries ??= new LiveGateway(gateway);
        _carriedBy.Carry(this);
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
                _carries?.Connected(now);
                break;
            case Signal.Down:
                Losses++;
                Firmware.Disconnected();
                Close(_connection.AbandonAsync());
                _carries?.Disconnected();
                break;
            case Signal.Delivered delivered:
                BrokerAcked++;
                Firmware.Delivered(delivered.Key);
                break;
            case Signal.Refused refused:
                Refusals++;
                LastRefusal = refused.Reason;
                break;
            case Signal.Received received when _carries is null:
                Receive(received, now);
                break;
            case Signal.Received received:
                _carries.Distribute(received, now);
                break;
        }
    }

    /// <summary>Waits until the broker has what was said last.</summary>
    public async Task CloseAsync()
    {
        if (_connection is not null)
            Close(_connection.CloseAsync());
        await Task.WhenAll(_closing).ConfigureAwait(false);
    }

    /// <summary>Takes in what is for it.</summary>
    public void Receive(Signal.Received received, in Moment now) =>
        Firmware.Receive(received.Topic, received.Payload, received.Retained, now, received.ArrivedMs);

    /// <summary>The connection of its gateway is gone.</summary>
    public void LoseSeat()
    {
        if (_connection is null)
            return;
        Losses += Firmware.IsConnected ? 1 : 0;
        Firmware.Disconnected();
        _connection = null;
    }

    /// <summary>Says that it is switched off; what is behind it speaks first.</summary>
    public void ShutDown(in Moment now)
    {
        _carries?.ShutDown(now);
        Firmware.ShutDown(now);
    }

    /// <summary>Publishes for a device behind this gateway; without a connection it goes nowhere.</summary>
    public void PublishFor(LiveStation station, int number, Outgoing message)
    {
        if (Firmware.IsConnected && _connection is LiveConnection own)
            own.PublishFor(station, number, message);
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
        var will = Firmware.NextWill();
        if (_carriedBy is not null)
        {
            _connection = new SharedSeat(_carriedBy, this, _number, will);
            _carriedBy.Seat(this, now);
            return;
        }

        var topics = Firmware.Subscriptions.Concat(_carries?.Subscriptions ?? []).Distinct();
        var connection = new LiveConnection(_broker, this, _number, will, topics, isShared: _carries is not null, _signals, _time);
        _connection = connection;
        connection.Open();
    }

    protected override void HangUp(in Moment now)
    {
        Firmware.Disconnected();
        Close(_connection!.TearAsync());
        _carries?.Disconnected();
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
