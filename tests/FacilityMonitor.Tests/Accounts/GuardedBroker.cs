using System.Globalization;
using FacilityMonitor.Accounts;
using FacilityMonitor.Mqtt;
using FacilityMonitor.Registry;
using FacilityMonitor.Tests.Conventions;
using FacilityMonitor.Tests.Mqtt;

namespace FacilityMonitor.Tests.Accounts;

/// <summary>A real mosquitto with the dynamic security plugin and our file of accounts, as <c>src/run.sh</c> starts it.</summary>
internal sealed class GuardedBroker : IAsyncDisposable
{
    public const string Secret = "a password of the tests";

    private readonly TemporaryFolder _folder;

    private GuardedBroker(TemporaryFolder folder, MosquittoBroker broker) => (_folder, Broker) = (folder, broker);

    public MosquittoBroker Broker { get; }

    /// <summary>The plugin's file.</summary>
    public string File => FileIn(_folder);

    /// <summary>A file with the administrator's password.</summary>
    public string AdminPasswordFile => Path.Combine(_folder.Path, "admin.password");

    public static Task<GuardedBroker> StartAsync(params string[] extraLines) => StartWithAsync([], extraLines);

    /// <param name="foreignTopics">Topics of foreign devices that the settings name.</param>
    /// <param name="extraLines">Further lines of its configuration.</param>
    public static async Task<GuardedBroker> StartWithAsync(IReadOnlyList<string> foreignTopics, params string[] extraLines)
    {
        var folder = new TemporaryFolder();
        Assert.Null(AccountFile.Write(FileIn(folder), AccountFile.Accounts.ToDictionary(name => name, _ => (string?)Secret), Facility.Empty, foreignTopics));
        // The configuration that is shipped: what it does with a client that was refused something is part of what is tested.
        var shipped = await System.IO.File.ReadAllLinesAsync(Path.Combine(SourceTree.Root, "src/deploy/mosquitto.conf"));
        var broker = await MosquittoBroker.StartAsync(
            [.. shipped, $"plugin {DynamicSecurityFactAttribute.Plugin}", $"plugin_opt_config_file {FileIn(folder)}", .. extraLines]);
        var guarded = new GuardedBroker(folder, broker);
        await System.IO.File.WriteAllTextAsync(guarded.AdminPasswordFile, Secret);
        return guarded;
    }

    /// <summary>How the command line is told of this broker.</summary>
    public (string Name, string Value)[] Environment(string language = "en") =>
    [
        ("FM_LANGUAGE", language),
        ("FM_BROKER__PORT", Broker.Port.ToString(CultureInfo.InvariantCulture)),
        ("FM_BROKER__ADMIN_PASSWORD_FILE", AdminPasswordFile),
    ];

    public async Task<Speaker> SpeakerAsync(string user, string password, string clientId, params string[] filters)
    {
        var speaker = new Speaker(Options(user, password, clientId, filters));
        await speaker.StartAsync();
        return speaker;
    }

    public MqttClientOptions Options(string user, string password, string clientId, params string[] filters) => new()
    {
        Host = Broker.Host,
        Port = Broker.Port,
        ClientId = clientId,
        Username = user,
        Password = password,
        CleanStart = true,
        SessionExpiry = TimeSpan.Zero,
        ReconnectMax = TimeSpan.FromMilliseconds(250),
        Subscriptions = [.. filters.Select(filter => new MqttSubscription(filter))],
    };

    public async ValueTask DisposeAsync()
    {
        await Broker.DisposeAsync();
        _folder.Dispose();
    }

    private static string FileIn(TemporaryFolder folder) => Path.Combine(folder.Path, "accounts.json");
}
