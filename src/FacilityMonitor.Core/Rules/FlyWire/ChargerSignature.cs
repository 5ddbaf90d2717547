using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace FacilityMonitor.Rules;

/// <summary>Looks for a battery charger in the power of one circuit, among everything else that is switched there.</summary>
/// <remarks>
/// The level of the circuit is followed; steps of it are matched up and down, so that a fridge under the charger is an excursion and not the charger's
/// end; what remains of each load of 55 to 750 W is its own curve (<see cref="ChargerTrace"/>), weighed as a whole (<see cref="ChargerEvidence"/>). Loads only
/// ever add, so the level is where values meet and not where they scatter above it: a lift's trips are passed over. A plain value of about
/// 5 KB, copied and saved as it is; no step allocates. Values finer than a minute are averaged first. Time is in minutes, on any scale that does not go back.
/// </remarks>
internal struct ChargerSignature
{
    /// <summary>Loads followed at a time.</summary>
    public const int TracesMax = 4;

    /// <summary>On-steps that may be a charger, W: 60 to 700 with the error of a step.</summary>
    public const double StepLeastW = 55;
    public const double StepMostW = 750;

    /// <summary>Evidence at which a load is not forgotten for another.</summary>
    private const double KeptNats = 6;
    private const double SettledNats = 8;

    /// <summary>A step is more than this many σ, and never less than this many W: one value in two million by chance.</summary>
    private const double StepSigmas = 5;
    private const double StepToleranceW = 1.5;

    /// <summary>A taper falls by at most this share of its step a minute: e-fold in 20 minutes is 5 %, seen as an error of the trend of half that.</summary>
    private const double TaperSpeed = 0.02;
    private const double BlindTaperSpeed = 0.025;
    private const double ClimbSpeed = 0.002;
    private const double SlopeShare = 0.03;

    /// <summary>Longest time for which tolerance grows, and for which a trend is carried on unseen, minutes.</summary>
    private const double ToleranceMin = 15;
    private const double CarriedMin = 30;

    /// <summary>A load is settled after this time, minutes; until then it hides what it joined.</summary>
    private const double SettlingMin = 20;

    /// <summary>A silence longer than this and than three intervals, minutes, is a gap; after three hours nothing is taken to be the same.</summary>
    private const double GapMin = 20;
    private const double LostMin = 180;

    /// <summary>Values averaged into one, minutes.</summary>
    private const double BinMin = 1;
    private const double FullBinMin = 0.9;
    private const double CoarseMin = 4;

    private const int PendingMax = 9;
    private const int UnrestMost = 60;
    private const double UnrestMostW = 10;
    private const double HalfDayHours = 12;

    private Traces _traces;
    private LoadLedger _ledger;
    private MeterNoise _noise;
    private Pending _pending;
    private byte _pendingCount;
    private bool _hasBegun;
    private bool _wasQuiet;
    private bool _hasFloor;
    private byte _unrestCount;
    private short _floorCount;
    private int _sinceStep;
    private int _binCount;
    private double _bin;
    private double _binSum;
    private double _binTimes;
    private double _firstMin;
    private double _atMin;
    private double _watts;
    private double _level;
    private double _levelMin;
    private double _slope;
    private double _unrestW;
    private double _floorW;
    private double _floorMin;
    private double _floorSigmaW;
    private double _floorUnrestW;

    /// <summary>Loads that are or were followed.</summary>
    [UnscopedRef]
    public readonly ReadOnlySpan<ChargerTrace> Candidates => _traces;

    /// <summary>Scatter of a value now, W.</summary>
    public readonly double SigmaW => _noise.SigmaW;

    /// <summary>Usual time between values, minutes, at least one.</summary>
    public readonly double IntervalMin => _noise.IntervalMin;

    /// <summary>Smallest step of the meter, W.</summary>
    public readonly double MeterStepW => _noise.StepW;

    /// <summary>Whether a load is on that may be a charger.</summary>
    public readonly bool IsFollowing
    {
        get
        {
            foreach (ref readonly var trace in Candidates)
            {
                if (trace.IsOn)
                    return true;
            }

            return false;
        }
    }

