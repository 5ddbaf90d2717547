using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using FacilityMonitor.Contract;
using FacilityMonitor.Control;
using FirmwareSim.Devices;

namespace FirmwareSim.Protocol;

/// <summary>Settings of one device's radio side.</summary>
internal sealed record FirmwareSettings
{
    /// <summary>Messages it keeps until they are acknowledged.</summary>
    public int BufferMessages { get; init; } = 20_000;

    /// <summary>Longest payload, bytes: a batch that would be longer is split.</summary>
    public int PayloadMax { get; init; } = 16 * 1024;

    /// <summary>Backlog messages a second on <c>hist</c>, so that an outage's end is no storm.</summary>
    public double HistPerSecond { get; init; } = 20;

    /// <summary>How long it waits for a word from a host before it takes silence as "nobody announces itself here" and publishes anyway.</summary>
    public double HostPatienceS { get; init; } = 5;
}

/// <summary>The device's side of <c>fm/1</c>: birth, status and will, numbering, buffer, <c>hist</c> after an outage, watermark, commands.</summary>
/// <remarks>A state machine without threads and without a clock: the caller tells it what happened and takes what it wants to publish.
/// <c>acked</c> is inclusive, as <see cref="Watermark"/> says: the message with that number is let go too.</remarks>
internal sealed class Firmware : DeviceFirmware
{
    /// <summary>Command ids remembered, so that a repeated one is answered again and not done again.</summary>
    /// <remarks>Kept in flash: after a restart a repeated <c>reset</c> must not restart it again.</remarks>
    public const int CommandsRemembered = 32;

    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly FirmwareSettings _settings;
    private readonly Func<ulong> _entropy;
    private readonly MessageBuffer _buffer;
    private readonly ReadingWriter _readings;
    private readonly Settlements<DeviceFact> _settlements = new();
    private readonly ArrayBufferWriter<byte> _body = new(4096);
    private readonly Queue<MessageKey> _backlog = new();
    private readonly Queue<(string Id, CommandAnswer Answer)> _answered = new();
    private readonly Dictionary<string, bool> _hosts = [];
    private readonly Action<Outgoing> _publish;
    private readonly Action<MessageKey, string>? _produced;
    private readonly Action<MessageKey>? _freed;
    private readonly string _prefix;
    private readonly long _offsetMs;

    private string _boot = "";
    private long _bootCount;
    private long _seq;
    private long _bootedMs;
    private long _connectedMs;
    private long _nextReportMs;
    private double _histAllowance;
    private HostView _host;
    private int _readingsInBody;
    private string _kind = "data";
    private Moment _now;
    private readonly List<(long AtMs, Outgoing Message)> _held = [];
    private double _extraDue;
    private bool _restartAfterAnswer;
    private bool _publishedUnheard;
    private string? _cfg;
    private int? _cfgPeriodS;

    /// <param name="device">The thing it speaks for.</param>
    /// <param name="settings">Its limits.</param>
    /// <param name="entropy">Random bits for boot ids. In a written file they come from the seed; in a live run they must not, or a second run
    /// would repeat the first one's (boot, seq) and the service would rightly throw its messages away as duplicates.</param>
    /// <param name="bootCount">The stored boot counter.</param>
    /// <param name="publish">Where it publishes; called only while connected.</param>
    /// <param name="produced">Told of every counted message when it comes into being.</param>
    /// <param name="freed">Told of every counted message the watermark covers.</param>
    public Firmware(
        SimulatedDevice device,
        FirmwareSettings settings,
        Func<ulong> entropy,
        long bootCount,
        Action<Outgoing> publish,
        Action<MessageKey, string>? produced = null,
        Action<MessageKey>? freed = null)
        : base(device)
    {
        _settings = settings;
        _entropy = entropy;
        _bootCount = bootCount;
        _publish = publish;
        _produced = produced;
        _freed = freed;
        _buffer = new MessageBuffer(settings.BufferMessages);
        _prefix = $"fm/1/{device.Seat.Site}/{device.Seat.Id}/";
        _readings = new ReadingWriter { IsMisspelt = device.Seat.Has(Quirks.Misspelt), Finished = Append };
        // Devices do not all report at the same instant.
        _offsetMs = (long)(entropy() % (ulong)Math.Max(1, PeriodMs));
    }

    private enum HostView
    {
        Unknown,
        Online,
        Offline,
    }

    public override string Boot => _boot;

