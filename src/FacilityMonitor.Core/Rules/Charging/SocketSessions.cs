using System.Numerics;
using FacilityMonitor.Contract;
using FacilityMonitor.Readings;

namespace FacilityMonitor.Rules;

/// <summary>What is remembered of one socket between its samples: about 80 bytes while nobody charges there.</summary>
internal struct SocketMemory
{
    /// <summary>Number of the pile or cabinet.</summary>
    public int Device;

    public ChannelId Channel;

    /// <summary>The last word of the socket.</summary>
    public SocketWord Word;

    /// <summary>Whether the newest sample alone showed a begin, which one sample cannot prove.</summary>
    public bool IsBeginning;

    /// <summary>While beginning: whether the socket was seen without a session before.</summary>
    public bool IsSeen;

    /// <summary>Whether its session was given up because nothing was heard: nobody knows how it ended, so nothing that was told of it is over.</summary>
    public bool IsLost;

    /// <summary>Whether the registry does not name its device.</summary>
    public bool IsStranger;

    /// <summary>Time of the newest sample; 0: none yet.</summary>
    public long NewestMs;

    /// <summary>The last power before a session, W.</summary>
    public float Watts;

    public uint? Epoch;

    /// <summary>The last reading of the counter before a session, Wh; NaN: none.</summary>
    public double Wh;

    /// <summary>The session that runs, or waits for its last reading.</summary>
    public Session? Live;

    public PastSession? Past;

    /// <summary>What rules about it told, in the order of <see cref="RuleCatalogue.OfSessions"/>.</summary>
    public ToldCodes Told;
}

/// <summary>The charging sessions of one site: from samples and told events, in event time, to facts.</summary>
/// <remarks>
/// <para>No sign is believed alone where another could contradict it. A session begins when the device tells it, when two of state text, relay and power show it in one sample, or one of them in
/// two samples. It is over when the device tells it, when two of them agree in two samples, or when a load was gone for as long as piles themselves wait. Silence is no sign: idle sockets of many
/// piles are not reported, and a network that fails ends no charge; only after <see cref="SessionLimits.LostMs"/> a session is given up.</para>
/// <para>Settlements come late, several times, or never. A session that is over waits for the next reading of its counter (at most <see cref="ClosingMs"/>), so that its last minutes count and a
/// settlement that follows its power finds it; what comes later amends the fact. Sample times of a socket must rise: one that comes after a newer one is left out, which costs a curve that lasts
/// hours nothing, and a counter makes it good. Not thread-safe.</para>
/// </remarks>
/// <param name="facts">Where what is over goes.</param>
/// <param name="deviceOf">The device with a number.</param>
/// <param name="isRegistered">Whether the registry names the site. One that it does not holds nothing but strangers, and they have all its room.</param>
internal sealed class SocketSessions(List<SessionFact> facts, Func<int, Device> deviceOf, bool isRegistered = true)
{
    /// <summary>How long a session that is over waits for its last reading and its settlement, ms of engine time. Our choice: longer than a usual period.</summary>
    public const long ClosingMs = 180_000;

    /// <summary>Most sockets of one site whose sessions are followed: a hundred times the largest compound we know.</summary>
    public const int SocketsMax = 65_000;

    /// <summary>Most of them at a site of the registry that belong to devices it does not name: whoever may publish can invent those, and they must not take the place of real ones. A new pile or two are
    /// well within it.</summary>
    public const int StrangersMax = 1_000;

    private int _strangers;
    private SocketMemory[] _sockets = [];
    private long _nextDueMs = long.MaxValue;

    public int Count { get; private set; }

    public UserHistory Users { get; } = new();

    /// <summary>Samples that came after a newer one of their socket; like the others counted since this registry came into force.</summary>
    public long LateSamples { get; private set; }

    /// <summary>Begins and settlements that were told again.</summary>
    public long Repeated { get; private set; }

    /// <summary>Begins and settlements of sessions that nothing else is known of.</summary>
    public long Strays { get; private set; }

    public ref readonly SocketMemory this[int socket] => ref _sockets[socket];

