using System.Text;

namespace FacilityMonitor.Contract;

/// <summary>The last part of an <c>fm/1</c> topic.</summary>
public enum Fm1Kind : byte
{
    /// <summary>Up: what the device says about itself.</summary>
    Birth,

    /// <summary>Up: presence, and the will.</summary>
    Status,

    /// <summary>Up: live readings.</summary>
    Data,

    /// <summary>Up: buffered or resent messages.</summary>
    Hist,

    /// <summary>Up: discrete facts.</summary>
    Event,

    /// <summary>Up: the answer to a command.</summary>
    Ack,

    /// <summary>Down: a command.</summary>
    Cmd,

    /// <summary>Down: the desired configuration.</summary>
    Cfg,

    /// <summary>Down: our receipt.</summary>
    Acked,
}

/// <summary>A topic of the contract, <c>fm/1/&lt;site&gt;/&lt;device&gt;/&lt;kind&gt;</c>, as slices of its bytes.</summary>
public readonly ref struct Fm1Topic
{
    /// <summary>Longest site or device id, in characters.</summary>
    public const int IdLengthMax = 48;

    private Fm1Topic(ReadOnlySpan<byte> site, ReadOnlySpan<byte> device, Fm1Kind kind)
    {
        Site = site;
        Device = device;
        Kind = kind;
    }

    /// <summary>Site id.</summary>
    public ReadOnlySpan<byte> Site { get; }

    /// <summary>Device id.</summary>
    public ReadOnlySpan<byte> Device { get; }

    /// <summary>What the topic is for.</summary>
    public Fm1Kind Kind { get; }

    /// <summary>What every topic of the contract begins with.</summary>
    public static ReadOnlySpan<byte> Prefix => "fm/1/"u8;

    /// <summary>Reads a topic that begins with <see cref="Prefix"/>; false when its shape or its kind is not the contract's. Ids are not judged here.</summary>
    public static bool TryParse(ReadOnlySpan<byte> topic, out Fm1Topic parsed)
    {
        parsed = default;
        if (!topic.StartsWith(Prefix))
            return false;
        var rest = topic[Prefix.Length..];
        var first = rest.IndexOf((byte)'/');
        if (first < 0)
            return false;
        var site = rest[..first];
        rest = rest[(first + 1)..];
        var second = rest.IndexOf((byte)'/');
        if (second < 0 || !TryParseKind(rest[(second + 1)..], out var kind))
            return false;
        parsed = new Fm1Topic(site, rest[..second], kind);
        return true;
    }

    /// <summary>Whether it is <c>[a-z0-9-]{1,48}</c>.</summary>
    public static bool IsId(ReadOnlySpan<byte> id)
    {
        if (id.Length is 0 or > IdLengthMax)
            return false;
        foreach (var character in id)
        {
            if (character is not ((>= (byte)'a' and <= (byte)'z') or (>= (byte)'0' and <= (byte)'9') or (byte)'-'))
                return false;
        }

        return true;
    }

    /// <summary>Writes a topic.</summary>
    public static string Of(string site, string device, Fm1Kind kind) => $"fm/1/{site}/{device}/{Key(kind)}";

    /// <summary>The kind as topics spell it.</summary>
    public static string Key(Fm1Kind kind) => kind switch
    {
        Fm1Kind.Birth => "birth",
        Fm1Kind.Status => "status",
        Fm1Kind.Data => "data",
        Fm1Kind.Hist => "hist",
        Fm1Kind.Event => "event",
        Fm1Kind.Ack => "ack",
        Fm1Kind.Cmd => "cmd",
        Fm1Kind.Cfg => "cfg",
        Fm1Kind.Acked => "acked",
    };

    private static bool TryParseKind(ReadOnlySpan<byte> text, out Fm1Kind kind)
    {
        for (kind = Fm1Kind.Birth; kind <= Fm1Kind.Acked; kind++)
        {
            if (Ascii.Equals(text, Key(kind)))
                return true;
        }

        return false;
    }
}
