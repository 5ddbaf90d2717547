namespace FacilityMonitor.Tests.Mqtt;

/// <summary>Waits for a condition that real sockets and processes bring about, with a deadline in <see cref="WakingTime"/>.</summary>
internal static class Until
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(90);

    /// <summary>For an <see cref="HttpClient"/>, which counts all time, also that in which the machine stood still.</summary>
    public static readonly TimeSpan RequestDeadline = TimeSpan.FromMinutes(4);

    /// <param name="condition">What is waited for.</param>
    /// <param name="what">The same in words, for whoever waits in vain.</param>
    /// <param name="lookEveryMs">How often it is looked at, ms.</param>
    public static async Task TrueAsync(Func<bool> condition, string what, int lookEveryMs = 5)
    {
        var started = WakingTime.Clock.GetTimestamp();
        while (!condition())
        {
            if (WakingTime.Clock.GetElapsedTime(started) > Deadline)
                throw new TimeoutException($"Waited {Deadline.TotalSeconds} s in vain until {what}.");
            await Task.Delay(lookEveryMs);
        }
    }

    public static CancellationToken DeadlineToken() => new CancellationTokenSource(Deadline, WakingTime.Clock).Token;
}
