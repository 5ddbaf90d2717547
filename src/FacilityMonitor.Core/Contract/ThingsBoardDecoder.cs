using System.Collections.Frozen;
using System.Globalization;
using System.Text.Json;
using FacilityMonitor.Readings;

namespace FacilityMonitor.Contract;

/// <summary>
/// ThingsBoard's device and gateway API. It fixes the frame and leaves the keys to the user, so keys are read by their usual names; a gateway tells of several
/// devices in one message. Read from the bytes, nothing allocated for readings. Not thread-safe.
/// </summary>
internal sealed class ThingsBoardDecoder(StateTexts states, ChannelSheet sheet)
{
    /// <summary>Deepest nesting read, as of every foreign dialect.</summary>
    private const int DepthMax = 16;

    private const int KeyLengthMax = 48;

    /// <summary>Our own keys, and what others call them. Energy without a unit is in kWh, as everybody's meters show it; who sends Wh writes <c>wh</c>.</summary>
    private static readonly FrozenDictionary<string, (Metric Metric, decimal Scale)> Keys = new (string Key, Metric Metric, decimal Scale)[]
    {
        ("power", Metric.W, 1), ("active_power", Metric.W, 1), ("activepower", Metric.W, 1), ("watts", Metric.W, 1), ("power_w", Metric.W, 1), ("power_kw", Metric.W, 1000), ("kw", Metric.W, 1000),
        ("reactive_power", Metric.Var, 1), ("reactivepower", Metric.Var, 1), ("apparent_power", Metric.Va, 1), ("apparentpower", Metric.Va, 1),
        ("voltage", Metric.V, 1), ("volt", Metric.V, 1), ("volts", Metric.V, 1), ("voltage_v", Metric.V, 1),
        ("current", Metric.A, 1), ("amps", Metric.A, 1), ("amperage", Metric.A, 1), ("current_a", Metric.A, 1), ("current_ma", Metric.A, 0.001m),
        ("frequency", Metric.Hz, 1), ("freq", Metric.Hz, 1), ("power_factor", Metric.Pf, 1), ("powerfactor", Metric.Pf, 1), ("cos_phi", Metric.Pf, 1),
        ("energy", Metric.Wh, 1000), ("total_energy", Metric.Wh, 1000), ("totalenergy", Metric.Wh, 1000), ("energy_kwh", Metric.Wh, 1000), ("kwh", Metric.Wh, 1000), ("energy_wh", Metric.Wh, 1),
        ("energy_out", Metric.WhOut, 1000), ("export_energy", Metric.WhOut, 1000), ("exportenergy", Metric.WhOut, 1000),
        ("temperature", Metric.Tc, 1), ("temp", Metric.Tc, 1), ("humidity", Metric.Rh, 1), ("residual_current", Metric.RaMa, 1), ("residualcurrent", Metric.RaMa, 1), ("leakage", Metric.RaMa, 1),
        ("battery_soc", Metric.Soc, 1), ("battery", Metric.Batt, 1), ("battery_level", Metric.Batt, 1), ("batterylevel", Metric.Batt, 1), ("h2", Metric.H2Ppm, 1), ("co", Metric.CoPpm, 1),
        ("water_level", Metric.WaterCm, 1), ("waterlevel", Metric.WaterCm, 1), ("noise", Metric.Laeq, 1), ("pressure", Metric.Kpa, 1), ("signal", Metric.Rssi, 1),
        ("switch", Metric.Relay, 1), ("relay_state", Metric.Relay, 1), ("smoke_alarm", Metric.Smoke, 1), ("door_open", Metric.Door, 1),
    }.Concat(Enumerable.Range(0, MetricKeys.Count).Select(index => (Key: ((Metric)index).Key(), Metric: (Metric)index, Scale: 1m)))
        .ToFrozenDictionary(pair => pair.Key, pair => (pair.Metric, pair.Scale), StringComparer.Ordinal);

    private RejectReason _reason;
    private string? _detail;

    /// <summary>What we take from ThingsBoard under which name, for the documentation and its test: key, our metric's key, factor.</summary>
    public static IEnumerable<(string Key, string Metric, decimal Scale)> Known => Keys.Select(pair => (pair.Key, pair.Value.Metric.Key(), pair.Value.Scale));

    /// <summary>Decodes what one device says of itself.</summary>
    public DecodeOutcome Device(ReadOnlySpan<byte> payload, DeviceMessage message)
    {
        _detail = null;
        try
        {
            var reader = new Utf8JsonReader(payload, new JsonReaderOptions { MaxDepth = DepthMax });
            reader.Read();
            var unknown = 0;
            if (Entries(ref reader, "payload", message.Readings, ReadingBuffer.ReadingsMax, message.ReceivedMs, ref unknown) && !reader.Read())
            {
                message.UnknownFields = unknown;
                return ForeignDecoder.Done(message);
            }
        }
        catch (JsonException error)
        {
            Broken(error);
        }

        message.Readings.Clear();
        return DecodeOutcome.Rejected(_reason, _detail ?? "payload: something follows the JSON value");
    }

