using System.Globalization;
using System.Text;
using FacilityMonitor.Alerts;
using FacilityMonitor.OnCall.Notices;
using FacilityMonitor.Registry;

namespace FacilityMonitor.OnCall.Channels;

/// <summary>What a message is, apart from its content.</summary>
internal enum Mark
{
    /// <summary>It is meant.</summary>
    None,

    /// <summary>An exercise.</summary>
    Drill,

    /// <summary>Somebody tries out the channel.</summary>
    Test,
}

/// <summary>What is said to a person, and how it is cut to what a channel has room for.</summary>
internal sealed record ChannelMessage
{
    /// <summary>Language that gives both, the Chinese first.</summary>
    public const string Both = "both";

    /// <summary>The same for every attempt.</summary>
    public required string Key { get; init; }

    /// <summary>A short name that people can say to each other; it also makes two steps of one alert differ, which WeCom's duplicate check would otherwise take for one.</summary>
    public required string Reference { get; init; }

    public required Priority Priority { get; init; }

    public Mark Mark { get; init; }

    /// <summary>What and where.</summary>
    public required LocalText Brief { get; init; }

    /// <summary>What, where, since when, what happens next, what to do.</summary>
    public required LocalText Text { get; init; }

    public string? Link { get; init; }

    /// <summary>What a person writes behind "确认" to answer, where the channel brings answers back; null: there is nothing to answer.</summary>
    public string? AnswerCode { get; init; }

    /// <summary>What the provider calls an earlier message that this one takes the place of; null: it stands for itself. Only for channels whose form <see cref="ChannelForm.IsReplaced"/>.</summary>
    public string? Replaces { get; init; }

    /// <summary><c>zh</c>, <c>en</c> or <see cref="Both"/>.</summary>
    public string Language { get; init; } = "zh";

    public static ChannelMessage Of(Notice notice, string language) => new()
    {
        Key = notice.Key,
        Reference = string.Create(CultureInfo.InvariantCulture, $"{ShortName(notice.Alert)}-{notice.Step}"),
        Priority = notice.Priority,
        Mark = notice.IsDrill ? Mark.Drill : Mark.None,
        Brief = notice.Brief,
        Text = notice.Text,
        Link = notice.Link,
        AnswerCode = Channels.AnswerCode.Of(notice.Alert),
        Language = language,
    };

    /// <summary>The beginning of an alert's name: enough to find it, short enough to be said.</summary>
    public static string ShortName(string alert) => alert.Length > 6 ? alert[..6] : alert;

    /// <summary>Everything, in the order what, where, since when, what next, what to do, link; where there is no room the text ends earlier and the link stays.</summary>
    public string Body(int bytesMax)
    {
        var (head, tail) = (Head(), (Link is null ? "" : "\n" + Link) + "\n#" + Reference);
        if (Bytes(head) + Bytes(tail) + MinTextBytes > bytesMax)
            tail = "";
        var room = bytesMax - Bytes(head) - Bytes(tail);
        var first = Cut(Language == "en" ? Text.En : Text.Zh, room);
        var second = Language == Both && room - Bytes(first) > MinTextBytes ? "\n" + Cut(Text.En, room - Bytes(first) - 1) : "";
        return head + first + second + tail;
    }

    /// <summary>What and where in one line.</summary>
    public string Title(int bytesMax) => Cut(Head() + (Language == "en" ? Brief.En : Brief.Zh), bytesMax);

    /// <summary>What and where, for the variable of a template: no brackets, no address, no line end, which providers refuse in them.</summary>
    /// <param name="runesMax">Most characters.</param>
    public string Variable(int runesMax)
    {
        var (mark, text) = Language == "en"
            ? (Mark switch { Mark.Drill => "DRILL: ", Mark.Test => "TEST: ", Mark.None => "" }, Brief.En)
            : (Mark switch { Mark.Drill => "演练：", Mark.Test => "测试：", Mark.None => "" }, Brief.Zh);
        var runes = (mark + text).EnumerateRunes().Select(rune => Rune.IsControl(rune) ? new Rune(' ') : rune).ToList();
        return string.Concat(runes.Count <= runesMax ? runes : runes.Take(runesMax - 1).Append(new Rune('…')));
    }

    /// <summary>Cuts a text to so many bytes of UTF-8 between two characters, and says by … that it did.</summary>
    public static string Cut(string text, int bytesMax)
    {
        if (Bytes(text) <= bytesMax)
            return text;
        var (bytes, length) = (Ellipsis.Length, 0);
        foreach (var rune in text.EnumerateRunes())
        {
            bytes += rune.Utf8SequenceLength;
            if (bytes > bytesMax)
                break;
            length += rune.Utf16SequenceLength;
        }

        return bytesMax < Ellipsis.Length ? "" : text[..length] + "…";
    }

    /// <summary>Bytes of a text in UTF-8.</summary>
    public static int Bytes(string text) => Encoding.UTF8.GetByteCount(text);

    /// <summary>Below this a text says nothing, and head and link make way for it.</summary>
    private const int MinTextBytes = 60;

    private static ReadOnlySpan<byte> Ellipsis => "…"u8;

    private string Head()
    {
        var mark = (Mark, Language) switch
        {
            (Mark.Drill, "en") => "[DRILL]",
            (Mark.Drill, _) => "【演练】",
            (Mark.Test, "en") => "[TEST]",
            (Mark.Test, _) => "【测试】",
            _ => "",
        };
        return Language == "en" ? $"{mark}[{Priority}] " : $"{mark}【{Priority}】";
    }
}
