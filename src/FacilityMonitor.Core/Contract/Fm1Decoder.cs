using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using FacilityMonitor.Readings;

namespace FacilityMonitor.Contract;

/// <summary>Reads the payloads of <c>fm/1</c> from their bytes: no document tree, no string a field, nothing allocated for readings. Not thread-safe.</summary>
internal sealed class Fm1Decoder
{
    /// <summary>Longest payload the contract allows, bytes.</summary>
    public const int PayloadMax = 16 * 1024;

    /// <summary>Deepest nesting the contract needs: a birth's metrics lie four deep. Unknown fields may go to twice that.</summary>
    private const int DepthMax = 8;

    /// <summary>Largest whole number JSON tools carry exactly: 2^53.</summary>
    private const long WholeMax = 1L << 53;

    /// <summary>A sample lies at most a year from its message's base time.</summary>
    internal const long OffsetMaxMs = 366L * 24 * 3_600_000;

    private const int TextMax = 64;

    /// <summary>Largest energy of a session, Wh, rated current, A, or period, s: as of any measured value.</summary>
    private const double NumberMax = 1e9;

    /// <summary>What a property of a reading is.</summary>
    internal enum Field
    {
        Metric,
        Channel,
        Offset,
        State,
        Epoch,
        Quality,
    }

    private readonly StateTexts _states = new();
    private readonly Dictionary<int, UptimeAnchor> _anchors = [];
    private RejectReason _reason;
    private string? _detail;

    // The envelope while it is read.
    private long? _version;
    private BootId _boot;
    private long? _seq;
    private long? _ts;
    private long? _up;
    private ClockSource? _clock;
    private bool _readingsSeen;

    /// <summary>Whether some readings of the message were read plainly.</summary>
    private bool _isPlain;

    /// <summary>Whether plain readings are read without the full reader. It makes no difference but to the time.</summary>
    internal bool ReadsPlainly { get; init; } = true;

    /// <summary>Decodes one payload into <paramref name="message"/>, whose device, receipt time and retain flag are set already.</summary>
    public DecodeOutcome Decode(Fm1Kind kind, ReadOnlySpan<byte> payload, DeviceMessage message)
    {
        _isPlain = false;
        var outcome = Decode(kind, payload, message, ReadsPlainly);
        if (outcome.Result == DecodeResult.Decoded || !_isPlain)
            return outcome;
        // Only the full reader can tell where a mistake is.
        message.UnknownFields = 0;
        message.OutOfRange = default;
        return Decode(kind, payload, message, readsPlainly: false);
    }

    private DecodeOutcome Decode(Fm1Kind kind, ReadOnlySpan<byte> payload, DeviceMessage message, bool readsPlainly)
    {
        _reason = RejectReason.BadJson;
        _detail = null;
        _readingsSeen = false;
        _version = _seq = _ts = _up = null;
        _boot = default;
        _clock = null;
        if (payload.Length > PayloadMax)
            return DecodeOutcome.Rejected(RejectReason.TooLarge, Invariant($"payload: {payload.Length} bytes, {PayloadMax} are allowed; send smaller batches"));
        if (payload.IsEmpty)
            return DecodeOutcome.Rejected(RejectReason.BadJson, "payload: empty");
        if (JsonText.Fault(payload) is { } fault)
            return DecodeOutcome.Rejected(RejectReason.BadUtf8, fault);
        try
        {
            var reader = new Utf8JsonReader(payload, new JsonReaderOptions { MaxDepth = DepthMax });
            if (Read(ref reader, readsPlainly ? payload : default, kind, message) && !ReadsOn(ref reader))
                return DecodeOutcome.Decoded;
        }
        catch (JsonException error)
        {
            // Utf8JsonReader reports malformed JSON in no other way.
            _reason = RejectReason.BadJson;
            _detail = Invariant($"payload: {Plain(error)} at byte {error.BytePositionInLine}");
            if (kind is Fm1Kind.Data or Fm1Kind.Hist or Fm1Kind.Event)
                TellEnvelope(message);
        }

        message.Readings.Clear();
        message.Events.Clear();
        return DecodeOutcome.Rejected(_reason, _detail ?? "payload: not a JSON object");
    }

