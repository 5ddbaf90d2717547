using System.Globalization;
using FacilityMonitor.Journal;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Tests.OnCall.Channels;
using Xunit.Abstractions;

namespace FacilityMonitor.Tests.EndToEnd;

/// <summary>Ten thousand devices go away at once, and three sheds burn: through a real broker, the real process, its disk, and a webhook.</summary>
public sealed class OnCallStormTests(ITestOutputHelper output)
{
    private const int Devices = 10_000;
    private const int Fires = 3;

    private const string People = """
        people:
          - {id: guard, name: Guard, reach: [{channel: hook, address: guard}]}
          - {id: fire, name: Fire station, reach: [{channel: hook, address: fire}]}
          - {id: manager, name: Manager, reach: [{channel: hook, address: manager}]}
        teams:
          - {id: gate, name: Gate, tier: guard, shifts: [{from: "00:00", to: "24:00", people: [guard]}]}
          - {id: station, name: Station, tier: micro-fire-station, shifts: [{from: "00:00", to: "24:00", people: [fire]}]}
          - {id: property, name: Property, tier: property-manager, shifts: [{from: "00:00", to: "24:00", people: [manager]}]}
        chains:
          - {priority: P0, steps: [{after-s: 0, tiers: [guard, micro-fire-station, property-manager]}], repeat-s: 600}
        """;

    [Trait("length", "long")]
    [RealServerFact("mosquitto", MailServer.Library)]
    public async Task Three_fires_among_ten_thousand_devices_that_go_away_are_taken_within_five_seconds()
    {
        var piles = string.Join('\n', Enumerable.Range(0, Devices).Select(number => $"      - {{id: pile-{number}, kind: pile, sockets: 1, name: Pile {number}}}"));
        var sheds = "      - {id: shed-2, kind: shed, name: Shed 2}\n      - {id: shed-3, kind: shed, name: Shed 3}\n";
        await using var place = await OnCallNeighbourhood.StartAsync(
            People, sheds + piles, "rules: {offline: {hold-s: 3}}", new Dictionary<string, string> { ["FM_MONITORING__STARTUP_GRACE_S"] = "0" });
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        foreach (var thousand in Enumerable.Range(0, Devices).Chunk(1_000))
        {
            await Task.WhenAll(thousand.Select(number => place.SayAsync(
                $"fm/1/lane/pile-{number}/birth", string.Create(CultureInfo.InvariantCulture, $$$"""{"v":1,"boot":"b","bd":1,"ts":{{{now}}},"model":"P","fw":"1","clk":"ntp","period":60,"channels":{"s1":{"metrics":["w"]}},"ops":[]}"""))));
        }

        foreach (var thousand in Enumerable.Range(0, Devices).Chunk(1_000))
            await Task.WhenAll(thousand.Select(number => place.SayAsync($"fm/1/lane/pile-{number}/status", """{"s":"offline","bd":1,"boot":"b"}""")));
        await place.UntilAsync(() => place.Count("select count(*) from response where rule = 'offline'") > Devices / 20, "the storm having begun");

        var published = new List<long>();
        for (var shed = 1; shed <= Fires; shed++)
        {
            published.Add(TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds());
            await place.PublishAsync($"lane/shed-{shed}", """{"ch":"main","smoke":true}""", 0);
        }

        var before = place.Count("select count(*) from response where rule = 'offline'");
        await place.UntilAsync(() => place.Count("select count(*) from notice where priority = 0 and state = 1") == Fires * 3, "everybody being told of every fire");
        // All devices are in the books before it is asked whether these balance.
        await place.UntilAsync(() => place.Count("select count(*) from response where rule = 'offline'") == Devices, "every silent device being an alert");

        var took = new List<double>();
        using (var reader = Database.OpenReader(place.Service.Data))
        {
            using var command = Database.Command(reader, "select asset, done_ms from notice join response on response.alert = notice.alert where notice.priority = 0 order by done_ms");
            using var rows = command.ExecuteReader();
            while (rows.Read())
                took.Add((rows.GetInt64(1) - published[rows.GetString(0)[^1] - '1']) / 1_000.0);
        }

        var posts = place.Posts.Count;
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"fires taken after at most {took.Max():0.000} s, half of them after {took.Order().ElementAt(took.Count / 2):0.000} s; {before} of {Devices} devices were alerts then; {posts} messages in all"));
        Assert.Equal(Fires * 3, took.Count);
        Assert.True(took.Max() <= 5, $"a fire took {took.Max()} s");
        Assert.InRange(before, Devices / 20, Devices - 1);
        // A storm is a handful of messages: the fires, the lost site, and what is told together.
        Assert.InRange(posts, Fires * 3, 60);
        using (var reader = Database.OpenReader(place.Service.Data))
            Assert.True(ResponseBooks.Count(reader, TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds()).Balance, "the books of the storm do not balance");
    }
}