    /// <summary>Connect counter: the will of this connection carries it.</summary>
    public long Bd { get; private set; }

    /// <summary>The number the next message gets.</summary>
    public long NextSeq => _seq;

    public override int Buffered => _buffer.Count;

    public override long Dropped => _buffer.Dropped;

    /// <summary>Messages waiting to go out on <c>hist</c>.</summary>
    public override int Backlog => _backlog.Count;

    public string StatusTopic => _prefix + "status";

    public override string WillTopic => StatusTopic;

    public override string AckedTopic => _prefix + "acked";

    public string CommandTopic => _prefix + "cmd";

    public string ConfigurationTopic => _prefix + "cfg";

    /// <summary>Topics it listens to.</summary>
    public override IReadOnlyList<string> Subscriptions => [CommandTopic, ConfigurationTopic, AckedTopic, "fm/1/state/+"];

    private double PeriodS => _cfgPeriodS ?? Device.Seat.PeriodS;

    private long PeriodMs => (long)(PeriodS * 1000);

    /// <summary>Powers it up: a new boot, numbers from 0. What it kept in flash from the boot before stays kept.</summary>
    public override void PowerUp(in Moment trueNow)
    {
        var now = ByItsClock(trueNow);
        _bootCount++;
        _boot = string.Create(CultureInfo.InvariantCulture, $"c{_bootCount}-{_entropy():x16}");
        _seq = 0;
        _bootedMs = trueNow.ClockMs;
        _now = now;
        _nextReportMs = NextReport(now.ClockMs);
    }

    /// <summary>The will for the next connection; its number is the one <see cref="Connected"/> will use.</summary>
    public override byte[] NextWill() => Status("offline", Bd + 1, tsMs: null);

    /// <summary>A connection stands: birth, status, and then what nobody has yet.</summary>
    public override void Connected(in Moment trueNow)
    {
        var now = ByItsClock(trueNow);
        _now = now;
        Bd++;
        IsConnected = true;
        _connectedMs = now.ClockMs;
        _host = _hosts.Count == 0 ? HostView.Unknown : HostNow();
        _histAllowance = 0;
        PublishBirth();
        _publish(new Outgoing(StatusTopic, Status("online", Bd, now.ClockMs), Retain: true));
        Rebuild(unsentOnly: true);
    }

    /// <summary>The connection is gone.</summary>
    public override void Disconnected()
    {
        IsConnected = false;
        _held.Clear();
        _buffer.LoseInFlight();
        _backlog.Clear();
        _hosts.Clear();
    }

    /// <summary>Switched off in order: says so, and expects no will.</summary>
    public override void ShutDown(in Moment trueNow)
    {
        var now = ByItsClock(trueNow);
        if (!IsConnected)
            return;
        _publish(new Outgoing(StatusTopic, Status("shutdown", Bd, now.ClockMs), Retain: true));
        Disconnected();
    }

    /// <summary>The broker has a message.</summary>
    public override void Delivered(MessageKey key) => _buffer.Mark(key, MessageBuffer.Delivery.Delivered);

    /// <summary>Time passes: facts first, then readings when they are due, then the backlog.</summary>
    public override void Tick(in Moment trueNow)
    {
        var now = ByItsClock(trueNow);
        // A clock that was set back would else keep silent until it has caught up.
        if (_nextReportMs > now.ClockMs + (2 * PeriodMs) || now.ClockMs > _nextReportMs + (2 * PeriodMs))
            _nextReportMs = now.ClockMs;
        _now = now;
        foreach (var fact in Device.TakeFacts())
        {
            Tell(fact);
            if (fact.Kind == EventKind.SessionStop && Device.Seat.Has(Quirks.RepeatedSettlements))
                _settlements.Repeat(fact, now.ClockMs, _entropy());
        }

        while (_settlements.TryTakeDue(now.ClockMs, out var settlement))
            Tell(settlement);

        if (now.ClockMs >= _nextReportMs)
        {
            _nextReportMs = NextReport(now.ClockMs);
            Begin("data");
            Device.Read(_readings);
            Finish();
        }

        for (_extraDue += Device.Link.ExtraPerS * now.ClockS; _extraDue >= 1; _extraDue--)
        {
            Begin("data");
            Device.Read(_readings);
            Finish();
        }

        LetGo(now.ClockMs);
        DrainBacklog(now);
    }

