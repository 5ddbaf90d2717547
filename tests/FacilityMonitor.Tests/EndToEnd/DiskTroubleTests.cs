using System.Globalization;
using System.Net;
using System.Text;
using FacilityMonitor.Ingest;
using FacilityMonitor.Journal;
using FacilityMonitor.Mqtt;
using FacilityMonitor.Tests.Mqtt;
using FacilityMonitor.Tests.OnCall.Channels;
using FacilityMonitor.Tests.Storage;
using FacilityMonitor.Tests.Web;
using Microsoft.Extensions.DependencyInjection;

namespace FacilityMonitor.Tests.EndToEnd;

public sealed class DiskTroubleTests
{
    private const string People = """
        people:
          - {id: guard, name: Guard, reach: [{channel: hook, address: guard}]}
          - {id: manager, name: Manager, reach: [{channel: hook, address: manager}]}
        teams:
          - {id: gate, name: Gate, tier: guard, shifts: [{from: "00:00", to: "24:00", people: [guard]}]}
          - {id: property, name: Property, tier: property-manager, shifts: [{from: "00:00", to: "24:00", people: [manager]}]}
        chains:
          - priority: P0
            steps: [{after-s: 0, tiers: [guard], siren: true}, {after-s: 3, tiers: [property-manager]}]
            repeat-s: 600
        contacts:
          - {id: lane-committee, name: Committee, webhook: "file:contact.url", sites: [lane]}
        """;

    private const string Siren = "      - {id: siren-1, kind: siren, name: Siren, place: shed}";

    [RealServerFact("mosquitto")]
    public async Task A_database_file_that_somebody_deletes_is_put_back_with_everything_in_it()
    {
        using var folder = new TemporaryFolder();
        await using var broker = await MosquittoBroker.StartAsync();
        await using var service = await ServiceUnderTest.StartAsync(broker, folder.Path);
        await using var pile = await PileAsync(broker);
        for (var seq = 0; seq < 10; seq++)
            await SayAsync(pile, "data", seq);
        await service.Process.UntilAsync(() => Task.FromResult(Stored(service) == 10), "the first readings being stored");

        foreach (var file in Directory.GetFiles(service.Data, Database.FileName + "*"))
            File.Delete(file);
        for (var seq = 10; seq < 20; seq++)
            await SayAsync(pile, "data", seq);

        await service.Process.UntilAsync(() => Task.FromResult(File.Exists(Path.Combine(service.Data, Database.FileName)) && Stored(service) == 20), "all readings being in the file again");
        Assert.False(service.Process.HasExited);
        // What was deleted cannot come from memory after a restart.
        await service.Process.KillAsync();
        service.Process.Start();
        await service.ReadyAsync();
        await SayAsync(pile, "data", 20);
        await service.Process.UntilAsync(() => Task.FromResult(Stored(service) == 21), "the next reading being stored");
    }

    [RealServerFact("mosquitto", MailServer.Library)]
    public async Task A_database_file_that_somebody_deletes_keeps_no_siren_silent()
    {
        await using var place = await OnCallNeighbourhood.StartAsync(People, Siren);
        await using var siren = await SirenUnderTest.StartAsync(place.Broker, "lane/siren-1");
        await place.UntilAsync(() => place.Count("select count(*) from device_birth") == 1, "the siren being known");

        foreach (var file in Directory.GetFiles(place.Service.Data, Database.FileName + "*"))
            File.Delete(file);
        await place.SmokeAsync(true);

        await place.UntilAsync(() => siren.Sounded.Count == 1, "the siren sounding");
        await place.UntilAsync(() => siren.Told.Any(told => told.Operation == "off"), "the siren being ended");
    }

