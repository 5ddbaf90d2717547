using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Reports;
using FacilityMonitor.Response;

namespace FacilityMonitor.Tests.Reports;

/// <summary>Fly-wire cases of a month, as they stood at its end, whatever became of them since.</summary>
public sealed class CaseFiguresTests
{
    private const long Day = 24 * 3_600_000L;
    private const long From = 1_790_000_000_000;
    private const long To = From + (30 * Day);

    [Fact]
    public void Opened_closed_dismissed_open_and_overdue_are_those_of_the_month()
    {
        var figures = CaseFigures.Of(
            [
                // Opened before, closed in it.
                Case("a", From - Day, (FlyWireStage.Confirmed, From - 1), (FlyWireStage.Advised, From), (FlyWireStage.Recheck, From + Day), (FlyWireStage.Closed, From + (2 * Day))),
                // Opened and dismissed in it.
                Case("b", From, (FlyWireStage.Dismissed, From + Day)),
                // Opened in it, nobody looked: overdue.
                Case("c", From + Day),
                // Opened on its last day: open, not yet due.
                Case("d", To - 1),
                // Over before it began; opened after it ended.
                Case("e", From - (9 * Day), (FlyWireStage.Dismissed, From - 1)),
                Case("f", To),
            ],
            From, To);

        Assert.Equal((3, 1, 1, 2, 1), (figures.Opened, figures.Closed, figures.Dismissed, figures.Open, figures.Overdue));
        Assert.Equal(["a", "b", "c", "d"], figures.Listed.Select(one => one.Entry.Alert));
    }

    [Fact]
    public void A_case_that_was_closed_since_was_open_then_and_late_if_it_was_late_then()
    {
        // Confirmed five days before the end, somebody was to speak within a day; he did so after the month.
        var late = Case("a", To - (6 * Day), (FlyWireStage.Confirmed, To - (5 * Day)), (FlyWireStage.Advised, To + Day), (FlyWireStage.Recheck, To + (2 * Day)), (FlyWireStage.Closed, To + (3 * Day)));
        // Advised two days before the end: three days are given.
        var timely = Case("b", To - (6 * Day), (FlyWireStage.Confirmed, To - (3 * Day)), (FlyWireStage.Advised, To - (2 * Day)), (FlyWireStage.Recheck, To + 1));

        var figures = CaseFigures.Of([late, timely], From, To);

        Assert.Equal((2, 0, 2, 1), (figures.Opened, figures.Closed, figures.Open, figures.Overdue));
        Assert.Equal([FlyWireStage.Confirmed, FlyWireStage.Advised], figures.Listed.Select(one => one.Then.Stage));
    }

    private static (FlyWireCaseEntry Entry, IReadOnlyList<ResponseEvent> Facts) Case(string alert, long openedMs, params (FlyWireStage Stage, long AtMs)[] moves)
    {
        var at = FlyWireCase.Begin(openedMs);
        foreach (var (stage, atMs) in moves)
        {
            Assert.True(at.TryMove(stage, atMs, out var then));
            at = then;
        }

        return (new FlyWireCaseEntry(alert, "huaihai", "huaihai/c-stair", "unmetered-load", at), [.. moves.Select(move => new ResponseEvent.CaseMoved(move.Stage, "") { AtMs = move.AtMs })]);
    }
}
