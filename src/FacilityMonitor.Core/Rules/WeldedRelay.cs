using System.Globalization;
using FacilityMonitor.Alerts;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>Current that goes on though the socket is off: &gt; 5 W for ≥ 60 s and ≥ 3 fresh samples after a command <c>off</c>, or though the device itself calls it off (relay open, idle, session over); or the board itself says that its relay is welded. P1.</summary>
/// <remarks>
/// What is off, and since when, is <see cref="OffWatches"/>'s knowledge. An <c>off</c> counts from the moment the device says that it did it; without an answer from the moment
/// it may no longer do it. An <c>on</c> that brings no current is no danger and no alert. What the board says of its own relay needs no second sample.
/// </remarks>
internal sealed class WeldedRelay : Rule
{
    private static readonly RuleSetting LimitW = new("limit_w", "W", 5, 1, 50, "between the float of a full battery (3–6 W) and the smallest charger; piles call less unplugged");
    private static readonly RuleSetting HoldS = new("hold_s", "s", 60, 10, 600, "our choice: one report of a pile may still be of the time before");
    private static readonly RuleSetting LeastSamples = new("samples", "", 3, 1, 20, "our choice: one wild reading is no current");

    /// <summary>What a board's own word counts as, W: more than any socket delivers.</summary>
    internal const float SaidW = 1e9f;

    private WeldedRelay()
    {
    }

    /// <summary>The rule.</summary>
    public static WeldedRelay Instance { get; } = new();

    /// <inheritdoc/>
    public override string Name => "welded-relay";

    /// <inheritdoc/>
    public override LocalText Title { get; } = new("继电器粘连", "Welded relay");

    /// <inheritdoc/>
    public override LocalText Detects { get; } = new(
        "关断以后，或自称断开、空闲、充电结束，却仍有超过 5 W，至少 60 秒、3 个读数；或充电桩自报继电器粘连：P1",
        "More than 5 W goes on for 60 s and 3 samples after it was switched off, or though it calls itself off, idle or done; or the board itself says that its relay is welded: P1");

    /// <inheritdoc/>
    public override IReadOnlyList<RuleSetting> Settings { get; } = [LimitW, HoldS, LeastSamples];

    /// <inheritdoc/>
    public override LocalText Next { get; } = new(
        "这个充电口已经无法远程断电，过热、过充时也断不开", "This socket can no longer be switched off by remote, not even when it overheats");

    /// <inheritdoc/>
    public override IReadOnlyList<LocalText> Steps { get; } =
    [
        new("到现场断开该回路的断路器", "Go there and switch the circuit's breaker off"),
        new("拔下插头，确认不再有电流", "Unplug it and make sure that no current flows"),
        new("停用并报修更换继电器", "Take the socket out of use and have its relay replaced"),
    ];

    internal Grade[] Grades(SettingScopes scopes)
    {
        var limit = (float)scopes.Value(this, LimitW);
        return
        [
            new Grade(
                Priority.P1, limit, false, limit,
                new HoldTiming((int)(scopes.Value(this, HoldS) * 1000), (int)scopes.Value(this, LeastSamples), AlertTiming.OffDelayMs(Priority.P1))),
            new Grade(Priority.P1, SaidW, true, SaidW, new HoldTiming(0, 1, AlertTiming.OffDelayMs(Priority.P1))),
        ];
    }

    /// <summary>What is the matter, in a few words, and the numbers behind it.</summary>
    internal static LocalText Explain(OffWatch? watch, float watts, float limitW, SortedDictionary<string, object> evidence)
    {
        if (watch is { Welded: not WeldedWord.None })
            return ExplainWord(watch, evidence);
        var w = Math.Round((double)watts, 1);
        evidence["w"] = w;
        evidence["limit_w"] = Math.Round((double)limitW, 1);
        if (watch?.LastCommand is { } command)
            evidence["command"] = command;
        evidence["off_by"] = watch is { IsSessionOver: true } ? "session-stop" : watch?.LastCommand is null ? "device" : watch.IsAnswered ? "command" : "command-unanswered";
        var culture = CultureInfo.InvariantCulture;
        if (watch is { IsSessionOver: true })
            return new(string.Create(culture, $"设备说充电已结束，却仍有 {w:0.#} W"), string.Create(culture, $"still {w:0.#} W though the device told the end of the session"));
        return watch?.LastCommand is null
            ? new(string.Create(culture, $"设备说已断开，却仍有 {w:0.#} W"), string.Create(culture, $"still {w:0.#} W though the device calls it off"))
            : watch.IsAnswered
                ? new(string.Create(culture, $"关断命令已执行，却仍有 {w:0.#} W"), string.Create(culture, $"still {w:0.#} W after it was switched off by command"))
                : new(string.Create(culture, $"已下令关断（设备没有回执），却仍有 {w:0.#} W"), string.Create(culture, $"still {w:0.#} W after a command to switch off, which the device did not answer"));
    }

    private static LocalText ExplainWord(OffWatch watch, SortedDictionary<string, object> evidence)
    {
        evidence["off_by"] = "device-word";
        if (watch.Welded == WeldedWord.Withdrawn)
            return new("充电桩不再报粘连", "the board no longer says so");
        if (float.IsNaN(watch.Watts))
            return new("充电桩自报继电器粘连", "the board itself says that its relay is welded");
        var w = Math.Round((double)watch.Watts, 1);
        evidence["w"] = w;
        var culture = CultureInfo.InvariantCulture;
        return new(string.Create(culture, $"充电桩自报继电器粘连，最近 {w:0.#} W"), string.Create(culture, $"the board itself says that its relay is welded; last {w:0.#} W"));
    }
}