    [FrozenFilesFact]
    public async Task While_the_disk_takes_no_write_a_fire_is_told_all_the_same_nothing_is_acknowledged_and_once_it_does_everything_that_waited_is_stored()
    {
        await using var place = await OnCallNeighbourhood.StartAsync(People);
        var service = place.Service;
        await using var pile = await PileAsync(place.Broker);
        for (var seq = 0; seq < 10; seq++)
            await SayAsync(pile, "data", seq);
        await place.UntilAsync(() => Stored(service) == 10, "the first readings being stored");

        using (FrozenFiles.Freeze(service.Data))
        {
            for (var seq = 10; seq < 30; seq++)
                await SayAsync(pile, "data", seq);
            await place.SmokeAsync(true);
            await place.UntilAsync(() => OfFire(place, "guard").Count > 0 && place.Contacts.Count > 0, "the guard and the contact being told of the fire");
            await service.Process.UntilAsync(async () => await service.StatusAsync("/readyz") == HttpStatusCode.ServiceUnavailable, "the service saying that it takes nothing");
            Assert.Equal(HttpStatusCode.OK, await service.StatusAsync("/"));
            Assert.Equal((10L, 0L), (Stored(service), Fires(place)));
        }

        await service.ReadyAsync();
        await place.UntilAsync(() => Stored(service) == 31 && Fires(place) == 1, "everything that waited being stored, the fire among it");
        Assert.False(service.Process.HasExited);
        // The chain goes on from here: who is next is called, and the contact that knows is not told again.
        await place.UntilAsync(() => OfFire(place, "manager").Count > 0, "the manager being told");
        Assert.Single(place.Contacts);
        Assert.Single(OfFire(place, "guard").Distinct());
        Assert.Equal(1, place.Count("select count(*) from outbox where state = 1 and alert in (select id from alert where rule = 'smoke')"));
        Assert.Equal(0, await service.Process.StopAsync());
        Assert.Equal(31, Stored(service));
    }

    /// <summary>The real thing beside the attribute: nothing brings such a file system back under whoever uses it.</summary>
    [BreakableDiskFact]
    [Trait("length", "long")]
    public async Task A_file_system_that_breaks_keeps_no_fire_from_anybody_and_after_a_check_and_a_start_everything_that_waited_is_stored()
    {
        BreakableDisk? disk = null;
        await using var place = await OnCallNeighbourhood.StartAsync(People, prepare: data => disk = BreakableDisk.TryMount(data));
        using var mounted = disk!;
        var service = place.Service;
        await using var pile = await PileAsync(place.Broker);
        for (var seq = 0; seq < 10; seq++)
            await SayAsync(pile, "data", seq);
        await place.UntilAsync(() => Stored(service) == 10, "the first readings being stored");

        mounted.Break();
        for (var seq = 10; seq < 30; seq++)
            await SayAsync(pile, "data", seq);
        await place.SmokeAsync(true);
        await place.UntilAsync(() => OfFire(place, "guard").Count > 0 && place.Contacts.Count > 0, "the guard and the contact being told of the fire");
        await service.Process.UntilAsync(async () => await service.StatusAsync("/readyz") == HttpStatusCode.ServiceUnavailable, "the service saying that it takes nothing");
        Assert.Equal(HttpStatusCode.OK, await service.StatusAsync("/"));
        Assert.False(service.Process.HasExited);

        await service.Process.KillAsync();
        mounted.Repair();
        service.Process.Start();
        await service.ReadyAsync();
        await place.UntilAsync(() => Stored(service) == 31 && Fires(place) == 1, "everything that waited being stored, the fire among it");
        await place.UntilAsync(() => OfFire(place, "manager").Count > 0, "the manager being told");
    }

    [FrozenFilesFact]
    public async Task While_the_disk_takes_no_write_the_siren_of_a_fire_sounds_and_ends_and_the_book_has_it_afterwards()
    {
        await using var place = await OnCallNeighbourhood.StartAsync(People, Siren);
        await using var siren = await SirenUnderTest.StartAsync(place.Broker, "lane/siren-1");
        await place.UntilAsync(() => place.Count("select count(*) from device_birth") == 1, "the siren being known");

        using (FrozenFiles.Freeze(place.Service.Data))
        {
            await place.SmokeAsync(true);
            await place.UntilAsync(() => siren.Sounded.Count == 1, "the siren sounding");
            // It is ended by command though nothing of it is in the book.
            await place.UntilAsync(() => siren.Told.Any(told => told.Operation == "off"), "the siren being ended");
            Assert.Equal((0L, 0L), (Fires(place), place.Count("select count(*) from command")));
        }

        await SirenIsBookedOnceAsync(place, siren);
    }

