using System.Text.Json.Nodes;
using FacilityMonitor.Accounts;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Tests.Accounts;

/// <summary>The broker's file of accounts, before the broker reads it. What the broker makes of it stands in <see cref="BrokerAccountsTests"/>.</summary>
public sealed class AccountFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Path => System.IO.Path.Combine(_folder.Path, "accounts.json");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_new_file_denies_what_no_role_allows_holds_no_password_and_is_its_owners_alone()
    {
        Assert.Null(Write(new() { ["admin"] = "very secret word", ["plug"] = null }));

        var text = File.ReadAllText(Path);
        Assert.DoesNotContain("very secret word", text, StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path));
        var file = JsonNode.Parse(text)!;
        foreach (var access in (string[])["publishClientSend", "publishClientReceive", "subscribe"])
            Assert.False((bool)file["defaultACLAccess"]![access]!);
        Assert.Equal(["admin", "plug"], file["clients"]!.AsArray().Select(client => (string)client!["username"]!));
        Assert.Null(file["clients"]![1]!["password"]);
        Assert.Equal(["spoken-for", "plug"], file["clients"]![1]!["roles"]!.AsArray().OrderByDescending(role => (int)role!["priority"]!).Select(role => (string)role!["rolename"]!));
    }

    [Fact]
    public void The_next_start_keeps_accounts_of_devices_and_passwords_it_is_not_told_and_brings_roles_up_to_the_registry()
    {
        Write(new() { ["admin"] = "first", ["monitor"] = "other" });
        var file = JsonNode.Parse(File.ReadAllText(Path))!;
        file["clients"]!.AsArray().Add(new JsonObject { ["username"] = "lane/kettle", ["clientid"] = "k", ["password"] = "hash", ["salt"] = "salt", ["iterations"] = 101 });
        file["clients"]!.AsArray().Add(new JsonObject { ["username"] = "somebody's own" });
        file["roles"]!.AsArray().Add(new JsonObject { ["rolename"] = DeviceAccount.RoleOf("lane/kettle"), ["acls"] = new JsonArray() });
        File.WriteAllText(Path, file.ToJsonString());
        var (admin, monitor) = (Client("admin")["password"]!.ToString(), Client("monitor")["password"]!.ToString());

        Assert.Null(Write(new() { ["admin"] = "second", ["monitor"] = null }, Facility.Empty with
        {
            Sites = [new Site { Id = "lane", Name = new("弄", "Lane"), Devices = [new DeviceEntry { Id = "kettle", Name = new("壶", "Kettle"), Kind = DeviceKind.Plug, Foreign = new(Dialect.Tasmota, null, "plug-1") }] }],
        }));

        Assert.NotEqual(admin, Client("admin")["password"]!.ToString());
        Assert.Equal(monitor, Client("monitor")["password"]!.ToString());
        Assert.Equal(("hash", "k"), (Client("lane/kettle")["password"]!.ToString(), Client("lane/kettle")["clientid"]!.ToString()));
        Assert.NotNull(Client("somebody's own"));
        Assert.Contains(Rules("device:lane/kettle"), rule => rule is { Kind: AccessKind.Send, Topic: "tele/plug-1/+", Allow: true });
        Assert.Contains(Rules(SharedAccount.SpokenFor), rule => rule is { Kind: AccessKind.Send, Topic: "tele/plug-1/+", Allow: false });
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("[]")]
    [InlineData("{\"clients\":5}")]
    public void A_file_that_is_something_else_is_refused_and_left_as_it_is(string content)
    {
        File.WriteAllText(Path, content);

        var refusal = Write(new() { ["admin"] = "secret" });

        Assert.Contains(Path, refusal!.En, StringComparison.Ordinal);
        Assert.Contains(Path, refusal.Zh, StringComparison.Ordinal);
        Assert.Equal(content, File.ReadAllText(Path));
    }

    [Fact]
    public void A_password_that_is_made_is_long_and_never_the_same()
    {
        var made = Enumerable.Range(0, 100).Select(_ => Passwords.New()).ToList();
        Assert.Equal(100, made.Distinct().Count());
        Assert.All(made, password => Assert.Matches("^[a-hjkmnp-z2-9]{20}$", password));
    }

    [Theory]
    [InlineData(7, false)]
    [InlineData(8, true)]
    [InlineData(64, true)]
    [InlineData(65, false)]
    public void A_password_of_ones_own_has_8_to_64_characters(int length, bool allowed) => Assert.Equal(allowed, Passwords.IsAllowed(new string('x', length)));

    private LocalText? Write(Dictionary<string, string?> passwords, Facility? facility = null) => AccountFile.Write(Path, passwords, facility ?? Facility.Empty, []);

    private JsonNode Client(string name) => JsonNode.Parse(File.ReadAllText(Path))!["clients"]!.AsArray().Single(client => client!["username"]!.ToString() == name)!;

    private IReadOnlyList<AccessRule> Rules(string role) =>
        StoredRole.RulesOf(JsonNode.Parse(File.ReadAllText(Path))!["roles"]!.AsArray().Single(known => known!["rolename"]!.ToString() == role));
}
