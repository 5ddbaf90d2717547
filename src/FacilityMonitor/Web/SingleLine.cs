using System.Globalization;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Web;

/// <summary>A circuit on the diagram.</summary>
/// <param name="Circuit">The circuit.</param>
/// <param name="Depth">How deep it hangs, 0 at the supply.</param>
/// <param name="X">Where its line leaves the bus above.</param>
/// <param name="Y">Height of its line.</param>
/// <param name="Name">What it is called, as far as there is room.</param>
/// <param name="Breaker">Its rating, curve and phases.</param>
/// <param name="Loads">What hangs on it, as far as there is room.</param>
internal sealed record DrawnCircuit(Circuit Circuit, int Depth, double X, double Y, string Name, string Breaker, string Loads);

/// <summary>A vertical line that circuits leave from.</summary>
/// <param name="X">Where it stands.</param>
/// <param name="FromY">Its upper end.</param>
/// <param name="ToY">Its lower end.</param>
/// <param name="Continues">What it belongs to, where that stands in an earlier column; empty: right above.</param>
internal sealed record DrawnBus(double X, double FromY, double ToY, string Continues);

/// <summary>One sheet of the diagram.</summary>
internal sealed record DrawnSheet(double Width, double Height, IReadOnlyList<DrawnCircuit> Circuits, IReadOnlyList<DrawnBus> Buses);

/// <summary>A circuit as a list says it, with those below it.</summary>
internal sealed record ListedCircuit(string Text, IReadOnlyList<ListedCircuit> Below);

/// <summary>The electrical tree of a site as a single-line diagram (单线图): one line a circuit, from the supply to the right and down, in up to three columns a sheet. Drawn from the registry alone.</summary>
internal sealed class SingleLine
{
    /// <summary>Height of a circuit.</summary>
    public const double RowHeight = 58;

    /// <summary>From a bus to where the text of its circuits begins: breaker, phases and meter are between.</summary>
    public const double SymbolWidth = 78;

    /// <summary>How far a bus stands to the right of the one above: behind the breaker and the meter, as it is wired.</summary>
    private const double Indent = 56;

    private const double ColumnWidth = 430;
    private const double ColumnGap = 24;
    private const double Top = 56;
    private const double BusTop = 22;
    private const double NameSize = 15;
    private const double TextSize = 12;

    /// <summary>Circuits on one sheet: with more of them the print would be smaller than 7 pt.</summary>
    private const int PerSheetMax = 42;

    private const int ColumnsMax = 3;

    /// <summary>A4 across within its margins and below its head, mm.</summary>
    private const double PaperWidth = 277;
    private const double PaperHeight = 172;

    /// <summary>Deeper trees are drawn as if they were no deeper: the list beside it says how they hang.</summary>
    private const int DepthMax = 5;

    private readonly Site _site;
    private readonly string _language;
    private readonly ILookup<string, Circuit> _below;

    private SingleLine(Site site, string language)
    {
        (_site, _language) = (site, language);
        var ids = site.Circuits.Select(circuit => circuit.Id).ToHashSet(StringComparer.Ordinal);
        _below = site.Circuits.ToLookup(circuit => circuit.Parent is { } parent && ids.Contains(parent) ? parent : "", StringComparer.Ordinal);
    }

    /// <summary>The sheets; none when no circuit is registered.</summary>
    public IReadOnlyList<DrawnSheet> Sheets { get; private init; } = [];

    /// <summary>The same as a list, for whoever does not see it.</summary>
    public IReadOnlyList<ListedCircuit> List { get; private init; } = [];

    /// <summary>Draws it.</summary>
    public static SingleLine Of(Site site, string language)
    {
        var drawing = new SingleLine(site, language);
        var rows = new List<(Circuit Circuit, int Depth)>();
        drawing.Walk("", 0, rows);
        return new SingleLine(site, language)
        {
            // As even as it goes: a last sheet with one circuit on it helps nobody.
            Sheets = [.. rows.Chunk(rows.Count == 0 ? 1 : (int)Math.Ceiling(rows.Count / Math.Ceiling(rows.Count / (double)PerSheetMax))).Select(drawing.Sheet)],
            List = drawing.Listed(""),
        };
    }

    /// <summary>What a breaker is, in words.</summary>
    public string Breaker(Circuit circuit)
    {
        string?[] parts =
        [
            circuit.RatedA is { } rated ? string.Create(CultureInfo.InvariantCulture, $"{rated:0.#} A") : Say("额定未登记", "rating not registered"),
            circuit.Curve is { } curve ? Say($"{curve} 型", $"curve {curve}") : null,
            circuit.Phases == 3 ? Say("三相", "3-phase") : circuit.Phase is { } phase ? Say($"单相 L{phase}", $"1-phase L{phase}") : Say("单相", "1-phase"),
            circuit.Meter is { } meter ? Say("电表：", "meter: ") + NameOf(meter) : null,
        ];
        return string.Join(" · ", parts.OfType<string>());
    }

