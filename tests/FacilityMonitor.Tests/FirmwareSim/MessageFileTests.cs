using System.Globalization;
using System.Text;
using System.Text.Json;
using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FirmwareSim;
using FirmwareSim.Writing;

namespace FacilityMonitor.Tests.FirmwareSim;

public sealed class MessageFileTests
{
    private static readonly Lazy<(string Messages, string Truth)> Demo = new(() => Write("demo", seed: 1, durationS: 900));

    [Fact]
    public void The_same_seed_writes_the_same_bytes()
    {
        var again = Write("demo", seed: 1, durationS: 300);
        var once = Write("demo", seed: 1, durationS: 300);
        Assert.Equal(once, again);
        Assert.NotEqual(once.Messages, Write("demo", seed: 2, durationS: 300).Messages);
    }

    [Theory]
    [InlineData("demo", 900)]
    [InlineData("quiet-night", 1_200)]
    [InlineData("evening-peak", 1_200)]
    [InlineData("load", 5)]
    public void Everything_the_simulator_writes_decodes_without_a_rejection(string scenario, double durationS)
    {
        var decoder = new MessageDecoder(new DeviceTable());
        var message = new DeviceMessage();
        var lines = 0;
        foreach (var line in Lines(Write(scenario, seed: 3, durationS).Messages))
        {
            var payload = Encoding.UTF8.GetBytes(line.Payload.GetRawText());
            var outcome = decoder.Decode(Encoding.UTF8.GetBytes(line.Topic), payload, line.Retain, line.At.ToUnixTimeMilliseconds(), message);
            Assert.True(outcome.Result == DecodeResult.Decoded, $"{line.Topic}: {outcome.Reason} {outcome.Detail}");
            Assert.True(message.UnknownFields == 0, $"{line.Topic} {line.Payload}");
            if (line.Payload.TryGetProperty("r", out var elements))
                Assert.Equal(elements.EnumerateArray().Count(element => element.TryGetProperty("ev", out _)), message.Events.Count);
            foreach (var reading in message.Readings.Readings)
                Assert.True(reading.Quality == Quality.Good, $"{line.Topic} {reading.Channel}: {reading.Quality} {line.Payload}");
            lines++;
        }

        Assert.True(lines > 100);
    }

    [Fact]
    public void Lines_are_in_the_order_of_receipt_and_births_and_statuses_are_retained()
    {
        var before = DateTimeOffset.MinValue;
        foreach (var line in Lines(Demo.Value.Messages))
        {
            Assert.True(line.At >= before);
            before = line.At;
            Assert.Equal(line.Kind is "birth" or "status", line.Retain);
        }
    }

    [Fact]
    public void Every_boot_counts_from_zero_without_a_gap_over_data_hist_and_events()
    {
        var numbers = Lines(Demo.Value.Messages).Where(line => line.IsCounted)
            .GroupBy(line => (line.Device, Boot: line.Payload.GetProperty("boot").GetString()));
        foreach (var boot in numbers)
        {
            var order = boot.Select(line => line.Payload.GetProperty("seq").GetInt64()).Order().ToArray();
            Assert.Equal(Enumerable.Range(0, order.Length).Select(number => (long)number), order);
        }
    }

    [Fact]
    public void A_device_that_lost_its_network_is_reported_gone_and_brings_its_backlog_as_hist()
    {
        var lines = Lines(Demo.Value.Messages).Where(line => line.Device == "panyu-road/pile-r2").ToArray();
        var will = Assert.Single(lines, line => line.Kind == "status" && line.Payload.GetProperty("s").GetString() == "offline");
        Assert.False(will.Payload.TryGetProperty("ts", out _));
        Assert.Equal(1, will.Payload.GetProperty("bd").GetInt64());

        var births = lines.Where(line => line.Kind == "birth").ToArray();
        Assert.Equal([1L, 2L], births.Select(birth => birth.Payload.GetProperty("bd").GetInt64()));
        var hist = lines.Where(line => line.Kind == "hist").ToArray();
        Assert.InRange(hist.Length, 15, 40);
        Assert.All(hist, line => Assert.True(line.At >= births[1].At));
        // Three minutes of them, measured while nobody could hear it.
        Assert.All(hist, line => Assert.True(line.Payload.GetProperty("ts").GetInt64() < births[1].At.ToUnixTimeMilliseconds()));
    }

    [Fact]
    public void A_restart_begins_a_new_boot_and_keeps_the_old_one_s_messages()
    {
        var boots = Lines(Demo.Value.Messages).Where(line => line.Device == "jiugeng/pile-g3" && line.Kind == "birth")
            .Select(line => line.Payload.GetProperty("boot").GetString()).ToArray();
        Assert.Equal(2, boots.Length);
        Assert.NotEqual(boots[0], boots[1]);
    }

    [Fact]
    public void Every_session_that_ends_had_begun_and_says_why_and_how_much()
    {
        var open = new Dictionary<string, string>();
        var full = 0;
        foreach (var (line, fact) in Facts(Lines(Demo.Value.Messages)))
        {
            var at = $"{line.Device}/{fact.GetProperty("ch").GetString()}";
            switch (fact.GetProperty("ev").GetString())
            {
                case "session-start":
                    Assert.StartsWith("h:", fact.GetProperty("user").GetString(), StringComparison.Ordinal);
                    // The one before has ended, or began before we looked.
                    Assert.False(open.ContainsKey(at), at);
                    open[at] = fact.GetProperty("session").GetString()!;
                    break;
                case "session-stop":
                    if (open.Remove(at, out var session))
                        Assert.Equal(session, fact.GetProperty("session").GetString());
                    Assert.True(fact.GetProperty("wh").GetDouble() >= 0);
                    full += fact.GetProperty("reason").GetString() == "full" ? 1 : 0;
                    break;
            }
        }

        Assert.True(full > 20, "an hour of life a minute fills many");
    }

