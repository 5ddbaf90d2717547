using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Web;

/// <summary>What the chart module is told: where its points come from, and what stands beside them.</summary>
/// <param name="Source">Address of <see cref="SeriesEndpoints"/> for the device.</param>
/// <param name="Lines">The lines.</param>
/// <param name="Metrics">What can be chosen; the first is shown.</param>
/// <param name="Alerts">Times at which there was an alert.</param>
/// <param name="Now">Our time, ms since 1970-01-01 UTC: a phone's clock may be wrong.</param>
/// <param name="From">Begin of a fixed time, ms since 1970-01-01 UTC; null: the last hours or days, as whoever looks chooses.</param>
/// <param name="To">Its end.</param>
internal sealed record ChartView(
    string Source, IReadOnlyList<ChartLine> Lines, IReadOnlyList<ChartMetric> Metrics, IReadOnlyList<ChartAlert> Alerts, long Now, long? From = null, long? To = null)
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        // It goes into an attribute, and is escaped there.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    /// <summary>As the module reads it.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Options);
}

/// <summary>One line.</summary>
internal sealed record ChartLine(string Channel, LocalText Name);

/// <summary>A quantity that can be drawn.</summary>
/// <param name="Key">As in payloads.</param>
/// <param name="Name">What it is called.</param>
/// <param name="Unit">Its unit.</param>
/// <param name="Digits">Digits behind the point.</param>
/// <param name="Limit">A line that should not be crossed; null: none.</param>
/// <param name="LimitName">What that line is.</param>
internal sealed record ChartMetric(string Key, LocalText Name, string Unit, int Digits, double? Limit = null, LocalText? LimitName = null)
{
    /// <summary>Where its points come from instead of <see cref="ChartView.Source"/>, and what is asked for there instead of <see cref="Key"/>; null: as all others.</summary>
    public ChartSource? From { get; init; }

    /// <summary>A line below which it should not fall; null: none.</summary>
    public double? Floor { get; init; }

    /// <summary>What that line is.</summary>
    public LocalText? FloorName { get; init; }

    /// <summary>Whether there is a line to stay on one side of.</summary>
    [JsonIgnore]
    public bool HasLine => Limit is not null || Floor is not null;
}

/// <summary>Another source of points.</summary>
/// <param name="Address">Its address.</param>
/// <param name="Key">The metric that is asked for.</param>
/// <param name="Lines">Its lines.</param>
internal sealed record ChartSource(string Address, string Key, IReadOnlyList<ChartLine> Lines);

/// <summary>A time at which there was an alert.</summary>
/// <param name="Id">The alert.</param>
/// <param name="From">Its onset, ms since 1970-01-01 UTC.</param>
/// <param name="To">When it was over; null: it is not.</param>
/// <param name="Priority">How urgent.</param>
/// <param name="Text">What it said, in short.</param>
internal sealed record ChartAlert(string Id, long From, long? To, string Priority, LocalText Text);