    /// <summary>What one of <see cref="RuleCatalogue.OfSessions"/> told last of a socket.</summary>
    public ref byte ToldOf(int socket, int rule) => ref _sockets[socket].Told[rule];

    /// <summary>Sockets that were not followed because there was no room, each time they were seen in use.</summary>
    public long Unfollowed { get; private set; }

    private int StrangersRoom => isRegistered ? StrangersMax : SocketsMax;

    /// <summary>Whether one more can be followed; counted when not.</summary>
    /// <param name="isStranger">Whether the registry does not name its device.</param>
    public bool HasRoom(bool isStranger = false)
    {
        var hasRoom = isStranger ? _strangers < StrangersRoom : Count - _strangers < SocketsMax - StrangersRoom;
        Unfollowed += hasRoom ? 0 : 1;
        return hasRoom;
    }

    /// <summary>A socket that shows the first sign of use; until then it costs nothing here.</summary>
    /// <param name="device">Number of the pile or cabinet.</param>
    /// <param name="channel">The socket or slot.</param>
    /// <param name="newestMs">Its last sample before; 0: none.</param>
    /// <param name="isStranger">Whether the registry does not name its device.</param>
    public int Add(int device, ChannelId channel, long newestMs = 0, bool isStranger = false)
    {
        _strangers += isStranger ? 1 : 0;
        if (Count == _sockets.Length)
            Array.Resize(ref _sockets, Count + 16 + (Count / 32));
        _sockets[Count] = new SocketMemory { Device = device, Channel = channel, NewestMs = newestMs, Wh = double.NaN, IsStranger = isStranger };
        return Count++;
    }

    /// <summary>The sample before the next one showed a begin, and it alone.</summary>
    /// <param name="socket">The socket.</param>
    /// <param name="isSeen">Whether it was seen without a session before that.</param>
    public void Begins(int socket, bool isSeen) => (_sockets[socket].IsBeginning, _sockets[socket].IsSeen) = (true, isSeen);

    /// <summary>Whether the next bike cannot use it. A socket that was never heard of is free: many piles do not report idle ones.</summary>
    public bool IsTaken(int socket)
    {
        ref readonly var known = ref _sockets[socket];
        return known.Live is { IsOver: false } || known.Word.Blocks();
    }

    /// <summary>Since when a full battery hangs on it; 0: none does.</summary>
    public long FullSince(int socket)
    {
        ref readonly var known = ref _sockets[socket];
        if (known.Live is { } live)
            return !live.IsOver || known.Word is SocketWord.Full or SocketWord.Stopped ? live.FullMs : 0;
        return known.Past is { FullMs: > 0 } past && known.Word is SocketWord.Full or SocketWord.Stopped ? past.FullMs : 0;
    }

    /// <summary>Takes in what one sample says of a socket.</summary>
    /// <param name="index">The socket.</param>
    /// <param name="sample">The sample.</param>
    /// <param name="gapMs">Longest time between two samples that is no gap.</param>
    /// <param name="nowMs">Engine time.</param>
    /// <param name="limits">The limits of this device.</param>
    public void Observe(int index, in SocketSample sample, long gapMs, long nowMs, in SessionLimits limits)
    {
        ref var socket = ref _sockets[index];
        if (sample.AtMs < socket.NewestMs)
        {
            LateSamples++;
            return;
        }

        socket.IsLost &= sample.AtMs <= socket.NewestMs;
        if (socket.Live is { } session)
            Follow(ref socket, session, sample, gapMs, nowMs, limits);
        if (socket.Live is null or { IsOver: true })
            Watch(ref socket, sample, gapMs, nowMs, limits);
        socket.NewestMs = sample.AtMs;
        if (sample.Word != SocketWord.None)
            socket.Word = sample.Word;
        if (!float.IsNaN(sample.Watts))
            socket.Watts = sample.Watts;
        // What a first sign already drew belongs to the session, if it becomes one.
        if (!double.IsNaN(sample.Wh) && !socket.IsBeginning)
            (socket.Wh, socket.Epoch) = (sample.Wh, sample.Epoch ?? socket.Epoch);
    }

