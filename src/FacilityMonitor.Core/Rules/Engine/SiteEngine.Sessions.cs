using FacilityMonitor.Alerts;
using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <content>Charging sessions, and what rules say of them.</content>
internal sealed partial class SiteEngine
{
    private const long MinuteMs = 60_000;

    private const int NoSocket = -1;
    private const int NewSocketBegins = -2;
    private const int SeenSocketBegins = -3;

    private readonly SocketSessions _sessions;
    private CrowdedPlace[] _crowded = [];

    /// <summary>The last minute in which places were asked for a free socket.</summary>
    private long _minute;

    /// <summary>Begins and settlements that belong to no session we know, and those that were told again; counted since this registry came into force.</summary>
    public (long Strays, long Repeated) OddSettlements => (_sessions.Strays, _sessions.Repeated);

    /// <summary>Sockets that were not followed because there was no room, samples of sockets that came too late, and users that were not remembered.</summary>
    public (long Unfollowed, long LateSamples, long Forgotten) SessionLosses => (_sessions.Unfollowed, _sessions.LateSamples, _sessions.Users.Forgotten);

    private static bool HasSessions(DeviceMemory device, ChannelId channel) => device.HasSessions && channel.Kind is ChannelKind.Socket or ChannelKind.Slot;

    /// <summary>Its place among the sessions, or one of the words for none. Every socket has a first track: whether it is overloaded is always asked.</summary>
    private int SocketOf(in ChannelMemory channel) =>
        channel.Channel.Kind is ChannelKind.Socket or ChannelKind.Slot && channel.Form.Graded.Length > 0
            ? _tracks[channel.FirstTrack].Socket switch { 0 => NoSocket, 1 => NewSocketBegins, 2 => SeenSocketBegins, var known => known - 3 }
            : NoSocket;

    private void SetSocket(in ChannelMemory channel, int socket) => _tracks[channel.FirstTrack].Socket = (ushort)(socket switch { NoSocket => 0, NewSocketBegins => 1, SeenSocketBegins => 2, _ => socket + 3 });

    private DeviceForm DeviceFormOf(SettingScopes scopes) => _shelf.Shared(new DeviceForm
    {
        Welded = WeldedRelay.Instance.Grades(scopes),
        OfflineHoldMs = Offline.Instance.HoldMs(scopes),
        Silence = Silent.Instance.LimitsFor(scopes),
        Health = new HealthLimits(Stale.Instance.LimitsFor(scopes), ClockOff.Instance.HoldMs(scopes), SequenceGap.Instance.HoldMs(scopes)),
        Sessions = ChargeTooLong.Instance.Sessions(scopes),
        OfSessions = [.. RuleCatalogue.OfSessions.Select(rule => rule.LimitsFor(scopes))],
    });

    private void FollowSession(DeviceMemory device, ref ChannelMemory channel, in Values values, in Reading reading)
    {
        if (!HasSessions(device, channel.Channel))
            return;
        bool? relay = values.TryGet(Metric.Relay, out var closed) ? closed != 0 : null;
        var sample = new SocketSample(reading.AtMs, (float)values.Or(Metric.W), values.Or(Metric.Wh), reading.CounterEpoch, relay, SocketWords.Of(reading.State));
        if (SocketOf(channel) < 0 && !WakesSession(device, ref channel, sample))
            return;
        _sessions.Observe(SocketOf(channel), sample, device.GapMs, _nowMs, device.Form.Sessions);
        JudgeSessions(device, channel);
    }

    /// <summary>Whether a socket without any session before is in use now. One that is never used costs next to nothing: power alone has to be seen twice, and until then the channel keeps it.</summary>
    private bool WakesSession(DeviceMemory device, ref ChannelMemory channel, in SocketSample sample)
    {
        // The newest sample of a socket without a session is kept by the first rule that measures it.
        var seenMs = channel.Form.Graded.Length > 0 ? _tracks[channel.FirstTrack].NewestMs : 0;
        if (sample.AtMs < seenMs)
            return false;
        var isTold = sample.Relay == true || sample.Word is not (SocketWord.None or SocketWord.Idle);
        var hasPower = sample is { Watts: > SessionLimits.LoadW, Relay: null, Word: SocketWord.None };
        var isSecond = SocketOf(channel) < NoSocket && sample.AtMs > seenMs;
        if (isTold || (hasPower && isSecond))
        {
            return AddSocket(device, ref channel, seenMs);
        }

        if (!hasPower)
            SetSocket(channel, NoSocket);
        else if (SocketOf(channel) == NoSocket)
            SetSocket(channel, seenMs > 0 && sample.AtMs - seenMs <= device.GapMs ? SeenSocketBegins : NewSocketBegins);
        return false;
    }

