using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using FacilityMonitor.Contract;
using FacilityMonitor.Rules;

namespace FacilityMonitor.Storage;

/// <summary>Writes charging sessions in a form others read.</summary>
/// <param name="format">CSV or JSON Lines; a session is no point in time, so line protocol has no place for it.</param>
/// <param name="output">Where to; left open.</param>
internal sealed class SessionExport(ExportFormat format, Stream output) : IDisposable
{
    private static readonly JsonWriterOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly StreamWriter _text = new(output, new UTF8Encoding(encoderShouldEmitUTF8Identifier: format == ExportFormat.Csv), leaveOpen: true) { NewLine = format == ExportFormat.Csv ? "\r\n" : "\n" };

    /// <summary>How many sessions were written.</summary>
    public long Count { get; private set; }

    /// <summary>What stands before the first session.</summary>
    public void Begin()
    {
        if (format == ExportFormat.Csv)
            _text.WriteLine("start,end,site,device,channel,session,user,reason,wh,wh_from,settled_wh,peak_w,shape,packs,constant_min,taper_min,tail_min,full_since,restarts,unseen_min,whole,started_by,ended_by");
    }

    /// <summary>Writes one session.</summary>
    /// <param name="site">Its site; null for a foreign device nobody adopted.</param>
    /// <param name="device">What the device is called at its site.</param>
    /// <param name="session">The session.</param>
    public void Write(string? site, string device, ChargingSession session)
    {
        Count++;
        if (format == ExportFormat.Csv)
            Csv(site, device, session);
        else
            JsonLine(site, device, session);
    }

    public void Dispose() => _text.Dispose();

    private void Csv(string? site, string device, ChargingSession session) => _text.WriteLine(string.Join(
        ',', ReadingJson.Instant(session.StartMs), ReadingJson.Instant(session.EndMs), CsvText.Of(site), CsvText.Of(device), session.Channel, CsvText.Of(session.Name), CsvText.Of(session.User),
        Reason(session), Number(session.Wh), Key(session.EnergyFrom), Number(session.SettledWh), Number(session.PeakW), Key(session.Shape), Number(session.Packs), Minutes(session.ConstantMs),
        Minutes(session.TaperMs), Minutes(session.TailMs), session.FullMs is { } full ? ReadingJson.Instant(full) : "", Number(session.Restarts), Minutes(session.UnseenMs),
        session.IsWhole ? "true" : "false", Key(session.StartedBy), Key(session.EndedBy)));

    private void JsonLine(string? site, string device, ChargingSession session)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes, Json))
        {
            writer.WriteStartObject();
            writer.WriteStartObject("session"u8);
            writer.WriteString("start"u8, ReadingJson.Instant(session.StartMs));
            writer.WriteString("end"u8, ReadingJson.Instant(session.EndMs));
            writer.WriteString("site"u8, site);
            writer.WriteString("device"u8, device);
            writer.WriteString("channel"u8, session.Channel.ToString());
            writer.WriteString("session"u8, session.Name);
            writer.WriteString("user"u8, session.User);
            writer.WriteString("reason"u8, session.Reason is null ? null : Reason(session));
            Number(writer, "wh"u8, session.Wh);
            writer.WriteString("wh_from"u8, Key(session.EnergyFrom));
            Number(writer, "settled_wh"u8, session.SettledWh);
            Number(writer, "peak_w"u8, session.PeakW);
            writer.WriteString("shape"u8, Key(session.Shape));
            writer.WriteNumber("packs"u8, session.Packs);
            writer.WriteNumber("constant_min"u8, Minutes(session.ConstantMs));
            writer.WriteNumber("taper_min"u8, Minutes(session.TaperMs));
            writer.WriteNumber("tail_min"u8, Minutes(session.TailMs));
            writer.WriteString("full_since"u8, session.FullMs is { } full ? ReadingJson.Instant(full) : null);
            writer.WriteNumber("restarts"u8, session.Restarts);
            writer.WriteNumber("unseen_min"u8, Minutes(session.UnseenMs));
            writer.WriteBoolean("whole"u8, session.IsWhole);
            writer.WriteString("started_by"u8, Key(session.StartedBy));
            writer.WriteString("ended_by"u8, Key(session.EndedBy));
            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        _text.WriteLine(Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length));
    }

    private static void Number(Utf8JsonWriter writer, ReadOnlySpan<byte> name, double? value)
    {
        // An older version added up any number; JSON has no word for what is none.
        if (value is { } number && double.IsFinite(number))
            writer.WriteNumber(name, number);
        else
            writer.WriteNull(name);
    }

    private static string Number(double? value) => value is { } number && double.IsFinite(number) ? number.ToString("R", CultureInfo.InvariantCulture) : "";

    private static decimal Minutes(long ms) => Math.Round(ms / 60_000m, 1);

    private static string Reason(ChargingSession session) => session.Reason is { } reason ? Fm1Words.StopReasons[(int)reason] : "";

    private static string Key(EnergySource source) => source switch
    {
        EnergySource.None => "none",
        EnergySource.Counter => "counter",
        EnergySource.Settlement => "settlement",
        EnergySource.Power => "power",
    };

    private static string Key(CurveShape shape) => shape switch
    {
        CurveShape.NoLoad => "no-load",
        CurveShape.TooShort => "too-short",
        CurveShape.Constant => "constant",
        CurveShape.ConstantTaper => "constant-taper",
        CurveShape.Taper => "taper",
        CurveShape.Packs => "packs",
    };

    /// <summary>The signs, joined by a plus: <c>word+relay</c>.</summary>
    private static string Key(SessionSigns signs)
    {
        (SessionSigns Sign, string Key)[] known =
        [
            (SessionSigns.Told, "told"), (SessionSigns.Word, "word"), (SessionSigns.Relay, "relay"), (SessionSigns.Power, "power"), (SessionSigns.Successor, "successor"),
            (SessionSigns.Silence, "silence"),
        ];
        return string.Join('+', known.Where(one => signs.HasFlag(one.Sign)).Select(one => one.Key));
    }
}
