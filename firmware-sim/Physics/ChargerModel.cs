namespace FirmwareSim.Physics;

internal enum Chemistry
{
    LeadAcid,
    Lithium,
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

    /// <summary>Power factor at load. No correction below about 300 W, so 0.55 to 0.7.</summary>
    public double PowerFactor { get; init; } = 0.62;

    /// <summary>1, or 2 for a charger that fills one pack after the other.</summary>
    public int Packs { get; init; } = 1;

    /// <summary>AC power at the peak, W.</summary>
    public double PeakW => CurrentA * EndV / Efficiency;

    /// <summary>State of charge at which the voltage is reached and the taper begins: what the taper itself still gives is left out.</summary>
    public double TaperFrom => 1 - (CurrentA / 60 * Taper.Remaining(0) * ChargeEfficiency / CapacityAh);
}

/// <summary>Packs as they stand in sheds, with how common they are. Watts agree with reference §2.1: 48 V 12 Ah 115–125 W, 60 V 20 Ah 215–250 W, 72 V 20 Ah 280–300 W, 72 V 32 Ah about 500 W.</summary>
internal static class PackCatalogue
{
    private const double LeadAcidEndVPerBlock = 14.8;

    public static ChargerModel Lead48V12 { get; } = Lead("48V12Ah", blocks: 4, capacityAh: 12, currentA: 1.8, efficiency: 0.86, powerFactor: 0.60);

    public static ChargerModel Lead48V20 { get; } = Lead("48V20Ah", blocks: 4, capacityAh: 20, currentA: 2.8, efficiency: 0.86, powerFactor: 0.61);

    public static ChargerModel Lead60V20 { get; } = Lead("60V20Ah", blocks: 5, capacityAh: 20, currentA: 2.8, efficiency: 0.87, powerFactor: 0.63);

    public static ChargerModel Lead72V20 { get; } = Lead("72V20Ah", blocks: 6, capacityAh: 20, currentA: 2.9, efficiency: 0.88, powerFactor: 0.66);

    public static ChargerModel Lead72V32 { get; } = Lead("72V32Ah", blocks: 6, capacityAh: 32, currentA: 5, efficiency: 0.89, powerFactor: 0.96);

    public static ChargerModel Lithium48V { get; } = new()
    {
        Name = "li-48V12Ah",
        Chemistry = Chemistry.Lithium,
        EndV = 54.6,
        CapacityAh = 12,
        CurrentA = 1.8,
        Efficiency = 0.88,
        Climb = 0.15,
        PowerFactor = 0.58,
        Taper = new Taper.Lithium(50, 1.75, 31),
    };

    /// <summary>Fills to the end at full current; then its electronics cut. Tail as some chargers have it.</summary>
    public static ChargerModel LithiumCut { get; } = new()
    {
        Name = "li-48V12Ah-cut",
        Chemistry = Chemistry.Lithium,
        EndV = 54.6,
        CapacityAh = 12,
        CurrentA = 3,
        Efficiency = 0.88,
        Climb = 0.15,
        PowerFactor = 0.60,
        Taper = new Taper.None(),
        TailW = 2,
    };

    public static ChargerModel LithiumTwoPacks { get; } = new()
    {
        Name = "li-36V-2x500Wh",
        Chemistry = Chemistry.Lithium,
        EndV = 42,
        CapacityAh = 13.4,
        CurrentA = 3.9,
        Efficiency = 0.88,
        Climb = 0.16,
        PowerFactor = 0.66,
        Taper = new Taper.Lithium(46, 1.2, 30),
        TailW = 0,
        Packs = 2,
    };

    public static ChargerModel CabinetPack { get; } = new()
    {
        Name = "li-48V24Ah-swap",
        Chemistry = Chemistry.Lithium,
        EndV = 54.6,
        CapacityAh = 24,
        CurrentA = 5,
        Efficiency = 0.90,
        Climb = 0.15,
        PowerFactor = 0.95,
        Taper = new Taper.Lithium(46, 1.4, 28),
        TailW = 2,
    };

    /// <summary>Share of bikes by pack; more than a fifth of new models are lithium, most of what stands in old neighbourhoods is lead-acid.</summary>
    public static IReadOnlyList<(ChargerModel Model, double Share)> Street { get; } =
    [
        (Lead48V12, 0.26), (Lead48V20, 0.20), (Lead60V20, 0.20), (Lead72V20, 0.10), (Lead72V32, 0.03),
        (Lithium48V, 0.14), (LithiumCut, 0.04), (LithiumTwoPacks, 0.03),
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

    public static ChargerModel Vary(ChargerModel model, Randomness random) => model with
    {
        CapacityAh = model.CapacityAh * random.Between(0.75, 1.0),
        Efficiency = Math.Clamp(model.Efficiency + random.Between(-0.02, 0.015), 0.80, 0.90),
        CurrentA = model.CurrentA * random.Between(0.97, 1.02),
        PowerFactor = Math.Clamp(model.PowerFactor + random.Between(-0.03, 0.03), 0.55, 0.98),
        TailW = model.TailW * random.Between(0.8, 1.25),
        Taper = model.Taper switch
        {
            Taper.Lithium lithium => lithium with
            {
                ShoulderMin = lithium.ShoulderMin * random.Between(0.92, 1.3),
                TauMin = lithium.TauMin * random.Between(0.9, 1.1),
            },
            Taper.LeadAcid lead => lead with { FastTauMin = random.Between(20, 25), SlowTauMin = random.Between(80, 110) },
            _ => model.Taper,
        },
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
        TailW = 4.5,
    };
}
