using System.Globalization;
using System.Runtime.CompilerServices;
using FacilityMonitor.Alerts;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>Noise over the limit of the area's class: 10-min LAeq by day and night (22–6 h; the ten minutes never reach across a change of the limit), 5 dB stricter outside the groups' own times, and at night a sudden sound 15 dB over the limit. P3.</summary>
/// <remarks>Limits: GB 3096-2008 and GB 22337-2008, dB(A) day and night: class 0 50/40, 1 55/45, 2 60/50, 3 65/55, 4a 70/55, 4b 70/60. Where no class is registered it is 2, mixed housing and shops.</remarks>
internal sealed class NoiseLimit : StateRule<NoiseLimit.State, NoiseLimit.NoiseLimits>
{
    private const long MinuteMs = 60_000;
    private const double NightFromHour = 22;
    private const double NightToHour = 6;

    /// <summary>Least part of the ten minutes that must have been heard, ms: a limit on a mean needs most of it.</summary>
    private const long HeardLeastMs = 8 * MinuteMs;

    private static readonly RuleSetting OutsideDb = new("outside_db", "dB", 5, 0, 20, "our choice: who has a time of day keeps to it");
    private static readonly RuleSetting SuddenDb = new("sudden_db", "dB", 15, 5, 40, "GB 3096-2008: at night sudden sounds may exceed the limit by no more than 15 dB");

    private NoiseLimit()
    {
    }

    /// <summary>The rule.</summary>
    public static NoiseLimit Instance { get; } = new();

    /// <inheritdoc/>
    public override string Name => "noise-limit";

    /// <inheritdoc/>
    public override LocalText Title { get; } = new("噪声超标", "Noise over the limit");

    /// <inheritdoc/>
    public override LocalText Detects { get; } = new(
        "10 分钟平均超过声环境功能区昼夜限值（广场舞时段以外严 5 dB）；夜间突发超 15 dB：P3", "The 10-min mean is over the limit of the class, by day or night (5 dB stricter outside the groups' times), or a sudden sound at night is 15 dB over it: P3");

    /// <inheritdoc/>
    public override IReadOnlyList<RuleSetting> Settings { get; } = [OutsideDb, SuddenDb];

    /// <inheritdoc/>
    public override LocalText Next { get; } = new("附近居民会投诉，睡不好", "Neighbours cannot sleep and will complain");

    /// <inheritdoc/>
    public override IReadOnlyList<LocalText> Steps { get; } =
    [
        new("到现场请调低音量或散场", "Go and ask to turn it down or to end"),
        new("登记团队和时间，有约定的按约定", "Note group and time; hold them to what was agreed"),
    ];

    /// <inheritdoc/>
    public override SubjectKind Subject => SubjectKind.Device;

    // A meter that averages five minutes speaks every five. Longer than that the ten minutes would be made of one value.
    internal override long GapLeastMs => 6 * MinuteMs;

    /// <inheritdoc/>
    internal override MetricSet Metrics { get; } = MetricSet.Of(Metric.Laeq);

    internal override bool AppliesTo(in Subject subject) => subject.Device?.Kind == DeviceKind.Noise;

    internal override NoiseLimits LimitsFor(in Subject subject, SettingScopes scopes)
    {
        var (day, night) = (subject.Device?.NoiseClass ?? NoiseClass.Class2) switch
        {
            NoiseClass.Class0 => (50, 40),
            NoiseClass.Class1 => (55, 45),
            NoiseClass.Class2 => (60, 50),
            NoiseClass.Class3 => (65, 55),
            NoiseClass.Class4a => (70, 55),
            NoiseClass.Class4b => (70, 60),
        };
        return new NoiseLimits(day, night, scopes.Value(this, OutsideDb), scopes.Value(this, SuddenDb), subject.Device?.GroupTimes ?? []);
    }

    internal override void Step(ref State state, in Sight sight, NoiseLimits limits)
    {
        if (!sight.Values.TryGet(Metric.Laeq, out var level))
            return;
        var counted = state.Pace.Next(sight, GapLeastMs);
        state.Advance(sight.AtMs / MinuteMs);
        var limit = (float)limits.At(sight.AtMs);
        if (limit != state.LimitDb)
        {
            // What was loud while it was allowed says nothing of the time after: the ten minutes begin anew, and so what this value stands for is left out.
            state.Minutes = default;
            state.LimitDb = limit;
            counted = 0;
        }

        // Sound adds up as energy: ten quiet minutes do not make up for a loud one.
        state.Add(sight.AtMs, counted, Math.Pow(10, level / 10));
        var (exact, heardMs) = state.Mean();
        // Energies add up with an error of millionths of a dB: without this 60 dB would be over a limit of 60.
        var mean = Math.Round(exact, 2);
        state.MeanDb = (float)mean;
        var isNight = NoiseLimits.IsNight(sight.AtMs);
        state.Loud.Step(heardMs >= HeardLeastMs && mean > state.LimitDb, heardMs >= HeardLeastMs && mean <= state.LimitDb - 1, sight.AtMs, counted, NoiseLimits.AtOnce);
        var isSudden = isNight && level > limits.NightDb + limits.SuddenDb;
        state.Sudden.Step(isSudden, !isSudden, sight.AtMs, counted, NoiseLimits.AtOnce);
        if (isSudden)
            state.SuddenDb = (float)level;
    }

