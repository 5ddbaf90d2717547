using FacilityMonitor.Alerts;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Response;
using Microsoft.Extensions.Logging.Abstractions;

namespace FacilityMonitor.Tests.OnCall;

/// <summary>A fly-wire case that nobody takes further, from the alert that began it to the message in the morning, on a real database.</summary>
public sealed class OverdueWatchTests : IAsyncDisposable
{
    private const string Other = "huaihai/c-other";
    private const double Day = 86_400;

    private readonly ResponseFixture _fixture = new();
    private readonly List<AlertTransition> _told = [];
    private OverdueWatch? _watch;

    public ValueTask DisposeAsync()
    {
        _watch?.Dispose();
        return _fixture.DisposeAsync();
    }

    [Fact]
    public async Task A_case_is_overdue_when_its_day_is_over_and_is_told_once_also_after_a_kill()
    {
        await _fixture.RaiseAsync(Suspicion("a1"));
        await _fixture.PassAsync(Day);
        Assert.Empty(await CheckAsync());
        await _fixture.PassAsync(1);

        var told = Assert.Single(await CheckAsync());

        Assert.Equal((Condition.Active, Priority.P3, Other, "huaihai"), (told.Condition, told.Priority, told.Asset, told.Site));
        Assert.Equal(ResponseFixture.Noon.AddDays(1).ToUnixTimeMilliseconds(), told.OnsetMs);
        Assert.Contains("淮海里 另一回路", told.Text.Zh, StringComparison.Ordinal);
        Assert.Contains("到现场核实", told.Text.Zh, StringComparison.Ordinal);
        Assert.Contains("look on the spot", told.Text.En, StringComparison.Ordinal);
        Assert.Empty(await CheckAsync());
        await _fixture.KillAsync();
        _watch = null;
        Assert.Empty(await CheckAsync());
    }

    [Fact]
    public async Task The_property_manager_hears_of_it_in_the_morning_and_nobody_is_woken()
    {
        await _fixture.RaiseAsync(Suspicion("a1"));
        await _fixture.PassAsync(Day + 1);
        var late = Assert.Single(await CheckAsync()).AlertId;

        await _fixture.PassAsync(20.9 * 3_600);
        Assert.Empty(_fixture.Notices($"alert = '{late}'"));
        await _fixture.PassAsync(3_600);

        Assert.Equal(["committee", "manager"], _fixture.Notices($"alert = '{late}'").Select(notice => notice.Split(' ')[2]).Order());
    }

    [Fact]
    public async Task It_is_over_when_the_case_goes_on_and_told_anew_when_the_next_step_is_late_too()
    {
        await _fixture.RaiseAsync(Suspicion("a1"));
        await _fixture.PassAsync(Day + 1);
        var first = Assert.Single(await CheckAsync());

        await MoveAsync(FlyWireStage.Confirmed);
        var over = Assert.Single(await CheckAsync());
        Assert.Equal((first.AlertId, Condition.Cleared), (over.AlertId, over.Condition));

        await _fixture.PassAsync(Day + 1);
        var second = Assert.Single(await CheckAsync());
        Assert.NotEqual(first.AlertId, second.AlertId);
        Assert.Contains("劝导", second.Text.Zh, StringComparison.Ordinal);
        await MoveAsync(FlyWireStage.Noticed);
        Assert.Equal(Condition.Cleared, Assert.Single(await CheckAsync()).Condition);
        await _fixture.PassAsync(7 * Day);
        Assert.Empty(await CheckAsync());
        await _fixture.PassAsync(1);
        Assert.Contains("复查", Assert.Single(await CheckAsync()).Text.Zh, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_case_that_has_ended_is_never_overdue()
    {
        await _fixture.RaiseAsync(Suspicion("a1"));
        Assert.IsType<ResponseOutcome.Done>(await _fixture.DoesAsync("guard", "a1", new ResponseCommand.MoveCase(FlyWireStage.Dismissed, "水泵")));

        await _fixture.PassAsync(9 * Day);

        Assert.Empty(await CheckAsync());
    }

    private static AlertTransition Suspicion(string alert) => ResponseFixture.Step(alert, Condition.Active, Priority.P2, "charger-on-public-circuit", Other);

    private async Task MoveAsync(FlyWireStage stage) => Assert.IsType<ResponseOutcome.Done>(await _fixture.DoesAsync("guard", "a1", new ResponseCommand.MoveCase(stage, "")));

    /// <summary>Looks, and does what monitoring does with what is told.</summary>
    private async Task<List<AlertTransition>> CheckAsync()
    {
        _watch ??= new OverdueWatch(_fixture.Database, _fixture.Registry, _fixture.Time, _told.Add, NullLogger<OverdueWatch>.Instance);
        _told.Clear();
        _watch.Check();
        await _fixture.RaiseAsync([.. _told]);
        return [.. _told];
    }
}