    [RealServerFact("mosquitto", MailServer.Library)]
    public async Task A_disk_that_hangs_keeps_no_siren_silent()
    {
        SlowDisk disk = null!;
        await using var place = await OnCallNeighbourhood.StartAsync(People, Siren, disk: folder => disk = new SlowDisk(folder));
        await using var siren = await SirenUnderTest.StartAsync(place.Broker, "lane/siren-1");
        await place.UntilAsync(() => place.Count("select count(*) from device_birth") == 1, "the siren being known");

        disk.SyncTakes(TimeSpan.FromSeconds(8));
        await place.SmokeAsync(true);
        await place.UntilAsync(() => siren.Sounded.Count == 1, "the siren sounding");
        Assert.Equal((0L, 0L), (Fires(place), place.Count("select count(*) from command")));
        disk.SyncTakes(TimeSpan.Zero);

        await SirenIsBookedOnceAsync(place, siren);
    }

    [FrozenFilesFact]
    public async Task Whoever_was_told_of_a_fire_before_a_kill_on_a_refusing_disk_comes_to_it_by_the_link_they_have()
    {
        await using var place = await OnCallNeighbourhood.StartAsync(People, "      - {id: shed-2, kind: shed, name: Second sensor, place: shed}");
        List<(string Key, string To, string Text, string? Link)> told = [];
        using (FrozenFiles.Freeze(place.Service.Data))
        {
            // One knows the time; the other is given that of its receipt, and will be given another when it is received again.
            await place.SmokeAsync(true);
            await place.SayAsync("fm/1/lane/shed-2/data", """{"v":1,"boot":"e2e","seq":0,"ts":1000,"clk":"none","r":[{"ch":"main","smoke":true}]}""");
            await place.UntilAsync(() => (told = [.. place.Posts.Where(post => post.To == "guard" && post.Text.Contains("smoke", StringComparison.OrdinalIgnoreCase))]).Count == 2, "the guard being told of both fires");
            Assert.All(await Task.WhenAll(told.Select(post => place.OpenAsync(post.Link!))), page => Assert.Contains("data-testid=\"unwritten\"", page, StringComparison.Ordinal));
            await place.Service.Process.KillAsync();
        }

        place.Service.Process.Start();
        await place.Service.ReadyAsync();
        await place.UntilAsync(() => Fires(place) == 2, "both fires being booked");
        var answered = 0;
        foreach (var (key, _, _, link) in told)
        {
            var page = await place.OpenAsync(link!);
            if (place.Count($"select count(*) from alert where id = '{key.Split('-')[0]}'") == 0)
            {
                answered++;
                // Every fire that is open stands there, each with a link of its own.
                var links = System.Text.RegularExpressions.Regex.Matches(page, "href=\"(/a/[^\"]+)\">P0 ").Select(match => OnCallNeighbourhood.PublicUrl + match.Groups[1].Value).ToList();
                Assert.Equal(2, links.Count);
                foreach (var other in links)
                    await place.PressAsync(other, "acknowledge");
            }
            else
            {
                await place.PressAsync(link!, "acknowledge");
            }
        }

        // What has a time of its own is the same alert; of the other the link led to it.
        Assert.Equal(1, answered);
        Assert.Equal(2, place.Count("select count(*) from response_event where body like '%\"what\":\"acknowledged\"%' and alert in (select id from alert where rule = 'smoke')"));
    }