    /// <summary>Something came in on one of <see cref="Subscriptions"/>.</summary>
    /// <param name="topic">Where.</param>
    /// <param name="payload">What.</param>
    /// <param name="retained">Whether the broker had kept it.</param>
    /// <param name="trueNow">The moment it is worked on.</param>
    /// <param name="arrivedMs">When it came; null: just now.</param>
    public override void Receive(string topic, ReadOnlyMemory<byte> payload, bool retained, in Moment trueNow, long? arrivedMs = null)
    {
        var now = ByItsClock(trueNow);
        _now = now;
        if (topic.StartsWith("fm/1/state/", StringComparison.Ordinal))
            ReceiveHostState(topic, payload);
        else if (topic == AckedTopic)
            ReceiveAcked(payload);
        else if (topic == ConfigurationTopic)
            ReceiveConfiguration(payload);
        else if (topic == CommandTopic && !retained)
            ReceiveCommand(payload, arrivedMs + Device.ClockErrorMs ?? now.ClockMs);
    }

    public override void Dispose()
    {
        _readings.Dispose();
        base.Dispose();
    }

    private bool MaySend => IsConnected && _host switch
    {
        HostView.Online => true,
        HostView.Offline => false,
        HostView.Unknown => _now.ClockMs - _connectedMs >= _settings.HostPatienceS * 1000,
    };

    private long NextReport(long nowMs) => ((nowMs - _offsetMs) / PeriodMs * PeriodMs) + PeriodMs + _offsetMs;

    private void PublishBirth()
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using var json = new Utf8JsonWriter(buffer, Options);
        json.WriteStartObject();
        json.WriteNumber("v"u8, 1);
        json.WriteString("boot"u8, Boot);
        json.WriteNumber("bd"u8, Bd);
        json.WriteNumber("ts"u8, _now.ClockMs);
        json.WriteString("model"u8, Device.Model);
        json.WriteString("fw"u8, Device.FirmwareVersion);
        json.WriteString("clk"u8, "ntp");
        json.WriteNumber("period"u8, PeriodS);
        json.WriteNumber("buffer"u8, _buffer.Capacity);
        if (_cfg is not null)
            json.WriteString("cfg"u8, _cfg);
        json.WriteStartObject("channels"u8);
        foreach (var channel in Device.Channels)
        {
            json.WriteStartObject(channel.Channel.ToString());
            if (channel.RatedA is { } rated)
                json.WriteNumber("rated_a"u8, rated);
            json.WriteStartArray("metrics"u8);
            foreach (var metric in channel.Metrics)
                json.WriteStringValue(FacilityMonitor.Readings.MetricKeys.Key(metric));
            if (channel.HasState)
                json.WriteStringValue("st"u8);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.WriteStartArray("ops"u8);
        foreach (var operation in Device.Operations.Concat(["resend", "rebirth", "reset"]))
            json.WriteStringValue(operation);
        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        _publish(new Outgoing(_prefix + "birth", buffer.WrittenMemory, Retain: true));
    }

    private byte[] Status(string word, long bd, long? tsMs) => Encoding.UTF8.GetBytes(string.Create(
        CultureInfo.InvariantCulture,
        $$"""{"s":"{{word}}","bd":{{bd}},"boot":"{{Boot}}"{{(tsMs is { } ts ? string.Create(CultureInfo.InvariantCulture, $",\"ts\":{ts}") : "")}}{{(_cfg is not null && tsMs is not null ? $",\"cfg\":\"{_cfg}\"" : "")}}}"""));

    private void Tell(DeviceFact fact)
    {
        Begin("event");
        _readings.Fact(fact);
        Finish();
    }

    private void Begin(string kind)
    {
        _kind = kind;
        _body.ResetWrittenCount();
        _readingsInBody = 0;
        Write(string.Create(
            CultureInfo.InvariantCulture,
            $"{{\"v\":1,\"boot\":\"{Boot}\",\"seq\":{_seq},\"ts\":{_now.ClockMs},\"up\":{_now.ClockMs - Device.ClockErrorMs - _bootedMs},\"clk\":\"ntp\",\"r\":["));
    }

    private void Append(ReadOnlySpan<byte> element)
    {
        if (_readingsInBody > 0 && _body.WrittenCount + element.Length + 3 > _settings.PayloadMax)
        {
            Finish();
            Begin(_kind);
        }

        if (_readingsInBody > 0)
            _body.Write(","u8);
        _body.Write(element);
        _readingsInBody++;
    }

