using System.Globalization;
using System.Runtime.CompilerServices;
using FacilityMonitor.Alerts;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>A socket, slot or terminal that is too hot: ≥ 65 °C with a second sign (P1), or ≥ 90 °C alone (P0).</summary>
/// <remarks>
/// A single limit at 65 °C was tried on real piles and taken back because it stopped charging on summer afternoons. So a second sign is asked for: the temperature rises fast while the current is
/// constant, and faster than that of its neighbours (a bad contact heats itself; the sun takes hours, and shines on all of them), or this channel is far warmer than the middle of its neighbours.
/// </remarks>
internal sealed class OverTemperature : StateRule<OverTemperature.State, OverTemperature.HeatLimits>
{
    /// <summary>Below this a channel is not remembered, °C: no setting reaches down to it.</summary>
    internal const double WakeC = 40;

    /// <summary>A current within this part of what it was is constant.</summary>
    private const double ConstantPart = 0.1;

    /// <summary>Below this nothing flows that could heat a contact, A.</summary>
    private const double LoadA = 0.3;

    private static readonly RuleSetting LimitC = new("limit_c", "°C", 65, 50, 120, "firmware of a real pile; withdrawn there as a limit of its own because it stopped without need");
    private static readonly RuleSetting MaxC = new("max_c", "°C", 90, 60, 150, "default temperature warning of a common pile board");
    private static readonly RuleSetting LeastSamples = new("samples", "", 2, 1, 20, "our choice: one wild reading is no heat");
    private static readonly RuleSetting RiseK = new("rise_k", "K", 5, 1, 50, "our choice");
    private static readonly RuleSetting RiseS = new("rise_s", "s", 600, 60, 7200, "our choice: a sound contact is as warm as it gets by then");
    private static readonly RuleSetting NeighbourK = new("neighbour_k", "K", 20, 5, 80, "our choice: more than sun on one side");
    private static readonly RuleSetting ClearK = new("clear_k", "K", 5, 1, 30, "our choice");

    private OverTemperature()
    {
    }

    public static OverTemperature Instance { get; } = new();

    public override string Name => "over-temperature";

    public override LocalText Title { get; } = new("充电口过热", "Over-temperature");

    public override LocalText Detects { get; } = new(
        "达到 65 °C，且电流不变而 10 分钟内升温 5 K 以上，或比相邻充电口高 20 K：P1；达到 90 °C：P0；都要 2 个读数",
        "65 °C, and either 5 K more within 10 minutes at constant current or 20 K above its neighbours: P1; 90 °C: P0; both in 2 samples");

    public override IReadOnlyList<RuleSetting> Settings { get; } = [LimitC, MaxC, LeastSamples, RiseK, RiseS, NeighbourK, ClearK];

    public override LocalText Next { get; } = new("接触不良会越来越热，可能引燃插头", "A bad contact grows hotter and may set the plug on fire");

    public override IReadOnlyList<LocalText> Steps { get; } =
    [
        new("断开该充电口", "Switch this socket off"),
        new("等冷却后查看插头、插座是否变色、松动", "When it has cooled, look for discoloured or loose contacts"),
        new("换下插座前停用该充电口", "Keep the socket out of use until it is replaced"),
    ];

    public override SubjectKind Subject => SubjectKind.Channel;

    internal override int StateVersion => 2;

    internal override MetricSet Metrics { get; } = MetricSet.Of(Metric.Tc, Metric.A, Metric.W, MetricSet.NeighboursTc);

    internal override bool AppliesTo(in Subject subject) => subject.Channel.Kind is ChannelKind.Socket or ChannelKind.Slot or ChannelKind.Phase
        || (subject.Channel.Kind == ChannelKind.Main && subject.Device?.Kind is DeviceKind.Pile or DeviceKind.Cabinet or DeviceKind.Meter or DeviceKind.Plug);

    internal override HeatLimits LimitsFor(in Subject subject, SettingScopes scopes) => new(
        scopes.Value(this, LimitC), scopes.Value(this, MaxC), (int)scopes.Value(this, LeastSamples), scopes.Value(this, RiseK), (int)(scopes.Value(this, RiseS) * 1000),
        scopes.Value(this, NeighbourK), scopes.Value(this, ClearK));

