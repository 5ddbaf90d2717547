using System.Collections.Concurrent;
using FacilityMonitor.Alerts;
using FacilityMonitor.Configuration;
using FacilityMonitor.Journal;
using FacilityMonitor.OnCall.Channels;
using FacilityMonitor.OnCall.Notices;
using FacilityMonitor.Registry;
using FacilityMonitor.Tests.OnCall.Channels;
using FacilityMonitor.Tests.Storage;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace FacilityMonitor.Tests.OnCall.Notices;

/// <summary>A crash where a test wants it.</summary>
internal sealed class CrashException : Exception;

/// <summary>Notices on a real database, channels to fake providers, and a clock that a test moves. The worker can be killed and started again.</summary>
internal sealed class NoticeFixture : IAsyncDisposable, IDeliveryLog, ILogger<NoticeWorker>
{
    /// <summary>Looks at the worker, 5 ms each, after which the clock moves on though it was not heard of.</summary>
    private const int HeldMax = 20;

    private readonly TemporaryFolder _folder = new();
    private readonly ConcurrentQueue<string> _log = new();
    private readonly HttpMessageInvoker _http;
    private readonly IReadOnlyList<ChannelDefinition> _channels;
    private readonly long _reserveBytes;
    private int _held;
    private int _lives;

    public NoticeFixture(params string[] words)
        : this([.. words.Select(word => ChannelBench.Definition(word))])
    {
    }

    /// <param name="channels">The channels.</param>
    /// <param name="prepare">Told the folder before the first file in it is opened.</param>
    /// <param name="template">A data folder that it begins with a copy of; null: an empty one.</param>
    /// <param name="reserveBytes">What is held back of the disk.</param>
    public NoticeFixture(IReadOnlyList<ChannelDefinition> channels, Action<string>? prepare = null, string? template = null, long reserveBytes = 0)
    {
        prepare?.Invoke(_folder.Path);
        if (template is not null)
            FaultyDisk.CopyFiles(template, Data);
        (_channels, _reserveBytes) = (channels, reserveBytes);
        Provider = new FakeProviders(Time);
        _http = new HttpMessageInvoker(Provider);
        Database = Database.Open(Data, Time, reserveBytes);
        Database.CommitAsync(CommitPriority.Alerts, connection => Database.Execute(connection, "create table if not exists timeline (id integer primary key, said text not null)")).Wait();
        Worker = NewWorker(null);
    }

    public ManualTime Time { get; } = new();

    public FakeProviders Provider { get; }

    public Database Database { get; private set; }

    public NoticeWorker Worker { get; private set; }

    public string Log => string.Join('\n', _log);

    /// <summary>Called wherever a crash may come: at every moment of the worker, and within every commit that tells the timeline.</summary>
    public Action<NoticeMoment?>? Moment { get; set; }

    /// <summary>What the timeline of the alerts holds: only what was committed.</summary>
    public List<string> Timeline()
    {
        using var connection = Database.OpenReader();
        using var command = Database.Command(connection, "select said from timeline order by id");
        using var rows = command.ExecuteReader();
        var said = new List<string>();
        while (rows.Read())
            said.Add(rows.GetString(0));
        return said;
    }

    public static Notice Notice(string alert = "8c1f2000aabbccdd", int step = 1, string person = "guard", Priority priority = Priority.P0, params (string Channel, string Address)[] ways) => new()
    {
        Alert = alert,
        Step = step,
        Person = person,
        Priority = priority,
        Reaches = [.. ways.Select(way => new Reach(way.Channel, way.Address))],
        Brief = new LocalText("烟雾，淮海里车棚", "Smoke, Huaihai Lane shed"),
        Text = new LocalText("烟雾，淮海里车棚：烟感报警。自 11-20 18:00:00 起。请做：去现场看。", "Smoke, Huaihai Lane shed: smoke. Since 20 Nov 18:00:00. Do: go and see."),
        Link = ChannelBench.Link,
    };

    public Task StartAsync() => Worker.StartAsync(CancellationToken.None);

    public async Task PutAsync(params Notice[] notices)
    {
        var now = Time.GetUtcNow().ToUnixTimeMilliseconds();
        await Database.CommitAsync(CommitPriority.Alerts, connection =>
        {
            foreach (var notice in notices)
                NoticeBook.Enqueue(connection, notice, now, [this]);
        });
        Worker.Announce();
    }

    /// <summary>Its data folder; another one after a kill.</summary>
    public string Data => Path.Combine(_folder.Path, FormattableString.Invariant($"data-{_lives}"));

    /// <summary>It was killed while it wrote: what its files hold is all that remains, a torn page too, and a new worker begins on it.</summary>
    /// <param name="disk">Where nothing was written any more.</param>
    public async Task CrashAsync(FaultyDisk disk)
    {
        var from = Data;
        _lives++;
        await StopAsync();
        disk.CopyRemains(from, Data);
        disk.Heal();
        await Database.DisposeAsync();
        Database = Database.Open(Data, Time, _reserveBytes);
        Worker = NewWorker(null);
        await StartAsync();
    }

    /// <summary>Ends the worker in whatever it does and makes a new one on the same disk.</summary>
    public async Task RestartAsync(bool withMoments = false)
    {
        await StopAsync();
        Worker = NewWorker(withMoments ? moment => Moment?.Invoke(moment) : null);
        await StartAsync();
    }

