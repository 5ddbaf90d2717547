using FacilityMonitor.Accounts;
using FacilityMonitor.Configuration;
using FacilityMonitor.Contract;
using FacilityMonitor.Journal;
using FacilityMonitor.Mqtt;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Tests.EndToEnd;
using FacilityMonitor.Tests.Mqtt;

namespace FacilityMonitor.Tests.Accounts;

/// <summary>A device cannot speak as another: proved at a real broker with the plugin, not at our idea of it.</summary>
public sealed class BrokerAccountsTests
{
    private const string Password = "pile two's own";

    [DynamicSecurityFact]
    public async Task A_device_says_and_hears_what_is_its_own_and_nothing_of_another()
    {
        await using var broker = await StartAsync("huaihai/pile-02");
        await using var service = await broker.SpeakerAsync("monitor", GuardedBroker.Secret, "service", "#");
        await service.SubscribedAsync();
        await using var pile = await broker.SpeakerAsync(
            "huaihai/pile-02", Password, "huaihai/pile-02",
            "fm/1/huaihai/pile-02/cmd", "fm/1/huaihai/pile-02/cfg", "fm/1/huaihai/pile-02/acked", "fm/1/state/+",
            "fm/1/huaihai/pile-01/cmd", "fm/1/huaihai/+/cmd", "fm/1/#", "#", "$share/g/fm/1/huaihai/pile-01/cmd", "$CONTROL/#");

        var subscribed = await pile.SubscribedAsync();
        Assert.All(subscribed.Take(4), code => Assert.Equal(MqttReasonCode.GrantedQos1, code));
        Assert.All(subscribed.Skip(4), code => Assert.Equal(MqttReasonCode.NotAuthorized, code));

        foreach (var kind in SharedAccount.Up)
            Assert.Equal(MqttReasonCode.Success, await pile.SayAsync(Fm1Topic.Of("huaihai", "pile-02", kind)));
        string[] foreign =
        [
            "fm/1/huaihai/pile-01/data", "fm/1/jiugeng/pile-02/data", "fm/1/huaihai/pile-02/cmd", "fm/1/huaihai/pile-02/acked", "fm/1/huaihai/pile-02/data/x",
            "fm/1/state/facility-monitor", "tele/plug/SENSOR", "huaihai/pile-02", "$CONTROL/dynamic-security/v1", "fm/1/huaihai/pile-01/status",
        ];
        foreach (var topic in foreign)
            Assert.Equal(MqttReasonCode.NotAuthorized, await pile.SayAsync(topic));
        Assert.Equal(MqttReasonCode.Success, await service.SayAsync("fm/1/huaihai/pile-01/cmd"));
        Assert.Equal(MqttReasonCode.Success, await service.SayAsync("fm/1/huaihai/pile-02/cmd"));

        // Who was refused something stays connected; else a plug that says one thing too much would never be heard.
        Assert.Equal(0, pile.Losses);
        Assert.Equal(["fm/1/huaihai/pile-02/cmd"], await pile.HeardUntilAsync("fm/1/huaihai/pile-02/cmd"));
        Assert.Equal(
            [.. SharedAccount.Up.Select(kind => Fm1Topic.Of("huaihai", "pile-02", kind)), "fm/1/huaihai/pile-01/cmd", "fm/1/huaihai/pile-02/cmd"],
            await service.HeardUntilAsync("fm/1/huaihai/pile-02/cmd"));
    }

    [DynamicSecurityFact]
    public async Task A_will_in_the_name_of_another_is_never_published()
    {
        await using var broker = await StartAsync("huaihai/pile-02");
        await using var service = await broker.SpeakerAsync("monitor", GuardedBroker.Secret, "service", "fm/1/#");
        await service.SubscribedAsync();
        var options = broker.Options("huaihai/pile-02", Password, "huaihai/pile-02");

        foreach (var topic in (string[])["fm/1/huaihai/pile-01/status", "fm/1/huaihai/pile-02/status"])
        {
            await using var pile = new Speaker(options with { Will = new MqttWill(topic, "{}"u8.ToArray()) });
            await pile.StartAsync();
            // A broker may refuse the connection for such a will, or keep quiet about it.
            await Until.TrueAsync(() => pile.LastChange.State is MqttConnectionState.Subscribed or MqttConnectionState.Waiting, "the broker answered");
            await pile.VanishAsync();
        }

        Assert.Equal(["fm/1/huaihai/pile-02/status"], await service.HeardUntilAsync("fm/1/huaihai/pile-02/status"));
    }

