using System.Diagnostics;

namespace FacilityMonitor.Tests.Mqtt;

/// <summary>Waits for a condition that real sockets and processes bring about, with a deadline.</summary>
internal static class Until
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    public static async Task TrueAsync(Func<bool> condition, string what)
    {
        var started = Stopwatch.GetTimestamp();
        while (!condition())
        {
            if (Stopwatch.GetElapsedTime(started) > Deadline)
                throw new TimeoutException($"Waited {Deadline.TotalSeconds} s in vain until {what}.");
            await Task.Delay(5);
        }
    }

    public static CancellationToken DeadlineToken() => new CancellationTokenSource(Deadline).Token;
}
