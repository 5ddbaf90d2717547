using System.Text.Json.Serialization;
using FacilityMonitor.Alerts;

namespace FacilityMonitor.Response;

/// <summary>What became of a page on one channel. The numbers are stored.</summary>
internal enum DeliveryOutcome : byte
{
    /// <summary>The provider took it.</summary>
    Accepted = 0,

    /// <summary>It is on the phone, or in the mailbox.</summary>
    Delivered = 1,

    /// <summary>The channel failed for good; the code says why.</summary>
    Failed = 2,

    /// <summary>The next channel is tried.</summary>
    FailedOver = 3,

    /// <summary>Every channel came to nothing: the person was not told.</summary>
    Unreached = 4,

    /// <summary>It was tried for as long as is allowed: the person was not told.</summary>
    Expired = 5,

    /// <summary>It was no longer wanted before anybody took it.</summary>
    Withdrawn = 6,
}

/// <summary>Why people were paged. The numbers are stored.</summary>
internal enum PageReason : byte
{
    /// <summary>A step of the chain.</summary>
    Step = 0,

    /// <summary>Everybody again.</summary>
    Repeat = 1,

    /// <summary>It was handed to this person.</summary>
    Assigned = 2,

    /// <summary>It is over: told to those who were told that it was on.</summary>
    Cleared = 3,

    /// <summary>It should be closed.</summary>
    CloseReminder = 4,

    /// <summary>It came and went before anybody was told.</summary>
    OccurredAndCleared = 5,

    /// <summary>A test of a sensor, told to the tester.</summary>
    Test = 6,
}

/// <summary>What was in force when an alert was noted, moments after it was judged: long after, it can be told by which code and which limits. What dismissals have taught a circuit is in neither.</summary>
/// <param name="Rules">Version of the rules: <see cref="Rules.RuleCatalogue.Version"/>.</param>
/// <param name="Registry">Version of the registry in force, with everybody's settings in it: <see cref="Registry.Facility.Version"/>. The audit names it where files were changed.</param>
internal sealed record JudgedBy(string Rules, string Registry);

/// <summary>One fact in the life of an alert. Facts are only ever added; what an alert is, is what they add up to.</summary>
/// <remarks>The words and properties are stored: properties may be added, never renamed.</remarks>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "what")]
[JsonDerivedType(typeof(Raised), "raised")]
[JsonDerivedType(typeof(PriorityRose), "priority-rose")]
[JsonDerivedType(typeof(PriorityFell), "priority-fell")]
[JsonDerivedType(typeof(DataLost), "data-lost")]
[JsonDerivedType(typeof(DataBack), "data-back")]
[JsonDerivedType(typeof(Recovered), "recovered")]
[JsonDerivedType(typeof(Reopened), "reopened")]
[JsonDerivedType(typeof(ChatterBegan), "chatter-began")]
[JsonDerivedType(typeof(ChatterEnded), "chatter-ended")]
[JsonDerivedType(typeof(Acknowledged), "acknowledged")]
[JsonDerivedType(typeof(AcknowledgementWithdrawn), "acknowledgement-withdrawn")]
[JsonDerivedType(typeof(AcknowledgementExpired), "acknowledgement-expired")]
[JsonDerivedType(typeof(WentOffDuty), "went-off-duty")]
[JsonDerivedType(typeof(Assigned), "assigned")]
[JsonDerivedType(typeof(Commented), "commented")]
[JsonDerivedType(typeof(SetOut), "set-out")]
[JsonDerivedType(typeof(Arrived), "arrived")]
[JsonDerivedType(typeof(Extinguished), "extinguished")]
[JsonDerivedType(typeof(MarkedFalse), "marked-false")]
[JsonDerivedType(typeof(Closed), "closed")]
[JsonDerivedType(typeof(Shelved), "shelved")]
[JsonDerivedType(typeof(Unshelved), "unshelved")]
[JsonDerivedType(typeof(TakenOutOfService), "out-of-service")]
[JsonDerivedType(typeof(BackInService), "back-in-service")]
[JsonDerivedType(typeof(Suppressed), "suppressed")]
[JsonDerivedType(typeof(Released), "released")]
[JsonDerivedType(typeof(Grouped), "grouped")]
[JsonDerivedType(typeof(Postponed), "postponed")]
[JsonDerivedType(typeof(StepFired), "step-fired")]
[JsonDerivedType(typeof(StepSkipped), "step-skipped")]
[JsonDerivedType(typeof(SirenAsked), "siren-asked")]
[JsonDerivedType(typeof(TestOver), "test-over")]
[JsonDerivedType(typeof(PageReported), "page-reported")]
[JsonDerivedType(typeof(ClockSetBack), "clock-set-back")]
[JsonDerivedType(typeof(CaseOpened), "case-opened")]
[JsonDerivedType(typeof(CaseJoined), "case-joined")]
[JsonDerivedType(typeof(CaseSeen), "case-seen")]
[JsonDerivedType(typeof(CaseMeasured), "case-measured")]
[JsonDerivedType(typeof(CaseMoved), "case-moved")]
internal abstract record ResponseEvent
{
    private ResponseEvent()
    {
    }