    public async Task StopAsync()
    {
        await Worker.StopAsync(CancellationToken.None);
        Worker.Dispose();
    }

    private bool IsKeptUpWith => Worker.LastRoundMs == 0 || Worker.ExecuteTask is { IsCompleted: true } || Time.GetUtcNow().ToUnixTimeMilliseconds() - Worker.LastRoundMs <= 1_200;

    /// <summary>Whether the worker has ended by a crash.</summary>
    public bool HasCrashed => Worker.ExecuteTask is { IsFaulted: true };

    /// <summary>Moves the clock on, if the worker keeps up with it: one that runs away from a worker on a busy machine would show delays that are none.</summary>
    public void GoOn(double stepS = 0.25)
    {
        // One that stood still for long would never wake it.
        if (!IsKeptUpWith && ++_held < HeldMax)
            return;
        _held = 0;
        Time.Advance(TimeSpan.FromSeconds(stepS));
    }

    public Task AdvanceUntilAsync(Func<bool> condition, string what, double stepS = 0.25) => AdvanceUntilAsync(condition, what, () => stepS);

    private async Task AdvanceUntilAsync(Func<bool> condition, string what, Func<double> stepS)
    {
        try
        {
            await Mqtt.Until.TrueAsync(
                () =>
                {
                    if (condition())
                        return true;
                    GoOn(stepS());
                    return condition();
                },
                what);
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException($"{late.Message} It is {Time.GetUtcNow():T}; {Worker.Attempts} attempts, {Provider.Ledger.Count} arrived, the worker: {Worker.ExecuteTask?.Status} {Worker.ExecuteTask?.Exception?.InnerException}", late);
        }
    }

    /// <summary>Lets an amount of time pass and no more, in steps in which the worker keeps up.</summary>
    public async Task PassAsync(TimeSpan time, double stepS = 0.25)
    {
        var end = Time.GetUtcNow() + time;
        await AdvanceUntilAsync(() => Time.GetUtcNow() >= end, "time passes", () => Math.Min(stepS, (end - Time.GetUtcNow()).TotalSeconds));
    }

    public NoticeState StateOf(Notice notice) => (NoticeState)Convert.ToInt32(Scalar("select state from notice where key = $key", ("$key", notice.Key)), System.Globalization.CultureInfo.InvariantCulture);

    public long Count(string sql) => (long)Scalar(sql)!;

    public object? Scalar(string sql, params (string, object?)[] parameters)
    {
        using var connection = Database.OpenReader();
        using var command = Database.Command(connection, sql, parameters);
        return command.ExecuteScalar();
    }

    public void Write(SqliteConnection connection, DeliveryEvent happened)
    {
        Database.Execute(connection, "insert into timeline (said) values ($said)", ("$said", $"{happened.Person} {happened.Step} {happened.Kind} {happened.Channel} {happened.Code}".TrimEnd()));
        Moment?.Invoke(null);
    }

    public async ValueTask DisposeAsync()
    {
        Moment = null;
        await StopAsync();
        AssertConserved();
        await Database.DisposeAsync();
        _http.Dispose();
        _folder.Dispose();
    }

    /// <summary>After every test: each notice that was put in is in one place, and its ways agree with it.</summary>
    private void AssertConserved()
    {
        using var reader = Database.OpenReader();
        long Count(string sql)
        {
            using var command = Database.Command(reader, sql);
            return (long)command.ExecuteScalar()!;
        }

        // What waits has a way that waits or is on its way; what does not wait has none that waits.
        Assert.Equal(0, Count("select count(*) from notice where state = 0 and not exists (select 1 from notice_way where notice = notice.id and state in (0, 1))"));
        Assert.Equal(0, Count("select count(*) from notice_way join notice on notice.id = notice where notice_way.state = 0 and notice.state <> 0"));
        // What the service adds up each minute finds the same.
        Assert.Empty(NoticeBook.Stranded(reader, 20));
        // What was accepted was so by a way, or was reopened and is not; what came to nothing says why.
        Assert.Equal(0, Count("select count(*) from notice where state in (3, 4, 5) and (result is null or done_ms is null)"));
        Assert.Equal(0, Count("select count(*) from notice_way where state in (1, 2) and attempts = 0"));
        // Every attempt belongs to a way, and none is counted that was not written first.
        Assert.Equal(0, Count("select count(*) from notice_attempt where not exists (select 1 from notice_way where notice_way.notice = notice_attempt.notice and notice_way.ordinal = notice_attempt.ordinal)"));
    }

    IDisposable? ILogger.BeginScope<TState>(TState state) => null;

    bool ILogger.IsEnabled(LogLevel logLevel) => true;

    void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _log.Enqueue($"{logLevel} {formatter(state, exception)} {exception}");

    private NoticeWorker NewWorker(Action<NoticeMoment>? reached)
    {
        var settings = new OnCallSettings { WebhookTimeout = TimeSpan.FromSeconds(8), RetryMax = TimeSpan.FromSeconds(60), Expiry = TimeSpan.FromHours(24) };
        var factory = new ChannelFactory(_http, settings.WebhookTimeout, _ => throw new NotSupportedException(), Time, this);
        return new NoticeWorker(Database, _channels, factory.Create, [this], settings, Time, this, reached);
    }
}
