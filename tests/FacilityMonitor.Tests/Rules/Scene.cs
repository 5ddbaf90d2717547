using System.Buffers;
using System.Globalization;
using System.Text;
using FacilityMonitor.Alerts;
using FacilityMonitor.Contract;
using FacilityMonitor.Monitoring;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Rules;

namespace FacilityMonitor.Tests.Rules;

/// <summary>A lane with a pile and a meter, and an engine that watches it. Times are seconds after 10:00 UTC.</summary>
internal sealed class Scene
{
    /// <summary>2026-11-20T10:00:00Z.</summary>
    public const long StartMs = 1_795_168_800_000;

    private readonly Dictionary<(string Site, string Device), long> _seq = [];

    public Scene(Facility? facility = null, double graceEndsS = 0)
        : this(facility ?? Lane(), new DeviceTable())
    {
        Engine.Started(At(graceEndsS) - SiteEngine.GraceMs);
    }

    public Scene(Facility facility, DeviceTable devices)
    {
        Devices = devices;
        Engine = new RuleEngine(new FacilityIndex(facility), devices);
    }

    public DeviceTable Devices { get; }

    public RuleEngine Engine { get; }

    public List<AlertTransition> Steps { get; } = [];

    /// <summary>What was told, in short: <c>10 active P2 lane/shed-1/pile-01/s1</c>.</summary>
    public IEnumerable<string> Told => Steps.Select(step => string.Create(
        CultureInfo.InvariantCulture, $"{(step.AtMs - StartMs) / 1000.0} {TransitionJson.State(step.Condition)} {step.Priority} {step.Asset}"));

    /// <summary>The same without the asset.</summary>
    public IEnumerable<string> Course => Told.Select(told => told[..told.LastIndexOf(' ')]);

    /// <summary>What the engine knows of every site, as it would be saved.</summary>
    public IReadOnlyDictionary<string, byte[]> Sites => Engine.Unsaved.ToDictionary(site => site, SiteBytes);

    /// <summary>Another engine that was started from what this one saved.</summary>
    public Scene Restarted(Facility facility)
    {
        var next = new Scene(facility, Devices);
        var sites = Sites;
        next.Engine.Restore(Engine.CheckpointAfter(sites.Keys.ToHashSet()));
        foreach (var (site, bytes) in sites)
            next.Engine.RestoreSite(site, 0, bytes);
        next.Steps.AddRange(Steps);
        return next;
    }

    public static long At(double seconds) => StartMs + (long)Math.Round(seconds * 1000);

    /// <summary>The registry of the lane: circuit <c>c1</c> with the meter <c>meter-1</c> unless it has none, <c>pile-01</c> with two sockets on it in <c>shed-1</c>.</summary>
    public static Facility Lane(
        double? ratedA = 20, bool metered = true, int phases = 1, double? socketRatedW = null, RuleSettings? everywhere = null, RuleSettings? ofSite = null,
        RuleSettings? ofCircuit = null, RuleSettings? ofDevice = null, double? periodS = null, IReadOnlyList<DeviceEntry>? more = null, IReadOnlyList<Circuit>? below = null) => new()
        {
            Version = "test",
            Contacts = [],
            Rules = everywhere ?? RuleSettings.None,
            Sites =
            [
                new Site
                {
                    Id = "lane",
                    Name = new LocalText("淮海里", "Huaihai Lane"),
                    Rules = ofSite ?? RuleSettings.None,
                    Circuits =
                    [
                        new Circuit
                        {
                            Id = "c1",
                            Name = new LocalText("车棚回路", "Shed circuit"),
                            Kind = CircuitKind.Charging,
                            RatedA = ratedA,
                            Phases = phases,
                            Meter = metered ? "meter-1" : null,
                            Rules = ofCircuit ?? RuleSettings.None,
                        },
                        .. below ?? [],
                    ],
                    Places = [new Place { Id = "shed-1", Name = new LocalText("1 号车棚", "Shed 1"), Kind = PlaceKind.Shed }],
                    Devices =
                    [
                        new DeviceEntry
                        {
                            Id = "pile-01",
                            Name = new LocalText("1 号桩", "Pile 1"),
                            Kind = DeviceKind.Pile,
                            Place = "shed-1",
                            Circuit = "c1",
                            Sockets = 2,
                            SocketRatedW = socketRatedW,
                            PeriodS = periodS,
                            Rules = ofDevice ?? RuleSettings.None,
                        },
                        new DeviceEntry { Id = "meter-1", Name = new LocalText("车棚电表", "Shed meter"), Kind = DeviceKind.Meter },
                        .. more ?? [],
                    ],
                },
            ],
        };

