using FacilityMonitor.Mqtt;

namespace FacilityMonitor.Tests.Mqtt;

public sealed class SignalTests
{
    [Fact]
    public async Task No_wake_up_is_lost_however_close_waiting_and_waking_come()
    {
        const int Turns = 200_000;
        var ping = new Signal();
        var pong = new Signal();
        var other = Task.Run(async () =>
        {
            for (var i = 0; i < Turns; i++)
            {
                await ping.WaitAsync(CancellationToken.None);
                pong.Set();
            }
        });

        for (var i = 0; i < Turns; i++)
        {
            ping.Set();
            await pong.WaitAsync(CancellationToken.None);
        }

        await other.WaitAsync(Until.DeadlineToken());
    }

    [Fact]
    public async Task A_wake_up_before_the_wait_is_remembered_once_and_a_cancelled_wait_leaves_nothing_behind()
    {
        var signal = new Signal();
        signal.Set();
        signal.Set();
        await signal.WaitAsync(CancellationToken.None);

        using var patience = new CancellationTokenSource();
        var waiting = signal.WaitAsync(patience.Token).AsTask();
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await signal.WaitAsync(CancellationToken.None));
        await patience.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => waiting);

        signal.Set();
        await signal.WaitAsync(patience.Token);
    }
}
