using System.Text;
using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FirmwareSim.Devices;
using FirmwareSim.Scripting;

namespace FacilityMonitor.Tests.FirmwareSim;

/// <summary>Two fm/1 piles that live through the same evening: one does what the contract says, the other what real boards do.</summary>
public sealed class QuirkTests
{
    private const string All = "[idle-unreported, whole-watts, counter-per-order, repeated-settlements, misspelt]";
    private static readonly Lazy<Recording> Evening = new(() => Recording.Of(Scenes.Parse(Yard(All))));

    [Fact]
    public void Without_quirks_every_socket_is_told_in_every_message_with_a_counter_that_only_rises()
    {
        foreach (var number in Enumerable.Range(1, 4))
        {
            var samples = Evening.Value.Channels[$"a/clean/s{number}"];
            Assert.Equal(Evening.Value.Of("a/clean", "data").Count, samples.Count);
            Assert.All(samples.Zip(samples.Skip(1)), pair => Assert.True(pair.Second["wh"] >= pair.First["wh"]));
            Assert.All(samples, sample => Assert.False(double.IsNaN(sample["tc"])));
        }

        Assert.Contains(Evening.Value.Channels["a/clean/s2"], sample => sample["w"] != Math.Round(sample["w"]));
        Assert.Equal(2, Facts("clean", "s2 session-stop"));
    }

    [Fact]
    public void Idle_sockets_are_not_told_and_the_board_says_that_it_is_there()
    {
        Assert.DoesNotContain("a/odd/s3", Evening.Value.Channels.Keys);
        var data = Evening.Value.Of("a/odd", "data").Count;
        Assert.InRange(Evening.Value.Channels["a/odd/s2"].Count, 100, data / 2);
        Assert.Equal(data, Evening.Value.Channels["a/odd/main"].Count);
    }

    [Fact]
    public void Whole_watts_and_hundredths_of_a_kilowatt_hour_are_all_it_shows()
    {
        var samples = Evening.Value.Channels["a/odd/s2"];
        Assert.All(samples, sample => Assert.Equal(Math.Round(sample["w"]), sample["w"]));
        Assert.All(samples, sample => Assert.Equal(0, sample["wh"] % 10));
        Assert.Contains(samples, sample => sample["w"] > 100);
    }

    [Fact]
    public void The_counter_begins_anew_with_every_order_and_its_epoch_stays()
    {
        var samples = Evening.Value.Channels["a/odd/s2"];
        var falls = samples.Zip(samples.Skip(1)).Where(pair => pair.Second["wh"] < pair.First["wh"]).ToList();
        var fall = Assert.Single(falls);
        Assert.True(fall.First["wh"] > 100);
        Assert.Equal(0, fall.Second["wh"]);
        Assert.Single(samples.Select(sample => sample["ce"]).Distinct());
    }

    [Fact]
    public void A_settlement_is_told_three_to_eight_times_as_numbered_messages()
    {
        // Two orders ended in it.
        Assert.InRange(Facts("odd", "s2 session-stop"), 6, 16);
        Assert.Equal(2, Facts("odd", "s2 session-start"));
        var numbers = Evening.Value.Messages.Where(message => message.Device == "a/odd" && message.Seq >= 0).Select(message => message.Seq).ToList();
        Assert.Equal(Enumerable.Range(0, numbers.Count).Select(number => (long)number), numbers.Order());
    }

    [Fact]
    public void Misspelt_fields_are_no_fields_and_nothing_is_refused_for_them()
    {
        Assert.All(Evening.Value.Channels["a/odd/s2"], sample => Assert.True(double.IsNaN(sample["tc"]) && !double.IsNaN(sample["tmep"])));

        var decoder = new MessageDecoder(new DeviceTable());
        var message = new DeviceMessage();
        var unknown = 0L;
        foreach (var (topic, payload, atMs) in Evening.Value.Lines)
        {
            var outcome = decoder.Decode(Encoding.UTF8.GetBytes(topic), Encoding.UTF8.GetBytes(payload), false, atMs, message);
            Assert.NotEqual(DecodeResult.Rejected, outcome.Result);
            unknown += topic.Contains("/odd/data", StringComparison.Ordinal) ? message.UnknownFields : 0;
        }

        Assert.True(unknown > 100);
    }

    [Theory]
    [InlineData("fm1", null, Quirks.None)]
    [InlineData("juy", null, Quirks.Board)]
    [InlineData("juy", "[whole-watts]", Quirks.WholeWatts)]
    [InlineData("fm1", "[]", Quirks.None)]
    [InlineData("fm1", "[misspelt, idle-unreported]", Quirks.Misspelt | Quirks.IdleUnreported)]
    public void A_board_has_its_habits_unless_told_otherwise_and_a_pile_of_ours_has_none(string dialect, string? listed, object quirks) =>
        Assert.Equal((Quirks)quirks, Scenes.Parse(Device(dialect, listed)).Sites[0].Devices[0].Quirks);

    [Theory]
    [InlineData("fm1", "[whole-wats]", "use some of idle-unreported, whole-watts")]
    [InlineData("fm1", "whole-watts", "use a list")]
    [InlineData("tasmota", "[misspelt]", "fm1 or juy")]
    [InlineData("juy", "[misspelt]", "add whole-watts")]
    public void Wrong_quirks_are_refused_with_what_would_be_right(string dialect, string listed, string fix)
    {
        var result = ScenarioReader.Read("x.yaml", new StringReader(Device(dialect, listed)));
        Assert.Contains(fix, Assert.Single(result.Errors, error => error.Key == "sites[0].devices[0].quirks").Fix, StringComparison.Ordinal);
    }

    private static int Facts(string device, string fact) => Evening.Value.Messages.Sum(message => message.Events.Count(told => told == $"a/{device}/{fact}"));

    private static string Device(string dialect, string? listed) => $$"""
        name: x
        start: 2026-11-20T18:00:00+08:00
        sites: [{ id: a, devices: [{ id: p, kind: pile, dialect: {{dialect}}{{(listed is null ? "" : $", quirks: {listed}")}} }] }]
        """;

    private static string Yard(string quirks) => $$"""
        name: yard
        start: 2026-11-20T18:00:00+08:00
        duration: 3h
        step: 5s
        sites:
          - id: a
            circuits: [{ id: c, rated: 40, phase: 1 }]
            devices:
              - { id: clean, kind: pile, circuit: c, sockets: 4 }
              - { id: odd, kind: pile, circuit: c, sockets: 4, quirks: {{quirks}} }
        script:
          - { at: 1m, for: 50m, do: plug, on: a/clean/s2, pack: 60V20Ah }
          - { at: 1m, for: 50m, do: plug, on: a/odd/s2, pack: 60V20Ah }
          - { at: 100m, for: 20m, do: plug, on: a/clean/s2, pack: 60V20Ah }
          - { at: 100m, for: 20m, do: plug, on: a/odd/s2, pack: 60V20Ah }
        """;
}