    /// <summary>What hangs on a circuit besides its meter.</summary>
    public string Loads(Circuit circuit)
    {
        var devices = _site.Devices.Where(device => device.Circuit == circuit.Id && device.Kind != DeviceKind.Meter).ToList();
        var parts = devices.Where(device => device.Sockets > 0).GroupBy(device => device.Place).Select(group =>
        {
            var (count, sockets) = (group.Count(), group.Sum(device => device.Sockets));
            var place = _site.Places.FirstOrDefault(place => place.Id == group.Key)?.Name.In(_language) ?? _site.Name.In(_language);
            return Say($"{place} {count} 台 {sockets} 口", $"{place}: {sockets} sockets on {count}");
        }).ToList();
        if (devices.Count(device => device.Sockets == 0) is > 0 and var others)
            parts.Add(Say($"其他设备 {others} 台", $"other devices: {others}"));
        parts.AddRange(circuit.ExpectedChargers.Select(charger => string.Create(CultureInfo.InvariantCulture, $"{charger.Name.In(_language)} {charger.Watts:0} W")));
        if (circuit.Buildings.Count > 0)
            parts.Add(string.Join(Say("、", ", "), circuit.Buildings.Select(id => _site.Buildings.FirstOrDefault(building => building.Id == id)?.Name.In(_language) ?? id)));
        return string.Join(Say("；", "; "), parts);
    }

    /// <summary>A text as far as there is room for it.</summary>
    internal static string Fit(string text, double width, double size)
    {
        var used = 0d;
        for (var index = 0; index < text.Length; index++)
        {
            // Chinese fills its square; Latin letters about half of one.
            used += text[index] >= '\u2e80' ? size : size * 0.56;
            if (used > width)
                return text[..Math.Max(0, index - 1)].TrimEnd() + "…";
        }

        return text;
    }

    private void Walk(string parent, int depth, List<(Circuit, int)> rows)
    {
        foreach (var circuit in _below[parent])
        {
            rows.Add((circuit, depth));
            Walk(circuit.Id, depth + 1, rows);
        }
    }

    private List<ListedCircuit> Listed(string parent) =>
    [
        .. _below[parent].Select(circuit => new ListedCircuit(
            $"{circuit.Name.In(_language)}{Say("：", ": ")}{Breaker(circuit)}{(Loads(circuit) is { Length: > 0 } loads ? Say("；", "; ") + loads : "")}", Listed(circuit.Id))),
    ];

    private DrawnSheet Sheet((Circuit Circuit, int Depth)[] rows)
    {
        // As many columns as make the print largest.
        var columns = Enumerable.Range(1, ColumnsMax).MaxBy(count => Math.Min(PaperWidth / WidthOf(count), PaperHeight / HeightOf((int)Math.Ceiling(rows.Length / (double)count))));
        var perColumn = (int)Math.Ceiling(rows.Length / (double)columns);
        var (circuits, buses) = (new List<DrawnCircuit>(rows.Length), new List<DrawnBus>());
        for (var column = 0; column * perColumn < rows.Length; column++)
        {
            var drawn = rows.Skip(column * perColumn).Take(perColumn).Select((row, index) => Draw(row.Circuit, Math.Min(row.Depth, DepthMax), column * (ColumnWidth + ColumnGap), Top + (index * RowHeight))).ToList();
            circuits.AddRange(drawn);
            buses.AddRange(Buses(drawn));
        }

        return new DrawnSheet(WidthOf(columns), HeightOf(perColumn), circuits, buses);
    }

    private static double WidthOf(int columns) => (columns * (ColumnWidth + ColumnGap)) - ColumnGap;

    private static double HeightOf(int rows) => Top + (rows * RowHeight);

    private DrawnCircuit Draw(Circuit circuit, int depth, double left, double y)
    {
        var x = left + 8 + (depth * Indent);
        var width = left + ColumnWidth - x - SymbolWidth;
        return new DrawnCircuit(circuit, depth, x, y, Fit(circuit.Name.In(_language), width, NameSize), Fit(Breaker(circuit), width, TextSize), Fit(Loads(circuit), width, TextSize));
    }

    /// <summary>The buses of a column: from what they belong to, or from the top where that stands in the column before, to the last circuit that leaves them.</summary>
    private IEnumerable<DrawnBus> Buses(List<DrawnCircuit> column)
    {
        foreach (var group in column.GroupBy(row => (Parent: row.Circuit.Parent ?? "", row.X)))
        {
            var above = column.Find(row => row.Circuit.Id == group.Key.Parent);
            // Only the innermost is named: the others go on to its left.
            var name = above is null && group.Contains(column[0]) ? _site.Circuits.FirstOrDefault(circuit => circuit.Id == group.Key.Parent)?.Name.In(_language) ?? Say("电源", "Supply") : "";
            yield return new DrawnBus(group.Key.X, above?.Y ?? BusTop, group.Max(row => row.Y), name);
        }
    }

    private string NameOf(string device) => _site.Devices.FirstOrDefault(one => one.Id == device)?.Name.In(_language) ?? device;

    private string Say(string zh, string en) => _language == "en" ? en : zh;
}