    /// <summary>When, ms since 1970-01-01 UTC, by the service's clock.</summary>
    public required long AtMs { get; init; }

    /// <summary>Who; null: the service itself.</summary>
    public Actor? By { get; init; }

    /// <summary>It became active for the first time.</summary>
    /// <param name="Priority">How soon somebody has to come.</param>
    /// <param name="OnsetMs">Event time of the first breaching sample.</param>
    /// <param name="Rule">Rule name.</param>
    /// <param name="Asset">Registry path.</param>
    /// <param name="Site">Site id; null for what is on none.</param>
    /// <param name="Chain">Who is called and when, as it stood at this moment.</param>
    /// <param name="DueMs">When the first step is due.</param>
    /// <param name="Exercise">Whether it is meant.</param>
    /// <param name="Tester">Who tests the sensor.</param>
    /// <param name="TestUntilMs">Until when the sensor is tested.</param>
    /// <param name="JudgedBy">By which rules and which registry; null: an exercise, which no rule judged, or raised before that was noted.</param>
    public sealed record Raised(
        Priority Priority, long OnsetMs, string Rule, string Asset, string? Site, EscalationChain Chain, long DueMs, Exercise Exercise = Exercise.None, string? Tester = null, long? TestUntilMs = null,
        JudgedBy? JudgedBy = null)
        : ResponseEvent;

    /// <summary>The test is over, and the alert is not: from now on it is meant.</summary>
    /// <param name="DueMs">When the first step is due.</param>
    public sealed record TestOver(long DueMs) : ResponseEvent;

    /// <summary>It became more urgent: everybody is called anew.</summary>
    public sealed record PriorityRose(Priority Priority, EscalationChain Chain, long DueMs) : ResponseEvent;

    /// <summary>It became less urgent. Nobody is called for that.</summary>
    public sealed record PriorityFell(Priority Priority) : ResponseEvent;

    /// <summary>Nothing is heard of it: never the same as over.</summary>
    public sealed record DataLost : ResponseEvent;

    /// <summary>It is heard again, and is on.</summary>
    public sealed record DataBack : ResponseEvent;

    /// <summary>The readings are well again.</summary>
    public sealed record Recovered : ResponseEvent;

    /// <summary>It came back within its re-open window.</summary>
    /// <param name="FlapCount">How often so far.</param>
    /// <param name="DueMs">When the first step is due.</param>
    public sealed record Reopened(int FlapCount, long DueMs) : ResponseEvent;

    /// <summary>It comes and goes too often: it counts as on until it has been quiet.</summary>
    public sealed record ChatterBegan : ResponseEvent;

    /// <summary>It has been quiet for long enough.</summary>
    public sealed record ChatterEnded : ResponseEvent;

    /// <summary>A person takes care of it.</summary>
    /// <param name="Required">How many persons are wanted, as of now.</param>
    public sealed record Acknowledged(int Required) : ResponseEvent;

    /// <summary>A person takes care of it no more.</summary>
    public sealed record AcknowledgementWithdrawn : ResponseEvent;

    /// <summary>Nothing was heard of those who acknowledged.</summary>
    /// <param name="DueMs">When the next step is due.</param>
    public sealed record AcknowledgementExpired(long DueMs) : ResponseEvent;

    /// <summary>Somebody who had acknowledged went off duty, and nobody took it over within the overlap: the acknowledgement counts no more.</summary>
    /// <param name="Person">Who.</param>
    /// <param name="DueMs">When the next step is due.</param>
    public sealed record WentOffDuty(string Person, long DueMs) : ResponseEvent;

    /// <summary>It was handed to somebody.</summary>
    public sealed record Assigned(string To) : ResponseEvent;

    /// <summary>Somebody said something.</summary>
    /// <param name="Text">What.</param>
    /// <param name="Photo">Reference of a photo; null: none.</param>
    public sealed record Commented(string Text, string? Photo) : ResponseEvent
    {
        /// <summary>What it was, by somebody who closed it after another had; null: it is no more than a comment.</summary>
        public CauseCode? Cause { get; init; }

        /// <summary>Why whoever came too late had no photo; null: nothing was said.</summary>
        public string? WithoutPhoto { get; init; }
    }

    /// <summary>Somebody is on the way.</summary>
    public sealed record SetOut : ResponseEvent;

    /// <summary>Somebody is there.</summary>
    public sealed record Arrived : ResponseEvent;

    /// <summary>Somebody says that it burns no more.</summary>
    public sealed record Extinguished : ResponseEvent;

    /// <summary>Somebody says that there is nothing; it counts towards the precision of the rule.</summary>
    public sealed record MarkedFalse : ResponseEvent;

    /// <summary>It is over.</summary>
    /// <param name="Cause">What it was.</param>
    /// <param name="Text">What was done.</param>
    /// <param name="Photos">References of photos.</param>
    /// <param name="WithoutPhoto">Why there is none where one is wanted.</param>
    public sealed record Closed(CauseCode Cause, string Text, IReadOnlyList<string> Photos, string? WithoutPhoto) : ResponseEvent;