    [DynamicSecurityFact]
    public async Task A_device_cannot_take_the_connection_of_another_over()
    {
        await using var broker = await StartAsync("huaihai/pile-02");
        await using var thief = await broker.SpeakerAsync("huaihai/pile-02", Password, "huaihai/pile-01");
        await Until.TrueAsync(() => thief.LastChange.Loss == MqttLossReason.Refused, "another client id was refused");
    }

    [DynamicSecurityFact]
    public async Task Who_takes_a_session_over_by_its_client_id_hears_nothing_of_it()
    {
        await using var broker = await StartAsync("huaihai/pile-02");
        var lasting = broker.Options("huaihai/pile-02", Password, "huaihai/pile-02", "fm/1/huaihai/pile-02/cmd") with { CleanStart = false, SessionExpiry = TimeSpan.FromHours(1) };
        await using (var pile = new Speaker(lasting))
        {
            await pile.StartAsync();
            await pile.SubscribedAsync();
        }

        await using var service = await broker.SpeakerAsync("monitor", GuardedBroker.Secret, "service");
        await service.SayAsync("fm/1/huaihai/pile-02/cmd");
        // The shared account is bound to no client id, so it can take this one.
        await using var thief = new Speaker(lasting with { Username = "plug", Password = GuardedBroker.Secret, Subscriptions = [new MqttSubscription("zigbee2mqtt/#")] });
        await thief.StartAsync();
        await thief.SubscribedAsync();
        await service.SayAsync("fm/1/huaihai/pile-02/cmd");
        Assert.Equal(MqttReasonCode.Success, await thief.SayAsync("zigbee2mqtt/end"));
        Assert.Equal(["zigbee2mqtt/end"], await thief.HeardUntilAsync("zigbee2mqtt/end"));
    }

    [DynamicSecurityFact]
    public async Task On_a_listener_that_takes_the_user_name_for_the_client_id_nobody_pushes_a_device_or_the_service_off()
    {
        await using var broker = await GuardedBroker.StartAsync("listener {port} 127.0.0.1", "use_username_as_clientid true");
        await AddAsync(broker, "huaihai/pile-02");
        await using var pile = await broker.SpeakerAsync("huaihai/pile-02", Password, "huaihai/pile-02", "fm/1/huaihai/pile-02/cmd");
        await pile.SubscribedAsync();
        await using var service = await broker.SpeakerAsync("monitor", GuardedBroker.Secret, "facility-monitor-live", "#");
        await service.SubscribedAsync();

        foreach (var victim in (string[])["huaihai/pile-02", "facility-monitor-live"])
        {
            await using var thief = await broker.SpeakerAsync("plug", GuardedBroker.Secret, victim, "zigbee2mqtt/#");
            await thief.SubscribedAsync();
            Assert.Equal(MqttReasonCode.Success, await thief.SayAsync("zigbee2mqtt/end"));
        }

        // Still there, and heard: the thief was somebody else all the time.
        Assert.Equal(MqttReasonCode.Success, await pile.SayAsync("fm/1/huaihai/pile-02/data"));
        Assert.Equal(["zigbee2mqtt/end", "zigbee2mqtt/end", "fm/1/huaihai/pile-02/data"], await service.HeardUntilAsync("fm/1/huaihai/pile-02/data"));
        Assert.Equal((0, 0), (pile.Losses, service.Losses));
    }

    [DynamicSecurityFact]
    public async Task Elsewhere_who_knows_the_shared_password_can_push_a_device_off_and_it_comes_back()
    {
        // The limit that the README names. That a thief says and hears nothing in the other's name is shown above.
        await using var broker = await StartAsync("huaihai/pile-02");
        await using var pile = await broker.SpeakerAsync("huaihai/pile-02", Password, "huaihai/pile-02", "fm/1/huaihai/pile-02/cmd");
        await pile.SubscribedAsync();
        await using (var thief = await broker.SpeakerAsync("plug", GuardedBroker.Secret, "huaihai/pile-02", "zigbee2mqtt/#"))
        {
            await Until.TrueAsync(() => pile.Losses > 0, "the device was pushed off");
        }

        await pile.SubscribedAsync();
        Assert.Equal(MqttReasonCode.NoMatchingSubscribers, await pile.SayAsync("fm/1/huaihai/pile-02/data"));
    }

