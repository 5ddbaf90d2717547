using System.Threading.Tasks.Sources;

namespace FacilityMonitor.Mqtt;

/// <summary>
/// Wakes one waiter; a wake-up nobody waits for is remembered. Waiting allocates nothing. Completion happens within the
/// gate: a quick waiter could otherwise wait again, and so reset the core, while it is still being completed.
/// </summary>
internal sealed class Signal : IValueTaskSource
{
    private readonly Lock _gate = new();
    private ManualResetValueTaskSourceCore<bool> _core = new() { RunContinuationsAsynchronously = true };
    private CancellationTokenRegistration _cancellation;
    private bool _set;
    private bool _waiting;

    public void Set()
    {
        lock (_gate)
        {
            _set = !_waiting;
            if (!_waiting)
                return;
            _waiting = false;
            _core.SetResult(true);
        }
    }

    public ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_waiting)
                throw new InvalidOperationException("Somebody waits already: one receiver at a time.");
            if (_set)
            {
                _set = false;
                return ValueTask.CompletedTask;
            }

            _core.Reset();
            _waiting = true;
            // Within the gate, so that a wake-up finds the registration in place.
            _cancellation = cancellationToken.UnsafeRegister(static (state, token) => ((Signal)state!).Cancel(token), this);
            return new ValueTask(this, _core.Version);
        }
    }

    public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    public void GetResult(short token)
    {
        _cancellation.Dispose();
        _core.GetResult(token);
    }

    private void Cancel(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (!_waiting)
                return;
            _waiting = false;
            _core.SetException(new OperationCanceledException(cancellationToken));
        }
    }
}
