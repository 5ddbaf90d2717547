namespace FacilityMonitor.OnCall.Channels;

/// <summary>One channel to people. Any number of sends may run at once.</summary>
internal interface INotifier
{
    /// <summary>Tries once.</summary>
    /// <param name="message">What to say; the same message has the same key with every attempt.</param>
    /// <param name="address">Whom to reach, in the channel's own terms.</param>
    /// <param name="cancellationToken">We are stopping, or it takes too long; whether it was taken is not known then.</param>
    Task<Outcome> SendAsync(ChannelMessage message, string address, CancellationToken cancellationToken);

    /// <summary>Finds out whether it would work, without telling anybody; null: this provider offers no way to ask.</summary>
    Task<Outcome?> ProbeAsync(CancellationToken cancellationToken) => Task.FromResult<Outcome?>(null);
}