    /// <summary>The book has the siren as it was, and it never sounds a second time.</summary>
    private static async Task SirenIsBookedOnceAsync(OnCallNeighbourhood place, SirenUnderTest siren)
    {
        await place.UntilAsync(() => Fires(place) == 1, "the fire being booked");
        await place.UntilAsync(() => place.Count("select count(*) from notice where person = 'siren-1' and state in (1, 2)") == 1, "the siren being booked as told");
        await place.UntilAsync(() => place.Count("select count(*) from command where operation = 7 and done_ms is not null") == 1, "the siren's answer being booked");
        await place.UntilAsync(() => place.Count("select count(*) from command where ends is not null and sent_ms is not null") == 1, "its end being booked");
        await place.UntilAsync(() => OfFire(place, "manager").Count > 0, "the chain going on");
        var (id, _, atMs) = siren.Told[0];
        Assert.Equal([id], siren.Sounded);
        // As it was, not when it was written: the siren had it by then.
        Assert.InRange(place.Count($"select sent_ms from command where id = '{id}'"), atMs - 5_000, atMs);
        Assert.Equal(1, place.Count("select count(*) from command where operation = 7"));
    }

    [RealServerFact("mosquitto", MailServer.Library)]
    public async Task A_disk_that_takes_seconds_a_commit_keeps_no_fire_from_anybody_fills_no_memory_and_loses_nothing_whatever_is_killed()
    {
        const long GrowthMaxBytes = 128 << 20;
        SlowDisk disk = null!;
        await using var place = await OnCallNeighbourhood.StartAsync(People, disk: folder => disk = new SlowDisk(folder));
        var service = place.Service;
        await using var pile = await PileAsync(place.Broker);
        var seq = 0;
        for (; seq < 10; seq++)
            await SayAsync(pile, "data", seq);
        await place.UntilAsync(() => Stored(service) == 10, "the first readings being stored");
        var before = service.Process.PeakBytes;

        // Longer than anybody would wait with a fire; the devices go on talking.
        disk.SyncTakes(TimeSpan.FromSeconds(8));
        for (; seq < 2_000; seq++)
            await SayAsync(pile, "data", seq);
        await place.SmokeAsync(true);
        await place.UntilAsync(() => OfFire(place, "guard").Count > 0, "the guard being told of the fire");
        Assert.Equal(0, Fires(place));
        Assert.True(Stored(service) < 2_000, "The readings were stored before the disk can have taken them: it is not slow.");

        // It works again by itself.
        disk.SyncTakes(TimeSpan.Zero);
        await place.UntilAsync(() => Stored(service) == 2_001 && Fires(place) == 1, "everything that waited being stored");
        Assert.False(service.Process.HasExited);
        Assert.InRange(service.Process.PeakBytes - before, 0, GrowthMaxBytes);

        // Slow again, and killed in the middle of it: what it had not put on disk it had not acknowledged, so the broker brings it again.
        disk.SyncTakes(TimeSpan.FromSeconds(30));
        for (; seq < 3_000; seq++)
            await SayAsync(pile, "data", seq);
        Assert.True(Stored(service) < 3_000, "The readings were stored before the disk can have taken them: it is not slow.");
        await service.Process.KillAsync();
        disk.SyncTakes(TimeSpan.Zero);
        service.Process.Start();
        await service.ReadyAsync();
        await place.UntilAsync(() => Stored(service) == 3_001, "everything being stored after the kill");
        Assert.Equal(3_001, place.Count("select sum(received) - sum(duplicates) - sum(dead_letters) from book"));
        Assert.Equal(1, Fires(place));
    }

    [RealServerFact("mosquitto", MailServer.Library)]
    public async Task On_a_disk_that_stays_slow_a_fire_is_booked_and_the_next_is_called_while_it_is_slow()
    {
        SlowDisk disk = null!;
        await using var place = await OnCallNeighbourhood.StartAsync(People, disk: folder => disk = new SlowDisk(folder));
        await using var pile = await PileAsync(place.Broker);
        disk.SyncTakes(TimeSpan.FromSeconds(2));

        using var enough = new CancellationTokenSource();
        var said = TalkAsync(pile, enough.Token);
        await place.SmokeAsync(true);
        await place.UntilAsync(() => OfFire(place, "guard").Count > 0, "the guard being told of the fire");
        // Readings never stop coming, so there is always something ahead of the disk: what came before the fire is on disk all the same, and the books go on.
        await place.UntilAsync(() => Fires(place) == 1, "the fire being booked while the disk is slow");
        await place.UntilAsync(() => OfFire(place, "manager").Count > 0, "the manager being told while the disk is slow");
        Assert.False(said.IsCompleted);
        await enough.CancelAsync();
        var readings = await said;

        disk.SyncTakes(TimeSpan.Zero);
        await place.UntilAsync(() => Stored(place.Service) == readings + 1, "every reading being stored once");
        Assert.Equal(1, Fires(place));
        Assert.Single(OfFire(place, "manager").Distinct());
    }