    public static RuleSettings Set(string rule, string setting, double value) => new(new Dictionary<string, IReadOnlyDictionary<string, double>>
    {
        [rule] = new Dictionary<string, double> { [setting] = value },
    });

    public Device Device(string name, string site = "lane") => Devices.Resolve(Dialect.Fm1, Encoding.UTF8.GetBytes(site), Encoding.UTF8.GetBytes(name))!;

    public static BootId Boot(string text) => BootId.TryParse(Encoding.ASCII.GetBytes(text), out var boot) ? boot : throw new ArgumentException(text);

    /// <summary>A message with one reading.</summary>
    public DeviceMessage Message(
        double atS, string channel, Metric metric, double value, string device = "pile-01", string site = "lane", Quality quality = Quality.Good,
        MessageKind kind = MessageKind.Data, double? receivedS = null, string boot = "boot-1", long? seq = null)
    {
        var message = new DeviceMessage
        {
            Kind = kind,
            Device = Device(device, site),
            ReceivedMs = At(receivedS ?? atS),
            HasEnvelope = true,
            Envelope = new Envelope(Boot(boot), seq ?? Next(site, device), At(atS), null, ClockSource.Ntp),
        };
        Add(message, atS, channel, metric, value, quality);
        return message;
    }

    private long Next(string site, string device) => _seq[(site, device)] = _seq.GetValueOrDefault((site, device), -1) + 1;

    public static void Add(DeviceMessage message, double atS, string channel, Metric metric, double value, Quality quality = Quality.Good)
    {
        ref var reading = ref message.Readings.Add();
        reading.Channel = ChannelId.TryParse(channel, out var parsed) ? parsed : throw new ArgumentException(channel);
        reading.AtMs = reading.DeviceMs = At(atS);
        reading.Quality = quality;
        message.Readings.AddValue(metric, value);
    }

    /// <summary>What the engine knows of one site, as it would be saved.</summary>
    public byte[] SiteBytes(string site = "lane")
    {
        var output = new ArrayBufferWriter<byte>();
        Engine.SaveSite(site, output);
        return output.WrittenSpan.ToArray();
    }

    public Scene Observe(DeviceMessage message)
    {
        Engine.Observe(message, Steps);
        return this;
    }

    /// <summary>The pile's first socket draws so much.</summary>
    public Scene Watts(double atS, double watts, string channel = "s1", Quality quality = Quality.Good, MessageKind kind = MessageKind.Data, double? receivedS = null, string boot = "boot-1") =>
        Observe(Message(atS, channel, Metric.W, watts, quality: quality, kind: kind, receivedS: receivedS, boot: boot));

    /// <summary>The meter of the circuit tells so much.</summary>
    public Scene Amps(double atS, double amps, string channel = "main", Quality quality = Quality.Good, double? receivedS = null) =>
        Observe(Message(atS, channel, Metric.A, amps, device: "meter-1", quality: quality, receivedS: receivedS));

    /// <summary>The same current every so many seconds, from one second to another, both included.</summary>
    public Scene Amps(double fromS, double toS, double everyS, double amps, string channel = "main")
    {
        for (var second = fromS; second <= toS; second += everyS)
            Amps(second, amps, channel);
        return this;
    }

    public Scene Tick(double atS)
    {
        Engine.Tick(At(atS), Steps);
        return this;
    }

    /// <summary>Every second from one to another, both included.</summary>
    public Scene Ticks(double fromS, double toS)
    {
        for (var second = fromS; second <= toS; second++)
            Tick(second);
        return this;
    }

    public Scene Birth(double atS, double? periodS, string device = "pile-01", long bd = 1, string boot = "boot-1") => Observe(new DeviceMessage
    {
        Kind = MessageKind.Birth,
        Device = Device(device),
        ReceivedMs = At(atS),
        Birth = new Birth { Boot = Boot(boot), Bd = bd, TsMs = At(atS), Model = "PILE-2", Firmware = "1", Clock = ClockSource.Ntp, PeriodS = periodS, Channels = [] },
    });

    public Scene Status(double atS, Presence presence, string device = "pile-01", long? bd = 1) => Observe(new DeviceMessage
    {
        Kind = MessageKind.Status,
        Device = Device(device),
        ReceivedMs = At(atS),
        Status = new DeviceStatus { Presence = presence, Bd = bd, Boot = Boot("boot-1") },
    });
}
