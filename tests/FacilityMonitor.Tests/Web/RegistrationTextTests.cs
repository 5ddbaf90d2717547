using System.Globalization;
using FacilityMonitor.Commands;
using FacilityMonitor.Configuration;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Web;

namespace FacilityMonitor.Tests.Web;

/// <summary>What the page gives to paste is accepted as it is, whatever a device calls itself, and means that device.</summary>
public sealed class RegistrationTextTests : IDisposable
{
    private static readonly FacilityIndex Lane = new(new Facility { Sites = [new Site { Id = "lane", Name = new("弄堂", "Lane"), Devices = [Entry("plug-1")] }], Contacts = [], Version = "1" });

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("my-plug")]
    [InlineData("车棚插座")]
    [InlineData("车棚/一号")]
    [InlineData("a/b")]
    [InlineData("the \"big\" one")]
    [InlineData("it's")]
    [InlineData("back\\slash")]
    [InlineData("-")]
    [InlineData("---")]
    [InlineData("-dash")]
    [InlineData("dash-")]
    [InlineData("null")]
    [InlineData("true")]
    [InlineData("1e3")]
    [InlineData("007")]
    [InlineData("{id: x}")]
    [InlineData("a: b, c")]
    [InlineData("*alias")]
    [InlineData("&anchor")]
    [InlineData("!tag")]
    [InlineData("%percent%")]
    [InlineData(" blank ")]
    [InlineData("line\u2028break")]
    [InlineData("bom\ufeff")]
    [InlineData("\ud83d\udef5 scooter")]
    [InlineData("plug-1")]
    [InlineData("abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrst")]
    public void Whatever_a_foreign_device_calls_itself_its_lines_are_accepted_and_mean_it(string name)
    {
        var id = new DeviceId(Dialect.Tasmota, null, name);

        var found = Pasted(Of(id, ("main", Metric.W))!).Find(id);

        Assert.Equal(name, found!.Entry.Name.Zh);
        Assert.Matches("^[a-z0-9][a-z0-9-]{0,46}[a-z0-9]$", found.Entry.Id);
        Assert.Equal(DeviceKind.Plug, found.Entry.Kind);
    }

    [Theory]
    [InlineData("pile-77")]
    [InlineData("-")]
    [InlineData("--1")]
    [InlineData("null")]
    [InlineData("42")]
    public void A_device_of_our_own_contract_keeps_its_id(string name)
    {
        var id = new DeviceId(Dialect.Fm1, "lane", name);

        Assert.Equal(name, Pasted(Of(id, ("s2", Metric.W))!).Find(id)!.Entry.Id);
    }

    [Fact]
    public void A_device_of_a_site_that_is_not_registered_brings_its_site_with_it()
    {
        var id = new DeviceId(Dialect.Fm1, "new-lane", "pile-1");
        var lines = Of(id, ("s2", Metric.W))!;
        File.WriteAllText(Path.Combine(_folder.Path, "facility.yaml"), "sites:\n" + lines);

        var loaded = FacilityLoader.Load(_folder.Path, RunCommand.Rules);

        Assert.Empty(loaded.Errors);
        Assert.NotNull(new FacilityIndex(loaded.Facility!).Find(id));
    }

    [Fact]
    public void Different_names_never_get_the_same_id()
    {
        string[] names = ["一号", "二号", "a/b", "a b", "a_b", "A-B", "a-b", "\"", "'"];

        var ids = names.Select(name => IdIn(Of(new DeviceId(Dialect.Shelly, null, name))!)).ToList();

        Assert.Equal(names.Length, ids.Distinct().Count());
    }

    [Fact]
    public void The_same_name_in_two_dialects_and_an_id_that_is_taken_are_told_apart()
    {
        Assert.Equal("kettle", IdIn(RegistrationText.Of(Device(new DeviceId(Dialect.Shelly, null, "kettle")), Lane, isNameShared: false)!));
        Assert.NotEqual("kettle", IdIn(RegistrationText.Of(Device(new DeviceId(Dialect.Shelly, null, "kettle")), Lane, isNameShared: true)!));
        Assert.StartsWith("plug-1-", IdIn(Of(new DeviceId(Dialect.Shelly, null, "plug-1"))!), StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_with_a_control_character_fits_no_registry_and_gets_no_lines() =>
        Assert.Null(Of(new DeviceId(Dialect.Tasmota, null, "bell\u0007")));

    [Theory]
    [InlineData(Dialect.ThingsBoard, "meter #1+2")]
    [InlineData(Dialect.Shelly, "a/b")]
    [InlineData(Dialect.Zigbee2Mqtt, "a/b")]
    public void Every_dialect_is_named_as_the_registry_reads_it(Dialect dialect, string name)
    {
        var id = new DeviceId(dialect, null, name);

        Assert.NotNull(Pasted(Of(id, ("main", Metric.W))!).Find(id));
    }

    [Theory]
    [InlineData(200, true)]
    [InlineData(201, false)]
    public void A_name_longer_than_the_registry_takes_gets_no_lines(int length, bool isOffered) =>
        Assert.Equal(isOffered, Of(new DeviceId(Dialect.ThingsBoard, null, new string('x', length))) is not null);

    [Theory]
    [InlineData(Dialect.Fm1, "pile, name: {zh: \"x\", en: \"x\"}, sockets: 7}", "s3:W", "s7:W")]
    [InlineData(Dialect.Fm1, "pile, name: {zh: \"x\", en: \"x\"}, sockets: 99}", "s120:W")]
    [InlineData(Dialect.Fm1, "cabinet, name: {zh: \"x\", en: \"x\"}, sockets: 12}", "k12:W", "main:Tc")]
    [InlineData(Dialect.Fm1, "meter, name: {zh: \"x\", en: \"x\"}}", "l1:A", "l2:A", "l3:A")]
    [InlineData(Dialect.Fm1, "shed, name: {zh: \"x\", en: \"x\"}}", "main:Smoke")]
    [InlineData(Dialect.Fm1, "climber, name: {zh: \"x\", en: \"x\"}}", "main:LoadKg")]
    [InlineData(Dialect.Fm1, "noise, name: {zh: \"x\", en: \"x\"}}", "main:Laeq")]
    [InlineData(Dialect.Fm1, "lamp, name: {zh: \"x\", en: \"x\"}}", "main:Lamp")]
    [InlineData(Dialect.Zigbee2Mqtt, "shed,", "main:Smoke", "main:Batt")]
    [InlineData(Dialect.Zigbee2Mqtt, "shed,", "main:Tc", "main:Rh")]
    [InlineData(Dialect.Shelly, "plug,", "main:Tc", "main:W")]
    [InlineData(Dialect.Shelly, "meter,", "l1:W", "l2:W")]
    [InlineData(Dialect.Tasmota, "plug, name: {zh: \"x\", en: \"x\"}, sockets: 4,", "s4:W")]
    [InlineData(Dialect.Tasmota, "plug,", "main:Batt")]
    public void The_kind_and_the_number_of_sockets_come_from_what_a_device_says(Dialect dialect, string kind, params string[] told)
    {
        var lines = Of(new DeviceId(dialect, dialect == Dialect.Fm1 ? "lane" : null, "x"), [.. told.Select(one => (one.Split(':')[0], Enum.Parse<Metric>(one.Split(':')[1])))])!;

        Assert.Contains($"kind: {kind}", lines, StringComparison.Ordinal);
    }

    [Fact]
    public void A_group_of_zigbee_switches_is_not_offered_but_a_plug_that_measures_is()
    {
        Assert.Null(Of(new DeviceId(Dialect.Zigbee2Mqtt, null, "all-lamps"), ("main", Metric.Relay)));
        Assert.NotNull(Of(new DeviceId(Dialect.Zigbee2Mqtt, null, "plug"), ("main", Metric.Relay), ("main", Metric.W)));
        Assert.NotNull(Of(new DeviceId(Dialect.Tasmota, null, "switch"), ("main", Metric.Relay)));
    }

    /// <summary>The registry after a person pasted the lines where they say.</summary>
    private FacilityIndex Pasted(string lines)
    {
        File.WriteAllText(Path.Combine(_folder.Path, "facility.yaml"), "sites:\n- id: lane\n  name: {zh: 弄堂, en: Lane}\n  devices:\n  - {id: plug-1, kind: plug, name: {zh: 插座, en: Plug}}\n" + lines.Replace("- {", "  - {", StringComparison.Ordinal));
        var loaded = FacilityLoader.Load(_folder.Path, RunCommand.Rules);
        Assert.Empty(loaded.Errors);
        return new FacilityIndex(loaded.Facility!);
    }

    private static string IdIn(string lines) => lines[(lines.IndexOf("{id: ", StringComparison.Ordinal) + 5)..].Split(',')[0];

    private static string? Of(DeviceId id, params (string Channel, Metric Metric)[] told) => RegistrationText.Of(Device(id, told), Lane, isNameShared: false);

    private static DeviceNow Device(DeviceId id, params (string Channel, Metric Metric)[] told)
    {
        var device = new DeviceNow(id, 0);
        var readings = new ReadingBuffer();
        foreach (var (channel, metric) in told)
        {
            ref var reading = ref readings.Add();
            Assert.True(ChannelId.TryParse(channel, out var known), string.Create(CultureInfo.InvariantCulture, $"{channel}"));
            reading.Channel = known;
            readings.AddValue(metric, 1);
        }

        foreach (ref var reading in readings.Readings)
            device.Apply(readings, reading, 0);
        return device;
    }

    private static DeviceEntry Entry(string id) => new() { Id = id, Name = new(id, id), Kind = DeviceKind.Plug };
}
