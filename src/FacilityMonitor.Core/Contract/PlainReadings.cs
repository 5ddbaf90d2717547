using System.Runtime.CompilerServices;
using FacilityMonitor.Readings;

namespace FacilityMonitor.Contract;

/// <summary>Reads readings that are written as nearly every firmware writes them, in a fraction of the time that a full reader of JSON takes: flat, nothing escaped, nothing null, nothing that
/// is unknown, refused or out of the ordinary. It never refuses: what is written in any other way it leaves, for a full reader to judge, and what it takes it reads exactly as that one does.</summary>
internal static class PlainReadings
{
    /// <summary>Where nothing plain stands.</summary>
    private const int None = -1;

    /// <summary>Reads the entries of a list one after the other, up to the first that is not plain.</summary>
    /// <param name="text">The rest of the message from the brace that begins an entry; valid UTF-8.</param>
    /// <param name="room">How many may be added.</param>
    /// <param name="readings">Where they are added to.</param>
    /// <param name="states">Keeps their states.</param>
    /// <returns>How many bytes they take, up to the closing brace of the last one; 0: none is plain.</returns>
    public static int Read(ReadOnlySpan<byte> text, int room, ReadingBuffer readings, StateTexts states)
    {
        var taken = 0;
        for (var at = 0; room > 0 && at != None; room--)
        {
            var end = ReadEntry(text, at, ref readings.Add(), readings, states);
            if (end == None)
            {
                readings.RemoveLast();
                break;
            }

            taken = end;
            at = Behind(text, end, (byte)',');
        }

        return taken;
    }

    // Positions are handed on and returned, never shared by reference: they stay in a register then, and each step is a comparison.

    /// <returns>The position behind the entry, or none.</returns>
    private static int ReadEntry(ReadOnlySpan<byte> text, int at, ref Reading reading, ReadingBuffer readings, StateTexts states)
    {
        var channelSeen = false;
        at = Behind(text, at, (byte)'{');
        while (true)
        {
            var begin = Behind(text, at, (byte)'"');
            var end = TextEnd(text, begin);
            at = Behind(text, end == None ? None : end + 1, (byte)':');
            if (at == None)
                return None;
            var key = text[begin..end];
            switch (Fm1Decoder.FieldOf(key))
            {
                case Fm1Decoder.Field.Metric:
                    at = ReadMetric(text, at, key, readings);
                    break;
                case Fm1Decoder.Field.Channel:
                    (at, var name) = ReadText(text, at);
                    if (at == None || !ChannelId.TryParse(text[name], out var channel))
                        return None;
                    reading.Channel = channel;
                    channelSeen = true;
                    break;
                case Fm1Decoder.Field.Offset:
                    at = JsonNumber.Read(text, BehindSpaces(text, at), out var offset);
                    if (at == None || offset != Math.Floor(offset) || Math.Abs(offset) > Fm1Decoder.OffsetMaxMs)
                        return None;
                    reading.DeviceMs = (long)offset;
                    break;
                case Fm1Decoder.Field.State:
                    (at, var state) = ReadText(text, at);
                    if (at == None || text[state].Length > ReadingBuffer.StateLengthMax)
                        return None;
                    reading.State = states.Get(text[state]);
                    break;
                // Seldom said.
                case Fm1Decoder.Field.Epoch or Fm1Decoder.Field.Quality:
                    return None;
            }

            var next = Behind(text, at, (byte)',');
            if (next == None)
                return channelSeen ? Behind(text, at, (byte)'}') : None;
            at = next;
        }
    }

    private static int ReadMetric(ReadOnlySpan<byte> text, int at, ReadOnlySpan<byte> key, ReadingBuffer readings)
    {
        if (!MetricKeys.TryParse(key, out var metric))
            return None;
        at = BehindSpaces(text, at);
        double value;
        if (!metric.IsBoolean())
        {
            at = JsonNumber.Read(text, at, out value);
            if (at == None || (metric.IsCounter() && value < 0) || !metric.IsPossible(value))
                return None;
        }
        else
        {
            var rest = text[at..];
            value = rest.StartsWith("true"u8) ? 1 : 0;
            if (value == 0 && !rest.StartsWith("false"u8))
                return None;
            at += value == 0 ? "false".Length : "true".Length;
        }

        readings.AddValue(metric, value);
        return at;
    }

    /// <summary>A text in quotes with nothing escaped in it, and the position behind it.</summary>
    private static (int At, Range Text) ReadText(ReadOnlySpan<byte> text, int at)
    {
        var begin = Behind(text, at, (byte)'"');
        var end = TextEnd(text, begin);
        return end == None ? (None, default) : (end + 1, begin..end);
    }

    /// <summary>Where the quote stands that ends a text with nothing escaped in it.</summary>
    private static int TextEnd(ReadOnlySpan<byte> text, int at)
    {
        for (; (uint)at < (uint)text.Length; at++)
        {
            if (text[at] == (byte)'"')
                return at;
            if (text[at] is (byte)'\\' or < (byte)' ')
                break;
        }

        return None;
    }

    /// <summary>Behind a sign, and the spaces before it; none where another stands. Other white space is not plain.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Behind(ReadOnlySpan<byte> text, int at, byte sign)
    {
        if ((uint)at < (uint)text.Length && text[at] == (byte)' ')
            at = BehindSpaces(text, at);
        return (uint)at < (uint)text.Length && text[at] == sign ? at + 1 : None;
    }

    private static int BehindSpaces(ReadOnlySpan<byte> text, int at)
    {
        while ((uint)at < (uint)text.Length && text[at] == (byte)' ')
            at++;
        return at;
    }
}
