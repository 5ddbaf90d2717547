using FacilityMonitor.Readings;
using FirmwareSim.Physics;
using FirmwareSim.Protocol;

namespace FirmwareSim.Devices;

/// <summary>Where a device is and how it hangs there.</summary>
internal sealed record DeviceSeat
{
    public required string Site { get; init; }

    public required string Id { get; init; }

    /// <summary>The place it stands in; null: directly on the site.</summary>
    public string? Place { get; init; }

    /// <summary>The circuit that feeds it; null for one that lives on its battery, or of which we know nothing.</summary>
    public Circuit? Circuit { get; init; }

    /// <summary>How often it reports, s.</summary>
    public double PeriodS { get; init; } = 10;

    /// <summary>Longest time it waits by chance before it connects again, s.</summary>
    public double ReconnectWithinS { get; init; }

    /// <summary>What it speaks.</summary>
    public SpokenDialect Dialect { get; init; }

    /// <summary>What its firmware does beside its protocol.</summary>
    public Quirks Quirks { get; init; }

    /// <summary>How far its clock stands before (+) or behind (−) the true time, ms.</summary>
    public long SkewMs { get; init; }

    public bool Has(Quirks quirk) => (Quirks & quirk) != 0;

    /// <summary>Registry path of the device, or of one of its channels.</summary>
    public string AssetPath(ChannelId channel)
    {
        var device = Place is null ? $"{Site}/{Id}" : $"{Site}/{Place}/{Id}";
        return channel.Kind == ChannelKind.Main ? device : $"{device}/{channel}";
    }
}

/// <summary>One channel as a birth declares it.</summary>
internal sealed record DeviceChannel(ChannelId Channel, IReadOnlyList<Metric> Metrics, double? RatedA = null, bool HasState = false);

/// <summary>The thing itself, without its radio: it changes with time, can be read, has facts to tell and obeys commands.</summary>
internal abstract class SimulatedDevice(DeviceSeat seat)
{
    private readonly List<DeviceFact> _facts = [];

    public DeviceSeat Seat { get; } = seat;

    /// <summary>At most 64 characters.</summary>
    public abstract string Model { get; }

    public virtual string FirmwareVersion => "1.4.2";

    public abstract IReadOnlyList<DeviceChannel> Channels { get; }

    /// <summary>Commands it understands beside those of every device (<c>resend</c>, <c>rebirth</c>, <c>reset</c>).</summary>
    public virtual IReadOnlyList<string> Operations => [];

    /// <summary>Whether its network reaches the broker.</summary>
    public bool IsReachable => !IsCutOff && (Behind is null || (Behind.IsReachable && Behind.IsPowered));

    /// <summary>Whether a script has taken its network away.</summary>
    public bool IsCutOff { get; set; }

    /// <summary>The gateway it speaks through; null for none.</summary>
    public SimulatedDevice? Behind { get; set; }

    /// <summary>Whether it speaks over its gateway's connection and has none of its own.</summary>
    public bool SharesConnection => Behind is Gateway { IsShared: true };

    /// <summary>Whether somebody is left to say that it is gone: the broker by its will, or the gateway whose connection it shares, as long as that is there itself.</summary>
    public bool IsSpokenFor => !SharesConnection || (Behind!.IsReachable && Behind.IsPowered);

    public LinkFaults Link { get; } = new();

    /// <summary>How far its clock is off now, ms: as it was built, or as a script set it.</summary>
    public long ClockErrorMs { get; set; } = seat.SkewMs;

    /// <summary>Whether it has power. Without its circuit a device on the mains is dead.</summary>
    public virtual bool IsPowered => Seat.Circuit is null || Seat.Circuit.Volts(Seat.Circuit.PhaseOf(0)) > 0;

    /// <summary>Whether it could say something now and be heard.</summary>
    public bool IsHeard => IsReachable && IsPowered;

    /// <summary>Raised by a script: the device shall start anew, once per count.</summary>
    public int RestartsAsked { get; set; }

    /// <summary>Lets time pass. What it draws goes to its circuit.</summary>
    public abstract void Step(in Moment now);

    /// <summary>Writes what every channel measures now.</summary>
    public abstract void Read(ReadingWriter writer);

    /// <summary>Does what it is told; null when it does not know how.</summary>
    public virtual CommandAnswer? Obey(Command command, in Moment now) => null;

    /// <summary>The facts since the last call.</summary>
    public IReadOnlyList<DeviceFact> TakeFacts()
    {
        if (_facts.Count == 0)
            return [];
        DeviceFact[] taken = [.. _facts];
        _facts.Clear();
        return taken;
    }

    protected void Tell(DeviceFact fact) => _facts.Add(fact);

    public override string ToString() => $"{Seat.Site}/{Seat.Id}";
}
