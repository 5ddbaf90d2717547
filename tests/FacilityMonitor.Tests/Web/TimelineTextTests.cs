using System.Text.RegularExpressions;
using FacilityMonitor.Response;
using FacilityMonitor.Tests.Response;
using FacilityMonitor.Web;

namespace FacilityMonitor.Tests.Web;

/// <summary>The story of an alert as people read it: every kind of fact there is, in both languages.</summary>
public sealed partial class TimelineTextTests
{
    [Fact]
    public void Every_kind_of_fact_has_a_sentence_in_Chinese_and_one_in_English()
    {
        var facts = EveryFact.Samples("text");
        Assert.Equal(EveryFact.Kinds, facts.Select(fact => fact.GetType()).Distinct().Count());
        Assert.All(facts, fact =>
        {
            var (zh, en) = (Of(fact, "zh"), Of(fact, "en"));
            // What somebody said is in the language they said it in.
            if (fact is not ResponseEvent.Commented)
                Assert.Matches(Chinese(), zh);
            Assert.DoesNotMatch(Chinese(), en);
            // Words of the program are none of people's: no key, no name of a kind.
            Assert.DoesNotMatch("grid-officer|step-|tier-|act-|cause-|FacilityMonitor", zh + en);
        });
        // No two kinds are told by the same words.
        Assert.Equal(facts.Length, facts.Select(fact => Of(fact, "en")).Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public void Why_people_were_told_and_what_became_of_it_is_said_for_every_reason_and_outcome()
    {
        var reasons = Enum.GetValues<PageReason>().Select(reason => Of(new ResponseEvent.StepFired(reason, 0, 0, ["wang"], null) { AtMs = 1 }, "zh")).ToList();
        var outcomes = Enum.GetValues<DeliveryOutcome>().Select(outcome => Of(new ResponseEvent.PageReported(0, "wang", "sms", outcome, "45009") { AtMs = 1 }, "zh")).ToList();
        Assert.Equal(reasons.Count, reasons.Distinct().Count());
        Assert.Equal(outcomes.Count, outcomes.Distinct().Count());
        Assert.All(outcomes, said => Assert.Contains("45009", said, StringComparison.Ordinal));
    }

    [Fact]
    public void The_end_says_what_it_was_what_was_done_and_why_there_is_no_photo()
    {
        var closed = new ResponseEvent.Closed(CauseCode.Overload, "换了线", [], "夜里看不清") { AtMs = 1, By = new Actor("wang", "link") };
        Assert.Equal("wang 关闭：过载，换了线（没有照片：夜里看不清）", Of(closed, "zh"));
        Assert.Equal("wang closes it: Overload, 换了线 (no photo: 夜里看不清)", Of(closed, "en"));
        // What the service notes for itself stays out of the sentence.
        Assert.Equal("自动关闭：没有查明", Of(new ResponseEvent.Closed(CauseCode.Unknown, "", [], ResponseLife.ClosedByItself) { AtMs = 1 }, "zh"));
    }

    [Fact]
    public void A_step_that_found_nobody_names_tiers_and_persons_in_words_of_people()
    {
        var skipped = new ResponseEvent.StepSkipped(1, "grid-officer guard:wang", 2) { AtMs = 1 };
        Assert.Equal("第 2 步无人可通知：网格员、门岗 wang 没有可用的联系方式", Of(skipped, "zh"));
        Assert.Equal("step 2 found nobody to tell: grid officer, guard on shift wang cannot be reached", Of(skipped, "en"));
        Assert.Equal("step 1 found nobody to tell: everybody of this step has answered", Of(new ResponseEvent.StepSkipped(0, Escalation.Answered, 2) { AtMs = 1 }, "en"));
    }

    private static string Of(ResponseEvent fact, string language) => TimelineText.Of(fact, language, person => person);

    [GeneratedRegex(@"\p{IsCJKUnifiedIdeographs}")]
    private static partial Regex Chinese();
}