    /// <summary>Takes in what the device told of a session.</summary>
    public void Take(int index, DeviceEvent fact, long nowMs)
    {
        _sockets[index].IsLost = false;
        if (fact.Kind == EventKind.SessionStart)
            Starts(ref _sockets[index], fact, nowMs);
        else if (fact.Kind == EventKind.SessionStop)
            Stops(ref _sockets[index], fact, nowMs);
    }

    /// <summary>A second went by: tells sessions that waited long enough, and gives up those without any sign.</summary>
    /// <returns>Whether anything changed.</returns>
    public bool Tick(long nowMs)
    {
        if (nowMs < _nextDueMs)
            return false;
        _nextDueMs = long.MaxValue;
        var told = facts.Count;
        for (var index = 0; index < Count; index++)
        {
            ref var socket = ref _sockets[index];
            if (socket.Live is not { } session)
                continue;
            if (!session.IsOver && nowMs - session.SeenMs >= SessionLimits.LostMs)
            {
                End(session, session.SeenMs, SessionSigns.Silence, nowMs);
                socket.IsLost = true;
            }

            if (session.IsOver && nowMs >= session.DueMs)
                Finish(ref socket, session);
            else
                Due(session);
        }

        return facts.Count != told;
    }

    // ---- samples -----------------------------------------------------------------------------------------------------

    /// <summary>A socket without a session: does one begin?</summary>
    private void Watch(ref SocketMemory socket, in SocketSample sample, long gapMs, long nowMs, in SessionLimits limits)
    {
        // What flows though the device calls it off is no session: that is a welded relay's matter.
        if (sample.Relay == false || sample.Word is SocketWord.Idle or SocketWord.Full or SocketWord.Stopped || sample.Word.IsBroken())
        {
            socket.IsBeginning = false;
            return;
        }

        // A word that did not change since the last session tells of no new one; firmware that hangs says "charging" for ever.
        var isSaid = sample.Word == SocketWord.Charging && (socket.Word != SocketWord.Charging || socket.IsBeginning || sample.Watts > SessionLimits.LoadW);
        var signs = (isSaid ? SessionSigns.Word : 0)
            | (sample.Watts > SessionLimits.LoadW ? SessionSigns.Power : 0)
            | (sample.Relay == true ? SessionSigns.Relay : 0);
        if ((signs & (SessionSigns.Word | SessionSigns.Power)) == 0)
        {
            // A message of another kind, without power and words, says nothing either way.
            socket.IsBeginning &= float.IsNaN(sample.Watts);
            return;
        }

        var endMs = socket.Live?.EndMs ?? socket.Past?.EndMs ?? 0;
        if (sample.AtMs <= endMs)
            return;
        var isSettled = socket.Live is { } last ? (last.EndedBy & SessionSigns.Told) != 0 : socket.Past is { IsSettled: true };
        var lags = isSettled && sample.AtMs - endMs < SessionLimits.LagMs;
        var isSecond = socket.IsBeginning && sample.AtMs > socket.NewestMs;
        var isSeen = socket.IsBeginning ? socket.IsSeen : socket.NewestMs > 0 && sample.AtMs - socket.NewestMs <= gapMs;
        if (!isSecond && (lags || BitOperations.PopCount((uint)signs) < 2))
        {
            (socket.IsBeginning, socket.IsSeen) = (true, isSeen);
            return;
        }

        var session = Open(ref socket, isSecond ? socket.NewestMs : sample.AtMs, signs, nowMs);
        session.IsWhole = isSeen;
        if (isSecond && socket.Watts > SessionLimits.LoadW)
            session.Power(socket.NewestMs, socket.Watts, gapMs, limits);
        Measure(session, sample, gapMs, limits);
    }