    [DynamicSecurityFact]
    public async Task Once_a_device_has_an_account_the_shared_one_no_longer_speaks_for_it_and_hears_nothing_for_it()
    {
        await using var broker = await GuardedBroker.StartAsync();
        await using var simulator = await broker.SpeakerAsync("devices", GuardedBroker.Secret, "sim", "fm/1/+/+/cmd");
        await using var service = await broker.SpeakerAsync("monitor", GuardedBroker.Secret, "service");
        Assert.Equal([MqttReasonCode.GrantedQos1], await simulator.SubscribedAsync());
        Assert.Equal(MqttReasonCode.NoMatchingSubscribers, await simulator.SayAsync("fm/1/huaihai/pile-02/data"));

        await AddAsync(broker, "huaihai/pile-02");
        Assert.Equal(MqttReasonCode.NotAuthorized, await simulator.SayAsync("fm/1/huaihai/pile-02/data"));
        Assert.Equal(MqttReasonCode.NoMatchingSubscribers, await simulator.SayAsync("fm/1/huaihai/pile-01/data"));
        await simulator.SubscribedAsync();
        await service.SayAsync("fm/1/huaihai/pile-02/cmd");
        await service.SayAsync("fm/1/huaihai/pile-01/cmd");
        Assert.Equal(["fm/1/huaihai/pile-01/cmd"], await simulator.HeardUntilAsync("fm/1/huaihai/pile-01/cmd"));

        await using (var administration = await AdministrationAsync(broker))
            Assert.Null(await new DeviceAccounts(administration).RemoveAsync("huaihai/pile-02", default));
        Assert.Equal(MqttReasonCode.NoMatchingSubscribers, await simulator.SayAsync("fm/1/huaihai/pile-02/data"));
    }

    [DynamicSecurityFact]
    public async Task A_new_plug_is_heard_under_the_shared_account_until_it_has_its_own_and_never_as_an_fm1_device()
    {
        await using var broker = await GuardedBroker.StartAsync();
        await using var plug = await broker.SpeakerAsync("plug", GuardedBroker.Secret, "DVES_1", "cmnd/plug-1/#");
        Assert.Equal([MqttReasonCode.GrantedQos1], await plug.SubscribedAsync());
        foreach (var topic in (string[])["tele/plug-1/SENSOR", "stat/plug-1/RESULT", "shelly-1/events/rpc", "shelly-1/status/switch:0", "shelly-1/online", "zigbee2mqtt/lamp", "v1/gateway/telemetry", "tb/x/v1/devices/me/telemetry"])
            Assert.Equal(MqttReasonCode.NoMatchingSubscribers, await plug.SayAsync(topic));
        // The last two are how a relay is switched, of a Tasmota and of a Shelly.
        foreach (var topic in (string[])["fm/1/huaihai/pile-02/data", "fm/1/huaihai/pile-02/birth", "fm/status/x", "fm/online", "cmnd/plug-2/POWER", "shelly-1/rpc"])
            Assert.Equal(MqttReasonCode.NotAuthorized, await plug.SayAsync(topic));

        await AddAsync(broker, "lane/kettle", Registry(new DeviceId(Dialect.Tasmota, null, "plug-1")));
        Assert.Equal(MqttReasonCode.NotAuthorized, await plug.SayAsync("tele/plug-1/SENSOR"));
        Assert.Equal(MqttReasonCode.NoMatchingSubscribers, await plug.SayAsync("tele/plug-2/SENSOR"));
        await using var own = await broker.SpeakerAsync("lane/kettle", Password, "lane/kettle", "cmnd/plug-1/#", "cmnd/plug-2/#");
        Assert.Equal([MqttReasonCode.GrantedQos1, MqttReasonCode.NotAuthorized], await own.SubscribedAsync());
        Assert.Equal(MqttReasonCode.NoMatchingSubscribers, await own.SayAsync("tele/plug-1/SENSOR"));
        Assert.Equal(MqttReasonCode.NotAuthorized, await own.SayAsync("tele/plug-2/SENSOR"));
    }