    /// <summary>The load with the most evidence; false when none is followed.</summary>
    public readonly bool TryBest(out int place)
    {
        place = -1;
        for (var index = 0; index < TracesMax; index++)
        {
            if (_traces[index].IsUsed && (place < 0 || _traces[index].Nats > _traces[place].Nats))
                place = index;
        }

        return place >= 0;
    }

    /// <summary>Takes the circuit's power at a time. Values come in the order of time.</summary>
    public void Add(double minute, double watts)
    {
        if (_binCount == 0 && _hasBegun && minute - _atMin >= FullBinMin)
        {
            Take(minute, watts);
            return;
        }

        var bin = Math.Floor(minute / BinMin);
        if (_binCount > 0 && bin == _bin)
        {
            (_binSum, _binTimes, _binCount) = (_binSum + watts, _binTimes + minute, _binCount + 1);
            return;
        }

        if (_binCount > 0)
            Take(_binTimes / _binCount, _binSum / _binCount);
        if (!_hasBegun || minute - _atMin >= FullBinMin)
        {
            _binCount = 0;
            Take(minute, watts);
            return;
        }

        (_bin, _binSum, _binTimes, _binCount) = (bin, watts, minute, 1);
    }

    private void Take(double atMin, double watts)
    {
        if (!_hasBegun)
        {
            (_hasBegun, _firstMin, _atMin, _watts, _level, _levelMin) = (true, atMin, atMin, watts, watts, atMin);
            return;
        }

        var passed = atMin - _atMin;
        if (passed <= 0)
            return;
        var difference = Math.Abs(watts - _watts);
        (_atMin, _watts) = (atMin, watts);
        if (passed > Math.Max(GapMin, 3 * _noise.IntervalMin))
            PassGap();
        var largest = LargestStep();
        var tolerance = Math.Max(Math.Max(StepSigmas * _noise.SigmaW, StepToleranceW), TaperSpeed * largest * Math.Min(ToleranceMin, passed));
        var expected = _level + (_slope * (atMin - _levelMin));
        var off = watts - expected;
        Rest(Math.Abs(off), passed);
        if (Math.Abs(off) <= tolerance)
        {
            _noise.Add(atMin, watts, passed, _wasQuiet ? difference : null, isQuiet: true);
            Follow(expected, off, passed, largest);
            return;
        }

        _noise.Add(atMin, watts, passed, _pendingCount >= PendingMax - 1 ? difference : null, isQuiet: false);
        _wasQuiet = false;
        Wait(expected, off, tolerance, passed);
    }

    /// <summary>A value on the level.</summary>
    private void Follow(double expected, double off, double passed, double largest)
    {
        // An α-β filter: many values are averaged, few are followed.
        var (alpha, beta) = passed >= CoarseMin ? (0.85, 0.6) : (0.5, 0.15);
        var limit = SlopeShare * Math.Max(largest, 60);
        _slope = Math.Clamp(_slope + (beta * off / (_atMin - _levelMin)), -limit, limit);
        (_level, _levelMin) = (expected + (alpha * off), _atMin);
        (_wasQuiet, _pendingCount) = (true, 0);
        _sinceStep++;
        FollowFloor();
        Show();
    }

    /// <summary>A value off the level: a step when enough of the last values meet, with hardly any below them.</summary>
    private void Wait(double expected, double off, double tolerance, double passed)
    {
        Span<StepMark> pending = _pending;
        if (_pendingCount == PendingMax)
        {
            pending[1..].CopyTo(pending);
            _pendingCount--;
        }

        pending[_pendingCount++] = new StepMark(_atMin, (float)_watts);
        var (meeting, below, since, sum) = (0, 0, _atMin, 0.0);
        for (var index = _pendingCount - 1; index >= 0; index--)
        {
            // It may be tapering already.
            var fallen = pending[index].Watts - _watts;
            var may = tolerance + (fallen > 0 && off > 0 && off <= StepMostW ? TaperSpeed * off * (_atMin - pending[index].AtMin) : 0);
            if (Math.Abs(fallen) <= may)
                (meeting, sum, since) = (meeting + 1, sum + pending[index].Watts, pending[index].AtMin);
            else if (pending[index].Watts < _watts)
                below++;
        }

        var needed = passed <= ChargerTrace.KnotMin / 2 ? 3 : 2;
        if (IsKnown(off))
            needed--;
        if (meeting < needed || below * 3 > meeting)
            return;
        Step(since, (sum / meeting) - expected, expected);
        (_level, _levelMin, _slope, _sinceStep, _pendingCount) = (_watts, _atMin, 0, 0, 0);
        Show();
    }

