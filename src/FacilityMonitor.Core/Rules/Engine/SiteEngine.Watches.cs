using FacilityMonitor.Alerts;
using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <content>Rules with a state of their own about channels, devices and places; and dates.</content>
internal sealed partial class SiteEngine
{
    /// <summary>Those that change their verdict by time alone, in the order they began: also after a restart.</summary>
    private readonly List<Timeline> _timed = [];
    private readonly List<(DateRule Rule, DueThing Thing, int DaysBefore)> _dues = [];
    private DateOnly _day;

    private void PrepareSite(Site site)
    {
        _places = new Timeline?[site.Places.Count];
        _crowded = new CrowdedPlace[site.Places.Count];
        for (var place = 0; place < _places.Length; place++)
        {
            var subject = new Subject(SubjectKind.Place, site, null, ChannelId.Main, null, site.Places[place]);
            _places[place] = NewTimeline(subject, place, [.. Plans(subject, SiteScopes)]);
        }

        foreach (var rule in RuleCatalogue.OfDates)
        {
            foreach (var thing in rule.Things(site))
                _dues.Add((rule, thing, rule.DaysBefore(new SettingScopes(thing.Rules, site.Rules, _index.Facility.Rules))));
        }
    }

    /// <summary>The rules with a state that judge a subject, with their limits.</summary>
    private IEnumerable<StatePlan> Plans(Subject subject, SettingScopes scopes) =>
        RuleCatalogue.WithState.Where(rule => rule.Subject == subject.Kind && rule.AppliesTo(subject)).Select(rule => new StatePlan(rule, _shelf.Shared(rule, rule.Limits(subject, scopes))));

    private Timeline? NewTimeline(in Subject subject, int number, StatePlan[] plans)
    {
        if (plans.Length == 0)
            return null;
        var timeline = new Timeline(subject, number, plans) { Late = _late };
        if (subject.Kind != SubjectKind.Channel)
            timeline.WakeAll();
        if (timeline.IsTimed)
            _timed.Add(timeline);
        return timeline;
    }

    private Subject SubjectOf(DeviceMemory device, SubjectKind kind, ChannelId channel)
    {
        var entry = device.Registered?.Entry;
        var circuit = entry is null ? null : _site?.Circuits.FirstOrDefault(one => one.Meter == entry.Id && (one.MeterChannel is null || one.MeterChannel == channel))
            ?? _site?.Circuits.FirstOrDefault(one => one.Id == entry.Circuit);
        return new Subject(kind, device.Registered?.Site, entry, channel, circuit, PlaceOf(entry?.Place));
    }

    private Subject SubjectOfRule(AlertKey key) => key.Kind switch
    {
        SubjectKind.Circuit => new Subject(key.Kind, _site, null, ChannelId.Main, _circuits[key.Number].Circuit, null),
        SubjectKind.Place => _places[key.Number]!.Subject,
        SubjectKind.Channel or SubjectKind.Device => SubjectOf(_devices[key.Number], key.Kind, ChannelId.FromCode(key.Channel)),
        SubjectKind.Due or SubjectKind.Pile => default,
    };

    private Cell? CellOf(AlertKey key)
    {
        var cells = key.Kind switch
        {
            SubjectKind.Circuit => _circuits[key.Number].Cells,
            SubjectKind.Place => _places[key.Number]?.Cells,
            SubjectKind.Device => _devices.GetValueOrDefault(key.Number)?.Watches?.Cells is { } ofDevice && Array.Exists(ofDevice, cell => cell.Rule.Name == key.Rule)
                ? ofDevice : _devices.GetValueOrDefault(key.Number)?.Load?.Cells is { } ofPile && Array.Exists(ofPile, cell => cell.Rule.Name == key.Rule) ? ofPile : WatchesOf(key)?.Cells,
            SubjectKind.Channel => WatchesOf(key)?.Cells,
            SubjectKind.Due or SubjectKind.Pile => null,
        };
        return cells is null ? null : Array.Find(cells, cell => cell.Rule.Name == key.Rule);
    }

