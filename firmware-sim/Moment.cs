namespace FirmwareSim;

/// <summary>One step of the simulation, in its two times.</summary>
/// <remarks>
/// The <b>clock</b> is what devices publish and what their meters, thermometers and reporting periods run by. <b>Life</b> is what people and batteries run by: hours of the
/// day, arrivals, state of charge, the taper, and the charging pile's own session timers. At speed 1 they are the same. At speed N life runs N times faster, while
/// everything a monitoring service can check stays true on the clock: timestamps never run ahead of receipt, and a counter rises by power × clock time. So a four-hour charge
/// lasts four minutes at speed 60, and its session counts a sixtieth of the energy.
/// </remarks>
/// <param name="ClockMs">End of the step as devices tell it, ms since 1970-01-01 UTC.</param>
/// <param name="ClockS">Length of the step on the clock, in seconds.</param>
/// <param name="LifeMs">End of the step in life, ms since 1970-01-01 UTC.</param>
/// <param name="LifeS">Length of the step in life, in seconds.</param>
internal readonly record struct Moment(long ClockMs, double ClockS, long LifeMs, double LifeS)
{
    /// <summary>Shanghai keeps UTC+8 all year.</summary>
    public const long ShanghaiOffsetMs = 8 * 3_600_000L;

    private const long DayMs = 86_400_000L;

    /// <summary>Hour of the day people live in, 0 to 24, Shanghai time.</summary>
    public double Hour => (LifeMs + ShanghaiOffsetMs) % DayMs / 3_600_000.0;

    /// <summary>Days since 1970-01-01 in Shanghai.</summary>
    public long Day => (LifeMs + ShanghaiOffsetMs) / DayMs;

    /// <summary>1970-01-01 was a Thursday.</summary>
    public bool IsWeekend => (Day + 4) % 7 is 0 or 6;

    /// <summary>Whether an hour of the day lies in a span that may run over midnight.</summary>
    public bool IsBetween(double fromHour, double toHour) =>
        fromHour <= toHour ? Hour >= fromHour && Hour < toHour : Hour >= fromHour || Hour < toHour;
}
