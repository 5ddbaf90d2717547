using FacilityMonitor.Alerts;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;

namespace FacilityMonitor.Web;

/// <summary>One alert with its buttons, as a phone shows it.</summary>
/// <param name="Door">Who acts on it, and where.</param>
/// <param name="Dossier">All that is known of it.</param>
/// <param name="Index">The registry.</param>
/// <param name="Names">What people are called.</param>
/// <param name="NowMs">Now, ms since 1970-01-01 UTC.</param>
internal sealed record AlertView(ActDoor Door, AlertDossier Dossier, FacilityIndex Index, PersonNames Names, long NowMs)
{
    /// <summary>Lines of the timeline that are shown, the newest first.</summary>
    public const int LinesMax = 12;

    /// <summary>Older lines that unfold below them.</summary>
    public const int EarlierMax = 60;

    /// <summary>For how many hours something is shelved, to choose from.</summary>
    public static readonly IReadOnlyList<int> ShelveHours = [1, 4, 8, 24, 168];

    /// <summary>Says in the address that somebody closed what another had closed before.</summary>
    public const string Late = "late";

    /// <summary>Says in the address how many a press on all of a cause took, where it did not take all.</summary>
    public const string Taken = "taken";

    /// <summary>And how many it did not.</summary>
    public const string Left = "left";

    /// <summary>The style of the button that is pressed first.</summary>
    public const string First = "first";

    /// <summary>Alerts of the same cause that are named; all are counted.</summary>
    public const int SameMax = 6;

    /// <summary>Open alerts of the same cause that whoever looks may take with this one, and has not.</summary>
    public int SameCount { get; init; }

    /// <summary>The first of them.</summary>
    public IReadOnlyList<AlertRow> Same { get; init; } = [];

    /// <summary>Those of them that one press takes, as they are: what has become of one meanwhile is not taken unseen.</summary>
    public ShownAlerts Shown { get; init; } = ShownAlerts.None;

    /// <summary>What became of a press on all of them, where not all were taken; null: nothing was left.</summary>
    public (int Taken, int Left)? TookSome { get; init; }

    /// <summary>The page of another alert, for whoever looks.</summary>
    public Func<string, string> Link { get; init; } = alert => "/alert/" + alert;

    /// <summary>Whether whoever looks has just closed it.</summary>
    public bool IsLate { get; init; }

    /// <summary>Who had closed it before whoever looks did; null: that was nobody, or is not asked.</summary>
    public ClosingReport? ClosedBefore => IsLate && State.Reports is [var first, ..] && first.Person != Door.By.Person ? first : null;

    /// <summary>What it is about, over time; null: nothing that is drawn, or for somebody who came by a link and needs no scripts.</summary>
    public ChartView? Chart { get; init; }

    public AlertResponse State => Dossier.State;

    /// <summary>What happened last, the newest first.</summary>
    public IEnumerable<TimelineEntry> Newest => Dossier.Timeline.Reverse().Take(LinesMax);

    /// <summary>What happened before that.</summary>
    public IReadOnlyList<TimelineEntry> Earlier => [.. Dossier.Timeline.Reverse().Skip(LinesMax).Take(EarlierMax)];

    /// <summary>Lines that are not even there.</summary>
    public int Missing => Math.Max(0, Dossier.Timeline.Count - LinesMax - EarlierMax);

    public bool IsOpen => State.Stage != ResponseStage.Closed;

    /// <summary>Whether whoever looks has taken it.</summary>
    public bool IsMine => State.Acknowledgements.Any(one => one.Person == Door.By.Person);

    public Site? Site => State.Site is { } id ? Index.FindSite(id) : null;

    /// <summary>The circuit it is about, or that what it is about hangs on; null: none is registered.</summary>
    public Circuit? Circuit => Site?.Circuits.FirstOrDefault(circuit => Dossier.Step.Asset == $"{Site.Id}/{circuit.Id}")
        ?? (Site?.Devices.FirstOrDefault(device => device.Id == Dossier.Step.Device)?.Circuit is { } on ? Site.Circuits.FirstOrDefault(circuit => circuit.Id == on) : null);