    /// <param name="reader">Before the first token.</param>
    /// <param name="text">What it reads; empty: it reads everything itself.</param>
    /// <param name="kind">What the message is for.</param>
    /// <param name="message">Where it goes.</param>
    private bool Read(ref Utf8JsonReader reader, ReadOnlySpan<byte> text, Fm1Kind kind, DeviceMessage message)
    {
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            return Fail(RejectReason.BadJson, "payload: not a JSON object");
        return kind switch
        {
            Fm1Kind.Data => ReadBatch(ref reader, text, MessageKind.Data, message),
            Fm1Kind.Hist => ReadBatch(ref reader, text, MessageKind.Hist, message),
            Fm1Kind.Event => ReadBatch(ref reader, text, MessageKind.Event, message),
            Fm1Kind.Birth => ReadBirth(ref reader, message),
            Fm1Kind.Status => ReadStatus(ref reader, message),
            Fm1Kind.Ack => ReadAck(ref reader, message),
            Fm1Kind.Cmd or Fm1Kind.Cfg or Fm1Kind.Acked => Fail(RejectReason.UnknownTopic, "topic: a device does not publish here"),
        };
    }

    // ---- data, hist, event -------------------------------------------------------------------------------------------

    private bool ReadBatch(ref Utf8JsonReader reader, ReadOnlySpan<byte> text, MessageKind kind, DeviceMessage message)
    {
        message.Kind = kind;
        ReadEnvelope(ref reader, text, message);
        TellEnvelope(message);
        // Another version may mean another thing by every other field, so it is named first.
        if (_version is not (null or 1))
            return Fail(RejectReason.UnsupportedVersion, Invariant($"v: {_version}, this service reads 1"));
        if (_detail is not null)
            return false;
        if (_version is null)
            return Missing("v");

        if (_boot.IsEmpty)
            return Missing("boot");
        if (_seq is null)
            return Missing("seq");
        if (_ts is null)
            return Missing("ts");
        if (_clock is null)
            return Missing("clk");
        if (!_readingsSeen)
            return Missing("r");
        message.CountRefused();
        if (message.Readings.Refused > 0 && !TellsAnything(message))
            return Fail(RejectReason.BadField, ForeignDecoder.Impossible(message.Readings.FirstRefused));
        SetTimes(message);
        return true;
    }

    private static bool TellsAnything(DeviceMessage message)
    {
        foreach (ref readonly var reading in message.Readings.Readings)
        {
            if (reading.ValueCount > 0 || reading.State is not null)
                return true;
        }

        return message.Events.Count > 0;
    }

    /// <summary>
    /// What could be read of the envelope goes out with a rejection too: the sequence book must know that the number is settled, or the device is asked for
    /// the same unusable bytes three times and they are booked lost beside their dead letters.
    /// </summary>
    private void TellEnvelope(DeviceMessage message)
    {
        if (_boot.IsEmpty || _seq is not { } seq)
            return;
        message.HasEnvelope = true;
        message.Envelope = new Envelope(_boot, seq, _ts ?? 0, _up, _clock ?? ClockSource.None);
    }

    /// <summary>Reads on behind a field that is refused, so that boot and number are found wherever they stand. The first refusal is the one told.</summary>
    private void ReadEnvelope(ref Utf8JsonReader reader, ReadOnlySpan<byte> text, DeviceMessage message)
    {
        while (NextProperty(ref reader))
        {
            var fine = true;
            if (reader.ValueTextEquals("r"u8))
                fine = _readingsSeen = ReadArray(ref reader, ref text, message);
            else if (reader.ValueTextEquals("seq"u8))
                fine = Whole(ref reader, "seq", 0, WholeMax, out _seq);
            else if (reader.ValueTextEquals("ts"u8))
                fine = Whole(ref reader, "ts", 0, WholeMax, out _ts);
            else if (reader.ValueTextEquals("boot"u8))
                fine = ReadBoot(ref reader, out _boot);
            else if (reader.ValueTextEquals("up"u8))
                fine = Whole(ref reader, "up", 0, WholeMax, out _up);
            else if (reader.ValueTextEquals("clk"u8))
                fine = ReadClock(ref reader, out _clock);
            else if (reader.ValueTextEquals("v"u8))
                fine = Whole(ref reader, "v", 0, WholeMax, out _version);
            else
                SkipUnknown(ref reader, message);
            if (!fine)
                SkipToEnvelope(ref reader);
        }
    }

    private static void SkipToEnvelope(ref Utf8JsonReader reader)
    {
        const int EnvelopeDepth = 1;
        reader.Skip();
        while (reader.CurrentDepth > EnvelopeDepth)
            reader.Read();
    }