    /// <summary>The timeline of a single channel; the channel may be <c>main</c>.</summary>
    private Timeline? WatchesOf(AlertKey key) =>
        _devices.TryGetValue(key.Number, out var device) && device.Find(ChannelId.FromCode(key.Channel), 0) is >= 0 and var place ? device.Channels[place].Watches : null;

    // ---- sights ------------------------------------------------------------------------------------------------------

    /// <summary>Shows a reading to the rules about its channel, its device and its place.</summary>
    private void Watch(DeviceMemory device, ref ChannelMemory channel, in Values values, in Reading reading, bool isLive)
    {
        if (channel.Watches is null ? channel.Form.MayWake(values) : channel.Form.Metrics.Overlaps(values.Present))
            WatchChannel(device, ref channel, values, reading, isLive);
        if (device.Watches is { } ofDevice && (ofDevice.Metrics.Overlaps(values.Present) || (ofDevice.HearsWords && reading.State is not null)))
            Show(device, ofDevice, ofDevice.SpeakerOf(device.Place, device.Registered?.Entry, channel.Channel, ofFacts: false), values, reading, isLive);
        if (PlaceTimeline(device, channel.Channel) is { } ofPlace && ofPlace.Metrics.Overlaps(values.Present))
            Show(device, ofPlace, ofPlace.SpeakerOf(device.Place, device.Registered?.Entry, channel.Channel, ofFacts: false), values, reading, isLive);
    }

    private void WatchChannel(DeviceMemory device, ref ChannelMemory channel, in Values values, in Reading reading, bool isLive)
    {
        var sight = new Sight
        {
            Kind = SightKind.Reading,
            AtMs = reading.AtMs,
            GapMs = device.GapMs,
            Speaker = new Speaker(device.Place, device.Registered?.Entry, channel.Channel),
            Values = values,
            State = reading.State,
        };
        Wake(device, ref channel, sight);
        if (channel.Watches is not { } timeline)
            return;
        Show(device, timeline, timeline.SpeakerOf(device.Place, device.Registered?.Entry, channel.Channel, ofFacts: false), values, reading, isLive);
        if (!timeline.IsBehind && !timeline.Rest())
            Forget(ref channel);
    }

    /// <summary>Lets the rules begin that this sight wakes.</summary>
    private void Wake(DeviceMemory device, ref ChannelMemory channel, in Sight sight)
    {
        var plans = channel.Form.States;
        for (var plan = 0; plan < plans.Length; plan++)
        {
            var rule = plans[plan].Rule;
            var concerns = sight.Event is { } fact ? rule.Events.Has(fact.Kind) : rule.Metrics.Overlaps(sight.Values.Present);
            if (!concerns || channel.Watches?.IsAwake(plan) == true || (sight.IsReading && !channel.Form.MayWake(plan, sight.Values)) || !rule.Wakes(sight))
                continue;
            channel.Watches ??= NewTimeline(SubjectOf(device, SubjectKind.Channel, channel.Channel), device.Place, plans)!;
            channel.Watches.Wake(plan);
        }
    }

    private void Show(DeviceMemory device, Timeline timeline, int speaker, in Values values, in Reading reading, bool isLive)
    {
        if (timeline.MustCatchUp(reading.AtMs))
            Derive(timeline);
        var accepted = timeline.Reading(speaker, reading.AtMs, values, reading.State, device.GapMs, isLive);
        // What waited for us while we were away says nothing of clocks.
        if (isLive && accepted == Accepted.InOrder && !IsAwaiting)
            timeline.Came(_nowMs);
        if (accepted is not (Accepted.InOrder or Accepted.Reordered) || IsBehind(timeline))
            return;
        foreach (var cell in timeline.Cells)
        {
            if (cell.Rule.Metrics.Overlaps(values.Present) || (cell.Rule.HearsWords && reading.State is not null))
                TellCell(timeline, cell, timeline.NewestMs, reading.AtMs);
        }
    }

