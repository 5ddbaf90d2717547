namespace FacilityMonitor.Mqtt;

internal static class Backoff
{
    /// <summary>
    /// Full jitter: evenly from zero to an edge that doubles. After a power cut a whole street of devices comes back in the
    /// same second; spread evenly they are the least load for the broker. Failures count the attempts in a row without a lasting connection.
    /// </summary>
    public static TimeSpan Delay(MqttClientOptions options, int failures)
    {
        var doublings = Math.Clamp(failures - 1, 0, 30);
        var edge = Math.Min(options.ReconnectMax.Ticks, options.ReconnectMin.Ticks * Math.Pow(2, doublings));
        return TimeSpan.FromTicks((long)(edge * options.Jitter()));
    }
}