    /// <summary>The page of what it is about, for whoever is signed in; null: it has none.</summary>
    public string? AssetLink => !Door.IsSignedIn || Site is not { } site ? null
        : site.Circuits.FirstOrDefault(circuit => Dossier.Step.Asset == $"{site.Id}/{circuit.Id}") is { } circuit ? Links.Circuit(site.Id, circuit.Id)
        : site.Devices.FirstOrDefault(device => device.Id == Dossier.Step.Device) is { } device ? Links.Device(site.Id, device.Id) + (Dossier.Step.Channel is { } channel ? $"?channel={channel}" : "")
        : null;

    /// <summary>People still needed; nobody, when enough have taken it.</summary>
    public int Wanted => State.IsAnswered || !IsOpen ? 0 : Math.Max(1, State.Required) - State.Acknowledgements.Count;

    /// <summary>People it can be handed to: those who look after its site.</summary>
    public IReadOnlyList<Person> Others => IsOpen && Index.Facility.People is var people
        ? [.. people.At(DutyRoster.Wall(NowMs)).Where(person => person.Id != Door.By.Person && person.Contacts.Count > 0 && people.LooksAfter(person.Id, State.Site))] : [];

    public IReadOnlyList<string> Photos => [.. State.Photos.Where(PhotoStore.IsName)];

    /// <summary>The buttons in the order of their urgency: what each does, its text and its style.</summary>
    public IEnumerable<(string What, string Key, string Css)> Buttons()
    {
        if (!IsMine)
            yield return ("acknowledge", "act-acknowledge", First);
        if (IsMine && State.Stage < ResponseStage.EnRoute)
            yield return ("set-out", "act-set-out", "second");
        if (State.Stage < ResponseStage.OnScene)
            yield return ("arrive", "act-arrive", IsMine ? First : "second");
        if (State.Priority == Priority.P0)
            yield return ("extinguished", "act-extinguished", "second");
        // Whoever dismisses a suspicion says what it was: its form is below.
        if (Dossier.Case is null)
            yield return ("false-alarm", "act-false-alarm", "second");
        if (IsMine)
            yield return ("unacknowledge", "act-unacknowledge", "second");
    }

    /// <summary>For how many hours it may be shelved; none, when it never is.</summary>
    public IEnumerable<int> Shelvable => ResponseTiming.ShelveMaxMs(State.Priority) is { } most ? ShelveHours.Where(hour => hour * 3_600_000L <= most) : [];

    /// <summary>What a person is called.</summary>
    public string Name(string person, string language) => Names.Of(person, language);

    /// <summary>Time of an instant, with its day where that is another than today.</summary>
    public string Clock(long ms, string language) => DutyRoster.Wall(ms).Date == DutyRoster.Wall(NowMs).Date ? AlertText.Clock(ms)[6..] : ViewTexts.Clock(ms, language);

    /// <summary>The text of a stage.</summary>
    public static string StageKey(AlertResponse state) => state.Stage switch
    {
        // A fire is answered as an emergency call is.
        ResponseStage.Open => state.Priority == Priority.P0 ? "act-stage-open-life" : "act-stage-open",
        ResponseStage.Acked => state.Priority == Priority.P0 ? "act-stage-acked-life" : "act-stage-acked",
        ResponseStage.EnRoute => "act-stage-en-route",
        ResponseStage.OnScene => "act-stage-on-scene",
        ResponseStage.Closed => "act-stage-closed",
    };

    /// <summary>The text of a cause.</summary>
    public static string CauseKey(CauseCode cause) => cause switch
    {
        CauseCode.Fire => "cause-fire",
        CauseCode.OverheatedBattery => "cause-overheated-battery",
        CauseCode.Overload => "cause-overload",
        CauseCode.FlyWire => "cause-fly-wire",
        CauseCode.SensorFault => "cause-sensor-fault",
        CauseCode.Test => "cause-test",
        CauseCode.Maintenance => "cause-maintenance",
        CauseCode.ResidentDispute => "cause-resident-dispute",
        CauseCode.Network => "cause-network",
        CauseCode.FalseAlarm => "cause-false-alarm",
        CauseCode.Unknown => "cause-unknown",
    };
}