    internal override (Metric Metric, double AtLeast)? WakesFrom => (Metric.Tc, WakeC);

    internal override bool IsQuiet(in State state) => state.Tc < WakeC && state.Hot.Phase == HoldPhase.Idle && state.Max.Phase == HoldPhase.Idle;

    internal override void Step(ref State state, in Sight sight, HeatLimits limits)
    {
        if (sight.Values.TryGet(Metric.A, out var amps) || sight.Values.TryGet(Metric.W, out amps))
            Follow(ref state, sight.Values.Has(Metric.A) ? amps : amps / SocketOverload.NominalV, sight.AtMs);
        if (!sight.Values.TryGet(Metric.Tc, out var tc))
            return;
        state.Tc = (float)tc;
        if (sight.Values.TryGet(MetricSet.NeighboursTc, out var neighbours))
            (state.NeighboursC, state.HasNeighbours) = ((float)neighbours, true);
        else if (tc >= WakeC)
            // Below it nobody asked. Above, nobody was heard who could be compared with: what they were before says nothing.
            state.HasNeighbours = false;
        var now = new Warmth(sight.AtMs, tc, state.HasNeighbours ? state.NeighboursC : null);
        var rise = state.Past.Rise(now, limits.RiseMs);
        state.Past.Keep(now, limits.RiseMs);
        var rises = state.ConstantSinceMs > 0 && sight.AtMs - state.ConstantSinceMs >= limits.RiseMs && rise >= limits.RiseK;
        if (rises)
            state.RiseK = (float)rise;
        var standsOut = state.HasNeighbours && tc - state.NeighboursC >= limits.NeighbourK;
        state.Sign = rises ? HeatSign.Rise : standsOut ? HeatSign.Neighbours : HeatSign.None;
        var counted = state.Pace.Next(sight);
        state.Hot.Step(tc >= limits.LimitC && state.Sign != HeatSign.None, tc < limits.LimitC - limits.ClearK, sight.AtMs, counted, new HoldTiming(0, limits.Samples, AlertTiming.OffDelayMs(Priority.P1)));
        state.Max.Step(tc >= limits.MaxC, tc < limits.MaxC - limits.ClearK, sight.AtMs, counted, new HoldTiming(0, limits.Samples, AlertTiming.OffDelayMs(Priority.P0)));
        if (state.Sign != HeatSign.None)
            state.LastSign = state.Sign;
    }

    internal override Verdict Judge(in State state, HeatLimits limits, long nowMs) => Verdict.Normal.Or(Priority.P0, state.Max).Or(Priority.P1, state.Hot);

    internal override LocalText Explain(in State state, HeatLimits limits, in Telling telling, SortedDictionary<string, object> evidence)
    {
        var culture = CultureInfo.InvariantCulture;
        var tc = Math.Round((double)state.Tc, 1);
        evidence["tc"] = tc;
        evidence["limit_c"] = telling.Priority == Priority.P0 ? limits.MaxC : limits.LimitC;
        var (zh, en) = (string.Create(culture, $"温度 {tc:0.#} °C"), string.Create(culture, $"{tc:0.#} °C"));
        if (state.LastSign == HeatSign.Rise)
        {
            var (rise, minutes) = (Math.Round((double)state.RiseK, 1), Math.Round(limits.RiseMs / 60_000.0, 1));
            (evidence["sign"], evidence["rise_k"], evidence["a"]) = ("rise", rise, Math.Round((double)state.StartA, 2));
            return new LocalText(
                zh + string.Create(culture, $"，电流不变，{minutes:0.#} 分钟内却升高了 {rise:0.#} K"), en + string.Create(culture, $", {rise:0.#} K more within {minutes:0.#} minutes at constant current"));
        }

        if (state.LastSign == HeatSign.Neighbours)
        {
            var above = Math.Round(tc - state.NeighboursC, 1);
            (evidence["sign"], evidence["neighbours_tc"]) = ("neighbours", Math.Round((double)state.NeighboursC, 1));
            return new LocalText(zh + string.Create(culture, $"，比相邻充电口高 {above:0.#} K"), en + string.Create(culture, $", {above:0.#} K above its neighbours"));
        }

        return new LocalText(zh, en);
    }