    /// <summary>What asks for no acknowledgement is held back by no window, and what cannot be read is kept as it came.</summary>
    [RealServerFact("mosquitto")]
    public async Task Whoever_floods_without_acknowledgement_while_the_disk_takes_nothing_fills_no_memory()
    {
        // Eight times what may wait; the broker throws away what a reader that is slow has no room for.
        const int LettersMax = 16_000;
        using var folder = new TemporaryFolder();
        await using var broker = await MosquittoBroker.StartAsync("allow_anonymous true\nmax_queued_messages 0\nmax_inflight_messages 0");
        await using var service = await PageUnderTest.StartAsync(
            folder.Path, further: new Dictionary<string, string> { ["FM_BROKER__PORT"] = broker.Port.ToString(CultureInfo.InvariantCulture) });
        var ingest = service.Services.GetRequiredService<IngestWorker>();
        await LiveUntilAsync(() => ingest.Broker.State == MqttConnectionState.Subscribed, "the broker");
        await using var flood = await PileAsync(broker);
        var letter = Encoding.UTF8.GetBytes("{" + new string('x', 32 * 1024));

        using (var other = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={Path.Combine(folder.Path, Database.FileName)};Pooling=False"))
        {
            other.Open();
            // The service may be writing just now.
            Database.Execute(other, "pragma busy_timeout = 30000");
            Database.Execute(other, "begin immediate");
            using var enough = new CancellationTokenSource();
            var said = FloodAsync(enough.Token);
            var most = 0L;
            await LiveUntilAsync(() => Look() >= IngestWorker.WaitingBytesMax, "as much waiting as may");
            // It goes on for a while, and nothing more is taken than the two batches that were at the door.
            var looks = 0;
            await LiveUntilAsync(() => Look() > 0 && ++looks > 50, "five seconds");

            Assert.InRange(most, IngestWorker.WaitingBytesMax, IngestWorker.WaitingBytesMax + (20 << 20));
            Assert.False(said.IsCompleted);
            Database.Execute(other, "rollback");
            await enough.CancelAsync();
            await said;

            long Look() => most = Math.Max(most, ingest.WaitingBytes);
        }

        await LiveUntilAsync(() => ingest is { WaitingBytes: 0, Books.InFlight: 0 }, "everything that was taken being on disk");
        Assert.Equal(ingest.Books.Received, ingest.Books.DeadLetteredTotal);

        // Five seconds of the service in one of the broker's.
        async Task LiveUntilAsync(Func<bool> holds, string what)
        {
            for (var look = 0; !holds(); look++)
            {
                Assert.True(look < 3_000, $"{what} did not come about");
                service.Time.Advance(TimeSpan.FromMilliseconds(100));
                await Task.Delay(20);
            }
        }

        async Task FloodAsync(CancellationToken enough)
        {
            for (var number = 0; number < LettersMax && !enough.IsCancellationRequested; number++)
            {
                await flood.PublishAsync("fm/1/huaihai/pile-02/data", letter, MqttQos.AtMostOnce, retain: false, cancellationToken: CancellationToken.None);
                if (number % 10 == 9)
                    await Task.Delay(10, CancellationToken.None);
            }
        }
    }

    /// <summary>A pile that says something ten times a second until it has said enough.</summary>
    /// <returns>How often it did.</returns>
    private static async Task<int> TalkAsync(MqttClient pile, CancellationToken enough)
    {
        var said = 0;
        for (; !enough.IsCancellationRequested; said++)
        {
            await SayAsync(pile, "data", said);
            await Task.Delay(TimeSpan.FromMilliseconds(100), enough).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return said;
    }

    [RealServerFact("mosquitto")]
    public async Task History_goes_on_after_a_slow_commit_though_nobody_says_anything_live_any_more()
    {
        using var folder = new TemporaryFolder();
        await using var broker = await MosquittoBroker.StartAsync();
        await using var service = await ServiceUnderTest.StartAsync(broker, folder.Path);
        await using var pile = await PileAsync(broker);

        // Somebody else holds the database for longer than history waits for live messages.
        using (var other = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={Path.Combine(service.Data, Database.FileName)};Pooling=False"))
        {
            other.Open();
            // The service may be writing just now.
            Database.Execute(other, "pragma busy_timeout = 30000");
            Database.Execute(other, "begin immediate");
            var began = TimeProvider.System.GetTimestamp();
            await SayAsync(pile, "data", 0);
            await service.Process.UntilAsync(() => Task.FromResult(TimeProvider.System.GetElapsedTime(began) > TimeSpan.FromSeconds(1.5)), "more than a second");
            Database.Execute(other, "rollback");
        }

        for (var seq = 1; seq <= 20; seq++)
            await SayAsync(pile, "hist", seq);
        await service.Process.UntilAsync(() => Task.FromResult(Stored(service) == 21), "history being stored");
    }

    [RealServerFact("mosquitto")]
    public async Task A_stop_takes_the_seconds_that_a_slow_disk_needs_and_is_an_ordinary_end()
    {
        using var folder = new TemporaryFolder();
        await using var broker = await MosquittoBroker.StartAsync();
        await using var service = await ServiceUnderTest.StartAsync(broker, folder.Path);
        await using var pile = await PileAsync(broker);
        await SayAsync(pile, "data", 0);
        await service.Process.UntilAsync(() => Task.FromResult(Stored(service) == 1), "the first reading being stored");

        Task<int> stop;
        using (var other = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={Path.Combine(service.Data, Database.FileName)};Pooling=False"))
        {
            other.Open();
            // The service may be writing just now.
            Database.Execute(other, "pragma busy_timeout = 30000");
            Database.Execute(other, "begin immediate");
            var began = TimeProvider.System.GetTimestamp();
            stop = service.Process.StopAsync();
            // Longer than the two seconds after which command lines are cut off that were told to end.
            await service.Process.UntilAsync(() => Task.FromResult(TimeProvider.System.GetElapsedTime(began) > TimeSpan.FromSeconds(3)), "three seconds");
            Assert.False(stop.IsCompleted);
            Database.Execute(other, "rollback");
        }

        Assert.Equal(0, await stop);
        Assert.Equal(1, Stored(service));
    }

    private static long Fires(OnCallNeighbourhood place) => place.Count("select count(*) from alert where rule = 'smoke'");

    /// <summary>Keys of what somebody was told of the fire; they hear of the disk, too.</summary>
    private static List<string> OfFire(OnCallNeighbourhood place, string person) =>
        [.. place.Posts.Where(post => post.To == person && post.Text.Contains("smoke", StringComparison.OrdinalIgnoreCase)).Select(post => post.Key)];

    private static async Task<MqttClient> PileAsync(MosquittoBroker broker)
    {
        var pile = new MqttClient(new MqttClientOptions { Host = broker.Host, Port = broker.Port, ClientId = "pile-02" }, TimeProvider.System);
        await pile.StartAsync();
        return pile;
    }

    private static long Stored(ServiceUnderTest service)
    {
        using var connection = Database.OpenReader(service.Data);
        using var command = Database.Command(connection, "select sum(stored) from book");
        return command.ExecuteScalar() is long count ? count : 0;
    }

    private static async Task SayAsync(MqttClient pile, string kind, int seq)
    {
        var at = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() + seq;
        var body = string.Create(CultureInfo.InvariantCulture, $$"""{"v":1,"boot":"slow","seq":{{seq}},"ts":{{at}},"clk":"ntp","r":[{"ch":"s7","w":150,"st":"charging"}]}""");
        await pile.PublishAsync($"fm/1/huaihai/pile-02/{kind}", Encoding.UTF8.GetBytes(body), MqttQos.AtLeastOnce, retain: false);
    }
}