    [DynamicSecurityFact]
    public async Task Whatever_topics_the_settings_add_for_new_plugs_only_the_service_orders_a_device_with_an_account_about()
    {
        await using var broker = await GuardedBroker.StartWithAsync(["+/rpc", "+/command/#", "cmnd/#", "+/cmnd/#"]);
        await using var plug = await broker.SpeakerAsync("plug", GuardedBroker.Secret, "DVES_1");
        (Dialect Dialect, string Name, string Topic)[] orders =
        [
            (Dialect.Shelly, "shelly-1", "shelly-1/rpc"), (Dialect.Shelly, "shelly-2", "shelly-2/command/switch:0"),
            (Dialect.Tasmota, "plug-1", "cmnd/plug-1/POWER"), (Dialect.Tasmota, "plug-2", "plug-2/cmnd/POWER"),
            (Dialect.ThingsBoard, "meter-1", "tb/meter-1/v1/devices/me/rpc/request/1"),
        ];
        foreach (var (dialect, name, topic) in orders)
        {
            Assert.Equal(MqttReasonCode.NoMatchingSubscribers, await plug.SayAsync(topic));
            await AddAsync(broker, $"lane/{name}", Registry(new DeviceId(dialect, null, name), name));

            Assert.Equal(MqttReasonCode.NotAuthorized, await plug.SayAsync(topic));
            Assert.Equal(MqttReasonCode.NoMatchingSubscribers, await plug.SayAsync(topic.Replace(name, "new-one", StringComparison.Ordinal)));
            await using var own = await broker.SpeakerAsync($"lane/{name}", Password, $"lane/{name}", topic);
            Assert.Equal([MqttReasonCode.GrantedQos1], await own.SubscribedAsync());
        }
    }

    [DynamicSecurityFact]
    public async Task Another_password_ends_the_old_one_and_the_connection_that_used_it()
    {
        await using var broker = await StartAsync("huaihai/pile-02");
        await using var pile = await broker.SpeakerAsync("huaihai/pile-02", Password, "huaihai/pile-02");
        await pile.SubscribedAsync();

        await using (var administration = await AdministrationAsync(broker))
            Assert.Null(await new DeviceAccounts(administration).RotateAsync(Account("huaihai/pile-02"), "another one", default));
        await Until.TrueAsync(() => pile.LastChange is { State: MqttConnectionState.Waiting, Loss: MqttLossReason.Refused }, "it was cut off, came again and was refused");
        await using var next = await broker.SpeakerAsync("huaihai/pile-02", "another one", "huaihai/pile-02");
        await next.SubscribedAsync();
        Assert.Equal(MqttReasonCode.NoMatchingSubscribers, await next.SayAsync("fm/1/huaihai/pile-02/data"));
    }

    [DynamicSecurityFact]
    public async Task A_removed_account_is_cut_off_and_may_be_made_again()
    {
        await using var broker = await StartAsync("huaihai/pile-02");
        await using var pile = await broker.SpeakerAsync("huaihai/pile-02", Password, "huaihai/pile-02");
        await pile.SubscribedAsync();

        await using var administration = await AdministrationAsync(broker);
        var accounts = new DeviceAccounts(administration);
        Assert.Null(await accounts.RemoveAsync("huaihai/pile-02", default));
        await Until.TrueAsync(() => pile.LastChange is { State: MqttConnectionState.Waiting, Loss: MqttLossReason.Refused }, "it was cut off, came again and was refused");
        Assert.Empty((await accounts.ListAsync(default)).Accounts);
        Assert.Null(await accounts.AddAsync(Account("huaihai/pile-02"), Password, "huaihai/pile-02", default));
        await pile.SubscribedAsync();
    }

    [DynamicSecurityFact]
    public async Task What_an_attempt_left_behind_that_was_cut_off_does_not_stand_in_the_way()
    {
        await using var broker = await GuardedBroker.StartAsync();
        await using var administration = await AdministrationAsync(broker);
        await administration.AskAsync([new() { ["command"] = "createRole", ["rolename"] = DeviceAccount.RoleOf("huaihai/pile-02") }], default);

        Assert.Null(await new DeviceAccounts(administration).AddAsync(Account("huaihai/pile-02"), Password, null, default));
        await using var pile = await broker.SpeakerAsync("huaihai/pile-02", Password, "whatever it likes");
        Assert.Equal(MqttReasonCode.NoMatchingSubscribers, await pile.SayAsync("fm/1/huaihai/pile-02/data"));
    }

