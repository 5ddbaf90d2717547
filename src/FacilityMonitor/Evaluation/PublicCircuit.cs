namespace FacilityMonitor.Evaluation;

/// <summary>The day of a public circuit nobody charges on: two to four appliance-days, a lift, and lamps on a timer.</summary>
internal sealed class PublicCircuit
{
    private const int MinutesADay = 1440;

    /// <summary>Minutes without a reading in the files are filled with the last word for this long; after that the appliance counts as off.</summary>
    private const double HoldMin = 5;

    private readonly double[] _watts = new double[MinutesADay];

    private PublicCircuit(string names) => Names = names;

    /// <summary>What hangs on it.</summary>
    public string Names { get; }

    /// <summary>How often its lift runs.</summary>
    public double TripsADay { get; private set; }

    /// <summary>Kinds of appliances that stand on public circuits.</summary>
    public static bool IsBackground(Trace day) => Kind(day.Category) is not null;

    /// <summary>One circuit-day; the same dice give the same day.</summary>
    public static PublicCircuit Compose(IReadOnlyList<Trace> background, Dice dice)
    {
        var kinds = background.GroupBy(day => Kind(day.Category)!, StringComparer.Ordinal).OrderBy(group => group.Key, StringComparer.Ordinal).Select(group => group.ToList()).ToList();
        var parts = new List<Trace>();
        var count = 2 + dice.Below(3);
        for (var part = 0; part < count && kinds.Count > 0; part++)
        {
            var kind = kinds[dice.Below(kinds.Count)];
            parts.Add(kind[dice.Below(kind.Count)]);
        }

        var circuit = new PublicCircuit(string.Join(" + ", parts.Select(part => part.Name)));
        foreach (var part in parts)
        {
            for (var minute = 0; minute < MinutesADay; minute++)
                circuit._watts[minute] += part.At(minute, HoldMin);
        }

        circuit.AddLift(dice);
        circuit.AddLampTimer(dice);
        return circuit;
    }

    /// <summary>Mean power of one minute of the day, W.</summary>
    public double At(double minute) => _watts[Math.Clamp((int)minute, 0, MinutesADay - 1)];

    private static string? Kind(string category)
    {
        if (category.Contains("Lamp", StringComparison.Ordinal) || category.Contains("XmasLights", StringComparison.Ordinal))
            return "lamp";
        if (category.Contains("Refrigerator", StringComparison.Ordinal) || category.Contains("Freezer", StringComparison.Ordinal))
            return "fridge";
        if (category.Contains("Router", StringComparison.Ordinal))
            return "router";
        return category.Contains("TV", StringComparison.Ordinal) && !category.Contains("Receiver", StringComparison.Ordinal) ? "tv" : null;
    }

    /// <summary>A lift and its lit car, 12 to 35 s a trip, in a stair of six to eleven floors with two to four homes each: 12 to 44 households of 2.5 people who go out twice a
    /// day make ten trips a household when each rides alone, six when they ride together or walk (from which most lifts live: 72 to 440 trips a day, half of them 180 or more).</summary>
    private void AddLift(Dice dice)
    {
        var standby = dice.Between(40, 90);
        var motion = dice.Between(2_000, 5_500);
        TripsADay = (6 + dice.Below(6)) * (2 + dice.Below(3)) * dice.Between(6, 10);
        for (var minute = 0; minute < MinutesADay; minute++)
        {
            if (!dice.Chance(TripsADay * ShareOfTrips(minute)))
                continue;
            var seconds = dice.Between(12, 35);
            var power = motion * dice.Between(0.35, 1);
            var within = Math.Min(seconds, 60 * dice.Unit());
            _watts[minute] += power * within / 60;
            if (minute + 1 < MinutesADay)
                _watts[minute + 1] += power * (seconds - within) / 60;
        }

        for (var minute = 0; minute < MinutesADay; minute++)
            _watts[minute] += standby;
    }

    /// <summary>Share of a day's trips in one minute: twice as many when people leave and come home as between, few at night.</summary>
    private static double ShareOfTrips(int minute)
    {
        const double WeightOfDay = (2 * 360) + 540 + (0.08 * 540);
        return (minute is >= 420 and < 540 or >= 1020 and < 1260 ? 2 : minute is >= 540 and < 1320 ? 1 : 0.08) / WeightOfDay;
    }

    /// <summary>Stair lamps from dusk until late or until morning.</summary>
    private void AddLampTimer(Dice dice)
    {
        var watts = dice.Between(25, 120);
        var on = 1020 + dice.Below(90);
        var off = dice.Chance(0.5) ? 1380 + dice.Below(60) : 330 + dice.Below(60);
        for (var minute = 0; minute < MinutesADay; minute++)
        {
            if (off > on ? minute >= on && minute < off : minute >= on || minute < off)
                _watts[minute] += watts;
        }
    }
}
