using FacilityMonitor.Tests.FirmwareSim;
using FirmwareSim.Scripting;

namespace FacilityMonitor.Tests.Scenarios;

/// <summary>The scenario <c>leads-past-piles</c>: 54 leads are few enough to look at one by one, and enough to tell a better detector from a luckier one.</summary>
public sealed class LeadsPastPilesTests
{
    private const int Leads = 54;

    [Fact]
    public void There_are_54_leads_every_pack_once_on_every_feeder_and_none_while_another_hangs_there()
    {
        var scenario = Scenes.Shipped("leads-past-piles");
        var leads = scenario.Script.Select(entry => (entry.AtS, ToS: entry.AtS + entry.ForS, Wire: Assert.IsType<ScriptAction.FlyWire>(entry.Action))).ToList();

        Assert.Equal(Leads, leads.Select(lead => (lead.Wire.Site, lead.Wire.Circuit, lead.Wire.Pack)).Distinct().Count());
        Assert.Equal(Leads, leads.Count);
        Assert.All(leads.GroupBy(lead => (lead.Wire.Site, lead.Wire.Circuit)), circuit =>
            Assert.All(circuit.OrderBy(lead => lead.AtS).Zip(circuit.OrderBy(lead => lead.AtS).Skip(1)), pair => Assert.True(pair.First.ToS + 86_400 <= pair.Second.AtS)));
        Assert.True(leads.Max(lead => lead.ToS) <= scenario.DurationS);
    }
}