    [DynamicSecurityFact]
    public async Task A_removal_that_was_cut_off_goes_on_where_it_ended_and_leaves_nothing()
    {
        await using var broker = await StartAsync("huaihai/pile-02");
        await using var administration = await AdministrationAsync(broker);
        var accounts = new DeviceAccounts(administration);
        await administration.AskAsync([new() { ["command"] = "deleteClient", ["username"] = "huaihai/pile-02" }], default);

        Assert.Null(await accounts.RemoveAsync("huaihai/pile-02", default));
        Assert.DoesNotContain("pile-02", await File.ReadAllTextAsync(broker.File), StringComparison.Ordinal);
        await using var simulator = await broker.SpeakerAsync("devices", GuardedBroker.Secret, "sim");
        Assert.Equal(MqttReasonCode.NoMatchingSubscribers, await simulator.SayAsync("fm/1/huaihai/pile-02/data"));
        Assert.Contains("has no account", (await accounts.RemoveAsync("huaihai/pile-02", default))!.En, StringComparison.Ordinal);
    }

    [DynamicSecurityFact]
    public async Task Another_password_mends_what_let_others_speak_for_the_device_and_its_removal_leaves_nothing()
    {
        await using var broker = await StartAsync("huaihai/pile-02");
        await using var administration = await AdministrationAsync(broker);
        var accounts = new DeviceAccounts(administration);
        await administration.AskAsync([new() { ["command"] = "removeRoleACL", ["rolename"] = SharedAccount.SpokenFor, ["acltype"] = "publishClientSend", ["topic"] = "fm/1/huaihai/pile-02/#" }], default);
        await using var simulator = await broker.SpeakerAsync("devices", GuardedBroker.Secret, "sim");
        Assert.Equal(MqttReasonCode.NoMatchingSubscribers, await simulator.SayAsync("fm/1/huaihai/pile-02/data"));

        Assert.Null(await accounts.RotateAsync(Account("huaihai/pile-02"), "another one", default));
        Assert.Equal(MqttReasonCode.NotAuthorized, await simulator.SayAsync("fm/1/huaihai/pile-02/data"));

        Assert.Null(await accounts.RemoveAsync("huaihai/pile-02", default));
        Assert.DoesNotContain("pile-02", await File.ReadAllTextAsync(broker.File), StringComparison.Ordinal);
    }

    [DynamicSecurityFact]
    public async Task What_a_device_may_say_follows_the_registry_at_its_next_password()
    {
        await using var broker = await GuardedBroker.StartAsync();
        await AddAsync(broker, "lane/kettle", Registry(new DeviceId(Dialect.Tasmota, null, "plug-1")));
        await using (var administration = await AdministrationAsync(broker))
            Assert.Null(await new DeviceAccounts(administration).RotateAsync(Account("lane/kettle", Registry(new DeviceId(Dialect.Tasmota, null, "plug-2"))), Password, default));

        await using var own = await broker.SpeakerAsync("lane/kettle", Password, "lane/kettle");
        await using var shared = await broker.SpeakerAsync("plug", GuardedBroker.Secret, "DVES_1");
        foreach (var (speaker, may, mayNot) in new[] { (own, "plug-2", "plug-1"), (shared, "plug-1", "plug-2") })
        {
            Assert.Equal(MqttReasonCode.NoMatchingSubscribers, await speaker.SayAsync($"tele/{may}/SENSOR"));
            Assert.Equal(MqttReasonCode.NotAuthorized, await speaker.SayAsync($"tele/{mayNot}/SENSOR"));
        }
    }

    [DynamicSecurityFact]
    public async Task What_two_gateways_share_stays_denied_to_others_until_the_last_of_them_gives_it_up()
    {
        await using var broker = await GuardedBroker.StartAsync();
        var facility = Gateways("gw-1", "gw-2", "gw-3");
        foreach (var gateway in new[] { "gw-1", "gw-2", "gw-3" })
            await AddAsync(broker, $"lane/{gateway}", facility);
        await using var administration = await AdministrationAsync(broker);
        var accounts = new DeviceAccounts(administration);
        await using var shared = await broker.SpeakerAsync("plug", GuardedBroker.Secret, "DVES_1");
        Assert.Equal(MqttReasonCode.NotAuthorized, await shared.SayAsync("v1/gateway/telemetry"));

        Assert.Null(await accounts.RemoveAsync("lane/gw-1", default));
        Assert.Equal(MqttReasonCode.NotAuthorized, await shared.SayAsync("v1/gateway/telemetry"));
        // Nothing of ThingsBoard is behind it any more.
        Assert.Null(await accounts.RotateAsync(Account("lane/gw-2", Gateways("gw-3")), "another one", default));
        Assert.Equal(MqttReasonCode.NotAuthorized, await shared.SayAsync("v1/gateway/telemetry"));
        Assert.Null(await accounts.RemoveAsync("lane/gw-3", default));
        Assert.Equal(MqttReasonCode.NoMatchingSubscribers, await shared.SayAsync("v1/gateway/telemetry"));
    }

