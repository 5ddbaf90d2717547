using System.Buffers;
using System.Text;
using FacilityMonitor.Mqtt;
using Net = MQTTnet;

namespace FacilityMonitor.Ingest.MqttNet;

/// <summary>
/// Between MQTTnet's callback and the caller: one batch is being filled, some are in the caller's hands, and acknowledgements
/// leave one by one in order of arrival. A callback that finds no room waits, and with it everything behind it.
/// </summary>
internal sealed class MqttNetInbox(MqttClientOptions options) : IDisposable
{
    private readonly Signal _ready = new();
    private readonly Signal _room = new();
    private readonly SemaphoreSlim _acknowledging = new(1, 1);
    private readonly Lock _gate = new();
    private readonly Queue<MqttNetBatch> _unsettled = new();
    private MqttNetBatch? _filling;
    private int _connection;
    private int _held;
    private int _mayHold = options.InboundBatchesInFlight;
    private bool _stopped;

    /// <summary>The number of a connection that begins.</summary>
    public int Connected()
    {
        lock (_gate)
            return ++_connection;
    }

    /// <summary>No acknowledgement is sent any more for what came so far; the server delivers it again.</summary>
    public void ConnectionLost()
    {
        lock (_gate)
        {
            _connection++;
            _unsettled.Clear();
        }

        _room.Set();
    }

    public async Task TakeAsync(int connection, Net.MqttApplicationMessageReceivedEventArgs received)
    {
        received.AutoAcknowledge = false;
        var message = Copy(received.ApplicationMessage, out var bytes);
        while (!TryAdd(connection, received, message, bytes))
            await _room.WaitAsync(CancellationToken.None);
        _ready.Set();
    }

    public async ValueTask<IMqttBatch?> ReceiveAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            lock (_gate)
            {
                if (_stopped)
                    return null;
                if (TryGive() is { } batch)
                    return batch;
            }

            await _ready.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Sends the acknowledgements that are due: those of a batch wait for the batches before it.</summary>
    public async ValueTask SettleAsync()
    {
        await _acknowledging.WaitAsync();
        try
        {
            while (NextSettled() is { } batch)
                await AcknowledgeAsync(batch);
        }
        finally
        {
            _acknowledging.Release();
        }
    }

    public void Returned(MqttNetBatch batch)
    {
        lock (_gate)
        {
            batch.Returned = true;
            _held--;
        }

        _ready.Set();
        if (!batch.Acknowledged)
            _ = SettleAsync().AsTask();
    }

    public void Stop()
    {
        lock (_gate)
            _stopped = true;
        _ready.Set();
        _room.Set();
    }

    public void Dispose() => _acknowledging.Dispose();

    private static MqttInboundMessage Copy(Net.MqttApplicationMessage message, out int length)
    {
        // MQTTnet's payload lives as long as its callback; ours as long as the batch.
        var topic = Encoding.UTF8.GetByteCount(message.Topic);
        length = topic + (int)message.Payload.Length;
        var bytes = new byte[length];
        Encoding.UTF8.GetBytes(message.Topic, bytes);
        message.Payload.CopyTo(bytes.AsSpan(topic));
        return new MqttInboundMessage(bytes, topic, (MqttQos)message.QualityOfServiceLevel, message.Retain, message.Dup);
    }

    private bool TryAdd(int connection, Net.MqttApplicationMessageReceivedEventArgs received, in MqttInboundMessage message, int bytes)
    {
        lock (_gate)
        {
            // What comes of a lost connection comes again on the next.
            if (connection != _connection || _stopped)
                return true;
            if (_filling is { } full && (full.Connection != connection || full.Count >= options.InboundBatchMessages || full.Bytes + (long)bytes > options.InboundBatchBytes))
                return false;

            _filling ??= new MqttNetBatch(this, connection);
            _filling.Add(message, received, bytes);
            return true;
        }
    }

    public void MayHold(int batches)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batches, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(batches, MqttClientOptions.InboundBatchesMax);
        lock (_gate)
            _mayHold = batches;
        _ready.Set();
    }

    private MqttNetBatch? TryGive()
    {
        if (_filling is not { } batch || _held >= _mayHold)
            return null;

        _filling = null;
        _held++;
        if (batch.Connection == _connection)
            _unsettled.Enqueue(batch);
        _room.Set();
        return batch;
    }

    private MqttNetBatch? NextSettled()
    {
        lock (_gate)
            return _unsettled.TryPeek(out var batch) && (batch.Acknowledged || batch.Returned) ? _unsettled.Dequeue() : null;
    }

    private static async Task AcknowledgeAsync(MqttNetBatch batch)
    {
        if (!batch.Acknowledged)
            return;

        try
        {
            for (var index = 0; index < batch.Count; index++)
            {
                if (batch[index].Qos == MqttQos.AtMostOnce)
                    continue;
                var received = batch.Received(index);
                received.ReasonCode = (Net.MqttApplicationMessageReceivedReasonCode)batch[index].Reason;
                await received.AcknowledgeAsync(CancellationToken.None);
            }
        }
        catch (Exception error) when (MqttNetTranslation.IsGone(error) || error is OperationCanceledException)
        {
            // The connection is gone, and with it the need: the server delivers the rest again.
        }
    }
}

/// <summary>A batch of copied messages, each with MQTTnet's handle for its acknowledgement.</summary>
internal sealed class MqttNetBatch(MqttNetInbox inbox, int connection) : IMqttBatch
{
    private MqttInboundMessage[] _messages = new MqttInboundMessage[16];
    private readonly List<Net.MqttApplicationMessageReceivedEventArgs> _received = [];

    public int Connection => connection;

    public int Count => _received.Count;

    public int Bytes { get; private set; }

    public volatile bool Acknowledged;

    public bool Returned { get; set; }

    private bool Disposed { get; set; }

    public ref readonly MqttInboundMessage this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count);
            return ref _messages[index];
        }
    }

    public Net.MqttApplicationMessageReceivedEventArgs Received(int index) => _received[index];

    public void Add(in MqttInboundMessage message, Net.MqttApplicationMessageReceivedEventArgs received, int bytes)
    {
        if (Count == _messages.Length)
            Array.Resize(ref _messages, Count * 2);
        _messages[Count] = message;
        _received.Add(received);
        Bytes += bytes;
    }

    public void Reject(int index, MqttReasonCode reason) => _messages[index] = this[index].With(reason);

    public ValueTask AcknowledgeAsync()
    {
        ObjectDisposedException.ThrowIf(Disposed, this);
        Acknowledged = true;
        return inbox.SettleAsync();
    }

    public void Dispose()
    {
        if (Disposed)
            return;

        Disposed = true;
        inbox.Returned(this);
    }
}
