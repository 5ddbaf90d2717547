using FacilityMonitor.Alerts;
using FacilityMonitor.Response;

namespace FacilityMonitor.Tests.Response;

/// <summary>One of every kind of fact there is, for tests that leave none out.</summary>
internal static class EveryFact
{
    private static readonly Actor By = new("wang", "link");

    /// <summary>Every kind, so a test that forgets a new one fails.</summary>
    public static int Kinds => typeof(ResponseEvent).GetNestedTypes(System.Reflection.BindingFlags.Public | System.Reflection.BindingFlags.NonPublic).Length;

    /// <summary>One of each; the text stands wherever somebody or something outside may write one.</summary>
    public static ResponseEvent[] Samples(string text) =>
    [
        new ResponseEvent.Raised(Priority.P0, 1, "smoke", text, "s", EscalationChain.Of(Priority.P0), 2, Exercise.Drill, "wang", 9, new JudgedBy("0.1.0", "5b1d")) { AtMs = 3 }, new ResponseEvent.TestOver(3) { AtMs = 3 }, new ResponseEvent.SirenAsked(1, ["siren-1"]) { AtMs = 3 },
        new ResponseEvent.PriorityRose(Priority.P0, EscalationChain.Of(Priority.P0), 4) { AtMs = 3 }, new ResponseEvent.PriorityFell(Priority.P2) { AtMs = 3 },
        new ResponseEvent.DataLost { AtMs = 3 }, new ResponseEvent.DataBack { AtMs = 3 }, new ResponseEvent.Recovered { AtMs = 3 }, new ResponseEvent.Reopened(2, 9) { AtMs = 3 },
        new ResponseEvent.ChatterBegan { AtMs = 3 }, new ResponseEvent.ChatterEnded { AtMs = 3 }, new ResponseEvent.Acknowledged(2) { AtMs = 3, By = By },
        new ResponseEvent.AcknowledgementWithdrawn { AtMs = 3, By = By }, new ResponseEvent.AcknowledgementExpired(5) { AtMs = 3 }, new ResponseEvent.WentOffDuty("li", 5) { AtMs = 3 }, new ResponseEvent.Assigned("li") { AtMs = 3, By = By },
        new ResponseEvent.Commented(text, "p") { AtMs = 3, By = By }, new ResponseEvent.Commented(text, "p") { AtMs = 3, By = By, Cause = CauseCode.Fire, WithoutPhoto = text }, new ResponseEvent.SetOut { AtMs = 3, By = By }, new ResponseEvent.Arrived { AtMs = 3, By = By },
        new ResponseEvent.Extinguished { AtMs = 3, By = By }, new ResponseEvent.MarkedFalse { AtMs = 3, By = By }, new ResponseEvent.Closed(CauseCode.Fire, text, ["p"], text + "?") { AtMs = 3, By = By },
        new ResponseEvent.Shelved(7, text) { AtMs = 3, By = By }, new ResponseEvent.Unshelved(7) { AtMs = 3 }, new ResponseEvent.TakenOutOfService(text, 8, PermitKind.Maintenance) { AtMs = 3 },
        new ResponseEvent.BackInService(8) { AtMs = 3 }, new ResponseEvent.Suppressed(text) { AtMs = 3 }, new ResponseEvent.Released(8) { AtMs = 3 },
        new ResponseEvent.Grouped(text, 3, "wang") { AtMs = 3 }, new ResponseEvent.Postponed(8) { AtMs = 3 }, new ResponseEvent.StepFired(PageReason.Repeat, 4, 5, ["wang"], 6) { AtMs = 3 },
        new ResponseEvent.StepSkipped(1, $"grid-officer guard:wang {text}", 5) { AtMs = 3 }, new ResponseEvent.PageReported(1, "wang", text, DeliveryOutcome.Unreached, text) { AtMs = 3 },
        new ResponseEvent.ClockSetBack(3_600_000) { AtMs = 3 },
        new ResponseEvent.CaseOpened(new SortedDictionary<string, object> { ["curve"] = "0:150", ["level_w"] = 150.25, ["minutes"] = 45.0, ["is"] = true }) { AtMs = 3 }, new ResponseEvent.CaseJoined(text) { AtMs = 3 },
        new ResponseEvent.CaseSeen(text, new SortedDictionary<string, object>()) { AtMs = 3 }, new ResponseEvent.CaseMeasured(new SortedDictionary<string, object> { ["curve"] = "0:150 5:9" }) { AtMs = 3 },
        new ResponseEvent.CaseMoved(FlyWireStage.Recheck, text) { AtMs = 3, By = By },
    ];
}
