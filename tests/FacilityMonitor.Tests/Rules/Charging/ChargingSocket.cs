using System.Buffers;
using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FacilityMonitor.Rules;

namespace FacilityMonitor.Tests.Rules.Charging;

/// <summary>One socket and what is known of its sessions. Times are minutes after the start of the scene; a sample a minute unless told otherwise.</summary>
internal sealed class ChargingSocket
{
    public const long StartMs = 1_795_168_800_000;

    /// <summary>A period of 60 s: three of them are no gap.</summary>
    private const long GapMs = 180_000;

    private readonly DeviceTable _devices = new();
    private readonly int _socket;

    public ChargingSocket()
    {
        _socket = Begin(_devices.Resolve(Dialect.Fm1, "lane"u8, "pile-01"u8)!.Number);
    }

    public List<SessionFact> Facts { get; } = [];

    public SocketSessions Sessions { get; private set; } = null!;

    public ChargingSession Only => Assert.IsType<ChargingSession>(Assert.Single(Facts));

    public Session? Live => Sessions[_socket].Live;

    public int Socket => _socket;

    public static long At(double minutes) => StartMs + (long)Math.Round(minutes * 60_000);

    public static double Minutes(long ms) => Math.Round((ms - StartMs) / 60_000.0, 3);

    /// <summary>One sample; what is left out the device does not tell.</summary>
    public ChargingSocket Sample(double minute, double? w = null, double? wh = null, uint? epoch = null, bool? relay = null, string? st = null)
    {
        var sample = new SocketSample(At(minute), w is { } watts ? (float)watts : float.NaN, wh ?? double.NaN, epoch, relay, SocketWords.Of(st));
        Sessions.Observe(_socket, sample, GapMs, At(minute), SessionLimits.Default);
        return this;
    }

    /// <summary>Charging as an <c>fm/1</c> pile tells it: power, relay, word, once a minute from one minute to another, both included; power may change on the way.</summary>
    public ChargingSocket Charges(double from, double to, double w, double? toW = null, bool? relay = true, string? st = "charging")
    {
        for (var minute = from; minute <= to; minute++)
            Sample(minute, w + (((toW ?? w) - w) * (to > from ? (minute - from) / (to - from) : 0)), relay: relay, st: st);
        return this;
    }

    /// <summary>The socket free and open, once a minute.</summary>
    public ChargingSocket Idles(double from, double to)
    {
        for (var minute = from; minute <= to; minute++)
            Sample(minute, 0, relay: false, st: "idle");
        return this;
    }

    public ChargingSocket Starts(double minute, string? session = "a1", string? user = "h:1", double? told = null) =>
        Told(new DeviceEvent { Kind = EventKind.SessionStart, Channel = ChannelId.Socket(1), AtMs = At(minute), DeviceMs = At(minute), Session = session, User = user }, told ?? minute);

    public ChargingSocket Stops(double minute, StopReason? reason = StopReason.Unplugged, string? session = "a1", double? wh = null, double? told = null) =>
        Told(new DeviceEvent { Kind = EventKind.SessionStop, Channel = ChannelId.Socket(1), AtMs = At(minute), DeviceMs = At(minute), Session = session, Reason = reason, Wh = wh }, told ?? minute);

    public ChargingSocket Tick(double minute)
    {
        Sessions.Tick(At(minute));
        return this;
    }

    /// <summary>Everything is saved, forgotten and restored.</summary>
    public ChargingSocket Restarts()
    {
        var saved = Saved();
        Begin(Sessions[_socket].Device);
        var reader = new SnapshotReader(saved);
        Sessions.LoadSite(ref reader, hasShares: true, hasPowers: true);
        Sessions.Load(ref reader, _socket, SiteEngine.Format);
        Assert.True(reader.AtEnd);
        Assert.Equal(Convert.ToHexString(saved), Convert.ToHexString(Saved()));
        return this;
    }

    public byte[] Saved()
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new SnapshotWriter(output);
        Sessions.SaveSite(ref writer);
        Sessions.Save(ref writer, _socket);
        return output.WrittenSpan.ToArray();
    }

    private int Begin(int device)
    {
        Sessions = new SocketSessions(Facts, number => _devices.Find(number)!);
        return Sessions.Add(device, ChannelId.Socket(1));
    }

    private ChargingSocket Told(DeviceEvent fact, double minute)
    {
        Sessions.Take(_socket, fact, At(minute));
        return this;
    }
}
