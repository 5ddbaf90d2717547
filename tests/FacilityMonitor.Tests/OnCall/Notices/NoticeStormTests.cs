using FacilityMonitor.Alerts;
using Xunit.Abstractions;

namespace FacilityMonitor.Tests.OnCall.Notices;

/// <summary>Ten thousand devices fall silent at once, and three sheds burn.</summary>
public sealed class NoticeStormTests(ITestOutputHelper output)
{
    private const int Silent = 10_000;
    private const int PeopleOfAFire = 10;

    [Fact]
    public async Task Three_fires_among_ten_thousand_silent_devices_are_taken_within_five_seconds()
    {
        await using var fixture = new NoticeFixture("wecom-bot", "wecom-app", "aliyun-voice");
        fixture.Provider.Latency = TimeSpan.FromMilliseconds(200);
        await fixture.StartAsync();
        // Two thousand go to members of their own, the others all to one bot, which takes 18 a minute.
        foreach (var thousand in Enumerable.Range(0, Silent).Chunk(1_000))
        {
            await fixture.PutAsync([.. thousand.Select(number => NoticeFixture.Notice(
                $"{number:x6}-silent", priority: Priority.P2, ways: [number % 5 == 0 ? ("wecom-app", $"member{number % 500}") : ("wecom-bot", "")]))]);
        }

        await fixture.AdvanceUntilAsync(() => fixture.Provider.Ledger.Count >= 100, "the storm is on its way", stepS: 0.02);
        var took = new List<double>();
        for (var fire = 0; fire < 3; fire++)
        {
            var began = fixture.Time.GetUtcNow();
            var notices = Enumerable.Range(0, PeopleOfAFire).Select(person => NoticeFixture.Notice(
                $"fire{fire}", person: $"person{person}",
                ways: [person == 0 ? ("wecom-bot", "") : person < 5 ? ("wecom-app", $"member{person}") : ("aliyun-voice", $"139{fire}{person:0000000}")])).ToArray();
            await fixture.PutAsync(notices);
            await fixture.AdvanceUntilAsync(() => fixture.Count($"select count(*) from notice where alert = 'fire{fire}' and state = 1") == PeopleOfAFire, "everybody is told", stepS: 0.02);
            var ends = Enumerable.Range(0, PeopleOfAFire).Select(person => (long)fixture.Scalar(
                "select done_ms from notice where key = $key", ("$key", $"fire{fire}-1-person{person}"))!);
            took.AddRange(ends.Select(end => (end - began.ToUnixTimeMilliseconds()) / 1_000.0));
        }

        output.WriteLine($"fires taken after at most {took.Max():0.00} s, half of them after {took.Order().ElementAt(took.Count / 2):0.00} s; {fixture.Provider.Ledger.Count} arrived so far");
        Assert.True(took.Max() <= 5, $"a fire took {took.Max()} s");

        // A day later everything has come to an end, each with its reason, and the sum is what was put in.
        await fixture.StopAsync();
        fixture.Time.Advance(TimeSpan.FromHours(25));
        await fixture.RestartAsync();
        await fixture.AdvanceUntilAsync(() => fixture.Count("select count(*) from notice where state = 0") == 0, "all are over", stepS: 0.5);
        var arrived = fixture.Provider.Ledger.Count;
        Assert.Equal(Silent + (3 * PeopleOfAFire), fixture.Count("select count(*) from notice"));
        Assert.Equal(0, fixture.Count("select count(*) from notice where state in (2, 3, 5) or state = 4 and result is null"));
        Assert.InRange(arrived, fixture.Count("select count(*) from notice where state = 1"), fixture.Count("select count(*) from notice where state = 1") + 8);
    }
}
