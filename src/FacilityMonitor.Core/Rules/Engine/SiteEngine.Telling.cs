using System.Diagnostics;
using System.Globalization;
using FacilityMonitor.Alerts;
using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <content>Alerts: from a verdict to the words.</content>
internal sealed partial class SiteEngine
{
    /// <summary>Whether a verdict must be told: it is another than before, or its alert had fallen silent and data came again.</summary>
    private bool IsNews(in Verdict verdict, ref byte told, in AlertKey key)
    {
        if (verdict.Code == told)
            return verdict.Code != 0 && _book.Heard(key, _nowMs) is { Condition: Condition.NoData };
        told = verdict.Code;
        return true;
    }

    /// <summary>Tells what a verdict about a device or one of its channels changes; rules about its place hear of it.</summary>
    private void TellDevice(DeviceMemory device, Rule rule, ChannelId channel, in Verdict verdict, ref byte told, long atMs)
    {
        var before = told;
        var key = new AlertKey(rule.Name, channel == ChannelId.Main ? SubjectKind.Device : SubjectKind.Channel, device.Place, channel.Code);
        if (!IsNews(verdict, ref told, key))
            return;
        Apply(key, verdict, atMs);
        if (FoundSide.Of(before, told) is var side && FoundSide.Now(side) != FoundSide.Before(side))
            WatchFinding(device, rule, channel, side, atMs);
    }

    private static bool IsOfValues(AlertKey key) => RuleCatalogue.Find(key.Rule) switch
    {
        StateRule rule => rule.NeedsData,
        SessionRule rule => rule.NeedsData,
        ChannelRule or WeldedRelay => true,
        _ => false,
    };

    private long NoDataMs(AlertKey key) => key.Kind switch
    {
        SubjectKind.Circuit => 5 * _circuits[key.Number].GapMs / 3,
        SubjectKind.Place => 5 * (_places[key.Number]?.GapMs ?? DeviceMemory.GapMsDefault) / 3,
        SubjectKind.Channel or SubjectKind.Device => Math.Max(
            _devices.TryGetValue(key.Number, out var device) ? device.NoDataMs : DeviceMemory.GapMsDefault, 5 * (RuleCatalogue.Find(key.Rule)?.GapLeastMs ?? 0) / 3),
        SubjectKind.Due or SubjectKind.Pile => long.MaxValue,
    };

    private void Apply(AlertKey key, in Verdict verdict, long atMs) => _book.Apply(key, SubjectOf, verdict, atMs, _nowMs, Tell);

    private AlertSubject SubjectOf(AlertKey key)
    {
        switch (key.Kind)
        {
            case SubjectKind.Circuit:
                return new AlertSubject($"{_siteId}/{_circuits[key.Number].Circuit.Id}", null, _circuits[key.Number].Circuit.Id);
            case SubjectKind.Place:
                return new AlertSubject($"{_siteId}/{_site!.Places[key.Number].Id}", null, null);
            case SubjectKind.Due:
                return new AlertSubject(_dues[key.Number].Thing.Asset, _dues[key.Number].Thing.Device, null);
            case SubjectKind.Channel:
            case SubjectKind.Device:
                var device = _devices[key.Number];
                return new AlertSubject(_index.AssetPath(device.Id, ChannelId.FromCode(key.Channel)), device.Registered?.Entry.Id ?? device.Id.Name, null);
            default:
                throw new UnreachableException();
        }
    }

    private void Tell(ToldAlert alert, long atMs)
    {
        _changed = true;
        var rule = RuleCatalogue.Find(alert.Key.Rule)!;
        var evidence = new SortedDictionary<string, object>(StringComparer.Ordinal);
        _output.Add(new AlertTransition
        {
            AlertId = alert.Id,
            Sequence = alert.NextSequence,
            Rule = rule.Name,
            Priority = alert.Priority,
            Condition = alert.Condition,
            AtMs = atMs,
            OnsetMs = alert.OnsetMs,
            Site = _siteId,
            Device = alert.Subject.Device,
            Channel = alert.Key.Channel == 0 ? null : ChannelId.FromCode(alert.Key.Channel),
            Asset = alert.Subject.Asset,
            IsStranger = alert.Key.Kind is SubjectKind.Channel or SubjectKind.Device && _devices.TryGetValue(alert.Key.Number, out var device) && device.Registered is null,
            Text = AlertText.Compose(rule, Where(alert.Key), Explain(alert, rule, evidence), alert, atMs),
            Evidence = evidence,
            FlapCount = alert.FlapCount,
        });
    }

