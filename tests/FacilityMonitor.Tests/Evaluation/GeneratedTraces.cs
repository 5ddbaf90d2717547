using System.Globalization;
using System.IO.Compression;
using FacilityMonitor.Evaluation;
using FirmwareSim;
using FirmwareSim.Physics;

namespace FacilityMonitor.Tests.Evaluation;

/// <summary>Traces that nobody measured, in the layout of those that somebody did: chargers of many kinds, and what else hangs on circuits, with their numbers varied widely.</summary>
internal sealed class GeneratedTraces(ulong seed)
{
    public const int MinutesADay = 1440;

    public static IReadOnlyList<string> Kinds { get; } =
    [
        "LampIncandescent", "LampLed", "LampFluorescent", "Refrigerator", "Freezer", "Dehumidifier", "Router", "TV", "GameConsole", "PC-Desktop", "PC-Laptop",
        "PhoneCharger", "VacuumRobot", "Pump", "Kettle", "Heater",
    ];

    /// <summary>Writes a folder: so many charges, so many days of each kind.</summary>
    public void Write(string folder, int charges, int days, double chargeSpacingMin = 1)
    {
        Directory.CreateDirectory(Path.Combine(folder, "ebikes"));
        Directory.CreateDirectory(Path.Combine(folder, "appliances"));
        for (var charge = 0; charge < charges; charge++)
        {
            var lines = Charge(charge, chargeSpacingMin).Select(sample => string.Create(CultureInfo.InvariantCulture, $"{sample.Minute:0.####},{sample.Watts:0.000}"));
            File.WriteAllLines(Path.Combine(folder, "ebikes", $"charge_{charge:00}.csv"), lines.Prepend("minute,power_w"));
        }

        foreach (var kind in Kinds)
        {
            using var file = new StreamWriter(new GZipStream(File.Create(Path.Combine(folder, "appliances", $"generated_{kind}.csv.gz")), CompressionLevel.Fastest));
            file.WriteLine("trace,minute_of_day,mean_w,max_w,n");
            for (var day = 0; day < days; day++)
            {
                foreach (var sample in Day(kind, day))
                    file.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{kind}_{day},{sample.Minute},{sample.Watts:0.00},0,60"));
            }
        }
    }

    /// <summary>A charge of a pack off the street, empty to a varying degree, behind a regulated supply.</summary>
    public IReadOnlyList<PowerSample> Charge(int number, double spacingMin = 1)
    {
        var random = new Randomness(seed, $"charge {number}");
        var model = PackCatalogue.Vary(PackCatalogue.Street[number % PackCatalogue.Street.Count].Model, random);
        var charger = new Charger(model, random.Between(0.05, 0.45));
        var samples = new List<PowerSample>();
        var spacing = spacingMin;
        for (var step = 0; step * spacing < 900; step++)
        {
            charger.Step(spacing * 60);
            samples.Add(new PowerSample(step * spacing, charger.Watts));
            if (charger.IsDone && step * spacing > 60)
                break;
        }

        return samples;
    }