    private void ShowFact(DeviceMemory device, Timeline timeline, ChannelId channel, long atMs, SightKind kind, byte side, object? word, bool isLive)
    {
        var speaker = timeline.SpeakerOf(device.Place, device.Registered?.Entry, channel, ofFacts: true);
        if (timeline.MustCatchUp(atMs))
            Derive(timeline);
        var accepted = timeline.Fact(speaker, atMs, kind, side, word, device.GapMs, isLive);
        if (kind == SightKind.Event && accepted == Accepted.InOrder && !IsAwaiting)
            timeline.Came(_nowMs);
        if (accepted is not (Accepted.InOrder or Accepted.Reordered) || IsBehind(timeline))
            return;
        foreach (var cell in timeline.Cells)
        {
            // Who is there now says nothing of what was while we were away.
            if (kind != SightKind.Presence || !cell.Rule.IsTimed || !IsAwaiting)
                TellCell(timeline, cell, timeline.NewestMs, atMs);
        }
    }

    private void TellCells(Timeline timeline)
    {
        foreach (var cell in timeline.Cells)
        {
            // The newest of what was derived anew may be who is there now.
            if (!cell.Rule.IsTimed || !IsAwaiting)
                TellCell(timeline, cell, timeline.NewestMs, timeline.NewestMs);
        }
    }

    /// <summary>Whether a timeline is to be derived anew, which is done once a message.</summary>
    private bool IsBehind(Timeline timeline)
    {
        if (timeline.IsBehind && !_behind.Contains(timeline))
            _behind.Add(timeline);
        return timeline.IsBehind;
    }

    /// <summary>Derives anew what is behind; places last, as what is found of the others is shown to them.</summary>
    private void CatchUp()
    {
        for (var index = 0; index < _behind.Count; index++)
        {
            if (_behind[index].Subject.Kind != SubjectKind.Place)
                CatchUp(_behind[index]);
        }

        foreach (var timeline in _behind)
            CatchUp(timeline);
        _behind.Clear();
    }

    /// <summary>Derives a timeline anew, and tells what comes of it. Nothing of it is forgotten here: in the middle of a message what it woke for is still to be shown.</summary>
    private bool Derive(Timeline timeline)
    {
        if (!timeline.Rederive())
            return false;
        TellCells(timeline);
        while (timeline.StepNext())
            TellCells(timeline);
        return true;
    }

    private void CatchUp(Timeline timeline)
    {
        if (!Derive(timeline))
            return;
        if (timeline.Subject.Kind != SubjectKind.Channel || _devices[timeline.Number] is not { } device || device.Find(timeline.Subject.Channel, 0) is not (>= 0 and var place))
            return;
        ref var channel = ref device.Channels[place];
        if (channel.Watches == timeline && !timeline.Rest())
            Forget(ref channel);
    }

    /// <summary>Shows the facts a device told.</summary>
    private void WatchEvents(DeviceMemory device, List<DeviceEvent> events)
    {
        foreach (var fact in events)
        {
            if (device.Watches is { } ofDevice && ofDevice.Events.Has(fact.Kind))
                ShowFact(device, ofDevice, fact.Channel, fact.AtMs, SightKind.Event, 0, fact, isLive: true);
            if (PlaceTimeline(device, fact.Channel) is { } ofPlace && ofPlace.Events.Has(fact.Kind))
                ShowFact(device, ofPlace, fact.Channel, fact.AtMs, SightKind.Event, 0, fact, isLive: true);
            WatchEvent(device, fact);
            WatchCircuit(device, fact);
        }
    }

    private void WatchEvent(DeviceMemory device, DeviceEvent fact)
    {
        var place = device.Find(fact.Channel, 0);
        if (place < 0)
        {
            if (!FormOf(device, fact.Channel).Events.Has(fact.Kind))
                return;
            place = device.Add(NewChannel(device, fact.Channel));
            Connect(device, ref device.Channels[place]);
        }

        ref var channel = ref device.Channels[place];
        if (!channel.Form.Events.Has(fact.Kind))
            return;
        Wake(device, ref channel, new Sight
        {
            Kind = SightKind.Event,
            AtMs = fact.AtMs,
            GapMs = device.GapMs,
            Speaker = new Speaker(device.Place, device.Registered?.Entry, fact.Channel),
            Event = fact,
        });
        if (channel.Watches is not { } timeline)
            return;
        ShowFact(device, timeline, fact.Channel, fact.AtMs, SightKind.Event, 0, fact, isLive: true);
        if (!timeline.IsBehind && !timeline.Rest())
            Forget(ref channel);
    }