    /// <summary>Nobody is to be called for it until a time.</summary>
    public sealed record Shelved(long UntilMs, string Reason) : ResponseEvent;

    /// <summary>The shelving is over; by nobody when its time had come.</summary>
    /// <param name="DueMs">When the next step is due.</param>
    public sealed record Unshelved(long DueMs) : ResponseEvent;

    /// <summary>Its asset is worked on, with a permit.</summary>
    /// <param name="Permit">Which.</param>
    /// <param name="UntilMs">When it ends at the latest, ms.</param>
    /// <param name="Kind">Of what kind: only out of service goes on when the alert becomes life safety.</param>
    public sealed record TakenOutOfService(string Permit, long UntilMs, PermitKind Kind = PermitKind.OutOfService) : ResponseEvent;

    /// <summary>The permit is over.</summary>
    /// <param name="DueMs">When the next step is due.</param>
    public sealed record BackInService(long DueMs) : ResponseEvent;

    /// <summary>It is a consequence of another alert: nobody is called for it alone.</summary>
    public sealed record Suppressed(string Source) : ResponseEvent;

    /// <summary>The other alert is over, and this one is not.</summary>
    /// <param name="DueMs">When the next step is due.</param>
    public sealed record Released(long DueMs) : ResponseEvent;

    /// <summary>A page of another alert tells of this one, too.</summary>
    /// <param name="Lead">The alert whose page it is.</param>
    /// <param name="Page">Number of that page.</param>
    /// <param name="Person">Who was told.</param>
    public sealed record Grouped(string Lead, int Page, string Person) : ResponseEvent;

    /// <summary>Those who would be called are flooded: what is not urgent waits, and is told as one.</summary>
    /// <param name="DueMs">When the step is due now.</param>
    public sealed record Postponed(long DueMs) : ResponseEvent;

    /// <summary>People were paged.</summary>
    /// <param name="Reason">Why.</param>
    /// <param name="Step">Which step of the chain; −1: none.</param>
    /// <param name="Page">Number of the page: alert, page and person name a message for ever.</param>
    /// <param name="People">Who.</param>
    /// <param name="DueMs">When the next step is due; null: as before.</param>
    public sealed record StepFired(PageReason Reason, int Step, int Page, IReadOnlyList<string> People, long? DueMs) : ResponseEvent;

    /// <summary>A step found nobody.</summary>
    /// <param name="Step">Which.</param>
    /// <param name="Why">Tiers that are empty, and persons who cannot be reached, in words of the program.</param>
    /// <param name="DueMs">When the next step is due: at once, while there is one.</param>
    public sealed record StepSkipped(int Step, string Why, long DueMs) : ResponseEvent;

    /// <summary>The sirens of the site were asked to sound.</summary>
    /// <param name="Page">Number of the page.</param>
    /// <param name="Devices">Device ids.</param>
    public sealed record SirenAsked(int Page, IReadOnlyList<string> Devices) : ResponseEvent;

    /// <summary>What became of a page.</summary>
    /// <param name="Page">Number of the page.</param>
    /// <param name="Person">To whom.</param>
    /// <param name="Channel">Name of the channel; null where none is concerned.</param>
    /// <param name="Outcome">What became of it.</param>
    /// <param name="Code">The provider's code, or the kind of fault; null: none.</param>
    public sealed record PageReported(int Page, string Person, string? Channel, DeliveryOutcome Outcome, string? Code) : ResponseEvent;

    /// <summary>The service's clock had been ahead and was set back: what comes next comes so much sooner, or it would wait until the clock says that hour again.</summary>
    /// <param name="ByMs">How far the last fact before this one stands in the future, ms.</param>
    public sealed record ClockSetBack(long ByMs) : ResponseEvent;

    /// <summary>A fly-wire is suspected: a case begins.</summary>
    /// <param name="Evidence">The numbers behind it.</param>
    public sealed record CaseOpened(IReadOnlyDictionary<string, object> Evidence) : ResponseEvent;

    /// <summary>On this circuit a case is open: the alert is another sight of it.</summary>
    /// <param name="Case">The alert that began the case.</param>
    public sealed record CaseJoined(string Case) : ResponseEvent;

    /// <summary>What the case is about was seen once more, or more surely.</summary>
    /// <param name="Alert">By which alert.</param>
    /// <param name="Evidence">The numbers behind it.</param>
    public sealed record CaseSeen(string Alert, IReadOnlyDictionary<string, object> Evidence) : ResponseEvent;

    /// <summary>The load is off: what it was from beginning to end, its taper among it, is the best evidence the case will get of it.</summary>
    /// <param name="Evidence">The numbers of the whole load.</param>
    public sealed record CaseMeasured(IReadOnlyDictionary<string, object> Evidence) : ResponseEvent;

    /// <summary>The case is a stage further.</summary>
    /// <param name="Stage">Which.</param>
    /// <param name="Text">What was found or agreed.</param>
    public sealed record CaseMoved(FlyWireStage Stage, string Text) : ResponseEvent;
}