    private void Follow(ref SocketMemory socket, Session session, in SocketSample sample, long gapMs, long nowMs, in SessionLimits limits)
    {
        if (session.IsOver && sample.AtMs > session.EndMs)
        {
            // The counter's next reading holds the last minutes; one that fell belongs to what comes next.
            var isNext = sample.Epoch is not null && socket.Epoch is not null && sample.Epoch != socket.Epoch;
            if (double.IsNaN(sample.Wh) && session.HasCounter)
                return;
            if (!double.IsNaN(sample.Wh) && sample.Wh >= socket.Wh && !isNext && sample.AtMs - session.SeenMs <= gapMs)
                session.Count(sample.AtMs, sample.Wh, sample.Epoch);
            Finish(ref socket, session);
            return;
        }

        // Another number of the count is another order where nobody tells orders (X10P); where they are told it is a changed meter.
        if ((session.StartedBy & SessionSigns.Told) == 0 && sample.Epoch is { } epoch && socket.Epoch is { } before && epoch != before)
        {
            End(session, socket.NewestMs, SessionSigns.Successor, nowMs);
            Finish(ref socket, session);
            return;
        }

        if (!float.IsNaN(sample.Watts) && sample.AtMs > session.PowerMs)
            FollowNext(socket, session, sample, gapMs);
        Measure(session, sample, gapMs, limits);
        if (session.Next is { } next)
            Measure(next.Session, sample, gapMs, limits);
        if (session.IsOver)
            return;
        if (session.Next is { HasLasted: true } successor)
        {
            session.TakeBack(successor.Before);
            End(session, session.PowerMs, SessionSigns.Successor, nowMs);
            Finish(ref socket, session);
            socket.Live = successor.Session;
            Due(successor.Session);
            return;
        }

        if (sample.Word == SocketWord.Full && session.Curve.FullMs == 0 && session.Curve.PeakW >= SessionLimits.LoadW)
            session.Curve.FullMs = sample.AtMs;
        if (IsQuiet(session, sample))
            End(session, session.QuietSinceMs, SessionSigns.Power, nowMs);
        else if (Signs(sample) is var signs && signs == SessionSigns.None)
            (session.OverSinceMs, session.OverSamples) = (0, 0);
        else
            Agree(session, sample.AtMs, signs, nowMs);
    }

    private static void Measure(Session session, in SocketSample sample, long gapMs, in SessionLimits limits)
    {
        session.SeenMs = Math.Max(session.SeenMs, sample.AtMs);
        if (!double.IsNaN(sample.Wh))
            session.Count(sample.AtMs, sample.Wh, sample.Epoch);
        if (!float.IsNaN(sample.Watts))
            session.Power(sample.AtMs, sample.Watts, gapMs, limits);
    }

    /// <summary>A full battery that was changed for an empty one within one report shows no end: only that it charges again as at first. Its session is followed beside the one
    /// before, until it has lasted. Where orders are told, the device says itself whose they are.</summary>
    private static void FollowNext(in SocketMemory socket, Session session, in SocketSample sample, long gapMs)
    {
        var constantW = SessionLimits.DipShare * session.Curve.PeakW;
        if (session.FullMs == 0 || session.IsOver || (session.StartedBy & SessionSigns.Told) != 0 || sample.Watts < constantW)
        {
            session.Next = null;
            return;
        }

        if (session.Next is not null || session.Watts >= constantW)
            return;
        var next = new Session { OpenedMs = sample.AtMs, StartMs = sample.AtMs, StartedBy = SessionSigns.Power, SeenMs = sample.AtMs, IsWhole = sample.AtMs - session.PowerMs <= gapMs };
        if (!double.IsNaN(socket.Wh))
            next.Before(socket.NewestMs, socket.Wh, socket.Epoch);
        session.Next = new NextSession(next, session.Mark());
    }

    /// <summary>Whether the load has been gone for as long as piles themselves wait.</summary>
    private static bool IsQuiet(Session session, in SocketSample sample)
    {
        var hold = sample.Word == SocketWord.Charging || session.Curve.PeakW < SessionLimits.LoadW ? SessionLimits.UnpluggedAgainstWordMs : SessionLimits.UnpluggedMs;
        return session.QuietSinceMs != 0 && session.QuietSamples >= SessionLimits.UnpluggedSamples && session.QuietMs >= hold;
    }

