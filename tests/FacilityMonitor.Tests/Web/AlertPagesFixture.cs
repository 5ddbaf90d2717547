using FacilityMonitor.Alerts;
using FacilityMonitor.Journal;
using FacilityMonitor.Monitoring;
using FacilityMonitor.OnCall.Channels;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;
using FacilityMonitor.Tests.Conventions;
using FacilityMonitor.Tests.Storage;
using FacilityMonitor.Users;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.Tests.Web;

/// <summary>One running service with its users for all tests of a class; each test begins without alerts.</summary>
public class AlertPagesFixture : IAsyncLifetime, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    internal PageUnderTest Page { get; private set; } = null!;

    /// <summary>The disk under the service.</summary>
    internal FaultyDisk Disk { get; private set; } = null!;

    /// <summary>Sees every site and may do everything.</summary>
    internal UserUnderTest Manager { get; private set; } = null!;

    /// <summary>The property manager of Jiugeng, who is manager-a of people.yaml.</summary>
    internal UserUnderTest Property { get; private set; } = null!;

    /// <summary>The guard of Jiugeng by day, who is guard-a.</summary>
    internal UserUnderTest Guard { get; private set; } = null!;

    internal UserUnderTest Auditor { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        var channels = ChannelReader.Load(Path.Combine(SourceTree.Root, "src/FacilityMonitor/demo"), "zh").Channels;
        Disk = new FaultyDisk(_folder.Path);
        Page = await PageUnderTest.StartAsync(_folder.Path, channels: channels, further: await SettingsAsync());
        Manager = await Page.EnterAsync("chief", UserRole.Administrator, "all");
        Property = await Page.EnterAsync("wang", UserRole.PropertyManager, "jiugeng", person: "manager-a");
        Guard = await Page.EnterAsync("li", UserRole.OnCall, "jiugeng", person: "guard-a");
        Auditor = await Page.EnterAsync("zhou", UserRole.Auditor, "all");
    }

    public virtual async Task DisposeAsync()
    {
        foreach (var user in (UserUnderTest[])[Manager, Property, Guard, Auditor])
            user.Dispose();
        await Page.DisposeAsync();
        Disk.Dispose();
    }

    public void Dispose()
    {
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Settings beside the usual ones; without a broker nothing is received.</summary>
    protected virtual Task<IReadOnlyDictionary<string, string>> SettingsAsync() => Task.FromResult<IReadOnlyDictionary<string, string>>(new Dictionary<string, string>());

    /// <summary>A neighbourhood in which nothing ever happened.</summary>
    /// <remarks>What is being sent just now is waited for: a worker that cannot book what it sent ends the service, and nobody is called in the tests after.</remarks>
    internal Task ClearAsync() => Page.UntilAsync(TryClearAsync, "what is on its way");

    private async Task<bool> TryClearAsync()
    {
        var isCleared = false;
        await Page.Database.CommitAsync(CommitPriority.Alerts, connection => isCleared = TryClear(connection));
        return isCleared;
    }

    private static bool TryClear(SqliteConnection connection)
    {
        if (FacilityMonitor.Storage.BlockTable.Number(connection, "select count(*) from notice_way where state = 1") > 0)
            return false;
        foreach (var table in (string[])["notice_attempt", "notice_way", "notice", "page_member", "fly_wire_sight", "fly_wire_case", "permit_event", "response_event", "response", "response_exempt", "alert_transition", "alert"])
            Database.Execute(connection, "delete from " + table);
        return true;
    }

    /// <summary>Raises alerts in one commit, as the rules do when several come at once.</summary>
    internal Task RaiseAsync(params AlertTransition[] steps) => Page.Database.CommitAsync(CommitPriority.Alerts, connection =>
    {
        foreach (var step in steps)
            AlertLog.Write(connection, step);
        Page.Responses.Observe(connection, steps);
    });

    internal AlertTransition Step(string alert, Priority priority = Priority.P2, string site = "jiugeng", string asset = "garage/pile-u1", string rule = "socket-overload", Condition condition = Condition.Active, int number = 0) => new()
    {
        AlertId = alert,
        Rule = rule,
        Priority = priority,
        Condition = condition,
        AtMs = Page.NowMs,
        OnsetMs = Page.NowMs,
        Site = site,
        Asset = $"{site}/{asset}",
        Sequence = number,
        Text = new LocalText($"过载，{alert}：833 瓦。自 11-20 起。请做：1. 去看", $"Overload, {alert}: 833 W. Since 11-20. Do: 1. Go and look"),
    };

    /// <summary>What another alert explains.</summary>
    internal Task ExplainAsync(string source, params string[] alerts) => Page.Database.CommitAsync(CommitPriority.Alerts, connection =>
    {
        foreach (var alert in alerts)
            ResponseTable.Append(connection, alert, ResponseTable.Load(connection, alert), [new ResponseEvent.Suppressed(source) { AtMs = Page.NowMs }]);
    });

    internal Task<ResponseOutcome> DoesAsync(string person, string alert, ResponseCommand command) => Desk.DoAsync(alert, command, new Actor(person, "link"));

    internal ResponseDesk Desk => (ResponseDesk)Page.Services.GetService(typeof(ResponseDesk))!;

    internal AlertResponse State(string alert)
    {
        using var reader = Page.Database.OpenReader();
        return ResponseTable.Load(reader, alert)!;
    }

    /// <summary>When somebody was first called for it, ms.</summary>
    internal long CalledMs(string alert)
    {
        using var reader = Page.Database.OpenReader();
        return ResponseTable.Timeline(reader, alert).First(entry => entry.Fact is ResponseEvent.StepFired).Fact.AtMs;
    }

    /// <summary>One number of the database.</summary>
    internal long Count(string sql)
    {
        using var reader = Page.Database.OpenReader();
        using var command = Database.Command(reader, sql);
        return (long)command.ExecuteScalar()!;
    }
}

/// <summary>The same with a broker: messages can come.</summary>
public sealed class HeardAlertPagesFixture : AlertPagesFixture
{
    private FacilityMonitor.Tests.Mqtt.MosquittoBroker? _broker;

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        if (_broker is not null)
            await _broker.DisposeAsync();
    }

    protected override async Task<IReadOnlyDictionary<string, string>> SettingsAsync()
    {
        _broker = await FacilityMonitor.Tests.Mqtt.MosquittoBroker.StartAsync();
        return new Dictionary<string, string>
        {
            ["FM_BROKER__PORT"] = _broker.Port.ToString(System.Globalization.CultureInfo.InvariantCulture),
            // The broker's clock runs while ours stands: after the usual 45 s it took us for gone in the middle of a look, and the page said so.
            ["FM_BROKER__KEEP_ALIVE_S"] = "600",
        };
    }
}
