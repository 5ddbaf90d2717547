using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using FacilityMonitor.Readings;
using FirmwareSim.Devices;

namespace FirmwareSim.Protocol;

/// <summary>Writes the elements of <c>r</c>, one channel at a time, and hands each one over as bytes.</summary>
internal sealed class ReadingWriter : IDisposable
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    private readonly ArrayBufferWriter<byte> _element = new(512);
    private readonly Utf8JsonWriter _json;
    private readonly List<byte[]> _channelNames = [];
    private readonly List<ChannelId> _channels = [];

    public ReadingWriter() => _json = new Utf8JsonWriter(_element, Options);

    /// <summary>Whether it spells the words wrong that some boards do (see <see cref="Quirks.Misspelt"/>).</summary>
    public bool IsMisspelt { get; init; }

    /// <summary>Called with each finished element.</summary>
    public Action<ReadOnlySpan<byte>>? Finished { get; set; }

    public void Begin(ChannelId channel)
    {
        _element.ResetWrittenCount();
        _json.Reset();
        _json.WriteStartObject();
        _json.WriteNumber("dt"u8, 0);
        _json.WriteString("ch"u8, NameOf(channel));
    }

    /// <summary>A value, rounded to what the device can tell.</summary>
    public void Number(Metric metric, double value, int decimals)
    {
        var rounded = Math.Round(value, decimals);
        // Minus nothing is nothing.
        _json.WriteNumber(IsMisspelt && metric == Metric.Tc ? "tmep"u8 : metric.Utf8Key(), rounded == 0 ? 0 : rounded);
    }

    public void Flag(Metric metric, bool value) => _json.WriteBoolean(metric.Utf8Key(), value);

    public void NotMeasured(Metric metric) => _json.WriteNull(metric.Utf8Key());

    public void CounterEpoch(uint epoch) => _json.WriteNumber("ce"u8, epoch);

    public void State(string state) => _json.WriteString("st"u8, state);

    public void End()
    {
        _json.WriteEndObject();
        _json.Flush();
        Finished?.Invoke(_element.WrittenSpan);
    }

    /// <summary>A fact, as an element of an <c>event</c>.</summary>
    public void Fact(DeviceFact fact)
    {
        Begin(fact.Channel);
        _json.WriteString("ev"u8, Words.Of(fact.Kind));
        if (fact.Reason is { } reason)
            _json.WriteString(IsMisspelt ? "resaon"u8 : "reason"u8, Words.Of(reason));
        if (fact.Session is not null)
            _json.WriteString("session"u8, fact.Session);
        if (fact.User is not null)
            _json.WriteString("user"u8, fact.User);
        if (fact.Wh is { } wh)
            _json.WriteNumber("wh"u8, wh);
        if (fact.On is { } on)
            _json.WriteBoolean("on"u8, on);
        End();
    }

    public void Dispose() => _json.Dispose();

    private ReadOnlySpan<byte> NameOf(ChannelId channel)
    {
        var index = _channels.IndexOf(channel);
        if (index < 0)
        {
            index = _channels.Count;
            _channels.Add(channel);
            _channelNames.Add(System.Text.Encoding.ASCII.GetBytes(channel.ToString()));
        }

        return _channelNames[index];
    }
}
