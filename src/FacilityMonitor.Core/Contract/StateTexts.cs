using System.Text;
using FacilityMonitor.Readings;

namespace FacilityMonitor.Contract;

/// <summary>Keeps one copy of each state text, so that a reading's <c>st</c> costs nothing once it was seen. Not thread-safe.</summary>
public sealed class StateTexts
{
    /// <summary>How many texts are kept; firmware uses a dozen. Beyond it a new text is made each time.</summary>
    public const int TextsMax = 4096;

    private readonly HashSet<string> _texts = new(StringComparer.Ordinal);
    private readonly byte[] _lastUtf8 = new byte[ReadingBuffer.StateLengthMax];
    private int _lastLength;
    private string? _last;

    /// <summary>The one copy of this text.</summary>
    /// <param name="utf8">At most <see cref="ReadingBuffer.StateLengthMax"/> bytes of UTF-8.</param>
    public string Get(ReadOnlySpan<byte> utf8)
    {
        // The sockets of a pile nearly all say the same.
        if (_last is not null && utf8.SequenceEqual(_lastUtf8.AsSpan(0, _lastLength)))
            return _last;
        Span<char> text = stackalloc char[ReadingBuffer.StateLengthMax];
        var length = Encoding.UTF8.GetChars(utf8, text);
        var known = _texts.GetAlternateLookup<ReadOnlySpan<char>>();
        if (!known.TryGetValue(text[..length], out var kept))
        {
            kept = new string(text[..length]);
            if (_texts.Count < TextsMax)
                _texts.Add(kept);
        }

        utf8.CopyTo(_lastUtf8);
        (_lastLength, _last) = (utf8.Length, kept);
        return kept;
    }
}
