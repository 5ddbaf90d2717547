using FacilityMonitor.Alerts;
using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Rules;

namespace FacilityMonitor.Evaluation;

/// <summary>A public circuit with a meter, under the rules as they run in the service: what is evaluated is who would have been woken, not a part of the reckoning behind it.</summary>
/// <remarks>The settings are the defaults. The circuit is new: no night before it and nothing that staff found speaks for or against a load.</remarks>
internal static class WatchedCircuit
{
    private const string SiteId = "evaluation";
    private const string MeterId = "meter";
    private const double MsAMinute = 60_000;

    private static readonly FacilityIndex Registry = new(new Facility
    {
        Version = "evaluation",
        Contacts = [],
        Sites =
        [
            new Site
            {
                Id = SiteId,
                Name = new LocalText("评估", "Evaluation"),
                Circuits = [new Circuit { Id = "public", Name = new LocalText("公共回路", "Public circuit"), Kind = CircuitKind.Public, Meter = MeterId }],
                Devices = [new DeviceEntry { Id = MeterId, Name = new LocalText("公共电表", "Public meter"), Kind = DeviceKind.Meter }],
            },
        ],
    });

    private static readonly BootId Boot = BootId.TryParse("evaluation"u8, out var boot) ? boot : default;

    /// <summary>Hours count in the odds, so every trace needs a day: any does, as Shanghai knows no summer time.</summary>
    private static readonly long MidnightMs = ShanghaiTime.MidnightMs(new DateOnly(2026, 11, 20));

    /// <summary>The minute of the day in which somebody is first told of a fly-wire; null: nobody is.</summary>
    /// <param name="samples">What the meter says, by the minute of the day; it may begin on the day before, or end on the day after.</param>
    public static double? FirstAlert(IReadOnlyList<PowerSample> samples)
    {
        var devices = new DeviceTable();
        var meter = devices.Resolve(Dialect.Fm1, "evaluation"u8, "meter"u8);
        var engine = new RuleEngine(Registry, devices);
        var message = new DeviceMessage();
        var steps = new List<AlertTransition>();
        for (var number = 0; number < samples.Count; number++)
        {
            var atMs = MidnightMs + (long)Math.Round(samples[number].Minute * MsAMinute);
            message.Clear();
            (message.Kind, message.Device, message.ReceivedMs) = (MessageKind.Data, meter, atMs);
            (message.HasEnvelope, message.Envelope) = (true, new Envelope(Boot, number, atMs, null, ClockSource.Ntp));
            ref var reading = ref message.Readings.Add();
            (reading.Channel, reading.AtMs, reading.DeviceMs, reading.Quality) = (ChannelId.Main, atMs, atMs, Quality.Good);
            message.Readings.AddValue(Metric.W, samples[number].Watts);
            engine.Observe(message, steps);
            foreach (var step in steps)
            {
                if (step.Condition == Condition.Active && IsFlyWire(step.Rule))
                    return (step.AtMs - MidnightMs) / MsAMinute;
            }

            steps.Clear();
        }

        return null;
    }

    private static bool IsFlyWire(string rule) => rule == ChargerOnPublicCircuit.Instance.Name || rule == UnmeteredLoad.Instance.Name;
}
