namespace FacilityMonitor.OnCall.Channels;

/// <summary>What a limit counts.</summary>
internal enum LimitScope
{
    /// <summary>Everything that goes through the channel.</summary>
    Channel,

    /// <summary>What goes to one number or member.</summary>
    Address,
}

/// <summary>How much a provider takes, as we keep to it: below its own number, because its clock and ours differ.</summary>
/// <param name="Per">What is counted.</param>
/// <param name="Max">Most messages.</param>
/// <param name="Window">In so long, at any moment.</param>
/// <param name="Reserve">How many of them are kept for life safety; null: 30 %.</param>
/// <param name="IsNight">It holds from 22 to 8 o'clock in Shanghai only.</param>
internal sealed record SendLimit(LimitScope Per, int Max, TimeSpan Window, int? Reserve = null, bool IsNight = false)
{
    private static readonly TimeSpan Night = TimeSpan.FromHours(10);

    /// <summary>How many are kept for life safety.</summary>
    public int Reserved => Math.Min(Max, Reserve ?? (Max == 1 ? 0 : (int)Math.Ceiling(Max * 0.3)));

    /// <summary>How many a night has room for.</summary>
    public int InANight => IsNight || Window >= Night ? Max : (int)Math.Min(int.MaxValue, Max * Math.Ceiling(Night / Window));
}
