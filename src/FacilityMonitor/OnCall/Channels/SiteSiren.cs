using System.Security.Cryptography;
using System.Text;
using FacilityMonitor.Control;
using FacilityMonitor.Journal;
using FacilityMonitor.Readings;

namespace FacilityMonitor.OnCall.Channels;

/// <summary>The siren or beacon of a site: the address is <c>site/device</c>. It needs no internet, only the broker.</summary>
/// <param name="order">Takes the command; the same id is the same command and never done twice.</param>
/// <param name="seconds">How long it sounds.</param>
internal sealed class SiteSiren(Func<CommandOrder, Task<OrderOutcome>> order, int seconds) : INotifier
{
    public async Task<Outcome> SendAsync(ChannelMessage message, string address, CancellationToken cancellationToken)
    {
        if (address.Split('/') is not [{ Length: > 0 } site, { Length: > 0 } device])
            return new Outcome.Failed(Fault.WrongAddress, "no-device");
        try
        {
            var outcome = await order(new CommandOrder
            {
                Id = CommandId(message.Key),
                Device = new DeviceId(Dialect.Fm1, site, device),
                Operation = Operation.Siren,
                Seconds = seconds,
                By = "oncall",
                Why = message.Reference,
                TtlS = CommandLimits.TtlDefaultS,
            });
            return outcome switch
            {
                OrderOutcome.Taken taken => new Outcome.Accepted(taken.Command.Order.Id),
                OrderOutcome.Refused { Refusal.Reason: "device-rate" or "site-rate" } refused => new Outcome.Failed(Fault.AddressLimited, refused.Refusal.Reason),
                OrderOutcome.Refused refused => new Outcome.Failed(Fault.WrongAddress, refused.Refusal.Reason),
                _ => throw new System.Diagnostics.UnreachableException("An order is taken or refused."),
            };
        }
        catch (DatabaseUnavailableException)
        {
            return new Outcome.Failed(Fault.Passing, "disk");
        }
    }

    /// <summary>A key is longer than a command's name may be.</summary>
    private static string CommandId(string key) => "oncall-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key))[..8]);
}
