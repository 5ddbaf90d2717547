using FacilityMonitor.Alerts;
using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <content>Who is there: offline, silent, and what a gateway explains.</content>
internal sealed partial class SiteEngine
{
    private DeviceMemory MemoryOf(Device device) => _devices.TryGetValue(device.Number, out var known) ? known : NewMemory(device);

    // Apart from the look-up: its closure would be allocated with every message.
    private DeviceMemory NewMemory(Device device)
    {
        var registered = _index.Find(device.Id);
        var scopes = ScopesOf(registered);
        var memory = new DeviceMemory(device, registered)
        {
            Form = DeviceFormOf(scopes),
            HeardMs = _nowMs,
            Presence = Contract.Presence.Online,
        };
        memory.Watches = NewTimeline(SubjectOf(memory, SubjectKind.Device, ChannelId.Main), device.Number, [.. Plans(SubjectOf(memory, SubjectKind.Device, ChannelId.Main), scopes)]);
        PreparePile(memory, scopes);
        _devices[device.Number] = memory;
        return memory;
    }

    private void PreparePile(DeviceMemory memory, SettingScopes scopes)
    {
        if (memory.Registered?.Entry.Kind is not (DeviceKind.Pile or DeviceKind.Cabinet))
            return;
        var subject = SubjectOf(memory, SubjectKind.Pile, ChannelId.Main);
        StatePlan[] plans = [.. Plans(subject, scopes)];
        memory.PilePlans = _shelf.Shared(plans);
        memory.PileNearW = plans.Length == 0 ? float.PositiveInfinity : MathF.BitDecrement((float)plans.Min(plan => plan.Rule.WakesAboveW(plan.Limits)));
    }

    /// <summary>Overrides that hold for a device, narrowest first.</summary>
    private SettingScopes ScopesOf(RegisteredDevice? registered) => registered is null
        ? new SettingScopes(_index.Facility.Rules)
        : new SettingScopes(registered.Entry.Rules, RulesOfCircuit(registered), registered.Site.Rules, _index.Facility.Rules);

    private static RuleSettings RulesOfCircuit(RegisteredDevice device) =>
        device.Site.Circuits.FirstOrDefault(circuit => circuit.Id == device.Entry.Circuit)?.Rules ?? RuleSettings.None;

    private void Born(DeviceMemory device, Birth birth)
    {
        var gapMs = device.GapMs;
        device.BirthPeriodMs = (long)((birth.PeriodS ?? 0) * 1000);
        if (device.GapMs != gapMs)
            MeasureGaps();
        if (device.Watches is { HearsBoots: true, NewestMs: > 0 } watches && birth.Boot != device.BirthBoot && !device.BirthBoot.IsEmpty)
            ShowQuietly(device, watches, 0, SightKind.Boot, 0);
        device.BirthBd = birth.Bd;
        device.BirthBoot = birth.Boot;
    }

    private void Presence(DeviceMemory device, DeviceStatus status, bool isRetained)
    {
        // A will from before the last birth speaks of a connection that is long replaced.
        if (status.Bd is { } bd && bd < device.BirthBd)
            return;
        var speaks = status.Presence is Contract.Presence.Online or Contract.Presence.Sleep;
        if (speaks && !isRetained)
            device.HeardMs = _nowMs;
        if (device.Presence == status.Presence)
            return;
        if (device.Presence == Contract.Presence.Offline)
            device.BackMs = _nowMs;
        device.Presence = status.Presence;
        device.PresenceMs = _nowMs;
        if (speaks)
            device.HeardMs = _nowMs;
        WatchPresence(device);
    }

    private void Heard(DeviceMemory device, DeviceMessage message)
    {
        device.HeardMs = Math.Max(device.HeardMs, message.ReceivedMs);
        device.IsUnheard = false;
        // A device that speaks live is there, whatever its will said before; buffered words prove nothing.
        if (device.Presence == Contract.Presence.Offline && message.Kind is MessageKind.Data or MessageKind.Event or MessageKind.Birth)
        {
            (device.Presence, device.PresenceMs, device.BackMs) = (Contract.Presence.Online, _nowMs, _nowMs);
            WatchPresence(device);
        }
    }