    /// <summary>A day of an appliance.</summary>
    public IReadOnlyList<PowerSample> Day(string kind, int number)
    {
        var random = new Randomness(seed, $"{kind} {number}");
        var watts = new double[MinutesADay];
        switch (kind)
        {
            case "LampIncandescent": Lamp(watts, random, random.Between(60, 200), droopW: 0, mains: 1.6); break;
            case "LampLed": Lamp(watts, random, random.Between(60, 150), droopW: -random.Between(0.01, 0.06), mains: 0.1); break;
            case "LampFluorescent": Lamp(watts, random, random.Between(60, 150), droopW: random.Between(-0.08, 0.12), mains: 1.0); break;
            case "Refrigerator": Cycle(watts, random, random.Between(60, 180), random.Between(8, 30), random.Between(15, 60), random.Between(0.05, 0.25)); break;
            case "Freezer": Cycle(watts, random, random.Between(60, 160), random.Between(15, 55), random.Between(10, 50), random.Between(-0.06, 0.2)); break;
            case "Dehumidifier": Cycle(watts, random, random.Between(180, 320), random.Between(30, 110), random.Between(10, 60), random.Between(-0.04, 0.08)); break;
            case "Router": Fill(watts, 0, MinutesADay, _ => random.Between(8, 9)); break;
            case "TV": Restless(watts, random, random.Between(70, 180), 0.08, 0.8); break;
            case "GameConsole": Restless(watts, random, random.Between(90, 200), 0.04, 0.93); break;
            case "PC-Desktop": Restless(watts, random, random.Between(60, 180), 0.06, 0.5); break;
            case "PC-Laptop": Laptop(watts, random); break;
            case "PhoneCharger": Laptop(watts, random, scale: 0.15); break;
            case "VacuumRobot": Laptop(watts, random, scale: 0.4); break;
            case "Pump": Cycle(watts, random, random.Between(200, 700), random.Between(2, 15), random.Between(20, 200), random.Between(0, 0.03)); break;
            case "Kettle": Cycle(watts, random, random.Between(1200, 2000), random.Between(2, 5), random.Between(120, 400), 0); break;
            case "Heater": Cycle(watts, random, random.Between(500, 700), random.Between(5, 30), random.Between(5, 40), random.Between(0, 0.05)); break;
            default: throw new ArgumentOutOfRangeException(nameof(kind), kind, "no such appliance");
        }

        // The mean of some forty readings in whole watts.
        return [.. watts.Select((value, minute) => new PowerSample(minute, value == 0 ? 0 : Math.Max(0, value + random.Normal(0, 0.06))))];
    }

    private static void Lamp(double[] watts, Randomness random, double power, double droopW, double mains)
    {
        var on = random.Below(MinutesADay - 300);
        var wander = 0.0;
        var hours = random.Between(120, 700);
        Fill(watts, on, on + (int)hours, minute =>
        {
            // Mains voltage wanders by a few tenths of a percent and is higher late at night.
            wander = (0.97 * wander) + random.Normal(0, 0.0007);
            var volts = 1 + wander + (0.008 * Math.Sin((minute - 900) / 1440.0 * 2 * Math.PI));
            return power * Math.Pow(volts, mains) * (1 + (droopW * (1 - Math.Exp(-(minute - on) / 9.0))));
        });
    }

    private static void Cycle(double[] watts, Randomness random, double power, double onMin, double offMin, double droop)
    {
        for (var minute = random.Below((int)offMin + 1); minute < MinutesADay;)
        {
            var length = (int)Math.Max(1, onMin * random.Between(0.85, 1.15));
            var start = minute;
            Fill(watts, start, start + length, at => power * (1 - droop + (droop * Math.Exp(-(at - start) / 6.0)) + random.Normal(0, 0.003)));
            minute += length + (int)Math.Max(1, offMin * random.Between(0.8, 1.25));
        }
    }

    private static void Restless(double[] watts, Randomness random, double power, double share, double memory)
    {
        var on = random.Below(MinutesADay - 300);
        var state = 0.0;
        Fill(watts, on, on + (int)random.Between(60, 500), _ =>
        {
            state = (memory * state) + random.Normal(0, share * Math.Sqrt(1 - (memory * memory)));
            return power * Math.Max(0.3, 1 + state);
        });
    }

    /// <summary>A battery too, but a small one: constant power, a taper, and a person who uses it meanwhile.</summary>
    private static void Laptop(double[] watts, Randomness random, double scale = 1)
    {
        var on = random.Below(MinutesADay - 400);
        var (use, charge) = (random.Between(10, 30) * scale, random.Between(25, 60) * scale);
        // A portable battery holds no more than 100 Wh.
        var constantMin = random.Between(10, Math.Max(11, 60 * 70 * scale / charge / 2));
        var tau = random.Between(12, 25);
        Fill(watts, on, on + 360, minute =>
        {
            var age = minute - on;
            return (use * (1 + random.Normal(0, 0.15))) + (age < constantMin ? charge : charge * Math.Exp(-(age - constantMin) / tau));
        });
    }

    private static void Fill(double[] watts, int from, int to, Func<int, double> power)
    {
        for (var minute = Math.Max(0, from); minute < Math.Min(MinutesADay, to); minute++)
            watts[minute] = power(minute);
    }
}
