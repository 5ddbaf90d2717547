using FacilityMonitor.Contract;
using FirmwareSim.Devices;

namespace FirmwareSim.Protocol;

/// <summary>A pile board as reference §1.2 describes it: ports from 1 in whole watts; the rest of its habits are <see cref="Quirks"/> that can be left out.</summary>
/// <remarks>Its own frames are binary and a gateway makes JSON of them. What the other way would look like is nowhere written, so it takes no commands.</remarks>
internal sealed class JuyFirmware(SimulatedDevice device, Func<ulong> entropy, Action<Outgoing> publish) : ForeignFirmware(device, publish)
{
    private readonly Settlements<string> _settlements = new();

    /// <summary>Binary frames know no will: only the heartbeat ends.</summary>
    public override string? WillTopic => null;

    public override byte[] NextWill() => [];

    protected override void Greet(in Moment now) => Heartbeat();

    protected override void Report(in Moment now)
    {
        Heartbeat();
        var hidesIdle = Device.Seat.Has(Quirks.IdleUnreported);
        var ports = Pile!.Points.Where(point => !hidesIdle || point.Session is not null).Select(point => Text(
            $"{{\"port\":{point.Channel.Number},\"power\":{point.Meter.Watts:0},\"energy\":{Math.Floor(point.CounterWattHours / 10):0},\"{Misspelt("temp", "tmep")}\":{point.Celsius:0}}}")).ToList();
        // When all are idle nothing comes, which is no silence: the heartbeat goes on.
        if (ports.Count > 0)
            Publish($"JUY/D2S/{Id}/88/DEV", Text($"{{\"voltage\":{Elements[0].Volts * 10:0},\"temp\":{Pile.BoardCelsius:0},\"ports\":[{string.Join(',', ports)}]}}"));
    }

    protected override void Tell(DeviceFact fact, in Moment now)
    {
        if (fact.Kind != EventKind.SessionStop)
            return;
        var settlement = Text($"{{\"order\":\"{fact.Session}\",\"port\":{fact.Channel.Number},\"energy\":{Math.Floor((fact.Wh ?? 0) / 10):0},\"{Misspelt("reason", "resaon")}\":{Reason(fact.Reason)}}}");
        Settle(settlement);
        if (Device.Seat.Has(Quirks.RepeatedSettlements))
            _settlements.Repeat(settlement, now.ClockMs, entropy());
    }

    protected override void Between(in Moment now)
    {
        while (_settlements.TryTakeDue(now.ClockMs, out var settlement))
            Settle(settlement);
    }

    private static int Reason(StopReason? reason) => reason switch
    {
        StopReason.Full => 0,
        StopReason.Time => 1,
        StopReason.Money => 2,
        StopReason.OverPower => 5,
        StopReason.NoLoad or StopReason.Unplugged => 6,
        StopReason.OverTemperature => 7,
        StopReason.Smoke => 8,
        _ => 3,
    };

    private string Misspelt(string right, string wrong) => Device.Seat.Has(Quirks.Misspelt) ? wrong : right;

    private void Settle(string settlement) => Publish($"JUY/D2S/{Id}/84/DEV", settlement);

    private void Heartbeat()
    {
        static int State(ChargingPoint point) => point.HasBlownFuse ? 2 : point is { IsWelded: true, RelayClosed: false } ? 3 : point.Session is not null ? 1 : 0;
        Publish($"JUY/D2S/{Id}/82/DEV", Text($"{{\"signal\":{18 + (entropy() % 8)},\"temp\":{Pile!.BoardCelsius:0},\"state\":[{string.Join(',', Pile.Points.Select(State))}]}}"));
    }
}