    /// <summary>Keeps since when the current is constant.</summary>
    private static void Follow(ref State state, double amps, long atMs)
    {
        if (amps < LoadA)
        {
            state.ConstantSinceMs = 0;
            return;
        }

        if (state.ConstantSinceMs > 0 && Math.Abs(amps - state.StartA) <= ConstantPart * state.StartA)
            return;
        (state.ConstantSinceMs, state.StartA) = (atMs, (float)amps);
    }

    /// <summary>Why the heat is believed.</summary>
    internal enum HeatSign : byte
    {
        None = 0,
        Rise = 1,
        Neighbours = 2,
    }

    internal struct State
    {
        public Pace Pace;

        /// <summary>Since when the current is constant; 0: none flows.</summary>
        public long ConstantSinceMs;
        public float StartA;
        public float Tc;

        /// <summary>The last rise that was a sign, K.</summary>
        public float RiseK;
        public float NeighboursC;
        public bool HasNeighbours;
        public HeatSign Sign;
        public HeatSign LastSign;
        public Hold Hot;
        public Hold Max;
        public Warmths Past;
    }

    /// <summary>How warm a channel was at a time, and its neighbours where that is known.</summary>
    /// <param name="AtMs">When.</param>
    /// <param name="Tc">Its temperature, °C.</param>
    /// <param name="NeighboursC">The middle of its neighbours, °C.</param>
    internal readonly record struct Warmth(long AtMs, double Tc, double? NeighboursC);

    /// <summary>How warm a channel was in the time in which a rise is looked for, at most ten times in it. Eight bytes each.</summary>
    [InlineArray(Length)]
    internal struct Warmths
    {
        private const int Length = 12;
        private const int PartsOfRise = 10;

        private Kept _first;

        /// <summary>Keeps a value, if the newest that is kept is not nearly as new.</summary>
        public void Keep(in Warmth now, int riseMs)
        {
            Span<Kept> all = this;
            if (all[^1].AtS != 0 && now.AtMs - all[^1].AtMs < riseMs / PartsOfRise)
                return;
            all[1..].CopyTo(all);
            all[^1] = Kept.Of(now);
        }

        /// <summary>How much warmer it is than so long ago, beyond what its neighbours are, K; NaN: it was not known then.</summary>
        public readonly double Rise(in Warmth now, int riseMs)
        {
            ReadOnlySpan<Kept> all = this;
            var (thenMs, next) = (now.AtMs - riseMs, now);
            for (var place = Length - 1; place >= 0 && all[place].AtS != 0; place--)
            {
                var kept = all[place].Value;
                if (kept.AtMs > thenMs)
                {
                    next = kept;
                    continue;
                }

                // Between the two it went evenly, as far as anybody knows.
                var part = next.AtMs == kept.AtMs ? 0 : (double)(thenMs - kept.AtMs) / (next.AtMs - kept.AtMs);
                var rise = now.Tc - (kept.Tc + (part * (next.Tc - kept.Tc)));
                var theirs = now.NeighboursC - (kept.NeighboursC + (part * (next.NeighboursC - kept.NeighboursC)));
                return rise - Math.Max(theirs ?? 0, 0);
            }

            return double.NaN;
        }

        /// <summary>Seconds since 1970 and hundredths of a degree.</summary>
        private struct Kept
        {
            private const short Unknown = short.MinValue;
            private short _centiC;
            private short _neighboursCentiC;

            public uint AtS { get; private set; }

            public readonly long AtMs => AtS * 1000L;

            public readonly Warmth Value => new(AtMs, _centiC / 100.0, _neighboursCentiC == Unknown ? null : _neighboursCentiC / 100.0);

            public static Kept Of(in Warmth value) => new()
            {
                AtS = (uint)(value.AtMs / 1000),
                _centiC = Centi(value.Tc),
                _neighboursCentiC = value.NeighboursC is { } theirs ? Centi(theirs) : Unknown,
            };

            private static short Centi(double celsius) => (short)Math.Clamp(Math.Round(celsius * 100), short.MinValue + 1, short.MaxValue);
        }
    }

    internal sealed record HeatLimits(double LimitC, double MaxC, int Samples, double RiseK, int RiseMs, double NeighbourK, double ClearK);
}
