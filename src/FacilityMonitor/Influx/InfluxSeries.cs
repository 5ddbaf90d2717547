using System.Text.Json;

namespace FacilityMonitor.Influx;

/// <summary>One series of an answer, or a part of one. Stands only while it is being taken.</summary>
internal readonly struct InfluxSeries
{
    private readonly JsonElement _element;
    private readonly string[] _columns;

    /// <exception cref="KeyNotFoundException">It is none.</exception>
    public InfluxSeries(JsonElement element)
    {
        _element = element;
        _columns = [.. element.GetProperty("columns").EnumerateArray().Select(column => column.GetString()!)];
    }

    /// <summary>The measurement; empty where a statement has none.</summary>
    public string Measurement => _element.TryGetProperty("name", out var name) ? name.GetString()! : "";

    /// <summary>What each value of a row is.</summary>
    public IReadOnlyList<string> Columns => _columns;

    /// <summary>The rows, each an array as long as <see cref="Columns"/>.</summary>
    public JsonElement.ArrayEnumerator Rows => _element.TryGetProperty("values", out var values) ? values.EnumerateArray() : default;

    /// <summary>A tag it is grouped by; empty when it has none of that name.</summary>
    public string Tag(string name) => _element.TryGetProperty("tags", out var tags) && tags.TryGetProperty(name, out var value) ? value.GetString() ?? "" : "";

    /// <summary>Where a column is; -1: nowhere.</summary>
    public int ColumnOf(string name) => Array.IndexOf(_columns, name);
}
