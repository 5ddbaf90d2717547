using System.Globalization;
using System.Text;
using System.Text.Json;
using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FirmwareSim;
using FirmwareSim.Protocol;
using FirmwareSim.Writing;

namespace FacilityMonitor.Tests.FirmwareSim;

/// <summary>Faults on the way to the broker: their messages are the truth of it.</summary>
public sealed class ScenarioMessageTests
{
    [Fact]
    public void The_door_of_a_shed_opens_in_the_evening_more_than_by_night_and_falls_shut()
    {
        int Openings(string start)
        {
            var recording = Recording.Of(Scenes.Parse($$"""
                name: door
                start: 2026-11-20T{{start}}:00:00+08:00
                duration: 3h
                step: 5s
                sites: [{ id: a, devices: [{ id: shed, kind: shed, period: 5s }] }]
                """));
            var door = recording.Channels["a/shed/main"].Select(sample => sample["door"]).ToList();
            Assert.Contains(0, door);
            return door.Zip(door.Skip(1)).Count(pair => pair is (0, 1));
        }

        Assert.InRange(Openings("18"), 15, 60);
        Assert.InRange(Openings("01"), 0, 8);
    }

    [Fact]
    public void Behind_a_rebooting_gateway_everything_goes_and_comes_together()
    {
        var recording = Recording.Of("gateway-reboot");
        string[] behind = ["pile-r1", "pile-r2", "noise-1"];
        foreach (var device in behind)
        {
            var statuses = recording.Of($"panyu-road/{device}", "status").Select(message => message.Status).ToList();
            Assert.Equal(["online", "offline", "online"], statuses);
            Assert.Single(recording.Messages.Where(message => message.Device == $"panyu-road/{device}" && message.Boot is not null).Select(message => message.Boot).Distinct());
        }

        // The gateway itself begins a new boot; the meter has a way of its own.
        Assert.Equal(2, recording.Of("panyu-road/gateway-1", "data").Select(message => message.Boot).Distinct().Count());
        Assert.DoesNotContain(recording.Of("panyu-road/meter-row", "status"), message => message.Status == "offline");
        var back = behind.Select(device => recording.Of($"panyu-road/{device}", "birth")[^1].AtMs).ToList();
        Assert.InRange(back.Max() - back.Min(), 0, 2_000);
    }

    [Fact]
    public void After_an_hour_without_its_network_a_site_tells_everything_it_missed_as_history()
    {
        var recording = Recording.Of("site-network-loss");
        var start = recording.Scenario.StartMs;
        Assert.DoesNotContain(recording.Messages, message => message.Kind is "data" && message.AtMs > start + (11 * 60_000) && message.AtMs < start + (69 * 60_000));
        foreach (var device in recording.Messages.Select(message => message.Device).Distinct())
        {
            var numbers = recording.Messages.Where(message => message.Device == device && message.Seq >= 0).Select(message => message.Seq).ToList();
            Assert.Equal(Enumerable.Range(0, numbers.Count).Select(number => (long)number), numbers.Order());
            Assert.True(recording.Of(device, "hist").Count > 50, device);
        }
    }

    [Fact]
    public void A_clock_that_jumps_is_off_by_what_it_jumped_and_right_again_afterwards()
    {
        var recording = Recording.Of("clock-jump");
        long Off(string device, double minute) => recording.Of(device, "data")
            .Where(message => message.AtMs > recording.Scenario.StartMs + (minute * 60_000)).Select(message => (message.TsMs - message.AtMs) / 1_000).First();
        Assert.InRange(Off("panyu-road/pile-r1", 2), -1, 0);
        Assert.InRange(Off("panyu-road/pile-r1", 6), 7_199, 7_200);
        Assert.InRange(Off("panyu-road/pile-r1", 12), -1, 0);
        Assert.InRange(Off("panyu-road/pile-r2", 16), -31_500_001, -31_500_000);
        // Neither silence while it is back in time nor a burst when it is right again.
        foreach (var device in new[] { "panyu-road/pile-r1", "panyu-road/pile-r2" })
        {
            var gaps = recording.Of(device, "data").Select(message => message.AtMs).Order().ToList();
            Assert.True(gaps.Zip(gaps.Skip(1), (one, next) => next - one).Max() < 25_000, device);
        }
    }

    [Fact]
    public void Three_messages_in_ten_come_twice_and_others_overtake_one_another()
    {
        var recording = Recording.Of("duplicates-and-disorder");
        var twice = recording.Of("panyu-road/pile-r1", "data");
        var doubled = twice.Count - twice.Select(message => message.Seq).Distinct().Count();
        Assert.InRange(doubled, 20, 55);
        var order = recording.Of("panyu-road/pile-r2", "data").Select(message => message.Seq).ToList();
        Assert.InRange(order.Zip(order.Skip(1), (one, next) => next < one ? 1 : 0).Sum(), 10, 80);
        Assert.Equal(order.Count, order.Distinct().Count());
    }

    [Fact]
    public void A_flooding_pile_sends_twenty_messages_a_second_for_five_minutes()
    {
        var recording = Recording.Of("message-flood");
        var start = recording.Scenario.StartMs;
        var during = recording.Of("panyu-road/pile-r1", "data").Count(message => message.AtMs > start + 120_000 && message.AtMs <= start + 420_000);
        Assert.InRange(during, 5_900, 6_100);
        Assert.InRange(recording.Of("panyu-road/pile-r2", "data").Count, 50, 65);
    }

