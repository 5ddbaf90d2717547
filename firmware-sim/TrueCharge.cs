using FirmwareSim.Devices;

namespace FirmwareSim;

/// <summary>One charging session as it really was.</summary>
internal sealed class TrueCharge
{
    /// <summary>What a charging battery draws at least, W: the firmware's own threshold. Monitors take 15 W for it, so between the two nobody is wrong.</summary>
    private const double FullBelowW = 18;

    private const double FullForSureBelowW = 13;

    /// <summary>Around a tenth of its peak a battery is nearly full and charges no longer in earnest.</summary>
    private const double TrickleShare = 0.11;

    private const double TrickleForSureShare = 0.09;

    private const double NearPeakShare = 0.8;

    private string? _session;
    private string? _user;
    private double _peakW;

    /// <summary>Time in which a battery plainly took charge, s.</summary>
    public double ChargedS { get; private set; }

    /// <summary>The same with what somebody might still count, s.</summary>
    public double PerhapsChargedS { get; private set; }

    /// <summary>Time near its peak without a pause, s.</summary>
    public double NearPeakS { get; private set; }

    public double WattHours { get; private set; }

    /// <summary>Whether more than one charger hung on the socket at some time.</summary>
    public bool HadTwoChargers { get; private set; }

    public string? User => _user;

    /// <summary>Follows the point; returns what its last session took when that is over.</summary>
    public (string User, double WattHours)? Step(ChargingPoint point, in Moment now)
    {
        (string, double)? ended = null;
        if (point.Session != _session)
        {
            ended = _user is null ? null : (_user, WattHours);
            (_session, _user) = (point.Session, point.User);
            (_peakW, ChargedS, PerhapsChargedS, NearPeakS, WattHours, HadTwoChargers) = (0, 0, 0, 0, 0, false);
        }

        if (_session is null)
            return ended;
        var watts = point.TrueWatts;
        _peakW = Math.Max(_peakW, watts);
        HadTwoChargers |= point.HasTwoChargers;
        WattHours += watts * now.ClockS / 3_600;
        NearPeakS = watts > FullBelowW && watts >= NearPeakShare * _peakW ? NearPeakS + now.ClockS : 0;
        // A charger that draws its fifteen watts with nothing to charge charges nothing, however long.
        if (!point.TakesCharge)
            return ended;
        ChargedS += watts > Math.Max(FullBelowW, TrickleShare * _peakW) ? now.ClockS : 0;
        PerhapsChargedS += watts > Math.Max(FullForSureBelowW, TrickleForSureShare * _peakW) ? now.ClockS : 0;
        return ended;
    }
}

/// <summary>What each neighbour of a site took at most in one session of the last thirty days.</summary>
internal sealed class TrueRecords
{
    private const long DaysMs = 30 * 86_400_000L;

    /// <summary>One short charge is no record to compare with.</summary>
    private const int SessionsMin = 3;

    private readonly Dictionary<string, List<(long EndMs, double WattHours)>> _sessions = [];

    public void Add(string user, long endMs, double wattHours)
    {
        if (!_sessions.TryGetValue(user, out var sessions))
            _sessions[user] = sessions = [];
        sessions.Add((endMs, wattHours));
    }

    /// <summary>The most of it, Wh; null without enough of a record.</summary>
    public double? Most(string? user, long nowMs)
    {
        if (user is null || !_sessions.TryGetValue(user, out var sessions))
            return null;
        sessions.RemoveAll(session => nowMs - session.EndMs > DaysMs);
        return sessions.Count < SessionsMin ? null : sessions.Max(session => session.WattHours);
    }
}
