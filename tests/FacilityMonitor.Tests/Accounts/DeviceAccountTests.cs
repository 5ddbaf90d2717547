using FacilityMonitor.Accounts;
using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Tests.Accounts;

/// <summary>What a device may say and hear follows from the registry.</summary>
public sealed class DeviceAccountTests
{
    [Fact]
    public void A_pile_may_say_the_six_kinds_of_its_own_and_hear_what_is_for_it()
    {
        var account = Of(new DeviceEntry { Id = "d", Name = Name, Kind = DeviceKind.Pile });

        Assert.Equal("lane/d", account.User);
        Assert.Equal(["ack", "birth", "data", "event", "hist", "status"], Topics(account, AccessKind.Send).Select(topic => topic["fm/1/lane/d/".Length..]));
        foreach (var kind in (AccessKind[])[AccessKind.Receive, AccessKind.Subscribe])
            Assert.Equal(["fm/1/lane/d/acked", "fm/1/lane/d/cfg", "fm/1/lane/d/cmd", "fm/1/state/+"], Topics(account, kind));
        Assert.Equal([new(AccessKind.Send, "fm/1/lane/d/#", Allow: false), new AccessRule(AccessKind.Receive, "fm/1/lane/d/#", Allow: false)], account.Denials);
    }

    [Fact]
    public void A_device_that_is_not_registered_is_one_of_fm1() =>
        Assert.Contains("fm/1/nowhere/new/data", Topics(DeviceAccount.Of(Facility.Empty, "nowhere", "new", out _)!, AccessKind.Send));

    [Theory]
    [InlineData(Dialect.Tasmota, "plug-1", "plug-1/stat/+ plug-1/tele/+ stat/plug-1/+ tele/plug-1/+", "cmnd/plug-1/# plug-1/cmnd/#")]
    [InlineData(Dialect.Shelly, "a/b", "a/b/events/rpc a/b/online a/b/status/+", "a/b/command a/b/command/+ a/b/rpc")]
    [InlineData(Dialect.ThingsBoard, "meter", "tb/meter/v1/devices/me/# tb/meter/v2/#", "tb/meter/v1/devices/me/# tb/meter/v2/#")]
    [InlineData(Dialect.ThingsBoard, "me", "v1/devices/me/#", "v1/devices/me/#")]
    public void A_foreign_device_has_the_topics_of_its_name_and_none_of_fm1(Dialect dialect, string name, string says, string hears)
    {
        var account = Of(Entry(dialect, name));

        Assert.Equal(says.Split(' '), Topics(account, AccessKind.Send));
        Assert.Equal(hears.Split(' '), Topics(account, AccessKind.Subscribe));
        Assert.Equal(hears.Split(' '), Topics(account, AccessKind.Receive));
        Assert.Contains(SharedAccount.NeverFm1, account.Rules);
    }

    [Theory]
    [InlineData("acme/+/report", 2, "acme/7/report")]
    [InlineData("acme/+/+/report", 3, "acme/+/7/report")]
    [InlineData("acme/#", 2, "acme/7/#")]
    [InlineData("acme/#", 4, "acme/+/+/7/#")]
    [InlineData("#", 1, "7/#")]
    public void A_mapped_device_has_its_own_level_of_the_vendors_topic(string topic, int level, string own)
    {
        var account = Of(Entry(Dialect.Mapped, "acme/7"), new JsonMapping { Id = "m", Vendor = "acme", Topic = topic, DeviceLevel = level });

        Assert.Equal([own], Topics(account, AccessKind.Send));
        Assert.Equal([own], account.Denials.Select(rule => rule.Topic));
        Assert.Null(account.Warning);
    }

    [Fact]
    public void Where_the_payload_names_the_device_somebody_is_told_and_nobody_else_is_shut_out()
    {
        var account = Of(Entry(Dialect.Mapped, "acme/7"), new JsonMapping { Id = "m", Vendor = "acme", Topic = "acme/up" }, new JsonMapping { Id = "other", Vendor = "other", Topic = "other/up" });

        Assert.Equal(["acme/up"], Topics(account, AccessKind.Send));
        Assert.Empty(account.Denials);
        Assert.Contains("acme/up", account.Warning!.En, StringComparison.Ordinal);
    }

    [Fact]
    public void A_gateway_speaks_for_what_is_registered_behind_it_and_for_nothing_else()
    {
        var account = Of(
            new DeviceEntry { Id = "d", Name = Name, Kind = DeviceKind.Gateway },
            Entry(Dialect.Zigbee2Mqtt, "door") with { Id = "door", Gateway = "d" },
            new DeviceEntry { Id = "pile", Name = Name, Kind = DeviceKind.Pile, Gateway = "d" },
            new DeviceEntry { Id = "apart", Name = Name, Kind = DeviceKind.Pile });

        var says = Topics(account, AccessKind.Send);
        Assert.Contains("zigbee2mqtt/#", says);
        Assert.Contains("fm/1/lane/pile/data", says);
        Assert.DoesNotContain("fm/1/lane/apart/data", says);
        Assert.DoesNotContain(SharedAccount.NeverFm1, account.Rules);
    }

