using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace FacilityMonitor.Influx;

/// <summary>What the status and the body of an answer mean, whichever client heard it.</summary>
/// <remarks>
/// Taken: 2xx. Lines at fault: 400 and 422 (a field of another type is 400 "partial write" on 1.x and 3.x, 422 on 2.7). Too large: 413.
/// Refused until somebody acts: 401, 403, 404 and every other 4xx. Later: 408, 425, 429, 5xx, and 3xx, which is never followed.
/// </remarks>
internal static partial class WriteJudgement
{
    /// <summary>As many of the server's words are kept.</summary>
    private const int WordsMax = 300;

    /// <summary>Judges an answer.</summary>
    /// <param name="status">The HTTP status.</param>
    /// <param name="body">The body, as text.</param>
    /// <param name="wait">How long the server asks us to wait; null when it does not say.</param>
    public static WriteAnswer Of(int status, string body, TimeSpan? wait)
    {
        if (status is >= 200 and < 300)
            return new WriteAnswer.Written();
        var said = Said(body);
        var words = Words(status, said);
        return status switch
        {
            400 or 422 => AtFault(said, words),
            413 => new WriteAnswer.TooLarge(words),
            408 or 425 or 429 or >= 500 or < 400 => new WriteAnswer.Later(wait, words) { MayHaveRestarted = status >= 500 },
            _ => new WriteAnswer.Refused(words),
        };
    }

    /// <summary>A partial write has written all but what it dropped. 1.x says "points beyond retention policy", 2.7 names the bound; what lies in the future is another fault.</summary>
    private static WriteAnswer AtFault(string said, string words)
    {
        var dropped = said.Contains("partial write", StringComparison.Ordinal) && DroppedCount().Match(said) is { Success: true } match
            ? int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture)
            : (int?)null;
        var isOld = said.Contains("beyond retention policy", StringComparison.Ordinal)
            || (said.Contains("Retention Policy Lower Bound", StringComparison.Ordinal) && !said.Contains("Write Window", StringComparison.Ordinal));
        return isOld && dropped is > 0 and var old ? new WriteAnswer.BeyondRetention(old, words) : new WriteAnswer.Malformed(words) { Dropped = dropped };
    }

    [GeneratedRegex("dropped=([0-9]{1,9})")]
    private static partial Regex DroppedCount();

    /// <summary>What the server says about it: 1.x and 3.x in <c>error</c>, 2.x in <c>message</c>.</summary>
    private static string Said(string body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            if (json.RootElement.ValueKind == JsonValueKind.Object
                && (json.RootElement.TryGetProperty("message", out var text) || json.RootElement.TryGetProperty("error", out text))
                && text.ValueKind == JsonValueKind.String)
            {
                return text.GetString()!;
            }
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // Not JSON: as it is.
        }

        return body;
    }

    private static string Words(int status, string said)
    {
        var line = string.Concat(said.Select(letter => char.IsControl(letter) ? ' ' : letter)).Trim();
        return $"HTTP {status} {(line.Length <= WordsMax ? line : line[..WordsMax] + "…")}".TrimEnd();
    }
}