    private void JudgeAbsence(DeviceMemory device)
    {
        var offline = device.Presence == Contract.Presence.Offline;
        JudgeAbsence(device, ref device.Offline, Offline.Instance, offline, device.PresenceMs, device.Form.OfflineHoldMs);

        var period = device.PeriodMs;
        // While we were away nobody could be heard: the silence of a device that was well before counts from our start.
        var since = device.Silent.Phase == HoldPhase.Idle ? Math.Max(device.HeardMs, _startedMs) : device.HeardMs;
        // One that sleeps has promised to wake within its period.
        var silent = period > 0 && device.Presence is Contract.Presence.Online or Contract.Presence.Sleep && _nowMs - since > device.Form.Silence.TimeoutMs(period);
        JudgeAbsence(device, ref device.Silent, Silent.Instance, silent, device.HeardMs, 0);
        JudgeHealth(device, isHeard: !silent && !offline);
        if (device.Watches is { HearsSilence: true } watches)
            ShowSilence(device, watches);
    }

    /// <summary>Who is behind a gateway has no will of its own while that is gone, and who hangs, or never tells a status, has none at all: to rules that ask for it their silence is the lost link.</summary>
    private void ShowSilence(DeviceMemory device, Timeline watches)
    {
        if (device.IsUnheard || device.Presence != Contract.Presence.Online || IsAwaiting)
            return;
        var isCutOff = GatewayOf(device) is { Presence: Contract.Presence.Offline } gateway && gateway.PresenceMs >= device.HeardMs;
        // By our own clock: what a device tells may be hours old by its own and yet be live.
        var sinceMs = isCutOff ? _nowMs : Math.Max(device.HeardMs, _startedMs);
        if (!isCutOff && _nowMs - sinceMs <= device.GapMs)
            return;
        device.IsUnheard = true;
        ShowQuietly(device, watches, sinceMs, SightKind.Presence, (byte)Contract.Presence.Offline);
    }

    /// <summary>Shows the timed rules about a device what nobody said; what comes of it is told with the next second.</summary>
    private void ShowQuietly(DeviceMemory device, Timeline watches, long atMs, SightKind kind, byte side)
    {
        _changed = true;
        var speaker = watches.SpeakerOf(device.Place, device.Registered?.Entry, ChannelId.Main, ofFacts: true);
        // By its own clock, which may be slow, or what it tells comes before this for as long; and after its last word, whose time may lie ahead of ours.
        watches.Fact(speaker, Math.Max(atMs - watches.LagMs, watches.NewestMs + 1), kind, side, null, device.GapMs, isLive: true);
    }

    private void JudgeAbsence(DeviceMemory device, ref AbsenceMemory absence, Rule rule, bool absent, long sinceMs, long holdMs, Priority priority = Priority.P2, ChannelId channel = default)
    {
        if (absence.Phase == HoldPhase.Idle && !absent)
            return;
        var before = absence;
        var due = absent && _nowMs - _startedMs >= GraceMs && _nowMs - sinceMs >= holdMs && !IsExplained(device);
        absence.Step(absent, sinceMs, due, _nowMs);
        _changed |= absence != before;
        if (before.Phase is HoldPhase.Pending or HoldPhase.On && !absent && rule == Silent.Instance)
            device.BackMs = _nowMs;
        var verdict = absence.Judge(priority);
        if (verdict.Code == absence.Told)
            return;
        absence.Told = verdict.Code;
        Apply(new AlertKey(rule.Name, channel == ChannelId.Main ? SubjectKind.Device : SubjectKind.Channel, device.Place, channel.Code), verdict, _nowMs);
    }

    /// <summary>Whether the gateway a device is reached through is away, may be about to be called so, or has only just come back.</summary>
    private bool IsExplained(DeviceMemory device) => GatewayOf(device) is { } gateway
        && (gateway.Presence == Contract.Presence.Offline
            || gateway.Silent.Phase == HoldPhase.On
            || (gateway.PeriodMs > 0 && gateway.Presence == Contract.Presence.Online && _nowMs - gateway.HeardMs > gateway.PeriodMs)
            || _nowMs - gateway.BackMs < BackAfterMs);

    private DeviceMemory? GatewayOf(DeviceMemory device)
    {
        if (device.Gateway is null && device.Registered is { Entry.Gateway: { } gateway, Site: { } site })
            device.Gateway = _devices.Values.FirstOrDefault(candidate => candidate.Registered?.Entry.Id == gateway && candidate.Registered.Site == site);
        return device.Gateway;
    }
}
