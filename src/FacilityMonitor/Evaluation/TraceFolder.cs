using System.Globalization;
using System.IO.Compression;

namespace FacilityMonitor.Evaluation;

/// <summary>Reads a folder of traces: <c>ebikes/*.csv</c> (<c>minute,power_w</c>, a charge a file) and <c>appliances/*.csv.gz</c>
/// (<c>trace,minute_of_day,mean_w,max_w,n</c>, an appliance-day a trace).</summary>
internal sealed record TraceFolder(IReadOnlyList<Trace> Charges, IReadOnlyList<Trace> Days)
{
    /// <summary>Reads a folder; what is wrong with it is told by file and line.</summary>
    /// <exception cref="InvalidDataException">A folder is missing or empty, or a line is no reading.</exception>
    public static TraceFolder Read(string folder)
    {
        var charges = Files(folder, "ebikes").Select(file => new Trace(Path.GetFileName(file), Path.GetFileName(file), ReadCharge(file))).ToList();
        var days = Files(folder, "appliances").SelectMany(ReadDays).ToList();
        if (charges.Count == 0 && days.Count == 0)
            throw new InvalidDataException($"{folder}: no traces; put charges into ebikes/*.csv and appliance-days into appliances/*.csv or *.csv.gz.");
        return new TraceFolder(charges, days);
    }

    private static IEnumerable<string> Files(string folder, string part)
    {
        var path = Path.Combine(folder, part);
        return Directory.Exists(path)
            ? Directory.EnumerateFiles(path).Where(file => file.EndsWith(".csv", StringComparison.Ordinal) || file.EndsWith(".csv.gz", StringComparison.Ordinal)).Order(StringComparer.Ordinal)
            : [];
    }

    private static List<PowerSample> ReadCharge(string file)
    {
        var samples = new List<PowerSample>();
        foreach (var (number, line) in Lines(file))
        {
            var comma = line.IndexOf(',', StringComparison.Ordinal);
            if (comma < 0 || !TryNumber(line.AsSpan(0, comma), out var minute) || !TryNumber(line.AsSpan(comma + 1), out var watts)
                || (samples.Count > 0 && minute <= samples[^1].Minute))
                throw new InvalidDataException($"{file}:{number}: \"{line}\" is no later minute and power; write minute,power_w in the order of time.");
            samples.Add(new PowerSample(minute, watts));
        }

        return samples;
    }

    private static IEnumerable<Trace> ReadDays(string file)
    {
        var category = Path.GetFileName(file).Replace(".csv.gz", "", StringComparison.Ordinal).Replace(".csv", "", StringComparison.Ordinal);
        var days = new List<Trace>();
        var samples = new List<PowerSample>();
        string? name = null;
        foreach (var (number, line) in Lines(file))
        {
            var parts = line.Split(',');
            if (parts.Length < 3 || !TryNumber(parts[1], out var minute) || !TryNumber(parts[2], out var watts))
                throw new InvalidDataException($"{file}:{number}: \"{line}\" is no reading; write trace,minute_of_day,mean_w,….");
            if (parts[0] != name)
            {
                (name, samples) = (parts[0], []);
                days.Add(new Trace(category, name, samples));
            }

            if (samples.Count > 0 && minute <= samples[^1].Minute)
                throw new InvalidDataException($"{file}:{number}: minute {parts[1]} comes after a later one; sort the trace.");
            samples.Add(new PowerSample(minute, watts));
        }

        return days;
    }

    private static IEnumerable<(int Number, string Line)> Lines(string file)
    {
        using Stream raw = File.OpenRead(file);
        using Stream plain = file.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(raw, CompressionMode.Decompress) : raw;
        using var reader = new StreamReader(plain);
        // The first line names the columns.
        reader.ReadLine();
        var number = 1;
        while (reader.ReadLine() is { } line)
        {
            number++;
            if (line.Length > 0)
                yield return (number, line);
        }
    }

    private static bool TryNumber(ReadOnlySpan<char> text, out double value) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && double.IsFinite(value);
}
