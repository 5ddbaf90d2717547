using System.Runtime.CompilerServices;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>A socket as a rule about sessions sees it.</summary>
internal readonly ref struct SocketPicture(ref readonly SocketMemory socket, UserHistory users, DeviceEntry? entry, Site? site, long nowMs)
{
    private readonly ref readonly SocketMemory _socket = ref socket;

    /// <summary>The session that runs; null: none.</summary>
    public Session? Running => _socket.Live is { IsOver: false } live ? live : null;

    /// <summary>The last session that was told as over; null: none.</summary>
    public PastSession? Past => _socket.Past;

    public ChannelId Channel => _socket.Channel;

    /// <summary>What the socket calls its own state.</summary>
    public SocketWord Word => _socket.Word;

    /// <summary>Time of its newest sample.</summary>
    public long NewestMs => _socket.NewestMs;

    /// <summary>What each user charged before.</summary>
    public UserHistory Users => users;

    public DeviceEntry? Entry => entry;

    public Site? Site => site;

    /// <summary>Engine time.</summary>
    public long NowMs => nowMs;

    /// <summary>Whether the socket is kept for old or disabled owners.</summary>
    public bool IsReserved => entry?.Reserved.Contains(_socket.Channel) == true;
}

/// <summary>A rule about the charging sessions of one socket. What it remembers is the session itself; it only says what that means.</summary>
internal abstract class SessionRule : Rule
{
    /// <summary>Whether an alert of it becomes "no data" when nothing is heard any more.</summary>
    internal virtual bool NeedsData => true;

    /// <summary>Its limits for a device, compared by value so that they are kept once.</summary>
    internal abstract object LimitsFor(SettingScopes scopes);

    /// <summary>What the socket's sessions mean. Pure.</summary>
    internal abstract Verdict Judge(in SocketPicture socket, object limits);

    /// <summary>What is the matter, in a few words, and the numbers behind it.</summary>
    internal abstract LocalText Explain(in SocketPicture socket, object limits, SortedDictionary<string, object> evidence);

    /// <summary>Hours and minutes for people.</summary>
    protected static LocalText Duration(long ms)
    {
        var (hours, minutes) = (ms / 3_600_000, ms / 60_000 % 60);
        return new LocalText(minutes == 0 ? $"{hours} 小时" : $"{hours} 小时 {minutes} 分", minutes == 0 ? $"{hours} h" : $"{hours} h {minutes} min");
    }

    /// <summary>The running session in numbers.</summary>
    protected static void Evidence(Session session, SortedDictionary<string, object> evidence)
    {
        evidence["session_start"] = Contract.ReadingJson.Instant(session.StartMs);
        evidence["peak_w"] = Math.Round((double)session.Curve.PeakW, 1);
        evidence["w"] = Math.Round((double)session.Watts, 1);
        if (session.Wh is { } wh)
        {
            evidence["wh"] = Math.Round(wh, 1);
            evidence["wh_from"] = session.EnergyFrom switch
            {
                EnergySource.Counter => "counter",
                EnergySource.Settlement => "settlement",
                EnergySource.Power => "power",
                EnergySource.None => "none",
            };
        }

        if (session.User is { } user)
            evidence["user"] = user;
    }
}

/// <inheritdoc/>
/// <typeparam name="TLimits">Its settings as they hold for one device; a record.</typeparam>
internal abstract class SessionRule<TLimits> : SessionRule
    where TLimits : class
{
    internal sealed override object LimitsFor(SettingScopes scopes) => Limits(scopes);

    internal sealed override Verdict Judge(in SocketPicture socket, object limits) => Judge(socket, (TLimits)limits);

    internal sealed override LocalText Explain(in SocketPicture socket, object limits, SortedDictionary<string, object> evidence) => Explain(socket, (TLimits)limits, evidence);

    internal abstract TLimits Limits(SettingScopes scopes);

    internal abstract Verdict Judge(in SocketPicture socket, TLimits limits);

    internal abstract LocalText Explain(in SocketPicture socket, TLimits limits, SortedDictionary<string, object> evidence);
}

/// <summary><see cref="Verdict.Code"/> as last told of each rule about sessions.</summary>
[InlineArray(Length)]
internal struct ToldCodes
{
    /// <summary>Most rules about sessions.</summary>
    public const int Length = 8;

    private byte _first;

    /// <summary>Whether nothing of them is open.</summary>
    public readonly bool IsZero
    {
        get
        {
            foreach (var code in this)
            {
                if (code != 0)
                    return false;
            }

            return true;
        }
    }
}
