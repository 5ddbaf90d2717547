namespace FacilityMonitor.Influx;

/// <summary>InfluxDB refused, did not answer, or not whole. The message is for people: where, and its own words; without secrets.</summary>
internal sealed class InfluxException : IOException
{
    public InfluxException(string message, int? status = null, Exception? inner = null)
        : base(message, inner) => Status = status;

    /// <summary>Status of the answer; null when none came.</summary>
    public int? Status { get; }
}
