using System.Globalization;
using System.Net;
using System.Net.Sockets;
using FacilityMonitor.Mqtt;
using FacilityMonitor.Tests.Accounts;
using FacilityMonitor.Tests.EndToEnd;
using FacilityMonitor.Tests.Mqtt;

namespace FacilityMonitor.Tests.Commands;

/// <summary>facility-monitor device, as a person types it, at a real broker.</summary>
public sealed class DeviceCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public DeviceCommandTests() => File.WriteAllText(Path.Combine(_folder.Path, "facility.yaml"), """
        sites:
          - id: lane
            name: Lane
            devices:
              - {id: pile-01, kind: pile, name: One, sockets: 2}
              - {id: pile-02, kind: pile, name: Two, sockets: 2}
        """);

    public void Dispose() => _folder.Dispose();

    [DynamicSecurityFact]
    public async Task An_account_is_made_used_renewed_listed_and_removed()
    {
        await using var broker = await GuardedBroker.StartAsync();
        var environment = broker.Environment();

        var added = await RunAsync(environment, "add", "lane/pile-02");
        Assert.True(added.Code == 0, added.Errors);
        var password = Value(added.Output, "password");
        Assert.Matches("^[a-z2-9]{20}$", password);
        Assert.Equal(["broker", "user", "password", "client-id"], added.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ')[0]));
        Assert.DoesNotContain(password, added.Errors + broker.Broker.Log + await File.ReadAllTextAsync(broker.File), StringComparison.Ordinal);
        await using var pile = await broker.SpeakerAsync(Value(added.Output, "user"), password, Value(added.Output, "client-id"));
        await pile.SubscribedAsync();

        var twice = await RunAsync(environment, "add", "lane/pile-02");
        Assert.Equal((1, "", "lane/pile-02 has an account already; for another password use device rotate lane/pile-02\n"), twice);
        Assert.Equal((0, "lane/pile-02 lane/pile-02\n", ""), await RunAsync(environment, "list"));

        var renewed = await RunAsync(environment, "rotate", "lane/pile-02");
        Assert.Equal((0, "user lane/pile-02"), (renewed.Code, renewed.Output.Split('\n')[1]));
        Assert.NotEqual(password, Value(renewed.Output, "password"));
        await Until.TrueAsync(() => pile.LastChange.Loss == MqttLossReason.Refused, "the old password was refused");

        var removed = await RunAsync(environment, "remove", "lane/pile-02");
        Assert.Equal((0, "lane/pile-02 has no account any more and is cut off\n", ""), removed);
        Assert.Equal((0, "", ""), await RunAsync(environment, "list"));
        foreach (var again in (string[])["remove", "rotate"])
        {
            var (code, output, errors) = await RunAsync(environment, again, "lane/pile-02");
            Assert.Equal((1, "", "lane/pile-02 has no account; device list shows which there are, device add lane/pile-02 makes one\n"), (code, output, errors));
        }
    }

    [DynamicSecurityFact]
    public async Task A_password_and_client_id_of_ones_own_are_taken_and_not_printed()
    {
        await using var broker = await GuardedBroker.StartAsync();
        var file = Path.Combine(_folder.Path, "own.password");
        await File.WriteAllTextAsync(file, "my own words\n");

        var (code, output, errors) = await RunAsync(broker.Environment(), "add", "lane/pile-01", "--password-file", file, "--client-id", "any");

        Assert.True(code == 0, errors);
        Assert.DoesNotContain("my own words", output + errors, StringComparison.Ordinal);
        await using var pile = await broker.SpeakerAsync("lane/pile-01", "my own words", "DVES_7");
        await pile.SubscribedAsync();
        Assert.Equal((0, "lane/pile-01 *\n", ""), await RunAsync(broker.Environment(), "list"));
    }

    [DynamicSecurityFact]
    public async Task A_name_that_is_not_registered_is_pointed_out_with_the_one_that_may_be_meant()
    {
        await using var broker = await GuardedBroker.StartAsync();

        var (code, _, errors) = await RunAsync(broker.Environment("zh"), "add", "lane/pile-2");

        Assert.Equal(0, code);
        Assert.Contains("注意：lane/pile-2 没有登记，按 fm/1 设备处理；是不是 lane/pile-0", errors, StringComparison.Ordinal);
        Assert.Contains("口令只显示这一次", errors, StringComparison.Ordinal);
    }

    [DynamicSecurityFact]
    public async Task It_works_with_mqtt_3_1_1_and_over_tls()
    {
        TestCertificates.WriteTo(_folder.Path);
        await using var broker = await GuardedBroker.StartAsync(
            "listener {port} 127.0.0.1", $"cafile {_folder.Path}/ca.pem", $"certfile {_folder.Path}/server.pem", $"keyfile {_folder.Path}/server.key");
        (string, string)[] environment = [.. broker.Environment(), ("FM_BROKER__VERSION", "3.1.1"), ("FM_BROKER__TLS_CA", Path.Combine(_folder.Path, "ca.pem"))];

        Assert.Equal(0, (await RunAsync(environment, "add", "lane/pile-01")).Code);
        Assert.Equal((0, "lane/pile-01 lane/pile-01\n", ""), await RunAsync(environment, "list"));
        var (code, _, errors) = await RunAsync([.. environment, ("FM_BROKER__TLS_CA", Path.Combine(_folder.Path, "other-ca.pem"))], "list");
        Assert.Equal(1, code);
        Assert.Contains("broker.tls", errors, StringComparison.Ordinal);
    }

    [DynamicSecurityFact]
    public async Task Who_may_not_administer_is_told_so()
    {
        await using var broker = await GuardedBroker.StartAsync();
        (string, string)[] asMonitor = [.. broker.Environment(), ("FM_BROKER__ADMIN_USERNAME", "monitor")];
        (string, string)[] wrong = [("FM_LANGUAGE", "en"), ("FM_BROKER__PORT", Text(broker.Broker.Port)), ("FM_BROKER__ADMIN_PASSWORD", "wrong")];

        var (code, output, errors) = await RunAsync(asMonitor, "add", "lane/pile-01");
        Assert.Equal((1, ""), (code, output));
        Assert.StartsWith("monitor may not administer the accounts of the broker 127.0.0.1:", errors, StringComparison.Ordinal);
        (code, output, errors) = await RunAsync(wrong, "add", "lane/pile-01");
        Assert.Equal((1, ""), (code, output));
        Assert.Contains("does not let admin in", errors, StringComparison.Ordinal);
        Assert.Contains("broker.admin-password-file", errors, StringComparison.Ordinal);
    }

    [RealServerFact("mosquitto")]
    public async Task A_broker_without_the_plugin_is_named_as_such_within_its_time()
    {
        await using var broker = await MosquittoBroker.StartAsync();
        (string, string)[] environment = [("FM_LANGUAGE", "en"), ("FM_BROKER__PORT", Text(broker.Port)), ("FM_BROKER__ADMIN_PASSWORD", "any word")];
        var began = WakingTime.Clock.GetTimestamp();

        var (code, output, errors) = await RunAsync(environment, "add", "lane/pile-01");

        Assert.Equal((1, ""), (code, output));
        Assert.Contains("the dynamic security plugin is not loaded", errors, StringComparison.Ordinal);
        Assert.InRange(WakingTime.Clock.GetElapsedTime(began), TimeSpan.Zero, TimeSpan.FromSeconds(30));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_broker_that_cannot_be_reached_or_never_answers_is_given_up_in_time(bool listens)
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var port = ((IPEndPoint)silent.LocalEndpoint).Port;
        if (!listens)
            silent.Stop();
        var began = WakingTime.Clock.GetTimestamp();

        var (code, output, errors) = await RunAsync([("FM_LANGUAGE", "zh"), ("FM_BROKER__PORT", Text(port)), ("FM_BROKER__ADMIN_PASSWORD", "any word")], "rotate", "lane/pile-01");

        Assert.Equal((1, ""), (code, output));
        Assert.Contains($"连不上消息代理 127.0.0.1:{port}", errors, StringComparison.Ordinal);
        Assert.InRange(WakingTime.Clock.GetElapsedTime(began), TimeSpan.Zero, TimeSpan.FromSeconds(30));
    }

    [Theory]
    [InlineData("add", "lane")]
    [InlineData("add", "lane/Pile")]
    [InlineData("rotate", "lane/pile/s1")]
    [InlineData("remove", "monitor")]
    [InlineData("remove", "lane/+")]
    public async Task What_is_no_site_and_device_is_wrong_usage(string verb, string target)
    {
        var (code, output, errors) = await RunAsync([], verb, target);
        Assert.Equal((2, ""), (code, output));
        Assert.Contains("<site>/<device>", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_the_administrators_password_it_says_where_that_is_set()
    {
        var (code, _, errors) = await RunAsync([("FM_LANGUAGE", "en")], "list");
        Assert.Equal(1, code);
        foreach (var word in (string[])["broker.admin-password-file", "FM_BROKER__ADMIN_PASSWORD_FILE", ".run/admin.password"])
            Assert.Contains(word, errors, StringComparison.Ordinal);

        (code, _, errors) = await RunAsync([("FM_LANGUAGE", "en"), ("FM_BROKER__ADMIN_PASSWORD_FILE", "/nonexistent")], "list");
        Assert.Equal((1, "broker.admin-password-file \"/nonexistent\": cannot be read (not found); check its path and permissions\n"), (code, errors));
    }

    [Theory]
    [InlineData("nobody=x", 2, "admin, monitor, devices, plug")]
    [InlineData("admin=/nonexistent", 1, "--account \"/nonexistent\": cannot be read (not found)")]
    public async Task An_account_that_cannot_be_made_is_refused_by_name(string account, int expected, string why)
    {
        var (code, _, errors) = await RunAsync([("FM_LANGUAGE", "en")], "init", "--file", "accounts.json", "--account", account);
        Assert.Equal(expected, code);
        Assert.Contains(why, errors, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(_folder.Path, "accounts.json")));
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Value(string output, string key) => output.Split('\n').Single(line => line.StartsWith(key + " ", StringComparison.Ordinal))[(key.Length + 1)..];

    private Task<(int Code, string Output, string Errors)> RunAsync((string Name, string Value)[] environment, params string[] arguments) =>
        Terminal.MonitorAsync(_folder.Path, ["device", .. arguments, "--config", "."], environment);
}