    [DynamicSecurityFact]
    public async Task Accounts_outlive_the_broker_and_an_upgrade_of_their_roles()
    {
        await using var broker = await StartAsync("huaihai/pile-02");
        await broker.Broker.StopAsync();
        Assert.Null(AccountFile.Write(broker.File, new Dictionary<string, string?> { ["admin"] = GuardedBroker.Secret }, Facility.Empty, []));
        await broker.Broker.StartAgainAsync();

        await using var pile = await broker.SpeakerAsync("huaihai/pile-02", Password, "huaihai/pile-02");
        Assert.Equal(MqttReasonCode.NoMatchingSubscribers, await pile.SayAsync("fm/1/huaihai/pile-02/data"));
        Assert.Equal(MqttReasonCode.NotAuthorized, await pile.SayAsync("fm/1/huaihai/pile-01/data"));
        await using var simulator = await broker.SpeakerAsync("devices", GuardedBroker.Secret, "sim");
        Assert.Equal(MqttReasonCode.NotAuthorized, await simulator.SayAsync("fm/1/huaihai/pile-02/data"));
    }

    [DynamicSecurityFact]
    public async Task An_account_without_a_password_lets_nobody_in_and_nor_does_no_name_at_all()
    {
        await using var broker = await GuardedBroker.StartAsync();
        await broker.Broker.StopAsync();
        File.Delete(broker.File);
        Assert.Null(AccountFile.Write(broker.File, new Dictionary<string, string?> { ["admin"] = GuardedBroker.Secret, ["plug"] = null }, Facility.Empty, []));
        await broker.Broker.StartAgainAsync();

        await using var plug = await broker.SpeakerAsync("plug", "guess", "a");
        await using var nobody = new Speaker(broker.Options("plug", "guess", "b") with { Username = null, Password = null });
        await nobody.StartAsync();
        await Until.TrueAsync(() => plug.LastChange.Loss == MqttLossReason.Refused && nobody.LastChange.Loss == MqttLossReason.Refused, "both were refused");
    }

    [DynamicSecurityFact]
    public async Task Six_hundred_accounts_are_all_listed()
    {
        await using var broker = await GuardedBroker.StartAsync();
        await using var administration = await AdministrationAsync(broker);
        for (var first = 0; first < 600; first += 100)
        {
            await administration.AskAsync(
                [.. Enumerable.Range(first, 100).SelectMany(number => (System.Text.Json.Nodes.JsonObject[])
                [
                    new() { ["command"] = "createRole", ["rolename"] = DeviceAccount.RoleOf($"lane/pile-{number:000}") },
                    new()
                    {
                        ["command"] = "createClient", ["username"] = $"lane/pile-{number:000}",
                        ["roles"] = new System.Text.Json.Nodes.JsonArray(new System.Text.Json.Nodes.JsonObject { ["rolename"] = DeviceAccount.RoleOf($"lane/pile-{number:000}") }),
                    },
                ])],
                default);
        }

        var (listed, why) = await new DeviceAccounts(administration).ListAsync(default);
        Assert.Null(why);
        Assert.Equal(Enumerable.Range(0, 600).Select(number => $"lane/pile-{number:000}"), listed.Select(account => account.User));
    }

