using System.Text.Json;
using FacilityMonitor.Contract;

namespace FacilityMonitor.Scoring;

/// <summary>What really happened, as the simulator's truth file or a person's own list says.</summary>
/// <param name="FromMs">Begin, ms since 1970-01-01 UTC.</param>
/// <param name="ToMs">End.</param>
/// <param name="Rule">The rule that should have told; <see cref="Observed"/> for a site all of whose truth is in the file, <see cref="None"/> where no rule has to.</param>
/// <param name="Asset">Registry path.</param>
/// <param name="Label">In words.</param>
/// <param name="May">An alert about it is not wrong, and none is no miss: near an edge, or a consequence of something else.</param>
internal sealed record TruthLine(long FromMs, long ToMs, string Rule, string Asset, string Label, bool May)
{
    public const string Observed = "observed";

    /// <summary>Something happened for which no rule has to say anything.</summary>
    public const string None = "none";
}

/// <summary>One time an alert rang.</summary>
/// <param name="RangMs">When it became active.</param>
/// <param name="EndMs">When it cleared; <see cref="long.MaxValue"/> while it has not.</param>
/// <param name="Rule">Its rule.</param>
/// <param name="Asset">Registry path.</param>
/// <param name="Alert">Its id.</param>
internal sealed record Ring(long RangMs, long EndMs, string Rule, string Asset, string Alert);

/// <summary>Reads both files of <c>score</c>.</summary>
internal static class ScoreInput
{
    /// <summary>Reads a truth file.</summary>
    /// <exception cref="InvalidDataException">A line is none; the message says which and what would be right.</exception>
    public static List<TruthLine> Truths(TextReader input) => Read(input, "truth", root =>
    {
        var (from, to) = (Time(root, "from"), Time(root, "to"));
        if (to < from)
            throw new JsonException("\"to\" is before \"from\"");
        return new TruthLine(from, to, Text(root, "rule"), Text(root, "asset"), root.TryGetProperty("label", out var label) ? label.ToString() : "", Flag(root, "may"));
    });

    /// <summary>Reads what <c>replay</c> wrote: one line a step of an alert.</summary>
    /// <exception cref="InvalidDataException">A line is none; the message says which and what would be right.</exception>
    public static List<Ring> Rings(TextReader input)
    {
        var rings = new List<Ring>();
        var open = new Dictionary<string, int>();
        foreach (var (atMs, alert, rule, asset, state) in Read(input, "alert", root => (Time(root, "at"), Text(root, "alert"), Text(root, "rule"), Text(root, "asset"), Text(root, "state"))))
        {
            switch (state)
            {
                case "active" when !open.ContainsKey(alert):
                    open[alert] = rings.Count;
                    rings.Add(new Ring(atMs, long.MaxValue, rule, asset, alert));
                    break;
                case "cleared" or "normal" when open.Remove(alert, out var index):
                    rings[index] = rings[index] with { EndMs = atMs };
                    break;
            }
        }

        return rings;
    }

    private static List<T> Read<T>(TextReader input, string what, Func<JsonElement, T> read)
    {
        var found = new List<T>();
        for (var number = 1; input.ReadLine() is { } line; number++)
        {
            if (line.Length == 0)
                continue;
            try
            {
                using var document = JsonDocument.Parse(line);
                if (document.RootElement.ValueKind != JsonValueKind.Object)
                    throw new JsonException("not an object");
                found.Add(read(document.RootElement));
            }
            catch (JsonException error)
            {
                throw new InvalidDataException($"{what} line {number}: {error.Message}; write one JSON object a line, as facility-monitor score --help says", error);
            }
        }

        return found;
    }

    private static long Time(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && DeviceTime.Read(value) is { } ms ? ms : throw new JsonException($"\"{name}\" has no time such as 2026-11-20T10:00:00Z");

    private static string Text(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text ? text : throw new JsonException($"\"{name}\" is missing");

    private static bool Flag(JsonElement root, string name) => root.TryGetProperty(name, out var value) && value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw new JsonException($"\"{name}\" is {value.GetRawText()} and neither true nor false"),
    };
}