    private void WatchPresence(DeviceMemory device)
    {
        if (device.Watches is { HearsPresence: true } ofDevice)
            ShowFact(device, ofDevice, ChannelId.Main, _nowMs - ofDevice.LagMs, SightKind.Presence, (byte)device.Presence, null, isLive: true);
        if (PlaceTimeline(device, ChannelId.Main) is { HearsPresence: true } ofPlace)
            ShowFact(device, ofPlace, ChannelId.Main, _nowMs - ofPlace.LagMs, SightKind.Presence, (byte)device.Presence, null, isLive: true);
    }

    private void WatchFinding(DeviceMemory device, Rule rule, ChannelId channel, byte side, long atMs)
    {
        if (device.PlaceNumber < 0 || _places[device.PlaceNumber] is not { } place || !Array.Exists(place.Cells, cell => cell.Rule.Hears(rule)))
            return;
        ShowFact(device, place, channel, atMs, SightKind.Finding, side, rule, isLive: true);
    }

    private Timeline? PlaceTimeline(DeviceMemory device, ChannelId channel)
    {
        if (device.PlaceNumber < 0 || _places[device.PlaceNumber] is not { } place)
            return null;
        foreach (var cell in place.Cells)
        {
            if (cell.Rule.Hears(place.Subject, device.Registered!.Entry, channel))
                return place;
        }

        return null;
    }

    /// <param name="timeline">What it is about.</param>
    /// <param name="cell">What the rule remembers of it.</param>
    /// <param name="atMs">When it was last heard of.</param>
    /// <param name="sightMs">When what was seen now was so; null: nothing was, but a second went by.</param>
    private void TellCell(Timeline timeline, Cell cell, long atMs, long? sightMs)
    {
        var verdict = cell.Judge(sightMs is { } seenMs && cell.Rule.IsTimed && IsAwaiting ? Math.Max(_beforeMs, Math.Min(_nowMs, seenMs)) : _nowMs - timeline.LagMs);
        if ((verdict.Code | cell.Told) == 0)
            return;
        var isSight = sightMs is not null;
        if (timeline.Subject.Kind is SubjectKind.Channel or SubjectKind.Device)
        {
            if (isSight || verdict.Code != cell.Told)
                TellDevice(_devices[timeline.Number], cell.Rule, timeline.Subject.Channel, verdict, ref cell.Told, atMs);
            return;
        }

        // Seconds that go by are no word of anybody: they must not keep an alert from having no data.
        var key = new AlertKey(cell.Rule.Name, timeline.Subject.Kind, timeline.Number, 0);
        if ((isSight || verdict.Code != cell.Told) && IsNews(verdict, ref cell.Told, key))
            Apply(key, verdict, atMs);
    }

    private void Forget(ref ChannelMemory channel)
    {
        if (channel.Watches is { IsTimed: true } timed)
            _timed.Remove(timed);
        channel.Watches = null;
    }

    // ---- seconds -----------------------------------------------------------------------------------------------------

    private void JudgeTimed()
    {
        if (IsAwaiting)
            return;
        // By index: a verdict may be a sight for another, and none begins or ends by it.
        for (var index = 0; index < _timed.Count; index++)
        {
            foreach (var cell in _timed[index].Cells)
            {
                if (cell.Rule.IsTimed)
                    TellCell(_timed[index], cell, _nowMs, sightMs: null);
            }

            CatchUp();
        }
    }

    private void JudgeDates()
    {
        var today = ShanghaiTime.DayOf(_nowMs);
        if (today == _day)
            return;
        _day = today;
        for (var number = 0; number < _dues.Count; number++)
        {
            var (rule, thing, daysBefore) = _dues[number];
            var from = thing.Due.AddDays(daysBefore == 0 ? 1 : -daysBefore);
            Apply(new AlertKey(rule.Name, SubjectKind.Due, number, 0), Verdict.When(today >= from, rule.Priority, ShanghaiTime.MidnightMs(from)), _nowMs);
        }
    }
}
