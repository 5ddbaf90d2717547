using System.Threading.Channels;

namespace FacilityMonitor.Web;

/// <summary>One open page: what waits for it, and whether it was sent away.</summary>
internal sealed class LiveViewer : IDisposable
{
    /// <summary>Events that may wait for a slow page; beyond it the page is sent away and begins anew with the whole state.</summary>
    public const int WaitingMax = 64;

    private readonly Channel<LiveFrame> _waiting = Channel.CreateBounded<LiveFrame>(new BoundedChannelOptions(WaitingMax) { SingleReader = true });
    private readonly CancellationTokenSource _sentAway = new();

    /// <summary>What it is told; ends when the page is gone, sent away, or the service stops.</summary>
    public ChannelReader<LiveFrame> Frames => _waiting.Reader;

    /// <summary>Cancelled when the page was too slow: what is stuck on its way to it is given up.</summary>
    public CancellationToken SentAway => _sentAway.Token;

    /// <summary>False when it does not follow.</summary>
    public bool TryTell(LiveFrame frame) => _waiting.Writer.TryWrite(frame);

    /// <summary>Nothing more is told.</summary>
    public void End() => _waiting.Writer.TryComplete();

    public void SendAway()
    {
        End();
        _sentAway.Cancel();
    }

    public void Dispose() => _sentAway.Dispose();
}
