using System.Globalization;
using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Tests.Rules;

/// <summary>What a district of sockets costs.</summary>
public sealed class EngineMemoryTests
{
    private const int Piles = 4_000;
    private const int SocketsEach = 10;
    private const int Sites = 20;
    private const string ChildFleet = "FM_ENGINE_MEMORY_CHILD";

    /// <summary>Sockets of a district: heard once or every second (then a tenth of the piles is overloaded), with a meter on their circuit or without.</summary>
    public enum Fleet
    {
        None,
        Idle,
        IdleAndMetered,
        Busy,
        BusyAndMetered,
    }

    [Theory]
    [InlineData(Fleet.Idle)]
    [InlineData(Fleet.IdleAndMetered)]
    public Task An_idle_socket_costs_at_most_128_bytes(Fleet fleet) => CostsAsync(fleet, 1, 128);

    [Theory]
    [InlineData(Fleet.Busy)]
    [InlineData(Fleet.BusyAndMetered)]
    public Task Sockets_that_speak_every_second_cost_less_than_a_kilobyte_even_if_a_tenth_of_them_are_overloaded(Fleet fleet) => CostsAsync(fleet, 128, 1024);

    [Theory]
    [InlineData(150)]
    [InlineData(1100)]
    public void A_reading_allocates_nothing(double watts)
    {
        var scene = new Scene(Scene.Lane(metered: false, socketRatedW: 1000));
        var message = Message(scene, scene.Device("pile-01"));
        for (var second = 0; second < 400; second++)
            Say(scene, message, second, watts);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var second = 400; second < 10_400; second++)
            Say(scene, message, second, watts);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.True(allocated < 10_000, $"{allocated} bytes for 100,000 readings");
        Assert.Equal(watts > 1000, scene.Steps.Count > 0);
    }

    // In a process that has run nothing else: what other tests leave behind (pooled arrays, caches of the runtime) comes and goes in the
    // middle of a measurement, and a byte a socket is no more than 40 kB.
    private static async Task CostsAsync(Fleet fleet, double atLeast, double atMost)
    {
        var printed = await ChildProgram.RunAsync(ChildFleet, fleet.ToString());
        Assert.InRange(double.Parse(printed, CultureInfo.InvariantCulture), atLeast, atMost);
    }

    internal static void RunAsChild()
    {
        if (!Enum.TryParse<Fleet>(Environment.GetEnvironmentVariable(ChildFleet), out var fleet))
            return;
        // The first measurement, of a few, pays for what the runtime makes once; the others are the engine alone, but for some kilobytes that the runtime now and then makes meanwhile: the middle one.
        _ = BytesASocket(fleet, Piles / 20);
        var measured = Enumerable.Range(0, 3).Select(_ => BytesASocket(fleet, Piles)).Order().ToList();
        Console.WriteLine(measured[1].ToString(CultureInfo.InvariantCulture));
        Environment.Exit(0);
    }

    private static double BytesASocket(Fleet fleet, int piles)
    {
        var isMetered = fleet is Fleet.IdleAndMetered or Fleet.BusyAndMetered;
        var isBusy = fleet is Fleet.Busy or Fleet.BusyAndMetered;
        var facility = new Facility { Version = "test", Contacts = [], Sites = [.. Enumerable.Range(0, Sites).Select(Site)] };
        var scene = new Scene(facility);
        var messages = Enumerable.Range(0, piles).Select(pile => Message(scene, scene.Device($"pile-{pile}", $"site-{pile % Sites}"))).ToArray();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        for (var second = 0; second < (isBusy ? 40 : 1); second++)
        {
            for (var pile = 0; pile < piles; pile++)
                Say(scene, messages[pile], second, isBusy && pile % 10 == 0 ? 1100 : 150);
        }

        scene.Steps.Clear();
        scene.Steps.TrimExcess();
        var after = GC.GetTotalMemory(forceFullCollection: true);
        GC.KeepAlive(scene);
        GC.KeepAlive(messages);
        return (double)(after - before) / (piles * SocketsEach);

        Site Site(int number) => new()
        {
            Id = $"site-{number}",
            Name = new LocalText("小区", "Estate"),
            Circuits = !isMetered ? [] : [new Circuit { Id = "c1", Name = new LocalText("回路", "Circuit"), Kind = CircuitKind.Charging, RatedA = 63, Meter = "meter-1" }],
            Devices =
            [
                .. Enumerable.Range(0, piles).Where(pile => pile % Sites == number).Select(pile => new DeviceEntry
                {
                    Id = $"pile-{pile}", Name = new LocalText("桩", "Pile"), Kind = DeviceKind.Pile, Circuit = isMetered ? "c1" : null, Sockets = SocketsEach,
                }),
            ],
        };
    }

    private static DeviceMessage Message(Scene scene, Device device)
    {
        var message = new DeviceMessage { Kind = MessageKind.Data, Device = device, HasEnvelope = true };
        for (var socket = 1; socket <= SocketsEach; socket++)
            Scene.Add(message, 0, $"s{socket}", Metric.W, 0);
        return message;
    }

    private static void Say(Scene scene, DeviceMessage message, double atS, double watts)
    {
        message.ReceivedMs = Scene.At(atS);
        message.Envelope = new Envelope(default, (long)atS, message.ReceivedMs, null, ClockSource.Ntp);
        var buffer = message.Readings;
        buffer.Clear();
        for (var socket = 1; socket <= SocketsEach; socket++)
        {
            ref var reading = ref buffer.Add();
            reading.Channel = ChannelId.Socket(socket);
            reading.AtMs = message.ReceivedMs;
            buffer.AddValue(Metric.W, watts);
        }

        scene.Observe(message);
    }
}
