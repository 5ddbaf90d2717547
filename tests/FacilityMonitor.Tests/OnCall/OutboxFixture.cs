using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using FacilityMonitor.Alerts;
using FacilityMonitor.Configuration;
using FacilityMonitor.Journal;
using FacilityMonitor.Monitoring;
using FacilityMonitor.OnCall;
using FacilityMonitor.Registry;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace FacilityMonitor.Tests.OnCall;

/// <summary>One attempt as a receiver saw it.</summary>
internal sealed record Attempt(DateTimeOffset At, string Recipient, string Key, JsonElement Body);

/// <summary>An outbox on a real database, with receivers that answer as a test says and a clock that a test moves. The worker can be killed and started again.</summary>
internal sealed class OutboxFixture : HttpMessageHandler, IAsyncDisposable, ILogger<OutboxWorker>
{
    public const string Secret = "very-secret";

    private readonly TemporaryFolder _folder = new();
    private readonly ConcurrentQueue<Attempt> _attempts = new();
    private readonly ConcurrentQueue<string> _log = new();
    private readonly FacilitySource _registry;
    private readonly IReadOnlyList<Contact> _contacts;

    public OutboxFixture(params (string Id, string[] Sites)[] contacts)
        : this(_ => { }, contacts)
    {
    }

    /// <param name="prepare">Told the folder before the first file in it is opened.</param>
    /// <param name="contacts">Who is told, and of which sites.</param>
    public OutboxFixture(Action<string> prepare, params (string Id, string[] Sites)[] contacts)
    {
        prepare(_folder.Path);
        _contacts = [.. contacts.Select(contact => new Contact(contact.Id, new LocalText(contact.Id, contact.Id), new Uri($"http://{Secret}@{contact.Id}.example/hook?key={Secret}"), contact.Sites))];
        _registry = new FacilitySource(_folder.Path, Facility.Empty with { Contacts = _contacts }, Time, NullLogger<FacilitySource>.Instance);
        Database = Database.Open(Path.Combine(_folder.Path, "data"), Time);
        Outbox = new Outbox(Time);
        Worker = NewWorker();
    }

    public ManualTime Time { get; } = new();

    public Database Database { get; }

    public Outbox Outbox { get; private set; }

    public OutboxWorker Worker { get; private set; }

    public IReadOnlyCollection<Attempt> Attempts => _attempts;

    public string Log => string.Join('\n', _log);

    /// <summary>How a receiver answers; default: 200 for everybody.</summary>
    public Func<Attempt, CancellationToken, Task<HttpResponseMessage>> Answer { get; set; } = (_, _) => Status(HttpStatusCode.OK);

    public static Task<HttpResponseMessage> Status(HttpStatusCode status) => Task.FromResult(new HttpResponseMessage(status));

    public static AlertTransition Step(string alert, int number, Condition condition, Priority priority = Priority.P2, string? site = "huaihai") => new()
    {
        AlertId = alert,
        Sequence = number,
        Condition = condition,
        Priority = priority,
        Rule = "socket-overload",
        AtMs = 1_795_168_812_000,
        OnsetMs = 1_795_168_802_000,
        Site = site,
        Asset = $"{site}/shed-1/pile-02/s7",
        Text = new LocalText("过载，淮海里 7 号充电口", "Overload, Huaihai Lane, socket 7"),
    };

    public Task StartAsync() => Worker.StartAsync(CancellationToken.None);

    /// <summary>Ends the worker in whatever it does, as a kill would, and makes a new one.</summary>
    public async Task RestartAsync()
    {
        await Worker.StopAsync(CancellationToken.None);
        Worker.Dispose();
        Outbox = new Outbox(Time);
        Worker = NewWorker();
        await StartAsync();
    }

    /// <summary>Does what monitoring does with steps.</summary>
    public async Task TellAsync(params AlertTransition[] steps)
    {
        await Database.CommitAsync(CommitPriority.Alerts, connection => Outbox.Enqueue(connection, [.. steps.Where(step => AlertLog.Write(connection, step))], _contacts));
        Outbox.Announce();
    }

    /// <summary>Moves the clock until something has happened.</summary>
    public async Task AdvanceUntilAsync(Func<bool> condition, string what, double stepS = 0.1)
    {
        var began = Time.GetUtcNow();
        await Mqtt.Until.TrueAsync(
            () =>
            {
                // At once: the worker looks once a step, not once for every second of it.
                Time.Sleep(TimeSpan.FromSeconds(stepS));
                return condition();
            },
            $"{what} (from {began:T})");
    }

    public Task UntilAsync(Func<bool> condition, string what) => Mqtt.Until.TrueAsync(condition, what);

    public List<(string Alert, int Number, string Recipient, OutboxState State, string? Result)> Rows()
    {
        using var connection = Database.OpenReader();
        using var command = Database.Command(connection, "select alert, transition, recipient, state, result from outbox order by id");
        using var rows = command.ExecuteReader();
        var letters = new List<(string, int, string, OutboxState, string?)>();
        while (rows.Read())
            letters.Add((rows.GetString(0), rows.GetInt32(1), rows.GetString(2), (OutboxState)rows.GetInt32(3), rows.IsDBNull(4) ? null : rows.GetString(4)));
        return letters;
    }

    public int Count(OutboxState state) => Rows().Count(row => row.State == state);

    public async ValueTask DisposeAsync()
    {
        await Worker.StopAsync(CancellationToken.None);
        Worker.Dispose();
        AssertConserved();
        _registry.Dispose();
        await Database.DisposeAsync();
        _folder.Dispose();
        Dispose();
    }

    /// <summary>After every test: each letter is in one place, what is done says when, what waits is not done, and what was not sent says why.</summary>
    private void AssertConserved()
    {
        using var connection = Database.OpenReader();
        foreach (var sql in (string[])
            [
                "select count(*) from outbox where state not in (0, 1, 2, 3, 4, 5)",
                "select count(*) from outbox where state = 0 and done_ms is not null",
                "select count(*) from outbox where state in (1, 2, 3) and done_ms is null",
                "select count(*) from outbox where state in (2, 3) and result is null",
            ])
        {
            using var command = Database.Command(connection, sql);
            Assert.Equal(0L, command.ExecuteScalar());
        }
    }

    IDisposable? ILogger.BeginScope<TState>(TState state) => null;

    bool ILogger.IsEnabled(LogLevel logLevel) => true;

    void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _log.Enqueue($"{logLevel} {formatter(state, exception)} {exception}");

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var body = JsonDocument.Parse(await request.Content!.ReadAsStringAsync(cancellationToken)).RootElement;
        var attempt = new Attempt(Time.GetUtcNow(), request.RequestUri!.Host.Split('.')[0], request.Headers.GetValues("Idempotency-Key").Single(), body);
        _attempts.Enqueue(attempt);
        return await Answer(attempt, cancellationToken);
    }

    private OutboxWorker NewWorker()
    {
        var settings = new OnCallSettings { WebhookTimeout = TimeSpan.FromSeconds(10), RetryMax = TimeSpan.FromSeconds(60), Expiry = TimeSpan.FromHours(1) };
        var webhook = new WebhookNotifier(new HttpMessageInvoker(this, disposeHandler: false), settings.WebhookTimeout, Time);
        return new OutboxWorker(Outbox, Database, _registry, webhook, new RetryPlan(settings, () => 0), Time, this);
    }
}
