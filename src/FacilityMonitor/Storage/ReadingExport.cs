using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using FacilityMonitor.Contract;
using FacilityMonitor.Influx;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Storage;

/// <summary>How exported readings are written.</summary>
internal enum ExportFormat
{
    /// <summary>For a spreadsheet: UTF-8 with its mark, so that Chinese is read right, one column a metric.</summary>
    Csv,

    /// <summary>InfluxDB line protocol, nanoseconds.</summary>
    Line,

    /// <summary>JSON Lines, as <c>decode</c> prints them.</summary>
    Jsonl,
}

/// <summary>Writes readings in a form others read: nobody's data is locked in.</summary>
/// <param name="format">Which form.</param>
/// <param name="output">Where to; left open.</param>
internal sealed class ReadingExport(ExportFormat format, Stream output) : IDisposable
{
    private static readonly JsonWriterOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly Metric[] Metrics = Enum.GetValues<Metric>();

    private readonly StreamWriter _text = new(output, new UTF8Encoding(encoderShouldEmitUTF8Identifier: format == ExportFormat.Csv), leaveOpen: true) { NewLine = format == ExportFormat.Csv ? "\r\n" : "\n" };
    private readonly ReadingBuffer _buffer = new();
    private readonly ByteBuffer _lines = new();

    /// <summary>How many readings were written.</summary>
    public long Count { get; private set; }

    /// <summary>What stands before the first reading.</summary>
    public void Begin()
    {
        if (format == ExportFormat.Csv)
            _text.WriteLine("at,site,device,channel,quality," + string.Join(',', Metrics.Select(metric => metric.Key())) + ",ce,st,device_at");
    }

    /// <summary>Writes one reading.</summary>
    /// <param name="site">Its site; null for a foreign device nobody adopted.</param>
    /// <param name="device">What the device is called at its site.</param>
    /// <param name="kind">What it is; null when it is not registered.</param>
    /// <param name="reading">The reading.</param>
    public void Write(string? site, string device, DeviceKind? kind, StoredReading reading)
    {
        Count++;
        switch (format)
        {
            case ExportFormat.Csv:
                Csv(site, device, reading);
                break;
            case ExportFormat.Line:
                Line(site, device, kind, reading);
                break;
            case ExportFormat.Jsonl:
                JsonLine(site, device, reading);
                break;
        }
    }

    public void Dispose() => _text.Dispose();

    private static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private void Csv(string? site, string device, StoredReading reading)
    {
        _text.Write(ReadingJson.Instant(reading.AtMs));
        Cell(site);
        Cell(device);
        Cell(reading.Channel.ToString());
        Cell(ReadingJson.Key(reading.Quality));
        foreach (var metric in Metrics)
        {
            _text.Write(',');
            foreach (var value in reading.Values)
            {
                if (value.Metric == metric)
                    _text.Write(metric.IsBoolean() ? value.Value != 0 ? "true" : "false" : Number(value.Value));
            }
        }

        _text.Write(',');
        _text.Write(reading.CounterEpoch?.ToString(CultureInfo.InvariantCulture));
        Cell(reading.State);
        _text.Write(',');
        _text.WriteLine(reading.DeviceMs == reading.AtMs ? "" : ReadingJson.Instant(reading.DeviceMs));
    }

    private void Cell(string? text)
    {
        _text.Write(',');
        _text.Write(CsvText.Of(text));
    }

    private void Line(string? site, string device, DeviceKind? kind, StoredReading reading)
    {
        Fill(reading);
        _lines.Clear();
        ref readonly var row = ref _buffer.Readings[0];
        LineProtocol.Write(_lines, LineProtocol.Head(kind, site, device), row, _buffer.ValuesOf(row), LineProtocol.Nanoseconds(reading.AtMs, reading.Seq, reading.Index));
        _text.Write(Encoding.UTF8.GetString(_lines.Span));
    }

    private void JsonLine(string? site, string device, StoredReading reading)
    {
        Fill(reading);
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes, Json))
        {
            writer.WriteStartObject();
            writer.WritePropertyName("reading"u8);
            ReadingJson.Write(writer, new DeviceId(reading.Device.Id.Dialect, site, device), _buffer, _buffer.Readings[0]);
            writer.WriteEndObject();
        }

        _text.WriteLine(Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length));
    }

    private void Fill(StoredReading reading)
    {
        _buffer.Clear();
        ref var row = ref _buffer.Add();
        (row.Channel, row.AtMs, row.DeviceMs, row.Quality) = (reading.Channel, reading.AtMs, reading.DeviceMs, reading.Quality);
        (row.CounterEpoch, row.State) = (reading.CounterEpoch, reading.State);
        foreach (var value in reading.Values)
            _buffer.AddValue(value.Metric, value.Value);
    }
}
