using System.Globalization;

namespace FirmwareSim.Realism;

/// <summary>A real charge, as a plug measured it.</summary>
/// <param name="Name">File name without its ending.</param>
/// <param name="Points">Minute and W.</param>
internal sealed record Trace(string Name, IReadOnlyList<(double Minute, double Watts)> Points)
{
    /// <summary>Environment variable with the folder of real traces; they are no part of the product.</summary>
    public const string FolderVariable = "FM_TRACES";

    /// <summary>Below this nothing charges, W: chargers left alone take less.</summary>
    public const double ChargingW = 2;

    /// <summary>The e-bike charges of a traces folder, by name; none when it does not exist.</summary>
    /// <exception cref="FormatException">A line is not two numbers, or a file has no charge in it.</exception>
    public static IReadOnlyList<Trace> ReadFolder(string? folder)
    {
        var charges = folder is null ? null : Path.Combine(folder, "ebikes");
        return charges is null || !Directory.Exists(charges)
            ? []
            : [.. Directory.EnumerateFiles(charges, "*.csv").Order(StringComparer.Ordinal).Select(Read)];
    }

    private static Trace Read(string path)
    {
        var points = new List<(double, double)>();
        foreach (var line in File.ReadLines(path).Skip(1))
        {
            if (line.Split(',') is not [var minute, var watts]
                || !double.TryParse(minute, CultureInfo.InvariantCulture, out var atMin) || !double.TryParse(watts, CultureInfo.InvariantCulture, out var powerW)
                || !double.IsFinite(atMin) || !double.IsFinite(powerW))
                throw new FormatException($"{path}: \"{line}\" is not minute,power_w");
            points.Add((atMin, powerW));
        }

        if (!points.Exists(point => point.Item2 >= ChargingW))
            throw new FormatException($"{path}: no value of {ChargingW} W or more, so no charge; take the file away, or put the charge in");
        return new Trace(Path.GetFileNameWithoutExtension(path), points);
    }
}