    [Theory]
    [InlineData(Dialect.Zigbee2Mqtt, true)]
    [InlineData(Dialect.Zigbee2Mqtt, false)]
    [InlineData(Dialect.ThingsBoard, true)]
    [InlineData(Dialect.ThingsBoard, false)]
    public void Whoever_could_speak_for_devices_behind_another_is_told_so(Dialect dialect, bool isAlone)
    {
        var account = Of(
            new DeviceEntry { Id = "d", Name = Name, Kind = DeviceKind.Gateway },
            Entry(dialect, "door") with { Id = "door", Gateway = "d" },
            new DeviceEntry { Id = "other", Name = Name, Kind = DeviceKind.Gateway },
            Entry(dialect, "lamp") with { Id = "lamp", Gateway = isAlone ? "d" : "other" });

        Assert.Equal(isAlone, account.Warning is null);
        if (account.Warning is { } warning)
        {
            Assert.Contains("lane/lamp", warning.En, StringComparison.Ordinal);
            Assert.Contains("lane/lamp", warning.Zh, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void No_topic_that_a_thingsboard_device_may_say_is_read_as_anothers_word()
    {
        var account = Of(Entry(Dialect.ThingsBoard, "meter"));
        string[] tails = ["gateway/telemetry", "devices/me/telemetry", "devices/me/v2/t", "devices/me/online", "v1/devices/me/telemetry", "v1/gateway/telemetry", "t", "t/j", "tele/SENSOR", "status/switch:0"];
        var payload = """{"victim":[{"ts":1767225600000,"values":{"smoke":1}}],"power":1}"""u8;

        var heard = 0;
        foreach (var topic in from prefix in (string[])["tb/meter/v1/", "tb/meter/v2/", "tb/meter/v1/devices/me/", "tb/meter/v2/v1/"] from tail in tails select prefix + tail)
        {
            if (!account.Rules.Any(rule => rule is { Kind: AccessKind.Send, Allow: true } && topic.StartsWith(rule.Topic[..^1], StringComparison.Ordinal)))
                continue;
            var devices = new DeviceTable();
            new MessageDecoder(devices).Decode(System.Text.Encoding.UTF8.GetBytes(topic), payload, retained: false, 1_767_225_605_000, new DeviceMessage());
            foreach (var device in devices.All)
                Assert.True(device.Id == new DeviceId(Dialect.ThingsBoard, null, "meter"), $"{topic}: {device.Id}");
            heard += devices.All.Count();
        }

        Assert.True(heard >= 2);
    }

    [Fact]
    public void A_device_cannot_speak_as_a_gateway()
    {
        var devices = new DeviceTable();
        var outcome = new MessageDecoder(devices).Decode(
            "tb/meter/v1/gateway/telemetry"u8, """{"victim":[{"ts":1767225600000,"values":{"power":60}}]}"""u8, retained: false, 1_767_225_605_000, new DeviceMessage());

        Assert.Equal((DecodeResult.Rejected, RejectReason.UnknownTopic), (outcome.Result, outcome.Reason));
        Assert.Empty(devices.All);
    }

    [Fact]
    public void A_device_behind_a_gateway_is_sent_to_the_gateway()
    {
        Assert.Null(DeviceAccount.Of(Registry([new DeviceEntry { Id = "d", Name = Name, Kind = DeviceKind.Pile, Gateway = "gw" }], []), "lane", "d", out var refusal));
        Assert.EndsWith("device add lane/gw", refusal!.En, StringComparison.Ordinal);
        Assert.EndsWith("device add lane/gw", refusal.Zh, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Dialect.Zigbee2Mqtt, "door", "Zigbee2MQTT speaks for it")]
    [InlineData(Dialect.ThingsBoard, "a+b", "'a+b'")]
    [InlineData(Dialect.ThingsBoard, "#", "'#'")]
    public void What_can_have_no_topic_of_its_own_is_refused_with_what_to_do(Dialect dialect, string name, string why)
    {
        Assert.Null(DeviceAccount.Of(Registry([Entry(dialect, name)], []), "lane", "d", out var refusal));
        Assert.Contains(why, refusal!.En, StringComparison.Ordinal);
    }

    [Fact]
    public void The_shared_account_of_plugs_gets_the_topics_of_the_settings_but_never_the_brokers_own()
    {
        var plug = SharedAccount.Plug(["a/b/online", "$CONTROL/#", "tele/#"]);

        Assert.Contains(new AccessRule(AccessKind.Send, "a/b/online"), plug.Rules);
        Assert.Single(plug.Rules, rule => rule is { Kind: AccessKind.Send, Topic: "tele/#" });
        Assert.DoesNotContain(plug.Rules, rule => rule.Topic.StartsWith('$'));
        Assert.Contains(SharedAccount.NeverFm1, plug.Rules);
    }

    private static LocalText Name { get; } = new("甲", "A");

    private static DeviceEntry Entry(Dialect dialect, string name) => new() { Id = "d", Name = Name, Kind = DeviceKind.Plug, Foreign = new DeviceId(dialect, null, name) };

    private static Facility Registry(IReadOnlyList<DeviceEntry> devices, IReadOnlyList<JsonMapping> mappings) =>
        Facility.Empty with { Sites = [new Site { Id = "lane", Name = Name, Devices = devices }], Mappings = mappings };

    private static DeviceAccount Of(params DeviceEntry[] devices) => DeviceAccount.Of(Registry(devices, []), "lane", "d", out _)!;

    private static DeviceAccount Of(DeviceEntry device, params JsonMapping[] mappings) => DeviceAccount.Of(Registry([device], mappings), "lane", "d", out _)!;

    private static IEnumerable<string> Topics(DeviceAccount account, AccessKind kind) =>
        account.Rules.Where(rule => rule.Kind == kind && rule.Allow).Select(rule => rule.Topic).Order(StringComparer.Ordinal);
}
