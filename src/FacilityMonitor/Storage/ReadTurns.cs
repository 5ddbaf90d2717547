namespace FacilityMonitor.Storage;

/// <summary>How many may read history at once; the others wait for their turn, and who waits in vain is counted.</summary>
/// <param name="atOnceMax">Readers at work.</param>
/// <param name="patience">How long one waits.</param>
/// <param name="time">The clock.</param>
internal sealed class ReadTurns(int atOnceMax, TimeSpan patience, TimeProvider time) : IDisposable
{
    private readonly SemaphoreSlim _turns = new(atOnceMax);
    private long _refused;

    /// <summary>How often somebody waited in vain.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>Waits for a turn; false: it did not come. Whoever got one gives it back by <see cref="End"/>.</summary>
    public async Task<bool> TakeAsync(CancellationToken cancellation)
    {
        using var ends = new CancellationTokenSource(patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ends.Token, cancellation);
        try
        {
            await _turns.WaitAsync(either.Token);
            return true;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            Interlocked.Increment(ref _refused);
            return false;
        }
    }

    /// <summary>The next one's turn.</summary>
    public void End() => _turns.Release();

    public void Dispose() => _turns.Dispose();
}
