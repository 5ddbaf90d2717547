namespace FirmwareSim.Physics;

internal enum Chemistry
{
    LeadAcid,

    /// <summary>Nickel manganese cobalt: the voltage climbs nearly evenly.</summary>
    Nmc,

    /// <summary>Iron phosphate: hardly any climb between a tenth and nine tenths, then a knee.</summary>
    Lfp,
}

/// <summary>A pack and the charger that came with it.</summary>
internal sealed record ChargerModel
{
    public required string Name { get; init; }

    public required Chemistry Chemistry { get; init; }

    /// <summary>Voltage the charger holds at the end, V DC.</summary>
    public required double EndV { get; init; }

    public required double CapacityAh { get; init; }

    /// <summary>Current it holds at the beginning, A DC.</summary>
    public required double CurrentA { get; init; }

    /// <summary>DC out over AC in, 0.80 to 0.90.</summary>
    public required double Efficiency { get; init; }

    /// <summary>How far the voltage climbs from empty to the peak, as a share of the end voltage: 0.15 to 0.17; 0.16 was measured on lead-acid.</summary>
    public required double Climb { get; init; }

    public required Taper Taper { get; init; }

    /// <summary>Charge that stays in the battery over charge given.</summary>
    public double ChargeEfficiency { get; init; } = 1;

    /// <summary>Share of the peak at which it ends the taper and goes over to the tail.</summary>
    public double TailBelow { get; init; } = 0.05;

    /// <summary>AC power after full, W: float of lead-acid 3 to 6, lithium about 4.5, some 0.</summary>
    public double TailW { get; init; } = 4.5;

    /// <summary>AC power with no battery on it, W: 0.5 to 2 for most, about 15 for some.</summary>
    public double StandbyW { get; init; } = 0.9;

    /// <summary>How far it stands above its settled power when cold, as a share: with it two measured 48 V chargers fell by 0.6 % in ten minutes while the pack already climbed.</summary>
    public double WarmUp { get; init; } = 0.009;

    /// <summary>Minutes of tail after which it gives a short second charge; null for one that never does.</summary>
    public double? RefreshAfterMin { get; init; }

    /// <summary>A cell is shorted: the end voltage is never reached, full current flows until somebody ends it, and late it even rises.</summary>
    public bool HasShortedCell { get; init; }

    /// <summary>Power factor at load. No correction below about 300 W, so 0.55 to 0.7.</summary>
    public double PowerFactor { get; init; } = 0.62;

    /// <summary>1, or 2 for a charger that fills one pack after the other.</summary>
    public int Packs { get; init; } = 1;

    /// <summary>AC power at the peak, W.</summary>
    public double PeakW => CurrentA * EndV / Efficiency;

    /// <summary>State of charge at which the voltage is reached and the taper begins: what the taper itself still gives is left out.</summary>
    public double TaperFrom => 1 - (CurrentA / 60 * Taper.Remaining(0) * ChargeEfficiency / CapacityAh);

    /// <summary>The same pack after years: it holds less, its inner resistance lengthens the taper, and a lead-acid one gasses at the end.</summary>
    /// <param name="age">0 new, 1 at the end of its life (70 % of its capacity).</param>
    public ChargerModel Aged(double age) => this with
    {
        CapacityAh = CapacityAh * (1 - (0.3 * age)),
        ChargeEfficiency = Chemistry == Chemistry.LeadAcid ? ChargeEfficiency - (0.04 * age) : ChargeEfficiency,
        TailW = Chemistry == Chemistry.LeadAcid ? TailW * (1 + (0.2 * age)) : TailW,
        Taper = Taper.Stretched(1 + (0.15 * age)),
    };

    /// <summary>The same pack at a temperature: cold, it takes less and the taper is longer; a lithium pack below freezing is let a fifth of its current (our choice: makers differ
    /// between none and half); hot lead-acid floats higher, twice as much per 10 K.</summary>
    public ChargerModel At(double celsius)
    {
        var coldK = Math.Clamp(20 - celsius, 0, 40);
        var isLead = Chemistry == Chemistry.LeadAcid;
        return this with
        {
            CapacityAh = CapacityAh * (1 - ((isLead ? 0.006 : 0.004) * coldK)),
            CurrentA = !isLead && celsius < 0 ? 0.2 * CurrentA : CurrentA,
            TailW = isLead ? TailW * Math.Pow(2, Math.Clamp(celsius - 25, 0, 20) / 10) : TailW,
            Taper = Taper.Stretched(1 + ((isLead ? 0.010 : 0.004) * coldK)),
        };
    }
}

