using System.Globalization;
using FacilityMonitor.Configuration;
using FirmwareSim;

namespace FacilityMonitor.Tests.FirmwareSim;

/// <summary>The demo's registry and the demo's scenario are written by hand, each in its own place; they have to mean the same neighbourhood.</summary>
public sealed class DemoAgreementTests
{
    private static readonly FacilityMonitor.Registry.Facility Registered = FacilityLoader.Load(Path.Combine(AppContext.BaseDirectory, "demo")).Facility!;

    [Theory]
    [InlineData("demo")]
    [InlineData("quiet-night")]
    [InlineData("evening-peak")]
    public void Circuits_hang_where_the_registry_says(string scenario)
    {
        var simulated = Scenes.Shipped(scenario).Sites.SelectMany(site => site.Circuits.Select(circuit => Line(
            site.Id, circuit.Id, circuit.Parent, circuit.RatedA, circuit.Phases, circuit.Phases == 1 ? circuit.Phase : null, circuit.Meter)));
        var registered = Registered.Sites.SelectMany(site => site.Circuits.Select(circuit => Line(
            site.Id, circuit.Id, circuit.Parent, circuit.RatedA, circuit.Phases, circuit.Phases == 1 ? circuit.Phase : null, circuit.Meter)));
        Assert.Equal(registered.Order(StringComparer.Ordinal), simulated.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void No_shed_of_the_demo_counts_more_bikes_than_it_has_places()
    {
        var sites = Scenes.Shipped("demo").Sites;
        var counted = Registered.Sites.SelectMany(site => site.Devices.Where(device => device.Kind == FacilityMonitor.Registry.DeviceKind.Shed).Select(device => (Site: site, device.Place))).ToList();

        Assert.Equal(2, counted.Count);
        foreach (var (site, place) in counted)
        {
            var people = sites.Single(one => one.Id == site.Id).People.Single(one => one.Place == place);
            Assert.InRange(people.Bikes ?? int.MaxValue, 1, site.Places.Single(one => one.Id == place).Capacity!.Value);
        }
    }

    [Theory]
    [InlineData("demo")]
    [InlineData("quiet-night")]
    [InlineData("evening-peak")]
    public void Places_were_built_for_as_many_bikes_as_the_registry_says(string scenario)
    {
        foreach (var site in Scenes.Shipped(scenario).Sites)
        {
            var registered = Registered.Sites.Single(one => one.Id == site.Id).Places;
            Assert.All(site.People, people => Assert.Equal(registered.Single(place => place.Id == people.Place).Capacity, people.Capacity));
        }
    }

    [Theory]
    [InlineData("demo")]
    [InlineData("standard-month")]
    public void Whoever_may_use_a_reserved_socket_is_on_the_list_of_the_registry(string scenario)
    {
        for (var seed = 1UL; seed <= 5; seed++)
        {
            var world = new World(Scenes.Shipped(scenario) with { WarmUpS = 0 }, seed, 0);
            foreach (var site in world.Sites)
            {
                // Only where there are reserved sockets does a list mean anything.
                var here = site.People.Where(people => people.Devices.Any(device => device.Points.Any(point => point.IsReserved))).SelectMany(people => people.Residents);
                Assert.All(here.Where(resident => resident.IsEntitled), resident => Assert.Contains(resident.User, Registered.Sites.Single(one => one.Id == site.Id).ReservedUsers));
            }
        }
    }

    [Theory]
    [InlineData("demo", 1)]
    [InlineData("quiet-night", 0)]
    [InlineData("evening-peak", 0)]
    public void Every_registered_device_is_simulated_where_it_stands_and_only_the_demo_has_an_unknown_one(string scenario, int unknown)
    {
        var sites = Scenes.Shipped(scenario).Sites;
        var simulated = sites.SelectMany(site => site.Devices.Select(device => (Site: site.Id, Device: device)))
            .ToDictionary(entry => $"{entry.Site}/{entry.Device.Id}", entry => entry.Device);
        var meters = sites.SelectMany(site => site.Circuits.Where(circuit => circuit.Meter is not null).Select(circuit => $"{site.Id}/{circuit.Meter}")).ToHashSet();
        var registered = Registered.Sites.SelectMany(site => site.Devices.Select(device => (Path: $"{site.Id}/{device.Id}", Device: device))).ToArray();

        foreach (var (path, device) in registered)
        {
            if (meters.Contains(path))
                continue;
            Assert.True(simulated.ContainsKey(path), path);
            Assert.Equal(device.Place, simulated[path].Place);
            Assert.Equal(device.Sockets, simulated[path].Sockets);
            Assert.Equal(device.Reserved.Select(channel => channel.ToString()), simulated[path].Reserved);
            // The registry leaves out what no rule needs: which circuit feeds a sensor.
            if (device.Circuit is not null)
                Assert.Equal(device.Circuit, simulated[path].Circuit);
        }

        Assert.Equal(unknown, simulated.Keys.Except(registered.Select(entry => entry.Path)).Count());
    }

    private static string Line(string site, string id, string? parent, double? ratedA, int phases, int? phase, string? meter) =>
        string.Create(CultureInfo.InvariantCulture, $"{site}/{id} parent {parent} rated {ratedA} phases {phases} phase {phase} meter {meter}");
}