    /// <summary>What in a sample says that a session is over: two signs that agree, or one that none contradicts. Power alone has to last, see <see cref="IsQuiet"/>.</summary>
    private static SessionSigns Signs(in SocketSample sample)
    {
        var over = SessionSigns.None;
        if (sample.Word is SocketWord.Idle or SocketWord.Stopped || sample.Word.IsBroken() || (sample.Word == SocketWord.Full && sample.Relay == false))
            over |= SessionSigns.Word;
        if (sample.Relay == false)
            over |= SessionSigns.Relay;
        if (sample.Watts <= SessionLimits.UnpluggedW)
            over |= SessionSigns.Power;
        if (BitOperations.PopCount((uint)over) >= 2)
            return over;
        var isContradicted = sample.Word == SocketWord.Charging || sample.Relay == true || sample.Watts > SessionLimits.UnpluggedW;
        return over == SessionSigns.Power || isContradicted ? SessionSigns.None : over;
    }

    private void Agree(Session session, long atMs, SessionSigns signs, long nowMs)
    {
        if (session.OverSinceMs == 0)
            (session.OverSinceMs, session.OverSamples) = (atMs, 1);
        else if (atMs > session.OverSinceMs)
            End(session, session.OverSinceMs, signs, nowMs);
    }

    // ---- what is told ------------------------------------------------------------------------------------------------

    private void Starts(ref SocketMemory socket, DeviceEvent fact, long nowMs)
    {
        var live = socket.Live;
        if (live is not null && fact.Session is not null && live.Name == fact.Session)
        {
            Repeated++;
            live.User ??= fact.User;
            return;
        }

        if (socket.Past is { } past && (fact.AtMs <= past.EndMs || (fact.Session is not null && fact.Session == past.Name)))
        {
            Amend(socket, past, fact, isStop: false);
            return;
        }

        if (live is { IsOver: false } && (live.StartedBy & SessionSigns.Told) == 0 && fact.AtMs - live.StartMs <= SessionLimits.StartSlackMs)
        {
            (live.Name, live.User, live.IsWhole) = (fact.Session, fact.User, true);
            live.StartedBy |= SessionSigns.Told;
            live.StartMs = Math.Min(live.StartMs, fact.AtMs);
            live.SeenMs = Math.Max(live.SeenMs, fact.AtMs);
            return;
        }

        if (live is not null && fact.AtMs < live.StartMs)
        {
            Strays++;
            return;
        }

        // A socket carries one session: whatever ran there is over.
        if (live is { IsOver: false })
            End(live, Math.Min(fact.AtMs, Math.Max(live.SeenMs, live.StartMs)), SessionSigns.Successor, nowMs);
        var session = Open(ref socket, fact.AtMs, SessionSigns.Told, nowMs);
        (session.Name, session.User, session.IsWhole) = (fact.Session, fact.User, true);
    }

    private void Stops(ref SocketMemory socket, DeviceEvent fact, long nowMs)
    {
        if (socket.Past is { } past && IsOf(past, fact, socket.Live))
        {
            Amend(socket, past, fact, isStop: true);
            return;
        }

        if (socket.Live is not { } live || fact.AtMs < live.StartMs)
        {
            Strays++;
            return;
        }

        if (fact.Session is not null && live.Name is not null && fact.Session != live.Name)
        {
            // The begin of that one was lost, and with it the end of ours.
            Strays++;
            if (!live.IsOver)
                End(live, Math.Min(fact.AtMs, Math.Max(live.SeenMs, live.StartMs)), SessionSigns.Successor, nowMs);
            return;
        }

        if ((live.EndedBy & SessionSigns.Told) != 0)
        {
            Repeated++;
            return;
        }

        var ended = live.EndedBy;
        live.EndedBy = SessionSigns.None;
        (live.Name, live.User) = (live.Name ?? fact.Session, live.User ?? fact.User);
        (live.Reason, live.SettledWh) = (fact.Reason, fact.Wh);
        if (fact.Reason == StopReason.Full && live.Curve.FullMs == 0)
            live.Curve.FullMs = fact.AtMs;
        End(live, fact.AtMs, ended | SessionSigns.Told, nowMs);
    }

