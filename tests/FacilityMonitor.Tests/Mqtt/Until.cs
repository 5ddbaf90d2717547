using System.Diagnostics;

namespace FacilityMonitor.Tests.Mqtt;

/// <summary>Waits for a condition that real sockets and processes bring about, with a deadline.</summary>
internal static class Until
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(90);

    /// <param name="condition">What is waited for.</param>
    /// <param name="what">The same in words, for whoever waits in vain.</param>
    /// <param name="lookEveryMs">How often it is looked at, ms.</param>
    public static async Task TrueAsync(Func<bool> condition, string what, int lookEveryMs = 5)
    {
        var started = Stopwatch.GetTimestamp();
        while (!condition())
        {
            if (Stopwatch.GetElapsedTime(started) > Deadline)
                throw new TimeoutException($"Waited {Deadline.TotalSeconds} s in vain until {what}.");
            await Task.Delay(lookEveryMs);
        }
    }

    public static CancellationToken DeadlineToken() => new CancellationTokenSource(Deadline).Token;
}