    /// <summary>Whether something that was seen before may have been switched: then fewer values are needed.</summary>
    private readonly bool IsKnown(double off)
    {
        var tolerance = Math.Max(Math.Max(3 * _noise.SigmaW, StepToleranceW), 0.04 * Math.Abs(off));
        foreach (ref readonly var load in _ledger.Open)
        {
            if (off < 0 && Math.Abs(load.Watts + off) <= tolerance && _atMin - load.AtMin < 60)
                return true;
            if (off > 0 && Math.Abs(load.Watts - off) <= 0.1 * off && _atMin - load.AtMin < 120)
                return false;
        }

        if (off < 0)
            return false;
        foreach (ref readonly var run in _ledger.Finished)
        {
            if (run.Minutes >= CoarseMin && Math.Abs(run.Watts - off) <= tolerance)
                return true;
        }

        return false;
    }

    private void PassGap()
    {
        (_level, _levelMin, _slope, _pendingCount) = (_watts, _atMin, 0, 0);
        foreach (ref var trace in (Span<ChargerTrace>)_traces)
        {
            if (!trace.IsOn)
                continue;
            var now = _watts - trace.BaseW - trace.OthersW;
            var silent = _atMin - trace.LastMin;
            if (silent > LostMin)
                trace.IsUsed = false;
            else if (now < 0.1 * trace.StepW || Math.Abs(now - trace.LastW) > TaperSpeed * trace.StepW * silent)
                trace.IsOver = true;
        }
    }

    private readonly double LargestStep()
    {
        var largest = 0.0;
        foreach (ref readonly var trace in Candidates)
        {
            if (trace.IsOn)
                largest = Math.Max(largest, trace.StepW);
        }

        return largest;
    }

    // ---- unrest and floor --------------------------------------------------------------------------------------------

    /// <summary>How far values lie off the level, apart from steps: a charger adds nothing to it. A computer does.</summary>
    private void Rest(double off, double passed)
    {
        foreach (ref var trace in (Span<ChargerTrace>)_traces)
        {
            if (!trace.IsOn || _atMin - trace.StartMin < ChargerTrace.KnotMin || off > 0.1 * trace.StepW)
                continue;
            if (IsInCompany(trace))
            {
                trace.CompanyCount = (byte)Math.Min(trace.CompanyCount + 1, 20);
                trace.CompanyUnrestW += (float)((off - trace.CompanyUnrestW) / trace.CompanyCount);
                continue;
            }

            (trace.CompanyCount, trace.CompanyUnrestW) = (0, 0);
            trace.UnrestCount = (byte)Math.Min(trace.UnrestCount + 1, 30);
            trace.UnrestW += (float)((off - trace.UnrestW) / trace.UnrestCount);
            if (trace.UnrestCount < 8)
                continue;
            // What a regulated supply and the bend of a taper may add, and half again of what was there before.
            var own = (trace.StepW * Math.Max(0.003, 0.005 * passed)) + (0.3 * trace.SigmaW);
            trace.UnsteadyNats = (float)(8 * Math.Max(0, Math.Log((trace.UnrestW + own) / ((1.5 * trace.UnrestBeforeW) + own))));
        }

        if (off > UnrestMostW)
            return;
        _unrestCount = (byte)Math.Min(_unrestCount + 1, UnrestMost);
        _unrestW += (off - _unrestW) / _unrestCount;
        if (!IsNearFloor(_level))
            return;
        _floorCount = (short)Math.Min(_floorCount + 1, 3 * UnrestMost);
        _floorUnrestW += (off - _floorUnrestW) / _floorCount;
    }

    /// <summary>Whether something came after it that is big enough to speak for it.</summary>
    private readonly bool IsInCompany(in ChargerTrace trace)
    {
        foreach (ref readonly var load in _ledger.Open)
        {
            if (load.AtMin > trace.StartMin && load.Watts >= 0.35 * trace.StepW)
                return true;
        }

        return false;
    }

    private readonly bool IsNearFloor(double level) => _hasFloor && Math.Abs(level - _floorW) <= Math.Max(3, StepSigmas * _floorSigmaW);