/// <summary>Packs as they stand in sheds, with how common they are. Watts agree with reference §2.1: 48 V 12 Ah 115–125 W, 60 V 20 Ah 215–250 W, 72 V 20 Ah 280–300 W, 72 V 32 Ah about 500 W.</summary>
internal static class PackCatalogue
{
    private const double LeadAcidEndVPerBlock = 14.8;

    /// <summary>Some chargers keep drawing about 15 W with nothing to charge.</summary>
    private const double FifteenWattShare = 0.04;

    /// <summary>Chargers that end the taper at 0.3 A of 1.8 A instead of following it down: a step of 12 W at the stage change was measured.</summary>
    private const double EarlyTailShare = 0.35;

    public static ChargerModel Lead48V12 { get; } = Lead("48V12Ah", blocks: 4, capacityAh: 12, currentA: 1.8, efficiency: 0.86, powerFactor: 0.60);

    public static ChargerModel Lead48V20 { get; } = Lead("48V20Ah", blocks: 4, capacityAh: 20, currentA: 2.8, efficiency: 0.86, powerFactor: 0.61);

    public static ChargerModel Lead60V20 { get; } = Lead("60V20Ah", blocks: 5, capacityAh: 20, currentA: 2.8, efficiency: 0.87, powerFactor: 0.63);

    public static ChargerModel Lead72V20 { get; } = Lead("72V20Ah", blocks: 6, capacityAh: 20, currentA: 2.9, efficiency: 0.88, powerFactor: 0.66);

    public static ChargerModel Lead72V32 { get; } = Lead("72V32Ah", blocks: 6, capacityAh: 32, currentA: 5, efficiency: 0.89, powerFactor: 0.96);

    public static ChargerModel Lithium48V { get; } =
        Lithium("li-48V12Ah", endV: 54.6, capacityAh: 12, currentA: 1.8, climb: 0.12, powerFactor: 0.58, new Taper.Lithium(50, 1.75, 31));

    /// <summary>Fills to the end at full current; then its electronics cut. Tail as some chargers have it.</summary>
    public static ChargerModel LithiumCut { get; } =
        Lithium("li-48V12Ah-cut", endV: 54.6, capacityAh: 12, currentA: 3, climb: 0.15, powerFactor: 0.60, new Taper.None()) with { TailW = 2, StandbyW = 2 };

    public static ChargerModel Lithium60V { get; } =
        Lithium("li-60V20Ah", endV: 71.4, capacityAh: 20, currentA: 3, climb: 0.15, powerFactor: 0.63, new Taper.Lithium(48, 1.6, 30)) with { TailBelow = 0.17 };

    public static ChargerModel Lithium72V { get; } =
        Lithium("li-72V35Ah", endV: 84, capacityAh: 35, currentA: 5, climb: 0.15, powerFactor: 0.96, new Taper.Lithium(46, 1.5, 28), efficiency: 0.89) with { RefreshAfterMin = 240 };

    /// <summary>Iron phosphate: the hard case for whoever looks for a climb. Cell voltages of data sheets (3.33 to 3.42 V from a tenth to nine tenths); no AC curve was found to check it.</summary>
    public static ChargerModel Lfp48V { get; } =
        Lithium("lfp-48V20Ah", endV: 54.8, capacityAh: 20, currentA: 3, climb: 0.17, powerFactor: 0.60, new Taper.Lithium(14, 1.2, 7)) with
        {
            Chemistry = Chemistry.Lfp,
            TailW = 1.5,
        };

    /// <summary>Falls nearly evenly: 2.2 W a minute from 180 W, which is half of it in 41 minutes (reference §2.2).</summary>
    public static ChargerModel LithiumTwoPacks { get; } =
        Lithium("li-36V-2x500Wh", endV: 42, capacityAh: 13.4, currentA: 3.9, climb: 0.13, powerFactor: 0.66, new Taper.Lithium(41, 1.2, 30)) with { TailW = 0, Packs = 2 };