    private void Finish()
    {
        if (_readingsInBody == 0)
            return;
        _body.Write("]}"u8);
        var payload = _body.WrittenSpan.ToArray();
        var key = new MessageKey(Boot, _seq++);
        _buffer.Add(key, payload);
        _produced?.Invoke(key, _kind);
        if (MaySend)
        {
            Publish(_kind, key, payload);
        }
        else if (IsConnected)
        {
            _backlog.Enqueue(key);
        }
    }

    private void Publish(string kind, MessageKey key, ReadOnlyMemory<byte> payload)
    {
        _publishedUnheard |= _host == HostView.Unknown;
        _buffer.Mark(key, MessageBuffer.Delivery.InFlight);
        var message = new Outgoing(_prefix + kind, payload, Key: key);
        var link = Device.Link;
        if (link.MalformedShare > 0 && Chance() < link.MalformedShare)
            message = message with { Payload = Spoilt.Copy(payload, (int)(_entropy() % Spoilt.Kinds)), IsSpoilt = true };
        var copies = link.DuplicateShare > 0 && Chance() < link.DuplicateShare ? 2 : 1;
        for (; copies > 0; copies--)
        {
            if (link.HoldBackS > 0)
                _held.Add((_now.ClockMs + (long)(Chance() * link.HoldBackS * 1000), message));
            else
                _publish(message);
        }
    }

    private double Chance() => (_entropy() >> 11) * (1.0 / (1UL << 53));

    /// <summary>What was held back long enough goes out, in whatever order that gives.</summary>
    private void LetGo(long nowMs)
    {
        if (_held.Count == 0)
            return;
        _held.Sort(static (left, right) => left.AtMs.CompareTo(right.AtMs));
        var count = _held.FindLastIndex(held => held.AtMs <= nowMs) + 1;
        for (var index = 0; index < count && IsConnected; index++)
            _publish(_held[index].Message);
        _held.RemoveRange(0, count);
    }

    private void Write(string text) => _body.Advance(Encoding.UTF8.GetBytes(text, _body.GetSpan(Encoding.UTF8.GetMaxByteCount(text.Length))));

    private void Rebuild(bool unsentOnly)
    {
        _backlog.Clear();
        foreach (var key in _buffer.Keys(unsentOnly))
            _backlog.Enqueue(key);
    }

    private void DrainBacklog(in Moment now)
    {
        if (!MaySend || _backlog.Count == 0)
            return;
        _histAllowance = Math.Min(_histAllowance + (_settings.HistPerSecond * now.ClockS), Math.Max(1, _settings.HistPerSecond));
        while (_histAllowance >= 1 && _backlog.TryDequeue(out var key))
        {
            // Acknowledged or dropped meanwhile.
            if (!_buffer.TryGet(key, out var payload))
                continue;
            _histAllowance--;
            Publish("hist", key, payload);
        }
    }

    private HostView HostNow() => _hosts.ContainsValue(true) ? HostView.Online : HostView.Offline;

    private void ReceiveHostState(string topic, ReadOnlyMemory<byte> payload)
    {
        if (ReadBoolean(payload, "online") is not { } online)
            return;
        _hosts[topic] = online;
        var before = _host;
        _host = HostNow();
        if (_host != HostView.Online || before == HostView.Online)
            return;
        // A first host may have missed everything that was published into the void; one that comes back finds in its session what the broker took.
        Rebuild(unsentOnly: !_publishedUnheard);
        _publishedUnheard = false;
    }

    private void ReceiveAcked(ReadOnlyMemory<byte> payload)
    {
        try
        {
            using var document = JsonDocument.Parse(payload);
            var root = document.RootElement;
            if (root.ValueKind == JsonValueKind.Object && root.TryGetProperty("boot", out var boot) && boot.ValueKind == JsonValueKind.String
                && root.TryGetProperty("seq", out var seq) && seq.ValueKind == JsonValueKind.Number && seq.TryGetInt64(out var through))
                _buffer.Free(boot.GetString()!, through, key => _freed?.Invoke(key));
        }
        catch (JsonException)
        {
            // An empty payload is how a retained watermark is taken away; nothing else is expected here, and neither frees anything.
        }
    }