    /// <summary>The lowest level of the last half day: there nothing is on, and what was noisy is off.</summary>
    private void FollowFloor()
    {
        if (!_hasFloor || _level < _floorW - 1 || _atMin - _floorMin > HalfDayHours * 60)
        {
            (_hasFloor, _floorW, _floorMin, _floorSigmaW) = (true, _level, _atMin, _noise.SigmaW);
            return;
        }

        if (!(_level - _floorW <= Math.Max(3, StepSigmas * _floorSigmaW)))
            return;
        _floorMin = _atMin;
        if (_sinceStep > 8)
            _floorSigmaW += (Math.Min(_noise.SigmaW, _floorSigmaW + 0.5) - _floorSigmaW) * 0.1;
    }

    // ---- steps -------------------------------------------------------------------------------------------------------

    private void Step(double atMin, double watts, double before)
    {
        _noise.Break();
        CountJump(atMin, watts);
        if (watts > 0)
            StepUp(atMin, watts, before);
        else
            StepDown(atMin, -watts, before);
    }

    /// <summary>Small steps that begin with a load are its own: the more of them beyond what was there before, the less it is a charger (Poisson).</summary>
    private void CountJump(double atMin, double watts)
    {
        _ledger.Mark(new StepMark(atMin, (float)watts));
        foreach (ref var trace in (Span<ChargerTrace>)_traces)
        {
            if (!trace.IsOn || atMin - trace.StartMin < CoarseMin || Math.Abs(watts) > 0.5 * trace.StepW || IsInCompany(trace))
                continue;
            trace.Jumps = (short)Math.Min(trace.Jumps + 1, short.MaxValue);
            var expected = (1.5 * trace.StepsBefore * (atMin - trace.StartMin) / 60) + 2;
            trace.JumpyNats = trace.Jumps > expected ? (float)((trace.Jumps * Math.Log(trace.Jumps / expected)) - (trace.Jumps - expected)) : 0;
        }
    }

    private void StepUp(double atMin, double watts, double before)
    {
        foreach (ref var trace in (Span<ChargerTrace>)_traces)
        {
            if (trace.IsOn)
                trace.OthersW += watts;
        }

        _ledger.SwitchOn(new OpenLoad(atMin, (float)watts, (float)_noise.SigmaW, (float)_unrestW));
        if (watts is >= StepLeastW and <= StepMostW)
            Begin(atMin, watts, before);
    }

    private void StepDown(double atMin, double fall, double before)
    {
        var place = Match(atMin, fall, before, out var cost);
        var isMatched = place >= 0;
        var matched = isMatched ? _ledger.Open[place] : default;
        var after = before - fall;
        foreach (ref var trace in (Span<ChargerTrace>)_traces)
        {
            if (!trace.IsOn)
                continue;
            var silent = atMin - trace.LastMin;
            var isItself = isMatched && trace.StartMin == matched.AtMin;
            // Nothing is left of it, and nobody else fits well; or nothing at all is on any more.
            var isGone = cost > 0.12 && after - trace.BaseW - trace.OthersW <= Math.Max(Math.Max(StepSigmas * _noise.SigmaW, 3), 0.05 * trace.StepW);
            if (isItself || isGone || (trace.IsFromFloor && IsNearFloor(after)))
            {
                trace.IsOver = true;
                continue;
            }

            // It may have sunk while others hid it.
            if (!isMatched && silent > Math.Max(3.5, 1.9 * _noise.IntervalMin) && atMin - trace.StartMin > SettlingMin && fall <= BlindTaperSpeed * trace.StepW * silent)
                continue;
            trace.OthersW -= isMatched && matched.AtMin > trace.StartMin ? matched.Watts : fall;
            var now = after - trace.BaseW - trace.OthersW;
            if (Math.Abs(now - trace.LastW) > Math.Max(StepSigmas * _noise.SigmaW, TaperSpeed * trace.StepW * Math.Max(1, silent)))
                trace.OthersW += now - trace.LastW - (Trend(trace) * silent);
        }

        if (!isMatched)
            return;
        _ledger.SwitchOff(place, atMin, fall);
        _noise.SigmaW = matched.SigmaW;
        _unrestW = matched.UnrestW;
    }