    public static ChargerModel CabinetPack { get; } =
        Lithium("li-48V24Ah-swap", endV: 54.6, capacityAh: 24, currentA: 5, climb: 0.15, powerFactor: 0.95, new Taper.Lithium(46, 1.4, 28), efficiency: 0.90) with { TailW = 2 };

    /// <summary>Share of bikes by pack; more than a fifth of new models are lithium, most of what stands in old neighbourhoods is lead-acid.</summary>
    public static IReadOnlyList<(ChargerModel Model, double Share)> Street { get; } =
    [
        (Lead48V12, 0.25), (Lead48V20, 0.19), (Lead60V20, 0.19), (Lead72V20, 0.09), (Lead72V32, 0.03),
        (Lithium48V, 0.10), (LithiumCut, 0.04), (LithiumTwoPacks, 0.02), (Lithium60V, 0.03), (Lithium72V, 0.02), (Lfp48V, 0.04),
    ];

    public static IReadOnlyList<ChargerModel> All { get; } = [.. Street.Select(entry => entry.Model), CabinetPack];

    public static ChargerModel? Find(string name) => All.FirstOrDefault(model => model.Name == name);

    /// <summary>One bike's pack: somebody's, so with the spread of age and make.</summary>
    public static ChargerModel Pick(Randomness random)
    {
        var model = Street[^1].Model;
        var left = random.Unit() * Street.Sum(entry => entry.Share);
        foreach (var (candidate, share) in Street)
        {
            left -= share;
            if (left < 0)
            {
                model = candidate;
                break;
            }
        }

        return Vary(model, random);
    }

    public static ChargerModel Vary(ChargerModel model, Randomness random) => Make(model, random).Aged(random.Between(0, 0.85));

    private static ChargerModel Make(ChargerModel model, Randomness random) => model with
    {
        Efficiency = Math.Clamp(model.Efficiency + random.Between(-0.02, 0.015), 0.80, 0.90),
        CurrentA = model.CurrentA * random.Between(0.97, 1.04),
        Climb = model.Climb * random.Between(0.8, 1.1),
        PowerFactor = Math.Clamp(model.PowerFactor + random.Between(-0.03, 0.03), 0.55, 0.98),
        TailW = model.TailW * random.Between(0.8, 1.25),
        StandbyW = random.Chance(FifteenWattShare) ? 15 : random.Between(0.5, 2),
        WarmUp = random.Between(0.005, 0.014),
        TailBelow = random.Chance(EarlyTailShare) ? random.Between(0.12, 0.17) : model.TailBelow,
        Taper = model.Taper switch
        {
            Taper.Lithium lithium => lithium with
            {
                // Packs of one voltage differ that much: half of the peak after 45 to 76 minutes, then a time constant of 22 to 36 (reference §2.2).
                ShoulderMin = lithium.ShoulderMin * random.Between(0.8, 1.5),
                Bend = Math.Max(1.05, lithium.Bend * random.Between(0.65, 1.1)),
                TauMin = lithium.TauMin * random.Between(0.72, 1.15),
            },
            Taper.LeadAcid lead => lead with { FastTauMin = random.Between(20, 25), SlowTauMin = random.Between(80, 110) },
            _ => model.Taper,
        },
    };

    private static ChargerModel Lithium(
        string name, double endV, double capacityAh, double currentA, double climb, double powerFactor, Taper taper, double efficiency = 0.88) => new()
        {
            Name = name,
            Chemistry = Chemistry.Nmc,
            EndV = endV,
            CapacityAh = capacityAh,
            CurrentA = currentA,
            Efficiency = efficiency,
            Climb = climb,
            PowerFactor = powerFactor,
            Taper = taper,
        };

    private static ChargerModel Lead(string name, int blocks, double capacityAh, double currentA, double efficiency, double powerFactor) => new()
    {
        Name = name,
        Chemistry = Chemistry.LeadAcid,
        EndV = blocks * LeadAcidEndVPerBlock,
        CapacityAh = capacityAh,
        CurrentA = currentA,
        Efficiency = efficiency,
        Climb = 0.17,
        PowerFactor = powerFactor,
        Taper = new Taper.LeadAcid(0.75, 22, 90),
        ChargeEfficiency = 0.9,
        TailBelow = 0.04,
        TailW = 3.6,
    };
}