    /// <summary>Takes up how it should be set, and says so; one whose time is over is not taken up, and what runs goes on.</summary>
    private void ReceiveConfiguration(ReadOnlyMemory<byte> payload)
    {
        if (payload.Length > DesiredConfiguration.BytesMax || DesiredSettings.Read(payload) is not { } desired || desired.ExpiresMs < _now.ClockMs || desired.Hash == _cfg)
            return;
        if (desired.LimitW is { } watts && Device is ChargingDevice charging)
        {
            foreach (var point in charging.Points)
                point.Limit(watts);
        }

        (_cfg, _cfgPeriodS) = (desired.Hash, desired.PeriodS);
        _nextReportMs = NextReport(_now.ClockMs);
        if (IsConnected)
            _publish(new Outgoing(StatusTopic, Status("online", Bd, _now.ClockMs), Retain: true));
    }

    private static bool? ReadBoolean(ReadOnlyMemory<byte> payload, string name)
    {
        try
        {
            using var document = JsonDocument.Parse(payload);
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty(name, out var value)
                && value.ValueKind is JsonValueKind.True or JsonValueKind.False
                ? value.GetBoolean()
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private void ReceiveCommand(ReadOnlyMemory<byte> payload, long arrivedMs)
    {
        if (Command.Read(payload) is not { } command)
            return;
        foreach (var (id, earlier) in _answered)
        {
            if (id == command.Id)
            {
                Answer(command.Id, earlier);
                return;
            }
        }

        var answer = IsExpired(command, arrivedMs) ? CommandAnswer.Expired : Obey(command);
        if (!command.IsHarmless)
        {
            if (_answered.Count == CommandsRemembered)
                _answered.Dequeue();
            _answered.Enqueue((command.Id, answer));
        }

        Answer(command.Id, answer);
        if (!_restartAfterAnswer)
            return;
        _restartAfterAnswer = false;
        Device.RestartsAsked++;
    }

    /// <summary>By its own clock, and by the time since it came: whichever says so first.</summary>
    private bool IsExpired(Command command, long arrivedMs) =>
        command.ExpiresMs < _now.ClockMs || command.TtlS <= 0 || _now.ClockMs - arrivedMs > command.TtlS * 1000;

    private CommandAnswer Obey(Command command)
    {
        // What may be done at any time might be done in a week.
        if (!command.IsHarmless && command.ExpiresMs is null && command.TtlS is null)
            return CommandAnswer.Rejected("no exp, no ttl");
        if (command.ChannelIsUnreadable)
            return CommandAnswer.Rejected("no such channel");
        switch (command.Operation)
        {
            case "resend":
                return Resend(command);
            case "rebirth":
                PublishBirth();
                return CommandAnswer.Done;
            case "reset":
                _restartAfterAnswer = true;
                return new CommandAnswer(CommandResult.Accepted);
            default:
                if (Device.Obey(command, _now) is not { } answer)
                    return CommandAnswer.Rejected("unknown op");
                if (answer.Result == CommandResult.Done)
                    Answer(command.Id, new CommandAnswer(CommandResult.Accepted));
                return answer;
        }
    }

    /// <summary>Puts what is still kept of a range on <c>hist</c> again, and says how much is gone.</summary>
    private CommandAnswer Resend(Command command)
    {
        if (command.From is not { } from || command.To is not { } to || from < 0 || to < from)
            return CommandAnswer.Rejected("args.from and args.to must be 0 or more, in order");
        var boot = command.Boot ?? Boot;
        var last = boot == Boot ? Math.Min(to, _seq - 1) : to;
        var found = 0L;
        foreach (var key in _buffer.Keys(unsentOnly: false))
        {
            if (key.Boot != boot || key.Seq < from || key.Seq > last)
                continue;
            _backlog.Enqueue(key);
            found++;
        }

        var gone = Math.Max(0, last - from + 1 - found);
        return gone == 0 ? CommandAnswer.Done : new CommandAnswer(CommandResult.Done, string.Create(CultureInfo.InvariantCulture, $"{gone} gone"));
    }

    private void Answer(string id, CommandAnswer answer)
    {
        if (!IsConnected)
            return;
        var buffer = new ArrayBufferWriter<byte>(128);
        using var json = new Utf8JsonWriter(buffer, Options);
        json.WriteStartObject();
        json.WriteString("id"u8, id);
        json.WriteString("result"u8, Words.Of(answer.Result));
        if (answer.Reason is not null)
            json.WriteString("reason"u8, answer.Reason);
        json.WriteEndObject();
        json.Flush();
        _publish(new Outgoing(_prefix + "ack", buffer.WrittenMemory));
    }
}