    /// <summary>Whether a settlement is that of the session before: by its name, else by its time.</summary>
    private static bool IsOf(PastSession past, DeviceEvent fact, Session? live)
    {
        if (fact.Session is not null && past.Name is not null)
            return fact.Session == past.Name;
        return fact.AtMs >= past.StartMs && fact.AtMs - past.EndMs <= SessionLimits.SettleMs && (live is null || fact.AtMs < live.StartMs);
    }

    private void Amend(in SocketMemory socket, PastSession past, DeviceEvent fact, bool isStop)
    {
        if (fact.Session is not null && past.Name is not null && fact.Session != past.Name)
        {
            // The begin of a session that was over before anybody heard of it.
            Strays++;
            return;
        }

        var isNews = isStop ? !past.IsSettled : past.Name is null && fact.Session is not null && fact.AtMs >= past.StartMs - SessionLimits.StartSlackMs;
        if (!isNews)
        {
            Repeated++;
            return;
        }

        (past.Name, past.User, past.Reason) = (past.Name ?? fact.Session, past.User ?? fact.User, fact.Reason ?? past.Reason);
        past.IsSettled |= isStop;
        facts.Add(new SessionAmendment(deviceOf(socket.Device), socket.Channel, past.OpenedMs, past.Name, past.User, fact.Reason, fact.Wh));
    }

    // ---- begin and end -----------------------------------------------------------------------------------------------

    private Session Open(ref SocketMemory socket, long startMs, SessionSigns signs, long nowMs)
    {
        if (socket.Live is { } before)
            Finish(ref socket, before);
        var session = new Session
        {
            // A second session can begin with the same millisecond only on paper, but a name is never given twice.
            OpenedMs = Math.Max(startMs, (socket.Past?.OpenedMs ?? 0) + 1),
            StartMs = startMs,
            StartedBy = signs,
            SeenMs = startMs,
        };
        if (!double.IsNaN(socket.Wh))
            session.Before(socket.NewestMs, socket.Wh, socket.Epoch);
        socket.Live = session;
        socket.IsBeginning = false;
        Due(session);
        return session;
    }

    private void End(Session session, long atMs, SessionSigns signs, long nowMs)
    {
        session.EndMs = Math.Max(atMs, session.StartMs);
        session.EndedBy = signs;
        session.DueMs = nowMs + ClosingMs;
        if ((signs & SessionSigns.Told) == 0)
        {
            session.Reason = session.Curve.PeakW < SessionLimits.LoadW ? StopReason.NoLoad
                : session.FullMs > 0 || (signs == SessionSigns.Power && session.HasTapered) ? StopReason.Full
                : signs == SessionSigns.Power ? StopReason.Unplugged
                : null;
        }

        Due(session);
    }

    private void Due(Session session) => _nextDueMs = Math.Min(_nextDueMs, session.IsOver ? session.DueMs : session.SeenMs + SessionLimits.LostMs);

    private void Finish(ref SocketMemory socket, Session session)
    {
        ref readonly var curve = ref session.Curve;
        facts.Add(new ChargingSession(deviceOf(socket.Device), socket.Channel, session.OpenedMs)
        {
            StartMs = session.StartMs,
            EndMs = session.EndMs,
            IsWhole = session.IsWhole,
            Name = session.Name,
            User = session.User,
            Reason = session.Reason,
            StartedBy = session.StartedBy,
            EndedBy = session.EndedBy,
            Wh = session.Wh is { } wh ? Math.Round(wh, 3) : null,
            EnergyFrom = session.EnergyFrom,
            SettledWh = session.SettledWh,
            PeakW = Math.Round((double)curve.PeakW, 2),
            Shape = curve.Shape,
            Packs = curve.Packs,
            ConstantMs = curve.ConstantMs,
            TaperMs = curve.TaperMs,
            TailMs = curve.TailMs,
            FullMs = curve.FullMs == 0 ? null : curve.FullMs,
            Restarts = session.Restarts,
            UnseenMs = session.UnseenMs,
        });
        // Whom only strangers name, at a site of the registry, drives out nobody.
        if (session.User is { } user && session.Wh is { } charged && (!socket.IsStranger || !isRegistered))
            Users.Add(user, socket.Device, session.EndMs, charged, session.Curve.PeakW);
        var past = new PastSession
        {
            OpenedMs = session.OpenedMs,
            StartMs = session.StartMs,
            EndMs = session.EndMs,
            Name = session.Name,
            User = session.User,
            Reason = session.Reason,
            IsSettled = (session.EndedBy & SessionSigns.Told) != 0,
            FullMs = session.FullMs,
        };
        if (curve.Shape == CurveShape.NoLoad && session.PowerMs > 0)
        {
            past.DeadStartsMs = socket.Past?.DeadStartsMs ?? default;
            past.DeadStartsMs.Add(session.StartMs);
        }

        (socket.Past, socket.Live) = (past, null);
    }