    [DynamicSecurityFact]
    public async Task The_service_lacks_nothing_under_its_account_and_never_sees_who_spoke_as_another()
    {
        using var folder = new TemporaryFolder();
        await using var broker = await StartAsync("huaihai/pile-02");
        var secret = Path.Combine(folder.Path, "monitor.password");
        await File.WriteAllTextAsync(secret, GuardedBroker.Secret);
        await using var service = await ServiceUnderTest.StartAsync(broker.Broker, folder.Path, settings: new Dictionary<string, string>
        {
            ["FM_BROKER__USERNAME"] = "monitor",
            ["FM_BROKER__PASSWORD_FILE"] = secret,
        });
        await using var pile = await broker.SpeakerAsync(
            "huaihai/pile-02", Password, "huaihai/pile-02", "fm/1/huaihai/pile-02/cmd", "fm/1/huaihai/pile-02/acked", "fm/1/state/+");
        Assert.All(await pile.SubscribedAsync(), code => Assert.Equal(MqttReasonCode.GrantedQos1, code));
        await using var plug = await broker.SpeakerAsync("plug", GuardedBroker.Secret, "DVES_1");

        Assert.Equal(MqttReasonCode.NotAuthorized, await pile.SayAsync("fm/1/huaihai/pile-01/data", Data(0)));
        Assert.Equal(MqttReasonCode.Success, await plug.SayAsync("tele/my-plug/SENSOR", """{"ENERGY":{"Power":60}}"""));
        // Message 1 is missing: it is asked for, which is a command, and what is complete is told by a receipt.
        Assert.Equal(MqttReasonCode.Success, await pile.SayAsync("fm/1/huaihai/pile-02/data", Data(0)));
        Assert.Equal(MqttReasonCode.Success, await pile.SayAsync("fm/1/huaihai/pile-02/data", Data(2)));
        var heard = await pile.HeardUntilAsync("fm/1/huaihai/pile-02/cmd");

        Assert.Contains("fm/1/huaihai/pile-02/acked", heard);
        Assert.Contains("fm/1/state/facility-monitor", heard);
        Assert.Equal(["my-plug", "pile-02"], Devices(service));
        Assert.DoesNotContain("NotAuthorized", service.Process.Log, StringComparison.Ordinal);
        Assert.Equal(0, await service.Process.StopAsync());
    }

    private static string Data(int number) =>
        $$"""{"v":1,"boot":"b1","seq":{{number}},"ts":{{TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds()}},"clk":"ntp","r":[{"ch":"s1","w":60}]}""";

    private static List<string> Devices(ServiceUnderTest service)
    {
        using var connection = Database.OpenReader(service.Data);
        using var command = Database.Command(connection, "select name from device order by name");
        using var reader = command.ExecuteReader();
        var names = new List<string>();
        while (reader.Read())
            names.Add(reader.GetString(0));
        return names;
    }

    private static async Task<GuardedBroker> StartAsync(string user)
    {
        var broker = await GuardedBroker.StartAsync();
        await AddAsync(broker, user);
        return broker;
    }

    private static async Task AddAsync(GuardedBroker broker, string user, Facility? facility = null)
    {
        await using var administration = await AdministrationAsync(broker);
        Assert.Null(await new DeviceAccounts(administration).AddAsync(Account(user, facility), Password, user, default));
    }

    private static DeviceAccount Account(string user, Facility? facility = null) =>
        DeviceAccount.Of(facility ?? Facility.Empty, user.Split('/')[0], user.Split('/')[1], out _)!;

    private static Facility Registry(DeviceId foreign, string device = "kettle") => Facility.Empty with
    {
        Sites = [new Site { Id = "lane", Name = new("弄", "Lane"), Devices = [new DeviceEntry { Id = device, Name = new("壶", "Kettle"), Kind = DeviceKind.Plug, Foreign = foreign }] }],
    };

    /// <summary>A lane with gateways, each with one ThingsBoard device behind it.</summary>
    private static Facility Gateways(params string[] gateways) => Facility.Empty with
    {
        Sites =
        [
            new Site
            {
                Id = "lane",
                Name = new("弄", "Lane"),
                Devices =
                [
                    .. gateways.SelectMany(gateway => (DeviceEntry[])
                    [
                        new() { Id = gateway, Name = new(gateway, gateway), Kind = DeviceKind.Gateway },
                        new() { Id = $"{gateway}-a", Name = new("表", "Meter"), Kind = DeviceKind.Meter, Gateway = gateway, Foreign = new DeviceId(Dialect.ThingsBoard, null, $"{gateway}-a") },
                    ]),
                ],
            },
        ],
    };

    private static async Task<BrokerAdministration> AdministrationAsync(GuardedBroker broker)
    {
        var (settings, _) = SettingsLoader.Load("/nonexistent", new System.Collections.Hashtable { ["FM_BROKER__PORT"] = $"{broker.Broker.Port}" });
        var (administration, why) = await BrokerAdministration.OpenAsync(
            settings!.Broker, GuardedBroker.Secret, BrokerAdministration.PatienceDefault, TimeProvider.System, default);
        Assert.Null(why);
        return administration!;
    }
}