    /// <returns>False when the site has no room for one more; it is counted.</returns>
    private bool AddSocket(DeviceMemory device, ref ChannelMemory channel, long seenMs)
    {
        if (!_sessions.HasRoom(device.Registered is null))
            return false;
        var begins = SocketOf(channel);
        SetSocket(channel, _sessions.Add(device.Place, channel.Channel, seenMs, device.Registered is null));
        if (begins < NoSocket)
            _sessions.Begins(SocketOf(channel), begins == SeenSocketBegins);
        return true;
    }

    private void TakeSessions(DeviceMemory device, List<DeviceEvent> events)
    {
        foreach (var fact in events)
        {
            if (fact.Kind is not (EventKind.SessionStart or EventKind.SessionStop) || fact.Quality == Quality.Bad || !HasSessions(device, fact.Channel))
                continue;
            var place = device.Find(fact.Channel, 0);
            if (place < 0)
            {
                place = device.Add(NewChannel(device, fact.Channel));
                Connect(device, ref device.Channels[place]);
            }

            ref var channel = ref device.Channels[place];
            if (SocketOf(channel) < 0 && !AddSocket(device, ref channel, 0))
                continue;
            SessionEnds(device, ref channel, fact);
            _sessions.Take(SocketOf(channel), fact, _nowMs);
            JudgeSessions(device, channel);
        }
    }

    private void JudgeSessions(DeviceMemory device, in ChannelMemory channel)
    {
        ref readonly var socket = ref _sessions[SocketOf(channel)];
        // Nearly every reading ends here: nobody charges, and nothing is open.
        if (socket.Live is null && socket.Told.IsZero && socket.Past is not { DeadStartsMs.IsEmpty: false } && socket.Word != SocketWord.Fuse)
            return;
        var picture = new SocketPicture(in socket, _sessions.Users, device.Registered?.Entry, device.Registered?.Site, _nowMs);
        var atMs = Math.Max(socket.NewestMs, Math.Max(socket.Live?.StartMs ?? 0, socket.Past?.EndMs ?? 0));
        for (var number = 0; number < RuleCatalogue.OfSessions.Count; number++)
        {
            var rule = RuleCatalogue.OfSessions[number];
            var verdict = rule.Judge(picture, device.Form.OfSessions[number]);
            ref var told = ref _sessions.ToldOf(SocketOf(channel), number);
            // A session that was given up may go on where nobody hears it: what was told of it is over when its socket is heard again.
            if ((verdict.Code | told) != 0 && !(socket.IsLost && verdict.Code == 0))
                TellDevice(device, rule, channel.Channel, verdict, ref told, atMs);
        }
    }

    private void TickSessions()
    {
        if (_sessions.Tick(_nowMs))
        {
            _changed = true;
            foreach (var device in _devices.Values)
            {
                foreach (ref readonly var channel in device.Channels)
                {
                    if (SocketOf(channel) >= 0)
                        JudgeSessions(device, channel);
                }
            }
        }

        if (_nowMs / MinuteMs == _minute)
            return;
        // A gap neither fills nor empties a hold.
        var countedMs = _nowMs / MinuteMs == _minute + 1 ? MinuteMs : 0;
        _minute = _nowMs / MinuteMs;
        for (var place = 0; place < _crowded.Length; place++)
            JudgeCrowded(place, countedMs);
    }

    // ---- places without a free socket --------------------------------------------------------------------------------

    private void JudgeCrowded(int place, long countedMs)
    {
        ref var known = ref _crowded[place];
        var sockets = Sockets(place);
        if (sockets.Blocked.Count == 0 && known == default)
            return;
        var before = known.Crowded;
        FullNotUnplugged.Step(ref known.Crowded, sockets, FullNotUnplugged.Instance.LimitsFor(SiteScopes), _nowMs, countedMs);
        _changed |= known.Crowded != before;
        var verdict = FullNotUnplugged.Judge(known.Crowded);
        var key = new AlertKey(FullNotUnplugged.Instance.Name, SubjectKind.Place, place, 0);
        if (IsNews(verdict, ref known.Told, key))
            Apply(key, verdict, _nowMs);
    }