    private bool ReadArray(ref Utf8JsonReader reader, ref ReadOnlySpan<byte> text, DeviceMessage message)
    {
        // Told twice, the last wins, as everywhere in JSON.
        message.Readings.Clear();
        message.Events.Clear();
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartArray)
            return Bad(ref reader, "r", "a list");
        var plainly = !text.IsEmpty && message.Kind != MessageKind.Event;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.StartObject)
                return Bad(ref reader, "r", "a list of objects");
            if (plainly && ReadPlainly(ref reader, ref text, message))
                continue;
            // Where one is not plain the others are hardly so.
            plainly = false;
            if (message.Readings.Count + message.Events.Count >= ReadingBuffer.ReadingsMax)
                return Fail(RejectReason.TooManyReadings, Invariant($"r: more than {ReadingBuffer.ReadingsMax} entries"));
            var isFact = message.Kind == MessageKind.Event || (message.Kind == MessageKind.Hist && NamesFact(reader));
            if (!(isFact ? ReadEvent(ref reader, message) : ReadReading(ref reader, message)))
                return false;
        }

        return true;
    }

    /// <summary>Reads the readings from here on that are plain, and moves the full reader behind the last of them.</summary>
    /// <param name="reader">On the brace that begins an entry.</param>
    /// <param name="text">What it reads.</param>
    /// <param name="message">Where the readings go.</param>
    private bool ReadPlainly(ref Utf8JsonReader reader, ref ReadOnlySpan<byte> text, DeviceMessage message)
    {
        var begin = (int)reader.TokenStartIndex;
        var count = message.Readings.Count;
        var taken = PlainReadings.Read(text[begin..], ReadingBuffer.ReadingsMax - count, message.Readings, _states);
        if (taken == 0)
            return false;
        foreach (ref var reading in message.Readings.Readings[count..])
            Doubt(message.Readings, ref reading);
        // As far as it knows it is inside the first of them still, which ends with the brace of the last.
        text = text[(begin + taken - 1)..];
        reader = new Utf8JsonReader(text, isFinalBlock: true, reader.CurrentState);
        return _isPlain = reader.Read();
    }

    /// <summary>An event that was buffered comes on <c>hist</c> with the body it always had; its <c>wh</c> is a session's and no counter.</summary>
    /// <param name="reader">A copy, so that looking ahead moves nothing.</param>
    private static bool NamesFact(Utf8JsonReader reader)
    {
        while (NextProperty(ref reader))
        {
            if (reader.ValueTextEquals("ev"u8))
                return true;
            reader.Skip();
        }

        return false;
    }

    private bool ReadReading(ref Utf8JsonReader reader, DeviceMessage message)
    {
        var readings = message.Readings;
        ref var reading = ref readings.Add();
        var channelSeen = false;
        while (NextProperty(ref reader))
        {
            switch (FieldOf(reader))
            {
                case Field.Channel:
                    if (!ReadChannel(ref reader, out var channel))
                        return false;
                    reading.Channel = channel;
                    channelSeen = true;
                    break;
                case Field.Offset:
                    if (!Whole(ref reader, "dt", -OffsetMaxMs, OffsetMaxMs, out var offset))
                        return false;
                    reading.DeviceMs = offset ?? 0;
                    break;
                case Field.Epoch:
                    if (!Whole(ref reader, "ce", 0, uint.MaxValue, out var epoch))
                        return false;
                    reading.CounterEpoch = (uint?)epoch;
                    break;
                case Field.Quality:
                    if (!ReadQuality(ref reader, out var quality))
                        return false;
                    reading.Quality = quality;
                    break;
                case Field.State:
                    if (!ReadState(ref reader, out var state))
                        return false;
                    reading.State = state;
                    break;
                case Field.Metric:
                    if (!ReadMetric(ref reader, message))
                        return false;
                    break;
            }
        }

        if (!channelSeen)
            return Missing("ch", "r");
        Doubt(readings, ref reading);
        return true;
    }

    private static void Doubt(ReadingBuffer readings, ref Reading reading)
    {
        if (reading.Quality < Quality.Suspect && IsImplausible(readings, reading))
            reading.Quality = Quality.Suspect;
    }

    /// <summary>What a property of a reading is. There are a hundred of them in a message of ten sockets, and nobody escapes their names; who does is read all the same.</summary>
    private static Field FieldOf(in Utf8JsonReader reader) => reader.ValueIsEscaped ? EscapedFieldOf(reader) : FieldOf(reader.ValueSpan);

    internal static Field FieldOf(ReadOnlySpan<byte> key) => key switch
    {
        [(byte)'c', (byte)'h'] => Field.Channel,
        [(byte)'d', (byte)'t'] => Field.Offset,
        [(byte)'s', (byte)'t'] => Field.State,
        [(byte)'c', (byte)'e'] => Field.Epoch,
        [(byte)'q'] => Field.Quality,
        _ => Field.Metric,
    };

    private static Field EscapedFieldOf(in Utf8JsonReader reader) =>
        reader.ValueTextEquals("ch"u8) ? Field.Channel
        : reader.ValueTextEquals("dt"u8) ? Field.Offset
        : reader.ValueTextEquals("st"u8) ? Field.State
        : reader.ValueTextEquals("ce"u8) ? Field.Epoch
        : reader.ValueTextEquals("q"u8) ? Field.Quality
        : Field.Metric;

    private bool ReadMetric(ref Utf8JsonReader reader, DeviceMessage message)
    {
        if (reader.ValueIsEscaped || !MetricKeys.TryParse(reader.ValueSpan, out var metric))
        {
            SkipUnknown(ref reader, message);
            return true;
        }

        reader.Read();
        if (reader.TokenType == JsonTokenType.Null)
        {
            // Told twice, the last wins: then it was not measured.
            message.Readings.RemoveValue(metric);
            return true;
        }

        if (metric.IsBoolean())
        {
            if (reader.TokenType is not (JsonTokenType.True or JsonTokenType.False))
                return Bad(ref reader, metric.Key(), "true, false or null");
            message.Readings.AddValue(metric, reader.TokenType == JsonTokenType.True ? 1 : 0);
            return true;
        }

        if (reader.TokenType != JsonTokenType.Number || (!JsonNumber.TryRead(reader.ValueSpan, out var value) && !reader.TryGetDouble(out value)))
            return Bad(ref reader, metric.Key(), "a number, not in quotes, or null");
        if (metric.IsCounter() && value < 0)
            return Bad(ref reader, metric.Key(), "a counter, 0 or more");
        // What nothing can measure is left out there and counted: one register of 0xFFFFFFFF must not cost what nine other sockets told.
        message.Readings.AddValue(metric, value);
        return true;
    }

    /// <summary>A cached or misread value shows in P against V·I; equality does not hold on real meters, an excess of a tenth and 2 W does not happen.</summary>
    internal static bool IsImplausible(ReadingBuffer readings, in Reading reading) =>
        readings.TryGet(reading, Metric.V, out var volts) && volts >= 100
        && readings.TryGet(reading, Metric.A, out var amps)
        && readings.TryGet(reading, Metric.W, out var watts)
        && Math.Abs(watts) > (1.10 * volts * Math.Abs(amps)) + 2;

    private bool ReadEvent(ref Utf8JsonReader reader, DeviceMessage message)
    {
        var channel = ChannelId.Main;
        long? offset = 0;
        EventKind? kind = null;
        StopReason? reason = null;
        string? session = null, user = null;
        double? wh = null;
        bool? on = null;
        var quality = Quality.Good;
        while (NextProperty(ref reader))
        {
            var fine = true;
            if (reader.ValueTextEquals("ch"u8))
                fine = ReadChannel(ref reader, out channel);
            else if (reader.ValueTextEquals("dt"u8))
                fine = Whole(ref reader, "dt", -OffsetMaxMs, OffsetMaxMs, out offset);
            else if (reader.ValueTextEquals("ev"u8))
                fine = ReadEventKind(ref reader, out kind);
            else if (reader.ValueTextEquals("reason"u8))
                fine = ReadReason(ref reader, out reason);
            else if (reader.ValueTextEquals("session"u8))
                fine = Text(ref reader, "session", out session);
            else if (reader.ValueTextEquals("user"u8))
                fine = Text(ref reader, "user", out user);
            else if (reader.ValueTextEquals("wh"u8))
                fine = SessionEnergy(ref reader, message, out wh);
            else if (reader.ValueTextEquals("on"u8))
                fine = Flag(ref reader, "on", out on);
            else if (reader.ValueTextEquals("q"u8))
                fine = ReadQuality(ref reader, out quality);
            else
                SkipUnknown(ref reader, message);
            if (!fine)
                return false;
        }

        if (kind is not { } happened)
            return Missing("ev", "r");
        message.Events.Add(new DeviceEvent
        {
            Kind = happened,
            Channel = channel,
            AtMs = 0,
            DeviceMs = offset ?? 0,
            Quality = quality,
            Reason = reason,
            Session = session,
            User = user,
            Wh = wh,
            On = on,
        });
        return true;
    }

    private void SetTimes(DeviceMessage message)
    {
        var envelope = message.Envelope;
        var believed = ClockCorrection.IsBelieved(envelope, message.Kind, message.ReceivedMs);
        var baseMs = believed ? envelope.TsMs : ClockCorrection.BaseMs(envelope, message.ReceivedMs, BootBegan(message));
        foreach (ref var reading in message.Readings.Readings)
        {
            reading.AtMs = Placed(baseMs + reading.DeviceMs, message.ReceivedMs, believed, reading.Quality, out var quality);
            reading.Quality = quality;
            reading.DeviceMs += envelope.TsMs;
        }

        for (var index = 0; index < message.Events.Count; index++)
        {
            var fact = message.Events[index];
            message.Events[index] = fact with
            {
                AtMs = Placed(baseMs + fact.DeviceMs, message.ReceivedMs, believed, fact.Quality, out var quality),
                DeviceMs = envelope.TsMs + fact.DeviceMs,
                Quality = quality,
            };
        }
    }

    /// <summary>Nothing was measured in the future, nor before there was any device: an offset or an uptime that leads there is no more to be believed than a
    /// base time that does.</summary>
    private static long Placed(long atMs, long receivedMs, bool believed, Quality told, out Quality quality)
    {
        var nowhere = atMs > receivedMs + ClockCorrection.AheadMaxMs || atMs < ClockCorrection.EarliestMs;
        quality = (nowhere || !believed) && told < Quality.Clock ? Quality.Clock : told;
        return nowhere ? receivedMs : atMs;
    }

    /// <summary>When the boot of a message whose time is not believed began, as far as its live messages have shown; null when they have not.</summary>
    private long? BootBegan(DeviceMessage message)
    {
        var envelope = message.Envelope;
        var known = _anchors.TryGetValue(message.Device!.Number, out var anchor) && anchor.Boot == envelope.Boot;
        if (envelope.UpMs is { } up && message.Kind != MessageKind.Hist)
        {
            anchor = known ? anchor.Heard(up, message.ReceivedMs) : UptimeAnchor.First(envelope.Boot, up, message.ReceivedMs);
            _anchors[message.Device.Number] = anchor;
            known = true;
        }

        return known ? anchor.BeganMs : null;
    }

    // ---- birth, status, ack ------------------------------------------------------------------------------------------

    private bool ReadBirth(ref Utf8JsonReader reader, DeviceMessage message)
    {
        message.Kind = MessageKind.Birth;
        var boot = default(BootId);
        long? version = null, bd = null, ts = null, buffer = null;
        double? period = null;
        ClockSource? clock = null;
        string? model = null, firmware = null, cfg = null;
        List<BirthChannel>? channels = null;
        List<string> ops = [];
        while (NextProperty(ref reader))
        {
            var fine = true;
            if (reader.ValueTextEquals("v"u8))
                fine = Whole(ref reader, "v", 0, WholeMax, out version);
            else if (reader.ValueTextEquals("boot"u8))
                fine = ReadBoot(ref reader, out boot);
            else if (reader.ValueTextEquals("bd"u8))
                fine = Whole(ref reader, "bd", 0, WholeMax, out bd);
            else if (reader.ValueTextEquals("ts"u8))
                fine = Whole(ref reader, "ts", 0, WholeMax, out ts);
            else if (reader.ValueTextEquals("buffer"u8))
                fine = Whole(ref reader, "buffer", 0, WholeMax, out buffer);
            else if (reader.ValueTextEquals("clk"u8))
                fine = ReadClock(ref reader, out clock);
            else if (reader.ValueTextEquals("model"u8))
                fine = Text(ref reader, "model", out model);
            else if (reader.ValueTextEquals("fw"u8))
                fine = Text(ref reader, "fw", out firmware);
            else if (reader.ValueTextEquals("period"u8))
                fine = Number(ref reader, "period", out period) && (period is null or (> 0 and <= 86_400) || Fail(RejectReason.BadField, Invariant($"period: {period}, allowed are more than 0 to 86400 s")));
            else if (reader.ValueTextEquals("channels"u8))
                fine = ReadChannels(ref reader, message, out channels);
            else if (reader.ValueTextEquals("ops"u8))
                fine = Texts(ref reader, "ops", ops);
            else if (reader.ValueTextEquals("cfg"u8))
                fine = Text(ref reader, "cfg", out cfg);
            else
                SkipUnknown(ref reader, message);
            if (!fine)
                return false;
        }

        if (version is null)
            return Missing("v");
        if (version != 1)
            return Fail(RejectReason.UnsupportedVersion, Invariant($"v: {version}, this service reads 1"));
        if (boot.IsEmpty)
            return Missing("boot");
        if (bd is null)
            return Missing("bd");
        if (ts is null)
            return Missing("ts");
        if (clock is null)
            return Missing("clk");
        if (channels is null)
            return Missing("channels");
        message.Birth = new Birth
        {
            Boot = boot,
            Bd = bd.Value,
            TsMs = ts.Value,
            Model = model ?? "",
            Firmware = firmware ?? "",
            Clock = clock.Value,
            PeriodS = period,
            Buffer = buffer,
            Channels = channels,
            Ops = ops,
            Cfg = cfg,
        };
        return true;
    }

    private bool ReadChannels(ref Utf8JsonReader reader, DeviceMessage message, out List<BirthChannel>? channels)
    {
        channels = null;
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
            return Bad(ref reader, "channels", "an object of channels");
        List<BirthChannel> read = [];
        while (NextProperty(ref reader))
        {
            if (reader.ValueIsEscaped || !ChannelId.TryParse(reader.ValueSpan, out var channel))
                return Bad(ref reader, "channels", "main, l1 to l3, s1 to s999, k1 to k999 or b1 to b999");
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject)
                return Bad(ref reader, channel.ToString(), "an object");
            double? rated = null;
            List<string> metrics = [];
            while (NextProperty(ref reader))
            {
                var fine = true;
                if (reader.ValueTextEquals("rated_a"u8))
                    fine = Number(ref reader, "rated_a", out rated);
                else if (reader.ValueTextEquals("metrics"u8))
                    fine = Texts(ref reader, "metrics", metrics);
                else
                    SkipUnknown(ref reader, message);
                if (!fine)
                    return false;
            }

            read.Add(new BirthChannel(channel, rated, metrics));
        }

        channels = read;
        return true;
    }

    private bool ReadStatus(ref Utf8JsonReader reader, DeviceMessage message)
    {
        message.Kind = MessageKind.Status;
        Presence? presence = null;
        long? bd = null, ts = null;
        string? cfg = null;
        var boot = default(BootId);
        while (NextProperty(ref reader))
        {
            var fine = true;
            if (reader.ValueTextEquals("s"u8))
                fine = ReadPresence(ref reader, out presence);
            else if (reader.ValueTextEquals("cfg"u8))
                fine = Text(ref reader, "cfg", out cfg);
            else if (reader.ValueTextEquals("bd"u8))
                fine = Whole(ref reader, "bd", 0, WholeMax, out bd);
            else if (reader.ValueTextEquals("boot"u8))
                fine = ReadBoot(ref reader, out boot);
            else if (reader.ValueTextEquals("ts"u8))
                fine = Whole(ref reader, "ts", 0, WholeMax, out ts);
            else
                SkipUnknown(ref reader, message);
            if (!fine)
                return false;
        }

        if (presence is not { } now)
            return Missing("s");
        if (bd is null)
            return Missing("bd");
        message.Status = new DeviceStatus { Presence = now, Bd = bd, Boot = boot, TsMs = ts, Cfg = cfg };
        return true;
    }

    private bool ReadAck(ref Utf8JsonReader reader, DeviceMessage message)
    {
        message.Kind = MessageKind.Ack;
        string? id = null, reason = null;
        CommandResult? result = null;
        while (NextProperty(ref reader))
        {
            var fine = true;
            if (reader.ValueTextEquals("id"u8))
                fine = Text(ref reader, "id", out id);
            else if (reader.ValueTextEquals("result"u8))
                fine = ReadResult(ref reader, out result);
            else if (reader.ValueTextEquals("reason"u8))
                fine = Text(ref reader, "reason", out reason);
            else
                SkipUnknown(ref reader, message);
            if (!fine)
                return false;
        }

        if (id is null)
            return Missing("id");
        if (result is not { } went)
            return Missing("result");
        message.CommandAck = new CommandAck(id, went, reason);
        return true;
    }

    // ---- single fields -----------------------------------------------------------------------------------------------

    private static bool NextProperty(ref Utf8JsonReader reader) => reader.Read() && reader.TokenType == JsonTokenType.PropertyName;

    private static bool ReadsOn(ref Utf8JsonReader reader) => reader.Read();

    private static void SkipUnknown(ref Utf8JsonReader reader, DeviceMessage message)
    {
        message.UnknownFields++;
        reader.Skip();
    }

    private bool Whole(ref Utf8JsonReader reader, string key, long least, long most, out long? value)
    {
        value = null;
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null)
            return true;
        if (reader.TokenType != JsonTokenType.Number)
            return Bad(ref reader, key, "a whole number");
        if (!reader.TryGetInt64(out var whole))
        {
            // 1.0 and 1e3 are whole numbers of JSON too.
            if (!reader.TryGetDouble(out var wide) || Math.Abs(wide) > WholeMax || wide != Math.Floor(wide))
                return Bad(ref reader, key, "a whole number");
            whole = (long)wide;
        }

        if (whole < least || whole > most)
            return Bad(ref reader, key, Invariant($"{least} to {most}"));
        value = whole;
        return true;
    }

    private bool Number(ref Utf8JsonReader reader, string key, out double? value)
    {
        value = null;
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null)
            return true;
        if (reader.TokenType != JsonTokenType.Number || !reader.TryGetDouble(out var number) || !double.IsFinite(number))
            return Bad(ref reader, key, "a number, not in quotes");
        if (Math.Abs(number) > NumberMax)
            return Bad(ref reader, key, Invariant($"at most {NumberMax:0}"));
        value = number;
        return true;
    }

    /// <summary>What nothing can measure is left out and counted: that a session ended is worth more than what it charged.</summary>
    private bool SessionEnergy(ref Utf8JsonReader reader, DeviceMessage message, out double? wh)
    {
        var before = reader;
        before.Read();
        if (before.TokenType == JsonTokenType.Number && before.TryGetDouble(out var told) && !(Math.Abs(told) <= NumberMax))
        {
            reader = before;
            wh = null;
            message.SetAside("wh", told);
            return true;
        }

        return Number(ref reader, "wh", out wh);
    }

    private bool Flag(ref Utf8JsonReader reader, string key, out bool? value)
    {
        value = null;
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null)
            return true;
        if (reader.TokenType is not (JsonTokenType.True or JsonTokenType.False))
            return Bad(ref reader, key, "true or false");
        value = reader.TokenType == JsonTokenType.True;
        return true;
    }

    private bool Text(ref Utf8JsonReader reader, string key, out string? value)
    {
        value = null;
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null)
            return true;
        if (reader.TokenType != JsonTokenType.String || reader.ValueSpan.Length > TextMax * 6)
            return Bad(ref reader, key, Invariant($"a text of at most {TextMax} characters"));
        value = reader.GetString()!;
        return value.Length <= TextMax || Bad(ref reader, key, Invariant($"a text of at most {TextMax} characters"));
    }

    private bool Texts(ref Utf8JsonReader reader, string key, List<string> values)
    {
        values.Clear();
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartArray)
            return Bad(ref reader, key, "a list of texts");
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.String || reader.ValueSpan.Length > TextMax || values.Count >= 128)
                return Bad(ref reader, key, Invariant($"at most 128 texts of at most {TextMax} bytes"));
            values.Add(reader.GetString()!);
        }

        return true;
    }

    private bool ReadChannel(ref Utf8JsonReader reader, out ChannelId channel)
    {
        channel = default;
        reader.Read();
        return (reader.TokenType == JsonTokenType.String && !reader.ValueIsEscaped && ChannelId.TryParse(reader.ValueSpan, out channel))
            || Bad(ref reader, "ch", "main, l1 to l3, s1 to s999, k1 to k999 or b1 to b999");
    }

    private bool ReadBoot(ref Utf8JsonReader reader, out BootId boot)
    {
        boot = default;
        reader.Read();
        return (reader.TokenType == JsonTokenType.String && !reader.ValueIsEscaped && BootId.TryParse(reader.ValueSpan, out boot))
            || Bad(ref reader, "boot", "1 to 32 characters of 0-9, a-z and -");
    }

    private bool ReadClock(ref Utf8JsonReader reader, out ClockSource? clock)
    {
        reader.Read();
        clock = reader.TokenType != JsonTokenType.String ? null
            : reader.ValueTextEquals("ntp"u8) ? ClockSource.Ntp
            : reader.ValueTextEquals("rtc"u8) ? ClockSource.Rtc
            : reader.ValueTextEquals("none"u8) ? ClockSource.None
            : null;
        return clock is not null || Bad(ref reader, "clk", "ntp, rtc or none");
    }

    private bool ReadQuality(ref Utf8JsonReader reader, out Quality quality)
    {
        reader.Read();
        quality = Quality.Good;
        if (reader.TokenType == JsonTokenType.Null)
            return true;
        if (reader.TokenType == JsonTokenType.String)
        {
            if (reader.ValueTextEquals("g"u8))
                return true;
            quality = reader.ValueTextEquals("b"u8) ? Quality.Bad : Quality.Stale;
            if (quality == Quality.Bad || reader.ValueTextEquals("s"u8))
                return true;
        }

        return Bad(ref reader, "q", "g, b or s");
    }

    private bool ReadState(ref Utf8JsonReader reader, out string? state)
    {
        state = null;
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null)
            return true;
        // Many JSON writers escape everything beyond ASCII: 充电 in six bytes may come in twelve, as \u5145\u7535.
        const int EscapedMax = ReadingBuffer.StateLengthMax * 6;
        Span<byte> text = stackalloc byte[EscapedMax];
        if (reader.TokenType == JsonTokenType.String && reader.ValueSpan.Length <= EscapedMax)
        {
            var length = reader.CopyString(text);
            if (length <= ReadingBuffer.StateLengthMax)
            {
                state = _states.Get(text[..length]);
                return true;
            }
        }

        return Bad(ref reader, "st", Invariant($"a text of at most {ReadingBuffer.StateLengthMax} bytes"));
    }

    private bool ReadEventKind(ref Utf8JsonReader reader, out EventKind? kind)
    {
        kind = Word(ref reader, Fm1Words.Events) is { } index ? (EventKind)index : null;
        return kind is not null || Bad(ref reader, "ev", "an event of the contract");
    }

    private bool ReadReason(ref Utf8JsonReader reader, out StopReason? reason)
    {
        reason = Word(ref reader, Fm1Words.StopReasons) is { } index ? (StopReason)index : null;
        return reason is not null || reader.TokenType == JsonTokenType.Null || Bad(ref reader, "reason", "a stop reason of the contract");
    }

    private bool ReadPresence(ref Utf8JsonReader reader, out Presence? presence)
    {
        presence = Word(ref reader, Fm1Words.Presences) is { } index ? (Presence)index : null;
        return presence is not null || Bad(ref reader, "s", "online, offline, sleep or shutdown");
    }

    private bool ReadResult(ref Utf8JsonReader reader, out CommandResult? result)
    {
        result = Word(ref reader, Fm1Words.CommandResults) is { } index ? (CommandResult)index : null;
        return result is not null || Bad(ref reader, "result", "accepted, rejected, expired, done or failed");
    }

    private static int? Word(ref Utf8JsonReader reader, string[] words)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.String)
            return null;
        for (var index = 0; index < words.Length; index++)
        {
            if (reader.ValueTextEquals(words[index]))
                return index;
        }

        return null;
    }

    // ---- refusals ----------------------------------------------------------------------------------------------------

    private bool Missing(string key, string? within = null) =>
        Fail(RejectReason.MissingField, within is null ? $"{key}: missing" : $"{within}: an entry without {key}");

    private bool Bad(ref Utf8JsonReader reader, string key, string allowed)
    {
        const int Shown = 40;
        var text = reader.HasValueSequence ? reader.ValueSequence.ToArray() : reader.ValueSpan;
        var value = reader.TokenType switch
        {
            JsonTokenType.StartObject => "an object",
            JsonTokenType.StartArray => "a list",
            JsonTokenType.String or JsonTokenType.PropertyName => "\"" + Encoding.UTF8.GetString(text[..Math.Min(text.Length, Shown)]) + (text.Length > Shown ? "…\"" : "\""),
            _ => Encoding.UTF8.GetString(text[..Math.Min(text.Length, Shown)]),
        };
        return Fail(RejectReason.BadField, $"{key}: {value}; allowed: {allowed}");
    }

    private bool Fail(RejectReason reason, string detail)
    {
        // The first refusal is told; what follows may only follow from it. An unsupported version explains all of them.
        if (_detail is null || reason == RejectReason.UnsupportedVersion)
            (_reason, _detail) = (reason, detail);
        return false;
    }

    private static string Plain(JsonException error)
    {
        // The library adds the position in its own words; ours follows.
        var text = error.Message;
        var position = text.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return position < 0 ? text : text[..position];
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
