using System.Globalization;
using System.IO.Pipes;
using System.Text;
using FacilityMonitor.Commands;
using FacilityMonitor.Configuration;
using FacilityMonitor.Scoring;
using FacilityMonitor.Tests.FirmwareSim;
using FirmwareSim;
using FirmwareSim.Writing;

namespace FacilityMonitor.Tests.Scenarios;

/// <summary>The scenario <c>leads-past-piles</c> from the simulator through <c>replay</c> to <c>score</c>: 54 leads are few enough to look at one by one, and enough to tell a better detector from a luckier one.</summary>
public sealed class LeadsPastPilesTests
{
    private const int Leads = 54;

    [Fact]
    public void There_are_54_leads_every_pack_once_on_every_feeder_and_none_while_another_hangs_there()
    {
        var scenario = Scenes.Shipped("leads-past-piles");
        var leads = scenario.Script.Select(entry => (entry.AtS, ToS: entry.AtS + entry.ForS, Wire: Assert.IsType<global::FirmwareSim.Scripting.ScriptAction.FlyWire>(entry.Action))).ToList();

        Assert.Equal(Leads, leads.Select(lead => (lead.Wire.Site, lead.Wire.Circuit, lead.Wire.Pack)).Distinct().Count());
        Assert.Equal(Leads, leads.Count);
        Assert.All(leads.GroupBy(lead => (lead.Wire.Site, lead.Wire.Circuit)), circuit =>
            Assert.All(circuit.OrderBy(lead => lead.AtS).Zip(circuit.OrderBy(lead => lead.AtS).Skip(1)), pair => Assert.True(pair.First.ToS + 86_400 <= pair.Second.AtS)));
        Assert.True(leads.Max(lead => lead.ToS) <= scenario.DurationS);
    }

    /// <summary>42 are found and none is false; a later change of the rules may lose two by luck, and not more.</summary>
    [Fact]
    [Trait("length", "long")]
    public async Task Most_of_54_leads_past_the_piles_are_found_and_it_rings_for_nothing_less_than_once_in_four_weeks()
    {
        var scenario = Scenes.Shipped("leads-past-piles");
        using var truth = new StringWriter(CultureInfo.InvariantCulture);
        using var told = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        // A gigabyte of messages: one writes while the other reads.
        await using var messages = new AnonymousPipeServerStream(PipeDirection.Out);
        using var incoming = new AnonymousPipeClientStream(PipeDirection.In, messages.ClientSafePipeHandle);
        var writing = Task.Run(() =>
        {
            using var writer = new StreamWriter(messages, new UTF8Encoding(false), 1 << 16);
            using var file = new MessageFile(new World(scenario, 1, scenario.StartMs), scenario, 1, writer);
            file.Write(scenario.DurationS);
            file.WriteTruth(truth);
        });
        using (var reader = new StreamReader(incoming, Encoding.UTF8))
            Assert.Equal(0, ReplayCommand.Run(FacilityLoader.Load(Path.Combine(AppContext.BaseDirectory, "demo"), RunCommand.Rules).Facility!, reader, null, told, TextWriter.Null));
        await writing;

        var card = Scorecard.Of(ScoreInput.Truths(new StringReader(truth.ToString())), ScoreInput.Rings(new StringReader(told.ToString())), 10 * 60_000);

        var score = card.Rules.Single(rule => rule.Rule == "unmetered-load");
        Assert.Equal(Leads, score.Truths);
        Assert.True(score.Found >= 40, $"{score.Found} of {score.Truths} found; missed: {string.Join("; ", card.Missed)}");
        Assert.True(card.FalsePerSiteWeek(score) <= 0.1, $"{score.False} false: {string.Join("; ", card.Wrong)}");
    }
}