    /// <summary>Decodes what a gateway says of its devices. One whose part cannot be read is left out, and <see cref="GatewayParts.Fault"/> says why: the others behind the gateway know nothing of it.</summary>
    public DecodeOutcome Gateway(ReadOnlySpan<byte> payload, long receivedMs, GatewayParts parts)
    {
        _detail = null;
        parts.Clear();
        try
        {
            // What one of them nests too deep is passed over like all that is nested: the reader needs a bit for each level.
            var reader = new Utf8JsonReader(payload, new JsonReaderOptions { MaxDepth = ForeignDecoder.PayloadMax });
            if (reader.Read() && reader.TokenType == JsonTokenType.StartObject && Devices(ref reader, receivedMs, parts) && !reader.Read())
                return parts.Outcome;
            if (_detail is null)
                Fail(RejectReason.BadJson, "payload: not a JSON object of devices");
        }
        catch (JsonException error)
        {
            Broken(error);
        }

        parts.Clear();
        return DecodeOutcome.Rejected(_reason, _detail!);
    }

    /// <summary>Decodes <c>{"device":"Device A"}</c> of connect and disconnect.</summary>
    public DecodeOutcome Connection(ReadOnlySpan<byte> payload, Presence presence, GatewayParts parts)
    {
        _detail = null;
        parts.Clear();
        try
        {
            var reader = new Utf8JsonReader(payload, new JsonReaderOptions { MaxDepth = DepthMax });
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                return DecodeOutcome.Rejected(RejectReason.BadJson, "payload: not a JSON object");
            Span<byte> name = stackalloc byte[ForeignTopic.NameMax];
            var length = -1;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (!reader.ValueTextEquals("device"u8))
                {
                    reader.Skip();
                    continue;
                }

                reader.Read();
                if (!Name(ref reader, name, out length))
                    return DecodeOutcome.Rejected(_reason, _detail!);
            }

            if (reader.Read() || length < 0)
                return DecodeOutcome.Rejected(RejectReason.MissingField, "device: missing");
            parts.Begin(name[..length]);
            parts.End(unknownFields: 0, new DeviceStatus { Presence = presence });
            return DecodeOutcome.Decoded;
        }
        catch (JsonException error)
        {
            Broken(error);
            return DecodeOutcome.Rejected(_reason, _detail!);
        }
    }

    private bool Devices(ref Utf8JsonReader reader, long receivedMs, GatewayParts parts)
    {
        Span<byte> name = stackalloc byte[ForeignTopic.NameMax];
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isNamed = Name(ref reader, name, out var length);
            reader.Read();
            var value = reader;
            if (isNamed)
            {
                parts.Begin(name[..length]);
                var unknown = 0;
                if (reader.TokenType == JsonTokenType.Null || Entries(ref reader, "telemetry", parts.Readings, parts.Readings.Count + ReadingBuffer.ReadingsMax, receivedMs, ref unknown))
                {
                    parts.End(unknown, status: null);
                    continue;
                }

                parts.Cancel();
            }

            parts.Fault ??= DecodeOutcome.Rejected(_reason, _detail!);
            _detail = null;
            reader = value;
            reader.Skip();
        }

        return true;
    }

    private bool Name(ref Utf8JsonReader reader, scoped Span<byte> into, out int length)
    {
        length = 0;
        if (reader.TokenType is not (JsonTokenType.PropertyName or JsonTokenType.String) || reader.ValueSpan.Length is 0 or > ForeignTopic.NameMax)
            return Fail(RejectReason.BadId, string.Create(CultureInfo.InvariantCulture, $"device: a name is text of 1 to {ForeignTopic.NameMax} bytes"));
        length = reader.CopyString(into);
        return DeviceName.IsPlain(into[..length]) || Fail(RejectReason.BadId, $"device: a name is text {DeviceName.Without}");
    }

    /// <summary>Keys and values, the same with a time beside them, or a list of either. The reader stands on the first token and is left on the last.</summary>
    private bool Entries(ref Utf8JsonReader reader, string what, ReadingBuffer readings, int most, long receivedMs, ref int unknown)
    {
        if (reader.TokenType == JsonTokenType.StartObject)
            return Entry(ref reader, readings, most, receivedMs, ref unknown);
        if (reader.TokenType != JsonTokenType.StartArray)
            return Fail(RejectReason.BadField, $"{what}: allowed are an object of keys, {{\"ts\":…,\"values\":{{…}}}}, or a list of these");
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.StartObject)
                return Fail(RejectReason.BadField, $"{what}: a list of objects is allowed");
            if (!Entry(ref reader, readings, most, receivedMs, ref unknown))
                return false;
        }

        return true;
    }

    private bool Entry(ref Utf8JsonReader reader, ReadingBuffer readings, int most, long receivedMs, ref int unknown)
    {
        sheet.Clear();
        long? at = null;
        var isTimed = HasValues(reader);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (isTimed && reader.ValueTextEquals("ts"u8))
            {
                reader.Read();
                if (!Time(ref reader, out at))
                    return false;
            }
            else if (isTimed && reader.ValueTextEquals("values"u8))
            {
                reader.Read();
                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                    Value(ref reader, ref unknown);
            }
            else if (isTimed)
            {
                reader.Skip();
            }
            else
            {
                Value(ref reader, ref unknown);
            }
        }

        return sheet.WriteTo(readings, at ?? receivedMs, most: most)
            || Fail(RejectReason.TooManyReadings, string.Create(CultureInfo.InvariantCulture, $"payload: more than {ReadingBuffer.ReadingsMax} readings"));
    }

    /// <summary>Whether the object is <c>{"ts":…,"values":{…}}</c>; a plain one may hold a key "ts" too.</summary>
    /// <param name="reader">A copy, so that looking ahead moves nothing.</param>
    private static bool HasValues(Utf8JsonReader reader)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isValues = reader.ValueTextEquals("values"u8);
            reader.Read();
            if (isValues && reader.TokenType == JsonTokenType.StartObject)
                return true;
            reader.Skip();
        }

        return false;
    }

    private bool Time(ref Utf8JsonReader reader, out long? at)
    {
        const double LatestMs = 253_402_300_800_000;
        at = null;
        if (reader.TokenType == JsonTokenType.Null)
            return true;
        if (!ScalarText.TryNumber(ref reader, out var ms) || ms < 0 || ms >= LatestMs)
            return Fail(RejectReason.BadField, "ts: allowed are milliseconds since 1970");
        at = (long)ms;
        return true;
    }

    private void Value(ref Utf8JsonReader reader, ref int unknown)
    {
        var isKnown = TryKey(ref reader, out var channel, out var key);
        reader.Read();
        // ThingsBoard stores nested values as they are; none of ours is nested.
        if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
        {
            unknown++;
            reader.Skip();
            return;
        }

        if (!isKnown)
        {
            unknown++;
            return;
        }

        if (reader.TokenType == JsonTokenType.Null)
            return;
        // The keys are everybody's own: a text where we expect a number is another thing of the same name, counted and left out.
        if (key.IsState)
            State(ref reader, channel, ref unknown);
        else if (key.Metric.IsBoolean())
            Flag(ref reader, channel, key.Metric, ref unknown);
        else if ((ScalarText.TryScaled(ref reader, key.Scale, 0, out var value) || double.IsInfinity(value)) && !(value < 0 && key.Metric.IsCounter()))
            sheet.Set(sheet.RowOf(channel), key.Metric, value);
        else
            unknown++;
    }

    private void Flag(ref Utf8JsonReader reader, ChannelId channel, Metric metric, ref int unknown)
    {
        if (ScalarText.Flag(ref reader) is { } flag)
            sheet.Set(sheet.RowOf(channel), metric, flag ? 1 : 0);
        else
            unknown++;
    }

    private void State(ref Utf8JsonReader reader, ChannelId channel, ref int unknown)
    {
        Span<byte> text = stackalloc byte[ScalarText.TextMax];
        var length = ScalarText.Copy(ref reader, text);
        if (length is > 0 and <= ReadingBuffer.StateLengthMax)
            sheet.SetState(sheet.RowOf(channel), states.Get(text[..length]));
        else
            unknown++;
    }

    /// <summary><c>voltage</c> is the device's; <c>s1_power</c> and <c>s1.power</c> are of socket 1. Upper and lower case are the same.</summary>
    private static bool TryKey(ref Utf8JsonReader reader, out ChannelId channel, out (Metric Metric, decimal Scale, bool IsState) key)
    {
        channel = ChannelId.Main;
        key = default;
        Span<byte> text = stackalloc byte[KeyLengthMax];
        if (reader.ValueSpan.Length > KeyLengthMax)
            return false;
        ReadOnlySpan<byte> name = text[..reader.CopyString(text)];
        Span<char> lower = stackalloc char[KeyLengthMax];
        if (Lookup(name, lower, out key))
            return true;
        var separator = name.IndexOfAny("._"u8);
        return separator > 0 && ChannelId.TryParse(name[..separator], out channel) && Lookup(name[(separator + 1)..], lower, out key);
    }

    private static bool Lookup(ReadOnlySpan<byte> name, Span<char> lower, out (Metric Metric, decimal Scale, bool IsState) key)
    {
        key = default;
        if (name.IsEmpty || System.Text.Ascii.ToLower(name, lower, out var length) != System.Buffers.OperationStatus.Done)
            return false;
        var text = lower[..length];
        if (text is "st" or "state" or "status")
        {
            key.IsState = true;
            return true;
        }

        if (!Keys.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(text, out var known))
            return false;
        (key.Metric, key.Scale) = known;
        return true;
    }

    private bool Fail(RejectReason reason, string detail)
    {
        (_reason, _detail) = (reason, detail);
        return false;
    }

    private void Broken(JsonException error) =>
        Fail(RejectReason.BadJson, string.Create(CultureInfo.InvariantCulture, $"payload: not JSON at byte {error.BytePositionInLine}"));
}
