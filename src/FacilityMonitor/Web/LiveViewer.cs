using System.Threading.Channels;
using FacilityMonitor.Users;

namespace FacilityMonitor.Web;

/// <summary>One open page: what waits for it, and whether it was sent away.</summary>
/// <param name="sites">Which sites it shows.</param>
/// <param name="isAdmitted">Whether its session goes on.</param>
/// <param name="user">Whose it is; null: nobody's that signs in.</param>
internal sealed class LiveViewer(SiteScope sites, Func<bool> isAdmitted, string? user) : IDisposable
{
    /// <summary>Events that may wait for a slow page; beyond it the page is sent away and begins anew with the whole state.</summary>
    public const int WaitingMax = 64;

    private readonly Channel<LiveFrame> _waiting = Channel.CreateBounded<LiveFrame>(new BoundedChannelOptions(WaitingMax) { SingleReader = true });
    private readonly CancellationTokenSource _sentAway = new();

    /// <summary>Which sites it shows.</summary>
    public SiteScope Sites { get; } = sites;

    /// <summary>Whose it is; null: nobody's that signs in.</summary>
    public string? User { get; } = user;

    /// <summary>Whether nothing more is told.</summary>
    public bool IsEnded { get; private set; }

    /// <summary>What it is told; ends when the page is gone, sent away, or the service stops.</summary>
    public ChannelReader<LiveFrame> Frames => _waiting.Reader;

    /// <summary>Cancelled when the page was too slow: what is stuck on its way to it is given up.</summary>
    public CancellationToken SentAway => _sentAway.Token;

    /// <summary>False when it does not follow.</summary>
    public bool TryTell(LiveFrame frame) => _waiting.Writer.TryWrite(frame);

    /// <summary>Whether its session goes on.</summary>
    public bool IsAdmitted() => isAdmitted();

    /// <summary>Nothing more is told.</summary>
    public void End()
    {
        IsEnded = true;
        _waiting.Writer.TryComplete();
    }

    public void SendAway()
    {
        End();
        _sentAway.Cancel();
    }

    public void Dispose() => _sentAway.Dispose();
}