    private LocalText Explain(ToldAlert alert, Rule rule, SortedDictionary<string, object> evidence)
    {
        if (rule is DateRule dated)
        {
            var due = _dues[alert.Key.Number].Thing;
            var over = ShanghaiTime.DayOf(_nowMs).DayNumber - due.Due.DayNumber;
            evidence["due"] = due.Due.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
            evidence["days_over"] = over;
            return dated.What(due, over);
        }

        if (rule is StateRule && CellOf(alert.Key) is { } cell)
        {
            if (alert.Key.Kind == SubjectKind.Circuit && _circuits[alert.Key.Number].Derived is { } derived)
                evidence["current_from"] = derived;
            return cell.Explain(new Telling(SubjectOfRule(alert.Key), alert.Condition, alert.Priority, alert.OnsetMs, _nowMs), evidence);
        }
        if (rule is SessionRule ofSessions)
            return ExplainSession(alert, ofSessions, evidence);
        if (rule == FullNotUnplugged.Instance)
            return FullNotUnplugged.Explain(Sockets(alert.Key.Number).Blocked, FullNotUnplugged.Instance.LimitsFor(SiteScopes), _nowMs, evidence);
        var device = _devices[alert.Key.Number];
        if (rule == WeldedRelay.Instance)
        {
            var watch = _offs.Find(alert.Key.Number, alert.Key.Channel);
            return WeldedRelay.Explain(watch, watch is null ? 0 : _offs.Tracks[watch.Track].Value, device.Form.Welded[0].Limit, evidence);
        }

        if (rule == Stale.Instance)
            return Stale.Explain(PoorSinceMs(device, alert.Key.Channel), evidence);
        if (rule == ClockOff.Instance)
            return ClockOff.Explain();
        if (rule == SequenceGap.Instance)
            return SequenceGap.Explain(device.Health?.Missing ?? 0, evidence);
        if (rule is not ChannelRule channelRule)
        {
            evidence["last_heard"] = ReadingJson.Instant(device.HeardMs);
            // It came back, but not for long enough to be over: said plainly, or the two times would contradict each other.
            if (alert.Condition == Condition.Active && device.HeardMs > alert.OnsetMs)
                return new LocalText($"其间短暂恢复过，{AlertText.Clock(device.HeardMs)} 又没有消息", $"it came back for a moment and has been gone again since {AlertText.EnglishClock(device.HeardMs)}");
            return new LocalText($"最后一次有消息是 {AlertText.Clock(device.HeardMs)}", $"last heard at {AlertText.EnglishClock(device.HeardMs)}");
        }

        ref readonly var channel = ref device.Channels[device.Find(ChannelId.FromCode(alert.Key.Channel), 0)];
        var plan = channel.Form.Graded.First(candidate => candidate.Rule == channelRule);
        ref readonly var judged = ref _tracks[channel.FirstTrack + channel.Form.TrackOf(channelRule)];
        var grade = plan.Grades.LastOrDefault(candidate => candidate.Priority == alert.Priority, plan.Grades[0]);
        channelRule.Explain(grade, judged.Value, judged.Origin, evidence);
        return channelRule.What(grade, judged.Value);
    }

    private static long PoorSinceMs(DeviceMemory device, ushort channel) => device.Health switch
    {
        null => 0,
        { PoorSinceMs: > 0 } health when channel == 0 => health.PoorSinceMs,
        var health => health.Poor?.Find(one => one.Channel.Code == channel)?.SinceMs ?? 0,
    };

    private LocalText Where(AlertKey key)
    {
        var site = _site?.Name ?? new LocalText(_siteId ?? "未登记设备", _siteId ?? "Unregistered");
        switch (key.Kind)
        {
            case SubjectKind.Circuit:
                return AlertText.Join(site, _circuits[key.Number].Circuit.Name);
            case SubjectKind.Place:
                return AlertText.Join(site, _site!.Places[key.Number].Name);
            case SubjectKind.Due:
                var thing = _dues[key.Number].Thing;
                return AlertText.Join(site, PlaceOf(thing.Place)?.Name, thing.Name);
            case SubjectKind.Channel:
            case SubjectKind.Device:
                var device = _devices[key.Number];
                var name = device.Registered?.Entry.Name ?? new LocalText(device.Id.Name, device.Id.Name);
                return AlertText.Join(site, PlaceOf(device.Registered?.Entry.Place)?.Name, name, AlertText.Channel(ChannelId.FromCode(key.Channel)));
            default:
                throw new UnreachableException();
        }
    }

    private Place? PlaceOf(string? id) => id is null ? null : _site?.Places.FirstOrDefault(candidate => candidate.Id == id);
}