    /// <summary>The sockets of a place that full batteries block, and how many can be used. Those of a pile that is offline cannot.</summary>
    private SocketCensus Sockets(int place)
    {
        var blocked = new List<BlockedSocket>();
        var (free, isComplete) = (0, true);
        foreach (var entry in _site!.Devices)
        {
            if (entry.Place == _site.Places[place].Id && entry.Kind is DeviceKind.Pile or DeviceKind.Cabinet)
                free += entry.Sockets;
        }

        foreach (var device in _devices.Values)
        {
            if (device.PlaceNumber != place || device.Registered!.Entry is not { Kind: DeviceKind.Pile or DeviceKind.Cabinet } entry)
                continue;
            if (device.Presence != Contract.Presence.Online)
            {
                free -= entry.Sockets;
                isComplete = false;
                continue;
            }

            foreach (ref readonly var channel in device.Channels)
            {
                if (SocketOf(channel) < 0 || !_sessions.IsTaken(SocketOf(channel)))
                    continue;
                free--;
                if (_sessions.FullSince(SocketOf(channel)) is var since and not 0)
                    blocked.Add(new BlockedSocket(AlertText.Join(entry.Name, AlertText.Channel(channel.Channel)), since, entry.Reserved.Contains(channel.Channel)));
            }
        }

        // By name among equals: the order in which devices were first heard is not the same after a restart.
        blocked.Sort((left, right) => left.SinceMs != right.SinceMs ? left.SinceMs.CompareTo(right.SinceMs) : string.CompareOrdinal(left.Name.En, right.Name.En));
        return new SocketCensus(blocked, Math.Max(0, free), isComplete);
    }

    private LocalText ExplainSession(ToldAlert alert, SessionRule rule, SortedDictionary<string, object> evidence)
    {
        var device = _devices[alert.Key.Number];
        ref readonly var channel = ref device.Channels[device.Find(ChannelId.FromCode(alert.Key.Channel), 0)];
        var picture = new SocketPicture(in _sessions[SocketOf(channel)], _sessions.Users, device.Registered?.Entry, device.Registered?.Site, _nowMs);
        return rule.Explain(picture, device.Form.OfSessions[RuleCatalogue.OfSessions.ToList().IndexOf(rule)], evidence);
    }

    // ---- memory ------------------------------------------------------------------------------------------------------

    private void SaveSessions(ref SnapshotWriter writer)
    {
        writer.Int64(_minute);
        _sessions.SaveSite(ref writer);
        writer.Int32(_devices.Values.Sum(Sockets));
        foreach (var device in _devices.Values)
        {
            foreach (ref readonly var channel in device.Channels)
            {
                if (SocketOf(channel) == NoSocket)
                    continue;
                writer.Int32(device.Place);
                writer.Int32(channel.Channel.Code);
                writer.Int32(Math.Min(SocketOf(channel), 0));
                if (SocketOf(channel) >= 0)
                    _sessions.Save(ref writer, SocketOf(channel));
            }
        }

        writer.Int32(_crowded.Length);
        for (var place = 0; place < _crowded.Length; place++)
        {
            writer.Text(_site!.Places[place].Id);
            writer.Byte(_crowded[place].Told);
            writer.Hold(_crowded[place].Crowded);
        }
    }

    private int Sockets(DeviceMemory device)
    {
        var count = 0;
        foreach (ref readonly var channel in device.Channels)
            count += SocketOf(channel) == NoSocket ? 0 : 1;
        return count;
    }

    private void LoadSessions(ref SnapshotReader reader, byte format)
    {
        _minute = reader.Int64();
        _sessions.LoadSite(ref reader, format >= FormatOfShares, format >= FormatOfPowers);
        for (var count = reader.Int32(); count > 0; count--)
        {
            var (number, channel, socket) = (reader.Int32(), ChannelId.FromCode((ushort)reader.Int32()), reader.Int32());
            var place = _devices.TryGetValue(number, out var device) ? device.Find(channel, 0) : -1;
            // A device that is no pile any more has no sessions; what was known of them is read over.
            var isKept = place >= 0 && HasSessions(device!, channel) && _sessions.HasRoom(device!.Registered is null);
            if (socket == 0)
            {
                if (isKept)
                    SetSocket(device!.Channels[place], _sessions.Add(number, channel, isStranger: device!.Registered is null));
                _sessions.Load(ref reader, isKept ? SocketOf(device!.Channels[place]) : null, format);
                continue;
            }

            if (isKept)
                SetSocket(device!.Channels[place], socket);
        }

        for (var count = reader.Int32(); count > 0; count--)
        {
            var id = reader.Text();
            var known = new CrowdedPlace { Told = reader.Byte() };
            // What was told before holds were kept goes on as told.
            known.Crowded = format >= FormatOfCrowds ? reader.Hold() : known.Told != 0 ? new Hold { Phase = HoldPhase.On, SinceMs = _nowMs } : default;
            if (_site?.Places.ToList().FindIndex(candidate => candidate.Id == id) is >= 0 and var place)
                _crowded[place] = known;
        }
    }

    private bool IsJudgedBySessions(AlertKey key, SessionRule rule, bool isOpen)
    {
        if (!_devices.TryGetValue(key.Number, out var device) || device.Find(ChannelId.FromCode(key.Channel), 0) is not (>= 0 and var place) || SocketOf(device.Channels[place]) < 0)
            return false;
        return !isOpen || _sessions.ToldOf(SocketOf(device.Channels[place]), RuleCatalogue.OfSessions.ToList().IndexOf(rule)) != 0;
    }
}
