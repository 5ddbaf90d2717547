using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FirmwareSim.Physics;

namespace FirmwareSim.Devices;

/// <summary>Numbers of the pile's own firmware, as published for real ones.</summary>
internal sealed record PointSettings
{
    /// <summary>Below this and steady, a battery counts as full.</summary>
    public double FullBelowW { get; init; } = 18;

    /// <summary>How much the power may change while it counts as steady.</summary>
    public double FullChangeW { get; init; } = 6;

    public double FullHoldS { get; init; } = 45 * 60;

    public double UnpluggedBelowW { get; init; } = 1.5;

    public double UnpluggedHoldS { get; init; } = 300;

    /// <summary>Order length.</summary>
    public double LongestS { get; init; } = 12 * 3600;

    /// <summary>Power at which the point cuts itself, W. 1,400 is a common default: a thousand watts pass.</summary>
    public double LimitW { get; init; } = 1_400;

    public Resolution Resolution { get; init; } = Resolution.Pile;

    /// <summary>How often the display takes a new value, s.</summary>
    public double RefreshS { get; init; }

    public double ClassPercent { get; init; } = 2;

    /// <summary>Whether the counter it tells begins anew with every order.</summary>
    public bool CountsPerOrder { get; init; }
}

/// <summary>One socket of a pile or slot of a cabinet: plug, contact, relay, meter, and the firmware's session around them.</summary>
/// <remarks>Electric things run on the clock; the charger and the session's timers run in life (see <see cref="Moment"/>).</remarks>
internal sealed class ChargingPoint(ChannelId channel, PointSettings settings, int phase, Randomness random)
{
    private const int OverPowerSamples = 3;

    private readonly Measurement _meter = new(settings.ClassPercent, settings.Resolution, random, settings.RefreshS);
    private readonly Contact _contact = new(random.Between(5, 30));
    private readonly double _ambientOffsetK = random.Between(-0.6, 0.6);

    private double _limitW = settings.LimitW;
    private double _steadyAtW;
    private double _steadyS;
    private double _noLoadS;
    private int _overPower;
    private double _sessionS;
    private double _sessionFromWh;
    private double _lastOrderWh;
    private Charger? _charger;
    private Charger? _second;

    public ChannelId Channel { get; } = channel;

    /// <summary>Supply phase it hangs on.</summary>
    public int Phase { get; } = phase;

    /// <summary>Only for old or disabled owners.</summary>
    public bool IsReserved { get; init; }

    /// <summary>Whether whoever charges now may use a reserved socket.</summary>
    public bool IsEntitledUser { get; set; }

    public bool IsPlugged => _charger is not null;

    public bool IsFree => _charger is null && Session is null && ExtraW == 0;

    public Charger? Charger => _charger;

    /// <summary>Whether more hangs on it than the one charger it is meant for.</summary>
    public bool HasTwoChargers => _second is not null || ExtraW > 0;

    /// <summary>Whether what hangs on it still charges, or draws for some other purpose: not whether anything flows.</summary>
    public bool TakesCharge => _charger is { IsDone: false } || _second is { IsDone: false } || ExtraW > 0;

    /// <summary>Whether it is held by a battery that is full: its charge is over, or nothing but the last trickle of its taper is left.</summary>
    public bool IsFull => _charger is { } charger && _second is null or { IsDone: true } && ExtraW == 0
        && (charger.IsDone || (charger.IsInTaper && TrueWatts < settings.FullBelowW));

    public bool RelayClosed { get; private set; }

    /// <summary>A relay whose contacts have fused: it conducts whatever the firmware says.</summary>
    public bool IsWelded { get; set; }

    /// <summary>Nothing flows whatever the relay says.</summary>
    public bool HasBlownFuse { get; set; }

    /// <summary>Something else on the same socket, W: a second charger on a splitter.</summary>
    public double ExtraW { get; set; }

    public string? Session { get; private set; }

    public string? User { get; private set; }

    /// <summary>The energy counter it tells, Wh: the meter's register, or what the present order, else the last one, has taken.</summary>
    public double CounterWattHours => settings.CountsPerOrder
        ? Resolution.Floor(Session is null ? _lastOrderWh : _meter.ExactWattHours - _sessionFromWh, settings.Resolution.WattHours)
        : _meter.WattHours;

    /// <summary>What the firmware would call it: <c>idle charging full stopped off</c>.</summary>
    public string State { get; private set; } = "idle";

    public Measurement Meter => _meter;

    public double Celsius { get; private set; } = 20;

    /// <summary>Plug and socket.</summary>
    public Contact Contact => _contact;