    // ---- memory ------------------------------------------------------------------------------------------------------

    public void Save(ref SnapshotWriter writer, int index)
    {
        ref readonly var socket = ref _sockets[index];
        writer.Byte((byte)((socket.IsBeginning ? 1 : 0) | (socket.IsSeen ? 16 : 0) | (socket.IsLost ? 32 : 0) | (socket.Epoch is null ? 0 : 2) | (socket.Live is null ? 0 : 4) | (socket.Past is null ? 0 : 8)));
        writer.Byte((byte)socket.Word);
        writer.Int64(socket.NewestMs);
        writer.Single(socket.Watts);
        writer.Int32(unchecked((int)(socket.Epoch ?? 0)));
        writer.Double(socket.Wh);
        socket.Live?.Save(ref writer);
        socket.Past?.Save(ref writer);
        // By name: the list of rules may be another after an upgrade.
        for (var rule = 0; rule < RuleCatalogue.OfSessions.Count; rule++)
        {
            if (socket.Told[rule] == 0)
                continue;
            writer.Text(RuleCatalogue.OfSessions[rule].Name);
            writer.Byte(socket.Told[rule]);
        }

        writer.Text(null);
    }

    /// <param name="reader">What <see cref="Save"/> wrote.</param>
    /// <param name="index">The socket; null: nobody needs it any more, and it is read over.</param>
    /// <param name="format">Of the site that wrote it.</param>
    public void Load(ref SnapshotReader reader, int? index, byte format)
    {
        var socket = new SocketMemory();
        var flags = reader.Byte();
        (socket.IsBeginning, socket.IsSeen, socket.IsLost) = ((flags & 1) != 0, (flags & 16) != 0, (flags & 32) != 0);
        socket.Word = (SocketWord)reader.Byte();
        socket.NewestMs = reader.Int64();
        socket.Watts = reader.Single();
        var epoch = unchecked((uint)reader.Int32());
        socket.Epoch = (flags & 2) != 0 ? epoch : null;
        socket.Wh = reader.Double();
        socket.Live = (flags & 4) != 0 ? Session.Load(ref reader, format) : null;
        socket.Past = (flags & 8) != 0 ? PastSession.Load(ref reader) : null;
        while (reader.Text() is { } name)
        {
            var told = reader.Byte();
            for (var rule = 0; rule < RuleCatalogue.OfSessions.Count; rule++)
            {
                if (RuleCatalogue.OfSessions[rule].Name == name)
                    socket.Told[rule] = told;
            }
        }

        if (index is not { } place)
            return;
        (socket.Device, socket.Channel, socket.IsStranger) = (_sockets[place].Device, _sockets[place].Channel, _sockets[place].IsStranger);
        _sockets[place] = socket;
        if (socket.Live is { } live)
            Due(live);
    }

    /// <summary>Writes what is known of the site as a whole.</summary>
    public void SaveSite(ref SnapshotWriter writer)
    {
        Users.Save(ref writer);
    }

    /// <summary>Takes back what <see cref="SaveSite"/> wrote.</summary>
    public void LoadSite(ref SnapshotReader reader, bool hasShares, bool hasPowers)
    {
        Users.Load(ref reader, hasShares, hasPowers);
    }
}
