using FacilityMonitor.Alerts;

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
            var key = new AlertKey(cell.Rule.Name, SubjectKind.Circuit, place, 0);
            if (IsNews(verdict, ref cell.Told, key))
                Apply(key, verdict, circuit.Live.LastMs);
        }
    }

    private static List<PhaseReport> Report(LoadTrack track) =>
        track.CellOf(CircuitOverload.Instance) is { } heat ? CircuitOverload.Report(heat.Live, heat.Limits, track.Circuit) : [];
}