    internal override Verdict Judge(in State state, NoiseLimits limits, long nowMs) => Verdict.Normal.Or(Priority.P3, state.Loud).Or(Priority.P3, state.Sudden);

    internal override LocalText Explain(in State state, NoiseLimits limits, in Telling telling, SortedDictionary<string, object> evidence)
    {
        var (mean, limit) = (Math.Round((double)state.MeanDb, 1), Math.Round((double)state.LimitDb, 1));
        (evidence["laeq_10min"], evidence["limit_db"]) = (mean, limit);
        var culture = CultureInfo.InvariantCulture;
        if (state.Loud.Phase != HoldPhase.Idle)
            return new LocalText(string.Create(culture, $"10 分钟平均 {mean} dB(A)，限值 {limit}"), string.Create(culture, $"10-min mean {mean} dB(A) where {limit} is the limit"));
        evidence["sudden_db"] = Math.Round((double)state.SuddenDb, 1);
        return new LocalText(string.Create(culture, $"夜间突发 {state.SuddenDb:0.#} dB(A)"), string.Create(culture, $"a sudden {state.SuddenDb:0.#} dB(A) at night"));
    }

    internal record struct Minute
    {
        public float EnergyMs;
        public int HeardMs;
    }

    [InlineArray(Length)]
    internal struct Ring
    {
        public const int Length = 10;

        private Minute _first;
    }

    internal struct State
    {
        public Pace Pace;
        public Hold Loud;
        public Hold Sudden;
        public Ring Minutes;
        public long NewestMinute;
        public float MeanDb;
        public float LimitDb;
        public float SuddenDb;

        /// <summary>Forgets the minutes that are more than ten ago.</summary>
        public void Advance(long minute)
        {
            for (var old = Math.Max(NewestMinute + 1, minute - Ring.Length + 1); old <= minute; old++)
                Minutes[(int)(old % Ring.Length)] = default;
            NewestMinute = Math.Max(NewestMinute, minute);
        }

        /// <summary>Takes in a value that stands for the time up to an instant: a meter tells the mean since it last spoke, be it ten seconds or five minutes ago.</summary>
        public void Add(long atMs, long countedMs, double energy)
        {
            // Minute by minute backwards; what is more than ten of them ago is forgotten already.
            var fromMs = Math.Max(atMs - countedMs, ((atMs / MinuteMs) - Ring.Length + 1) * MinuteMs);
            for (var endMs = atMs; endMs > fromMs;)
            {
                var number = (endMs - 1) / MinuteMs;
                var beginMs = Math.Max(fromMs, number * MinuteMs);
                ref var minute = ref Minutes[(int)(number % Ring.Length)];
                minute.EnergyMs += (float)(energy * (endMs - beginMs));
                minute.HeardMs += (int)(endMs - beginMs);
                endMs = beginMs;
            }
        }

        public readonly (double Db, long HeardMs) Mean()
        {
            double energy = 0;
            long heard = 0;
            foreach (ref readonly var minute in Minutes)
            {
                energy += minute.EnergyMs;
                heard += minute.HeardMs;
            }

            return heard == 0 ? (0, 0) : (10 * Math.Log10(Math.Max(1, energy / heard)), heard);
        }
    }

    internal sealed record NoiseLimits(double DayDb, double NightDb, double OutsideDb, double SuddenDb, IReadOnlyList<GroupTime> Groups)
    {
        public static HoldTiming AtOnce => new(0, 1, AlertTiming.OffDelayMs(Priority.P3));

        public static bool IsNight(long atMs) => ShanghaiTime.IsBetween(atMs, NightFromHour, NightToHour);

        /// <summary>The limit on the mean at a moment, dB(A). Where no group has a time there is nothing to be stricter about.</summary>
        public double At(long atMs)
        {
            var limit = IsNight(atMs) ? NightDb : DayDb;
            return Groups.Count == 0 || Groups.Any(group => ShanghaiTime.IsBetween(atMs, group.FromHour, group.ToHour)) ? limit : limit - OutsideDb;
        }
    }
}
