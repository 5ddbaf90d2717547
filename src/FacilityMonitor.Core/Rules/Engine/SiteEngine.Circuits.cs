using FacilityMonitor.Alerts;
using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <content>Circuits and feeders.</content>
internal sealed partial class SiteEngine
{
    private void JudgeCircuit(int place)
    {
        var circuit = _circuits[place];
        if (circuit.Rederive())
            TellCircuit(place);
        while (circuit.StepNext())
            TellCircuit(place);
    }

    private void TellCircuit(int place)
    {
        var circuit = _circuits[place];
        foreach (var cell in circuit.Cells)
        {
            var verdict = cell.Judge(_nowMs);
            if ((verdict.Code | cell.Told) == 0)
                continue;
            // The meter alone is no word of what is beyond its sockets: while one of those is not heard, who subtracts them has no data.
            if (cell.Rule.NeedsBelow && verdict.Code == cell.Told && !circuit.Live.IsBelowComplete)
                continue;
            var key = new AlertKey(cell.Rule.Name, SubjectKind.Circuit, place, 0);
            if (IsNews(verdict, ref cell.Told, key))
                Apply(key, verdict, Math.Max(circuit.Live.LastMs, circuit.Live.FactsMs));
        }
    }

    /// <summary>Shows a fact to the rules about the circuit that its device measures or hangs on.</summary>
    private void WatchCircuit(DeviceMemory device, DeviceEvent fact)
    {
        if (device.Registered is not { } registered)
            return;
        for (var place = 0; place < _circuits.Count; place++)
        {
            var circuit = _circuits[place];
            var isOn = circuit.Circuit.Meter == registered.Entry.Id || (circuit.Circuit.Id == registered.Entry.Circuit && registered.Entry.Kind != DeviceKind.Meter);
            if (isOn && circuit.Events.Has(fact.Kind) ? circuit.Add(fact) : _neighbourhoods[place].Hears(registered.Entry, fact) && circuit.AddNearby(fact.AtMs, new CircuitWord(fact.AtMs, fact)))
                Touch(place);
        }
    }

    /// <summary>Shows a value to the rules about the circuits at which or near which it was measured.</summary>
    private void WatchCircuits(DeviceMemory device, Metric metric, in Reading reading, double value)
    {
        for (var place = 0; place < _circuits.Count; place++)
        {
            if (_neighbourhoods[place].Hears(device.Registered!.Entry, reading.Channel, metric)
                && _circuits[place].AddNearby(reading.AtMs, new CircuitWord(reading.AtMs, null, metric, value)))
                Touch(place);
        }
    }

    /// <summary>A circuit is to be judged when all of the message was taken in: to derive it anew for each word of a message could hold up every site.</summary>
    private void Touch(int place)
    {
        if (!_touched.Contains(place))
            _touched.Add(place);
    }

    /// <summary>Whether another circuit had voltage within its gap before an instant. Read from its present picture: it decides only who is told of a loss,
    /// a breaker or the supply.</summary>
    private bool IsSiblingLive(LoadTrack dead, long atMs)
    {
        foreach (var circuit in _circuits)
        {
            if (circuit == dead)
                continue;
            foreach (ref readonly var phase in circuit.Live.Phases)
            {
                if (phase.Volts >= SupplyLoss.LostMaxV && Math.Abs(atMs - phase.VoltsMs) <= circuit.GapMs)
                    return true;
            }
        }

        return false;
    }

    // ---- piles -------------------------------------------------------------------------------------------------------

    /// <summary>Judges a pile as the sum of its sockets. Its order and memory begin only when the sum comes near a limit: of most piles nothing is kept.</summary>
    private void JudgePile(DeviceMemory device)
    {
        if (device.Load is null)
        {
            if (!IsPileNear(device))
                return;
            device.Load = NewPileLoad(device, device.ChannelCount);
            FeedIdle(device, device.SaidMs);
            for (var channel = 0; channel < device.ChannelCount; channel++)
            {
                var memory = device.Channels[channel];
                var track = memory.Form.SocketTrack < 0 ? default : _tracks[memory.FirstTrack + memory.Form.SocketTrack];
                if (track.NewestMs > 0)
                    FeedPile(device, channel, track.NewestMs, track.Value, isLive: true);
            }
        }

        var load = device.Load;
        load.GapMs = device.GapMs;
        var told = load.Rederive();
        if (told)
            TellPile(device);
        while (load.StepNext())
        {
            told = true;
            TellPile(device);
        }

        if (told && Array.TrueForAll(load.Cells, cell => cell is { IsQuiet: true, Told: 0 }) && !IsPileNear(device))
            device.Load = null;
    }

    private bool IsPileNear(DeviceMemory device)
    {
        double watts = 0;
        foreach (ref readonly var channel in device.Channels)
        {
            if (channel.Form.SocketTrack >= 0 && !IsIdle(device, channel))
                watts += Math.Max(0, SocketTrackOf(channel).Value);
        }

        return watts >= device.PileNearW;
    }

    private LoadTrack NewPileLoad(DeviceMemory device, int slots)
    {
        var load = new LoadTrack(1, [.. device.PilePlans.Select(plan => plan.Rule.NewCell(plan.Limits))]) { Late = _late };
        for (var channel = 0; channel < slots; channel++)
            load.AddSlot(new LoadSlot(device.Place, device.Channels[channel].Channel, 0, Balanced: false));
        return load;
    }

    private static void FeedPile(DeviceMemory device, int channel, long atMs, double watts, bool isLive)
    {
        var load = device.Load!;
        while (load.Slots.Count <= channel)
            load.AddSlot(new LoadSlot(device.Place, device.Channels[load.Slots.Count].Channel, 0, Balanced: false));
        load.Add(new LoadSample(atMs, channel, 0, (int)Math.Clamp(Math.Round(watts * 10), int.MinValue + 1, int.MaxValue)), isLive);
    }

    private void TellPile(DeviceMemory device)
    {
        foreach (var cell in device.Load!.Cells)
        {
            var verdict = cell.Judge(_nowMs);
            if ((verdict.Code | cell.Told) != 0)
                TellDevice(device, cell.Rule, ChannelId.Main, verdict, ref cell.Told, device.Load.Live.LastMs);
        }
    }

    private static List<PhaseReport> Report(LoadTrack track) =>
        track.CellOf(CircuitOverload.Instance) is { } heat ? CircuitOverload.Report(heat.Live, heat.Limits, track.Circuit) : [];
}