    /// <summary>Which load went off; -1: none that is known to be on.</summary>
    private readonly int Match(double atMin, double fall, double before, out double cost)
    {
        var best = -1;
        cost = 0.3;
        var open = _ledger.Open;
        for (var index = 0; index < open.Length; index++)
        {
            var load = open[index];
            var follower = TraceOf(load.AtMin);
            var now = follower >= 0 && !_traces[follower].IsOver ? _traces[follower].LastW : load.Watts;
            var costHere = Math.Abs(fall - now) / Math.Max(now, 1);
            if (follower >= 0)
            {
                ref readonly var trace = ref Candidates[follower];
                // What may be a charger is rather not given up.
                costHere += 0.02 * (trace.ClimbNats + trace.TaperNats);
                var isStale = !trace.IsOver && atMin - trace.StartMin > 60 && atMin - trace.LastMin > Math.Max(10, 3 * _noise.IntervalMin);
                if (isStale && Math.Abs(before - fall - trace.BaseW - trace.OthersW) > 0.12 * trace.StepW)
                    continue;
            }

            if (Math.Abs(fall - now) <= Math.Max(StepToleranceW, StepSigmas * _noise.SigmaW))
                costHere = Math.Min(costHere, 0.25);
            if (DidBefore(load, fall, atMin - load.AtMin))
                costHere = Math.Min(costHere, 0.01);
            costHere = Math.Min(costHere, CostWithTaper(load, fall, atMin));
            if (costHere < cost)
                (best, cost) = (index, costHere);
        }

        return best;
    }

    /// <summary>A cycling load does what it did before: as high, as low, about as long.</summary>
    private readonly bool DidBefore(in OpenLoad load, double fall, double minutes)
    {
        foreach (ref readonly var run in _ledger.Finished)
        {
            if (Math.Abs(run.Watts - load.Watts) < 0.08 * load.Watts && Math.Abs(run.OffWatts - fall) < Math.Max(0.05 * fall, 3 * _noise.SigmaW)
                && minutes > (0.5 * run.Minutes) - _noise.IntervalMin && minutes < (2 * run.Minutes) + _noise.IntervalMin)
                return true;
        }

        return false;
    }

    /// <summary>Under a load something may have tapered unseen: then the step down is the load's and what the taper lost.</summary>
    private readonly double CostWithTaper(in OpenLoad load, double fall, double atMin)
    {
        var cost = double.MaxValue;
        foreach (ref readonly var trace in Candidates)
        {
            if (trace.IsOn && fall > load.Watts && trace.StartMin < load.AtMin && atMin - trace.StartMin > SettlingMin
                && fall - load.Watts <= Math.Min(BlindTaperSpeed * trace.StepW * (atMin - trace.LastMin), trace.LastW))
                cost = Math.Min(cost, 0.04 + (0.2 * (fall - load.Watts) / trace.StepW));
        }

        return cost;
    }

    private readonly int TraceOf(double startMin)
    {
        for (var index = 0; index < TracesMax; index++)
        {
            if (_traces[index].IsUsed && _traces[index].StartMin == startMin)
                return index;
        }

        return -1;
    }

    private void Begin(double atMin, double watts, double before)
    {
        var place = -1;
        for (var index = 0; index < TracesMax && place < 0; index++)
        {
            if (!_traces[index].IsUsed || (_traces[index].IsOver && _traces[index].Nats < SettledNats))
                place = index;
        }

        for (var index = 0; index < TracesMax && place < 0; index++)
            place = index;
        for (var index = 0; index < TracesMax; index++)
        {
            var isFree = !_traces[place].IsUsed || (_traces[place].IsOver && _traces[place].Nats < SettledNats);
            if (!isFree && _traces[index].Nats < _traces[place].Nats)
                place = index;
        }

        if (_traces[place].IsOn && _traces[place].Nats > KeptNats)
            return;
        var isFromFloor = IsNearFloor(before);
        _traces[place] = new ChargerTrace
        {
            IsUsed = true,
            IsFromFloor = isFromFloor,
            StartMin = atMin,
            LastMin = atMin,
            StepW = (float)watts,
            BaseW = before,
            LastW = watts,
            ScoredKnot = -1,
            SigmaW = (float)(isFromFloor ? Math.Min(_noise.SigmaW, _floorSigmaW) : _noise.SigmaW),
            WanderW = (float)_noise.WanderW,
            UnrestBeforeW = (float)(isFromFloor ? Math.Min(_unrestW, _floorUnrestW) : _unrestW),
            StepsBefore = (float)_ledger.StepsAnHour(atMin, Math.Max(_firstMin, atMin - 360), 0.5 * watts),
        };
        _noise.Forget();
    }

