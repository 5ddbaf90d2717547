using FacilityMonitor.Alerts;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;
using Microsoft.Extensions.Logging.Abstractions;

namespace FacilityMonitor.Tests.OnCall;

public sealed class HandOverWorkerTests
{
    /// <summary>The day shift ends at 20:00; the fixture begins at noon.</summary>
    private const double SecondsToHandOver = 8 * 3_600;

    private static readonly string[] Guards = ["day", "night"];

    [Fact]
    public async Task Whoever_comes_on_duty_is_told_in_one_message_what_is_open_and_who_has_it()
    {
        await using var fixture = new ResponseFixture(Facility());
        var worker = Worker(fixture);
        await worker.TurnAsync();
        await fixture.RaiseAsync(ResponseFixture.Step("a1", Condition.Active), ResponseFixture.Step("a2", Condition.Active, rule: "over-temperature"));
        await PassAsync(fixture, worker, SecondsToHandOver - 120);
        await fixture.DoesAsync("day", "a1", new ResponseCommand.Acknowledge());
        Assert.Empty(Messages(fixture));

        await PassAsync(fixture, worker, 120);

        var (person, text) = Assert.Single(Messages(fixture));
        Assert.Equal("night", person);
        Assert.Contains("2 条告警没有结束", text, StringComparison.Ordinal);
        Assert.Contains("a1：day（已下班） 在处理", text, StringComparison.Ordinal);
        Assert.Contains("a2：还没有人处理", text, StringComparison.Ordinal);
        Assert.Contains("15 分钟内没有人接手就重新逐级通知", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_nothing_is_open_nobody_is_told_and_information_and_exercises_are_nobody_s_hand_over()
    {
        await using var fixture = new ResponseFixture(Facility());
        var worker = Worker(fixture);
        await worker.TurnAsync();
        await fixture.RaiseAsync(ResponseFixture.Step("a3", Condition.Active, Priority.P3));
        await PassAsync(fixture, worker, SecondsToHandOver);
        Assert.Empty(Messages(fixture));
    }

    [Fact]
    public async Task What_nobody_takes_over_within_the_overlap_is_called_again()
    {
        await using var fixture = new ResponseFixture(Facility());
        var worker = Worker(fixture);
        await worker.TurnAsync();
        await PassAsync(fixture, worker, SecondsToHandOver - 60);
        await fixture.RaiseAsync(ResponseFixture.Step("a1", Condition.Active));
        await fixture.PassAsync(10);
        await fixture.DoesAsync("day", "a1", new ResponseCommand.Acknowledge());
        await PassAsync(fixture, worker, 60 + (15 * 60) - 10);
        Assert.Equal(["day"], fixture.State("a1").Acknowledgements.Select(one => one.Person));

        await PassAsync(fixture, worker, 60);

        Assert.Empty(fixture.State("a1").Acknowledgements);
        Assert.Contains(fixture.Timeline("a1"), entry => entry.Fact is ResponseEvent.WentOffDuty { Person: "day" });
        Assert.Contains(fixture.Notices("alert = 'a1'"), notice => notice.Contains(" night", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_somebody_takes_over_calls_nobody_again()
    {
        await using var fixture = new ResponseFixture(Facility());
        var worker = Worker(fixture);
        await worker.TurnAsync();
        await PassAsync(fixture, worker, SecondsToHandOver - 60);
        await fixture.RaiseAsync(ResponseFixture.Step("a1", Condition.Active));
        await fixture.PassAsync(10);
        await fixture.DoesAsync("day", "a1", new ResponseCommand.Acknowledge());
        await PassAsync(fixture, worker, 120);
        await fixture.DoesAsync("night", "a1", new ResponseCommand.Acknowledge());
        var before = fixture.Notices("alert = 'a1'").Count;
        await PassAsync(fixture, worker, 16 * 60);
        Assert.Equal(["night"], fixture.State("a1").Acknowledgements.Select(one => one.Person));
        Assert.Equal(before, fixture.Notices("alert = 'a1'").Count);
    }

    /// <summary>Killed before, in and after every minute around the hand-over: each is told once, and what was left behind is called again once.</summary>
    [Fact]
    public async Task A_restart_at_any_instant_tells_nobody_twice_and_forgets_nobody()
    {
        for (var kill = -2; kill <= 17; kill++)
        {
            await using var fixture = new ResponseFixture(Facility(), ResponseFixture.Noon.AddSeconds(SecondsToHandOver - 180));
            var worker = Worker(fixture);
            await worker.TurnAsync();
            await fixture.RaiseAsync(ResponseFixture.Step("a1", Condition.Active));
            await fixture.PassAsync(10);
            await fixture.DoesAsync("day", "a1", new ResponseCommand.Acknowledge());
            for (var minute = -2; minute <= 18; minute++)
            {
                await PassAsync(fixture, worker, 60);
                if (minute != kill)
                    continue;
                await fixture.KillAsync();
                worker = Worker(fixture);
                await worker.TurnAsync();
            }

            Assert.Equal("night", Assert.Single(Messages(fixture)).Person);
            Assert.Single(fixture.Timeline("a1"), entry => entry.Fact is ResponseEvent.WentOffDuty);
        }
    }

    [Fact]
    public async Task A_hand_over_while_we_were_away_is_told_at_the_start()
    {
        await using var fixture = new ResponseFixture(Facility());
        await Worker(fixture).TurnAsync();
        await fixture.RaiseAsync(ResponseFixture.Step("a1", Condition.Active));
        fixture.Time.Advance(TimeSpan.FromHours(9));
        await fixture.KillAsync();
        await Worker(fixture).TurnAsync();
        Assert.Equal("night", Assert.Single(Messages(fixture)).Person);
    }

    private static HandOverWorker Worker(ResponseFixture fixture) => new(fixture.Database, fixture.Log, fixture.Time, NullLogger<HandOverWorker>.Instance);

    private static async Task PassAsync(ResponseFixture fixture, HandOverWorker worker, double seconds)
    {
        for (; seconds > 0; seconds -= 60)
        {
            await fixture.PassAsync(Math.Min(60, seconds));
            await worker.TurnAsync();
            await fixture.TurnAsync();
        }
    }

    private static List<(string Person, string Text)> Messages(ResponseFixture fixture) =>
        [.. fixture.Rows("select person || char(9) || text_zh from notice where alert like 'hand-over-%' order by id").Select(row => (row.Split('\t')[0], row.Split('\t')[1]))];

    private static Facility Facility()
    {
        var people = ResponseFixture.Everybody();
        return FacilityMonitor.Registry.Facility.Empty with
        {
            Sites = [ResponseFixture.Site()],
            People = people with
            {
                Persons = [.. people.Persons, .. Guards.Select(id => people.Persons[0] with { Id = id, Name = new LocalText(id, id) })],
                Teams =
                [
                    .. people.Teams.Where(team => team.Tier is not (Tier.Guard or Tier.PropertyManager)),
                    people.Teams[0] with
                    {
                        Shifts = [new Shift { From = new TimeOnly(8, 0), To = new TimeOnly(20, 0), Persons = ["day"] }, new Shift { From = new TimeOnly(20, 0), To = new TimeOnly(8, 0), Persons = ["night"] }],
                    },
                ],
            },
        };
    }
}