    /// <summary>What really flows, W, whatever the meter says.</summary>
    public double TrueWatts { get; private set; }

    /// <summary>A plug goes in and its owner pays: the session begins.</summary>
    public DeviceFact Plug(Charger charger, string user, double fromWh = double.NaN)
    {
        _charger = charger;
        return StartSession(user, fromWh);
    }

    /// <summary>A second charger on the same socket, by a splitter.</summary>
    public void PlugSecond(Charger charger) => _second = charger;

    /// <summary>The plug comes out, with whatever hung on it. The firmware finds out by itself, minutes later.</summary>
    public void Unplug()
    {
        (_charger, _second) = (null, null);
        if (Session is null)
            State = "idle";
    }

    /// <summary>Closes the relay; a session begins when there is none.</summary>
    public DeviceFact? SwitchOn(string user)
    {
        RelayClosed = true;
        return Session is null ? StartSession(user, double.NaN) : null;
    }

    /// <summary>Opens the relay and ends the session, if there is one.</summary>
    public DeviceFact? SwitchOff(StopReason reason, string state)
    {
        RelayClosed = false;
        if (!IsWelded)
            _meter.Open();
        State = state;
        return EndSession(reason);
    }

    public void Limit(double watts) => _limitW = watts;

    /// <summary>Lets time pass; returns the fact that a session ended.</summary>
    public DeviceFact? Step(in Moment now, Circuit? circuit, double ambientC)
    {
        var conducts = (RelayClosed || IsWelded) && !HasBlownFuse;
        var volts = circuit?.Volts(Phase) ?? 228;
        var watts = 0.0;
        var powerFactor = 1.0;
        if (conducts && volts > 0)
        {
            if (_charger is not null)
            {
                _charger.Step(now.LifeS);
                (watts, powerFactor) = (_charger.Watts, _charger.PowerFactor);
            }

            if (_second is not null)
            {
                _second.Step(now.LifeS);
                watts += _second.Watts;
            }

            watts += ExtraW;
            if (ExtraW > watts / 2)
                powerFactor = 0.95;
        }

        TrueWatts = watts;
        var amps = watts > 0 ? watts / (volts * powerFactor) : 0;
        circuit?.Add(Phase, watts, powerFactor);
        _contact.Step(amps, now.ClockS);
        Celsius = ambientC + _ambientOffsetK + _contact.RiseK;
        _meter.Step(watts, amps, volts, now.ClockS);
        return Session is null ? null : Supervise(now);
    }

    private DeviceFact StartSession(string user, double fromWh)
    {
        IsEntitledUser = false;
        Session = random.Next().ToString("x16", System.Globalization.CultureInfo.InvariantCulture)[..8];
        User = user;
        RelayClosed = true;
        State = "charging";
        _sessionS = 0;
        _steadyS = 0;
        _noLoadS = 0;
        _overPower = 0;
        _sessionFromWh = double.IsNaN(fromWh) ? _meter.ExactWattHours : fromWh;
        return new DeviceFact(EventKind.SessionStart, Channel) { Session = Session, User = user };
    }

    private DeviceFact? EndSession(StopReason reason)
    {
        if (Session is null)
            return null;
        _lastOrderWh = _meter.ExactWattHours - _sessionFromWh;
        var fact = new DeviceFact(EventKind.SessionStop, Channel)
        {
            Reason = reason,
            Session = Session,
            User = User,
            Wh = Math.Round(_lastOrderWh, 1),
        };
        Session = null;
        User = null;
        return fact;
    }

    /// <summary>The firmware's own rules, in the order real ones check them.</summary>
    private DeviceFact? Supervise(in Moment now)
    {
        var watts = _meter.Watts;
        _sessionS += now.LifeS;

        _overPower = watts > _limitW ? _overPower + 1 : 0;
        if (_overPower >= OverPowerSamples)
            return SwitchOff(StopReason.OverPower, "stopped");

        _noLoadS = watts <= settings.UnpluggedBelowW ? _noLoadS + now.LifeS : 0;
        if (_noLoadS >= settings.UnpluggedHoldS)
            return SwitchOff(StopReason.Unplugged, IsPlugged ? "stopped" : "idle");

        var steady = watts < settings.FullBelowW && watts > settings.UnpluggedBelowW && Math.Abs(watts - _steadyAtW) <= settings.FullChangeW;
        _steadyAtW = steady ? _steadyAtW : watts;
        _steadyS = steady ? _steadyS + now.LifeS : 0;
        if (_steadyS >= settings.FullHoldS)
            return SwitchOff(StopReason.Full, "full");

        return _sessionS >= settings.LongestS ? SwitchOff(StopReason.Time, "stopped") : null;
    }
}
