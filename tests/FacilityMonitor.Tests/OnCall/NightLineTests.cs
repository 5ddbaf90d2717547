using FacilityMonitor.Alerts;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;

namespace FacilityMonitor.Tests.OnCall;

/// <summary>What became of one alert in one night.</summary>
public sealed class NightLineTests
{
    private static readonly long Evening = ResponseFixture.Noon.ToUnixTimeMilliseconds();
    private static readonly Actor Wang = new("wang", "link");

    [Fact]
    public void Who_answered_last_week_has_not_answered_tonight()
    {
        var line = Of(Called(-100), new ResponseEvent.Acknowledged(1) { AtMs = At(-99), By = Wang }, Called(5));

        Assert.Equal((At(5), null, true), (line.RangMs, line.Taken, line.IsUnanswered));
    }

    [Theory]
    [InlineData(59, 0)]
    [InlineData(60, 1)]
    [InlineData(119, 1)]
    public void Minutes_are_whole_ones_from_the_first_call(int seconds, long minutes)
    {
        var line = Of(Called(5), new ResponseEvent.Acknowledged(1) { AtMs = At(5) + (seconds * 1_000), By = Wang }, Called(9));

        Assert.Equal(minutes, line.Minutes);
        Assert.False(line.IsUnanswered);
    }

    [Fact]
    public void Who_took_it_before_anybody_was_called_took_it_at_once_and_what_calls_nobody_is_not_unanswered()
    {
        Assert.Equal(0, Of(new ResponseEvent.Acknowledged(1) { AtMs = At(0), By = Wang }).Minutes);
        Assert.False(Of().IsUnanswered);
        // A step that found nobody has called nobody.
        Assert.Null(Of(new ResponseEvent.StepFired(PageReason.Step, 0, 0, [], null) { AtMs = At(1) }).RangMs);
    }

    [Fact]
    public void Who_let_it_go_has_not_answered_once_people_are_called_again_and_nobody_comes()
    {
        var acknowledged = new ResponseEvent.Acknowledged(1) { AtMs = At(6), By = Wang };
        ResponseEvent[] lettingGo = [new ResponseEvent.AcknowledgementExpired(At(36)) { AtMs = At(36) }, new ResponseEvent.AcknowledgementWithdrawn { AtMs = At(36), By = Wang }, new ResponseEvent.WentOffDuty("wang", At(36)) { AtMs = At(36) }];

        foreach (var gone in lettingGo)
        {
            Assert.False(Of(Called(5), acknowledged, gone).IsUnanswered);
            Assert.Equal((At(5), null, true), (Of(Called(5), acknowledged, gone, Called(36)).RangMs, Of(Called(5), acknowledged, gone, Called(36)).Taken, Of(Called(5), acknowledged, gone, Called(36)).IsUnanswered));
            Assert.Equal(("li", 33), (Of(Called(5), acknowledged, gone, Called(36), new ResponseEvent.Acknowledged(1) { AtMs = At(38), By = new Actor("li", "link") }) is var line ? (line.Taken!.Value.Person, line.Minutes) : default));
        }

        // The second person of a P0 is called while the first one has it.
        Assert.Equal("wang", Of(Called(5), acknowledged, Called(7)).Taken!.Value.Person);
    }

    private static NightLine Of(params ResponseEvent[] facts)
    {
        ResponseEvent raised = new ResponseEvent.Raised(Priority.P1, At(0), "r", "huaihai/x", "huaihai", EscalationChain.Of(Priority.P1), At(0)) { AtMs = At(0) };
        AlertResponse? state = null;
        foreach (var fact in (ResponseEvent[])[raised, .. facts])
            state = AlertResponse.Apply("a1", state, fact);
        return NightLine.Of(new AlertRow(state!, new LocalText("x", "x")), 0, [.. facts.Select((fact, number) => new TimelineEntry(number, fact, "", ""))], Evening);
    }

    private static ResponseEvent.StepFired Called(int minute) => new(PageReason.Step, 0, 0, ["wang"], null) { AtMs = At(minute) };

    private static long At(int minute) => Evening + (minute * 60_000L);
}