    [Fact]
    public void Spoilt_messages_are_refused_by_the_decoder_and_the_others_are_not()
    {
        var scenario = Scenes.Shipped("malformed-firmware");
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        using (var file = new MessageFile(new World(scenario, 1, scenario.StartMs), scenario, 1, text))
            file.Write(scenario.DurationS);
        var decoder = new MessageDecoder(new DeviceTable());
        var message = new DeviceMessage();
        var (spoilt, refused, wrong) = (0, 0, 0);
        foreach (var line in text.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            using var document = JsonDocument.Parse(line);
            var root = document.RootElement;
            var isSpoilt = root.TryGetProperty("base64", out var base64);
            var payload = isSpoilt ? base64.GetBytesFromBase64() : Encoding.UTF8.GetBytes(root.GetProperty("payload").GetRawText());
            var result = decoder.Decode(
                Encoding.UTF8.GetBytes(root.GetProperty("topic").GetString()!), payload, retained: false, root.GetProperty("at").GetDateTimeOffset().ToUnixTimeMilliseconds(), message).Result;
            spoilt += isSpoilt ? 1 : 0;
            refused += isSpoilt && result == DecodeResult.Rejected ? 1 : 0;
            wrong += !isSpoilt && result == DecodeResult.Rejected ? 1 : 0;
        }

        Assert.InRange(spoilt, 20, 60);
        Assert.Equal(0, wrong);
        // An idle pile has no number to spoil: such a copy is a good message.
        Assert.True(refused > 0.8 * spoilt, $"{refused} of {spoilt}");
    }

    [Fact]
    public void Every_kind_of_spoilt_message_is_another_one()
    {
        var good = Encoding.UTF8.GetBytes("""{"v":1,"boot":"b","seq":1,"ts":1767225600000,"r":[{"ch":"s1","w":132.5}]}""");
        var copies = Enumerable.Range(0, Spoilt.Kinds).Select(kind => Convert.ToBase64String(Spoilt.Copy(good, kind))).ToList();
        Assert.Equal(Spoilt.Kinds, copies.Distinct().Count());
        Assert.DoesNotContain(Convert.ToBase64String(good), copies);
    }

    [Fact]
    public void A_thousand_piles_come_back_within_two_minutes_and_not_all_at_once()
    {
        var recording = Recording.Of("reconnect-storm");
        var lostUntil = recording.Scenario.StartMs + 120_000;
        var births = recording.Messages.Where(message => message.Kind == "birth" && message.AtMs > lostUntil - 1_000).Select(message => (message.AtMs - lostUntil) / 1_000.0).ToList();
        Assert.Equal(1_000, births.Count);
        Assert.InRange(births.Max(), 100, 123);
        for (var tenth = 0; tenth < 10; tenth++)
            Assert.InRange(births.Count(second => second >= tenth * 12 && second < (tenth + 1) * 12), 60, 145);
        Assert.Equal(1_000, recording.Messages.Count(message => message.Status == "offline"));
    }

    [Fact]
    public void A_new_meter_begins_low_in_a_new_epoch_and_one_that_forgets_does_not_say_so()
    {
        var recording = Recording.Of("meter-replacement");
        foreach (var phase in new[] { "l1", "l2", "l3" })
        {
            var exchanged = recording.Channels[$"huaihai/meter-shed/{phase}"];
            Assert.Equal([1.0, 2.0], exchanged.Select(sample => sample["ce"]).Distinct());
            Assert.InRange(exchanged.First(sample => sample["ce"] == 2)["wh"], 0, 20);
            Assert.True(exchanged.Last(sample => sample["ce"] == 1)["wh"] > 5_000);
        }

        var forgets = recording.Channels["huaihai/meter-cab/main"];
        Assert.Single(forgets.Select(sample => sample["ce"]).Distinct());
        Assert.Single(forgets.Zip(forgets.Skip(1), (one, next) => next["wh"] < one["wh"] - 1_000), fell => fell);
    }

    [Fact]
    public void A_drifting_meter_shows_four_percent_more_than_its_sockets_two_days_later()
    {
        var recording = Recording.Of("slow-drift");
        double Excess(double fromHour, double toHour)
        {
            double Sum(string device) => recording.Channels.Where(channel => channel.Key.StartsWith(device, StringComparison.Ordinal)).Sum(channel => channel.Value
                .Where(sample => (sample.AtMs - recording.Scenario.StartMs) / 3_600_000.0 is var hour && hour >= fromHour && hour < toHour).Sum(sample => sample["w"]));
            return Sum("huaihai/meter-shed/") / (Sum("huaihai/pile-01/") + Sum("huaihai/pile-02/") + Sum("huaihai/pile-03/"));
        }

        // The first day against the third: the same standing losses, and twice two percent more.
        Assert.InRange(Excess(48, 72) / Excess(0, 24), 1.028, 1.052);
    }

    [Fact]
    public void A_window_wire_leaves_no_trace_but_the_bike_that_went_up_in_the_lift()
    {
        var recording = Recording.Of("fly-wire-window");
        Assert.DoesNotContain(recording.Truths, truth => !truth.May && truth.Rule is not "observed");
        Assert.Contains(recording.Truths, truth => truth.Rule == "none" && truth.Asset == "jiugeng");
        Assert.Contains(recording.Of("jiugeng/blocker-1", "event"), message => message.Events.Any(fact => fact.EndsWith("e-bike-in-lift", StringComparison.Ordinal)));
    }
}