    // ---- curves ------------------------------------------------------------------------------------------------------

    private static double Trend(in ChargerTrace trace) => Math.Clamp(trace.TrendW, -TaperSpeed * trace.StepW, ClimbSpeed * trace.StepW);

    /// <summary>Shows the quiet value to every load that is not hidden.</summary>
    private void Show()
    {
        foreach (ref var trace in (Span<ChargerTrace>)_traces)
        {
            if (trace.IsOn)
                Show(ref trace);
        }
    }

    private void Show(ref ChargerTrace trace)
    {
        if (trace.IsFromFloor && _atMin - trace.StartMin > 3 && IsNearFloor(_watts))
        {
            trace.IsOver = true;
            return;
        }

        if (_sinceStep == 0 && _atMin - trace.StartMin > 3)
            return;
        var (company, companyW) = (0.0, 0.0);
        foreach (ref readonly var load in _ledger.Open)
        {
            if (load.AtMin <= trace.StartMin)
                continue;
            // What has only just come on is still warming up.
            if (_atMin - load.AtMin < SettlingMin)
                return;
            (company, companyW) = (company + load.AtMin, companyW + load.Watts);
        }

        var now = _watts - trace.BaseW - trace.OthersW;
        // Less than nothing: the step down of another was taken for its own.
        if (now < -0.1 * trace.StepW)
        {
            trace.IsOver = true;
            return;
        }

        // In restless company nothing can be said about it.
        if (trace.CompanyCount >= 4 && trace.CompanyUnrestW > (2 * Math.Max(trace.UnrestW, trace.UnrestBeforeW)) + (0.01 * trace.StepW))
            return;
        if (company != trace.Company)
        {
            // Others came to stay, or left: how much of the level is theirs is not known exactly, so the curve goes on as a new piece.
            var expected = trace.LastW + (Trend(trace) * Math.Min(_atMin - trace.LastMin, CarriedMin));
            trace.OthersW += now - expected;
            (now, trace.Company) = (expected, company);
            trace.Piece = (byte)Math.Min(trace.Piece + 1, byte.MaxValue);
        }

        if (_atMin > trace.LastMin)
            trace.TrendW += (((now - trace.LastW) / (_atMin - trace.LastMin)) - trace.TrendW) * 0.15;
        (trace.LastW, trace.LastMin) = (now, _atMin);
        if (!trace.Add(_atMin, now))
        {
            trace.IsOver = true;
            return;
        }

        if (trace.Count - 1 <= trace.ScoredKnot && _noise.IntervalMin <= ChargerTrace.KnotMin / 2)
            return;
        (trace.ScoredKnot, trace.CompanyW) = ((short)(trace.Count - 1), (float)companyW);
        // Noise that began with the load is the load's; only what others brought is forgiven.
        var sigma = companyW > 0.1 * trace.StepW ? Math.Max(_noise.SigmaW, trace.SigmaW) : Math.Min(_noise.SigmaW, 1.4 * trace.SigmaW);
        ChargerEvidence.Weigh(ref trace, sigma, _noise.IntervalMin);
        Repeats(ref trace);
    }

    /// <summary>What went on as high, for at least half as long, in the last half day is rather a cycle than a charge.</summary>
    private readonly void Repeats(ref ChargerTrace trace)
    {
        var repeats = 0;
        foreach (ref readonly var run in _ledger.Finished)
        {
            if (Math.Abs(run.Watts - trace.StepW) < 0.1 * trace.StepW && trace.StartMin - run.AtMin < HalfDayHours * 60 && run.Minutes > 0.5 * (_atMin - trace.StartMin))
                repeats++;
        }

        trace.RepeatNats = 3 * repeats;
    }

    [InlineArray(TracesMax)]
    private struct Traces
    {
        private ChargerTrace _first;
    }

    [InlineArray(PendingMax)]
    private struct Pending
    {
        private StepMark _first;
    }
}