    [Fact]
    public void In_two_minutes_of_the_demo_sockets_go_from_idle_to_charging_and_from_charging_to_full()
    {
        var turns = new HashSet<(string?, string?)>();
        var states = new Dictionary<string, string?>();
        foreach (var line in Lines(Write("demo", seed: 1, durationS: 120).Messages).Where(line => line.Kind == "data"))
        {
            foreach (var reading in line.Payload.GetProperty("r").EnumerateArray())
            {
                if (!reading.TryGetProperty("st", out var state))
                    continue;
                var at = $"{line.Device}/{reading.GetProperty("ch").GetString()}";
                turns.Add((states.GetValueOrDefault(at), state.GetString()));
                states[at] = state.GetString();
            }
        }

        Assert.Contains(("idle", "charging"), turns);
        Assert.Contains(("charging", "full"), turns);
    }

    [Fact]
    public void The_demo_overloads_one_socket_and_one_circuit_and_both_recover()
    {
        var socket = Values("huaihai/pile-02", "s7", "w");
        Assert.Contains(socket, value => value.Value > 1_000);
        Assert.True(socket[^1].Value < 1_000);
        var over = socket.Where(value => value.Value > 1_000).ToArray();
        Assert.InRange((over[^1].At - over[0].At).TotalSeconds, 120, 240);

        // Rated 25 A: above 1.13 times that a breaker must trip some time; above 1.45 within the hour.
        var circuit = Values("jiugeng/meter-g2", "main", "a");
        Assert.InRange(circuit.Max(value => value.Value), 1.13 * 25, 1.45 * 25);
        Assert.True(circuit.Count(value => value.Value > 1.13 * 25) >= 6);
        Assert.True(circuit[^1].Value < 25);
    }

    [Fact]
    public void The_truth_names_rule_asset_and_time_of_what_was_scripted()
    {
        var truth = Demo.Value.Truth.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement).ToArray();
        var here = truth.Where(line => line.GetProperty("asset").GetString() == "huaihai/shed-1/pile-02/s7").ToList();
        var overload = Assert.Single(here, line => !line.TryGetProperty("may", out _));
        // The other thing to say of two chargers is how much they take, which nobody has to find within four minutes.
        Assert.Equal("implausible-energy", Assert.Single(here, line => line.TryGetProperty("may", out _)).GetProperty("rule").GetString());
        Assert.Equal("socket-overload", overload.GetProperty("rule").GetString());
        Assert.Equal(["from", "to", "rule", "asset", "label"], overload.EnumerateObject().Select(property => property.Name));
        Assert.Contains(truth, line => line.GetProperty("asset").GetString() == "jiugeng/c-ground-2");
        Assert.Contains(truth, line => line.GetProperty("rule").GetString() == "offline");
    }

    [Fact]
    public void A_day_has_its_peak_in_the_evening_and_more_than_half_of_the_bikes_charge()
    {
        var world = new World(Scenes.Shipped("quiet-night"), seed: 5, Scenes.StartMs, speed: 60);
        var people = world.Sites.SelectMany(site => site.People).ToArray();
        var byHour = new double[24];
        var before = people.Sum(place => place.Arrived);
        for (var minute = 0; minute < 24 * 60; minute++)
        {
            var hour = (int)world.Now.Hour;
            world.Step();
            var arrived = people.Sum(place => place.Arrived);
            byHour[hour] += arrived - before;
            before = arrived;
        }

        var evening = byHour[18] + byHour[19] + byHour[20];
        Assert.InRange(evening / byHour.Sum(), 0.3, 0.55);
        Assert.InRange(byHour.Sum() / people.Sum(place => place.Residents.Count), 0.4, 0.75);
    }

    private static (string Messages, string Truth) Write(string scenario, ulong seed, double durationS)
    {
        var loaded = Scenes.Shipped(scenario);
        using var messages = new StringWriter(CultureInfo.InvariantCulture);
        using var truth = new StringWriter(CultureInfo.InvariantCulture);
        using var file = new MessageFile(new World(loaded, seed, loaded.StartMs), loaded, seed, messages);
        file.Write(durationS);
        file.WriteTruth(truth);
        return (messages.ToString(), truth.ToString());
    }

    private static (DateTimeOffset At, double Value)[] Values(string device, string channel, string metric) =>
    [
        .. from line in Lines(Demo.Value.Messages)
           where line.Device == device && line.Kind is "data"
           from reading in line.Payload.GetProperty("r").EnumerateArray()
           where reading.GetProperty("ch").GetString() == channel
           select (line.At, reading.GetProperty(metric).GetDouble()),
    ];

    private static IEnumerable<(Line Line, JsonElement Fact)> Facts(IEnumerable<Line> lines) =>
        from line in lines
        where line.IsCounted
        from fact in line.Payload.GetProperty("r").EnumerateArray()
        where fact.TryGetProperty("ev", out _)
        select (line, fact);

    private static IEnumerable<Line> Lines(string text)
    {
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var root = JsonDocument.Parse(line).RootElement;
            yield return new Line(
                root.GetProperty("at").GetDateTimeOffset(),
                root.GetProperty("topic").GetString()!,
                root.GetProperty("payload"),
                root.TryGetProperty("retain", out var retain) && retain.GetBoolean());
        }
    }

    private sealed record Line(DateTimeOffset At, string Topic, JsonElement Payload, bool Retain)
    {
        public string Kind => Topic.Split('/')[4];

        public string Device => string.Join('/', Topic.Split('/')[2..4]);

        public bool IsCounted => Kind is "data" or "hist" or "event";
    }
}
