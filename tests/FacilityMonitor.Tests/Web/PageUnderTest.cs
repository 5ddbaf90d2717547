using System.Collections;
using System.Text.Json;
using System.Text.RegularExpressions;
using FacilityMonitor.Alerts;
using FacilityMonitor.Commands;
using FacilityMonitor.Configuration;
using FacilityMonitor.Contract;
using FacilityMonitor.Journal;
using FacilityMonitor.Monitoring;
using FacilityMonitor.OnCall.Channels;
using FacilityMonitor.Readings;
using FacilityMonitor.Tests.Conventions;
using FacilityMonitor.Tests.Mqtt;
using FacilityMonitor.Users;
using FacilityMonitor.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;

namespace FacilityMonitor.Tests.Web;

/// <summary>The whole service in this process on the demo neighbourhood, without a broker and with a clock that only a test moves.</summary>
internal sealed partial class PageUnderTest : IAsyncDisposable
{
    public const string Password = "correct horse battery";

    /// <summary>Of every user whom a test adds.</summary>
    public const string UserPassword = "seven green kettles";

    /// <summary>A password is hashed so often: what it is for takes a third of a second each time, and every test signs in.</summary>
    private const int QuickRounds = 1_000;

    private readonly WebApplication _app;
    private readonly HttpClientHandler _handler = new() { AllowAutoRedirect = false };

    private PageUnderTest(WebApplication app, ManualTime time, string url)
    {
        _app = app;
        Time = time;
        Client = new HttpClient(_handler) { BaseAddress = new Uri(url), Timeout = Until.RequestDeadline };
    }

    public ManualTime Time { get; }

    public HttpClient Client { get; }

    public Uri Url => Client.BaseAddress!;

    public SignInAttempts Attempts => _app.Services.GetRequiredService<SignInAttempts>();

    public IServiceProvider Services => _app.Services;

    public Database Database => _app.Services.GetRequiredService<Database>();

    public FacilityMonitor.OnCall.Responses.ResponseLog Responses => _app.Services.GetRequiredService<FacilityMonitor.OnCall.Responses.ResponseLog>();

    public LiveFeed Feed => _app.Services.GetRequiredService<LiveFeed>();

    public long NowMs => Time.GetUtcNow().ToUnixTimeMilliseconds();

    public static async Task<PageUnderTest> StartAsync(string data, ManualTime? clock = null, string? password = Password, string language = "zh", IReadOnlyList<ChannelDefinition>? channels = null,
        IReadOnlyDictionary<string, string>? further = null, string? configuration = null, int? rounds = null)
    {
        var url = $"http://127.0.0.1:{LoopbackPort.Free()}";
        var folder = configuration ?? Path.Combine(SourceTree.Root, "src/FacilityMonitor/demo");
        var given = new Hashtable
        {
            ["FM_BROKER__PORT"] = LoopbackPort.Free().ToString(System.Globalization.CultureInfo.InvariantCulture),
            ["FM_DATA__DIRECTORY"] = data,
            ["FM_WEB__URL"] = url,
            ["FM_LANGUAGE"] = language,
        };
        if (password is not null)
            given["FM_WEB__SIGN_IN__PASSWORD"] = password;
        foreach (var (name, value) in further ?? new Dictionary<string, string>())
            given[name] = value;
        var (settings, errors) = SettingsLoader.Load(folder, given);
        Assert.Empty(errors);
        var time = clock ?? new ManualTime();
        var app = RunCommand.Build(folder, () => FacilityLoader.Load(folder, RunCommand.Rules).Facility!, settings!, time, channels, services => services.Configure<PasswordHasherOptions>(options => options.IterationCount = rounds ?? QuickRounds));
        await app.StartAsync();
        // What a test tells the rules know nothing of: told before the service has looked for such alerts of before its start, it would be ended with them.
        var monitoring = app.Services.GetRequiredService<MonitoringWorker>();
        await Until.TrueAsync(() => monitoring.IsReconciled, "the rules having looked at what was open");
        return new PageUnderTest(app, time, url);
    }

    /// <summary>The demo's configuration, to be changed.</summary>
    public static string CopyOfDemo(string folder)
    {
        var copy = Directory.CreateDirectory(Path.Combine(folder, "config")).FullName;
        foreach (var file in Directory.GetFiles(Path.Combine(SourceTree.Root, "src/FacilityMonitor/demo"), "*.yaml"))
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        return copy;
    }

    /// <summary>A device says something: it goes the way of every message from the journal on.</summary>
    public Task SayAsync(string name, string channel, double watts, MessageKind kind = MessageKind.Data, long? atMs = null) =>
        SayAsync(name, [(channel, atMs ?? NowMs, [(Metric.W, watts)])], kind);

    /// <summary>A device says several things in one message.</summary>
    public async Task SayAsync(string name, IEnumerable<(string Channel, long AtMs, (Metric Metric, double Value)[] Values)> readings, MessageKind kind = MessageKind.Data, Dialect dialect = Dialect.Fm1, string site = "huaihai")
    {
        var devices = _app.Services.GetRequiredService<DeviceTable>();
        var message = new DeviceMessage { Kind = kind, Device = devices.Resolve(dialect, dialect == Dialect.Fm1 ? System.Text.Encoding.UTF8.GetBytes(site) : default, System.Text.Encoding.UTF8.GetBytes(name)), ReceivedMs = NowMs };
        foreach (var (channel, atMs, values) in readings)
        {
            ref var reading = ref message.Readings.Add();
            Assert.True(ChannelId.TryParse(channel, out var id));
            (reading.Channel, reading.AtMs, reading.DeviceMs) = (id, atMs, atMs);
            foreach (var (metric, value) in values)
                message.Readings.AddValue(metric, value);
        }

        var writer = new JournalWriter();
        writer.Message(message);
        await _app.Services.GetRequiredService<MessageJournal>().AppendAsync(writer);
    }

    /// <summary>The whole state as a page that opens now is told.</summary>
    public JsonElement State()
    {
        using var viewer = Feed.Open(FacilityMonitor.Users.SiteScope.All, () => true)!;
        Feed.Close(viewer);
        Assert.True(viewer.Frames.TryRead(out var hello));
        return Body(hello!);
    }

    /// <summary>A channel as a page that opens now is told; null when it is not.</summary>
    public JsonElement? Channel(string device, string channel)
    {
        foreach (var told in State().GetProperty("devices").GetProperty("devices").EnumerateArray())
        {
            if (told.GetProperty("key").GetString() == device && told.GetProperty("channels").TryGetProperty(channel, out var values))
                return values;
        }

        return null;
    }

    public static JsonElement Body(LiveFrame frame)
    {
        var text = System.Text.Encoding.UTF8.GetString(frame.Bytes.Span);
        using var json = JsonDocument.Parse(text[(text.IndexOf("data: ", StringComparison.Ordinal) + 6)..]);
        return json.RootElement.Clone();
    }

    /// <summary>Moves the clock in steps, in real time as short as the workers need, until a condition holds.</summary>
    public Task UntilAsync(Func<bool> holds, string what, int stepMs = 250) => UntilAsync(() => Task.FromResult(holds()), what, stepMs);

    /// <summary>The same for a condition that takes its time.</summary>
    public async Task UntilAsync(Func<Task<bool>> holds, string what, int stepMs = 250)
    {
        for (var step = 0; step < 2_000; step++)
        {
            if (await holds())
                return;
            Time.Advance(TimeSpan.FromMilliseconds(stepMs));
            await Task.Delay(5);
            // On a busy machine the clock must not run away from the work that it set off: leases would run out before anybody had his turn.
            for (var look = 0; look < 20 && ThreadPool.PendingWorkItemCount > 0; look++)
                await Task.Delay(2);
        }

        Assert.Fail($"{what} did not come about.");
    }

    public async Task<HttpResponseMessage> SignInAsync(string password, bool withToken = true, string user = "manager")
    {
        var form = await Client.GetStringAsync(new Uri("/sign-in", UriKind.Relative));
        var token = Token().Match(form);
        using var body = new FormUrlEncodedContent(new Dictionary<string, string>
        {
            [token.Groups["name"].Value] = withToken ? token.Groups["value"].Value : "",
            ["user"] = user,
            ["password"] = password,
        });
        return await Client.PostAsync(new Uri("/sign-in", UriKind.Relative), body);
    }

    /// <summary>Sends a form of the page itself, with the proof that it is ours or without.</summary>
    public async Task<HttpResponseMessage> PostAsync(string path, bool withToken)
    {
        var token = Token().Match(await Client.GetStringAsync(new Uri("/", UriKind.Relative)));
        using var body = new FormUrlEncodedContent(new Dictionary<string, string> { [token.Groups["name"].Value] = withToken ? token.Groups["value"].Value : "" });
        return await Client.PostAsync(new Uri(path, UriKind.Relative), body);
    }

    /// <summary>Adds a user, who signs in.</summary>
    public async Task<UserUnderTest> EnterAsync(string name, UserRole role, string sites, string displayName = "", string? person = null)
    {
        var desk = Services.GetRequiredService<UserDesk>();
        Assert.Null(await desk.AddAsync(Visitor.Machine(Visitor.CommandLine, ""), name, displayName, "", role, SiteScope.Parse(sites), person));
        Assert.Null(await desk.SetPasswordAsync(Visitor.Machine(Visitor.CommandLine, ""), name, UserPassword));
        var user = new UserUnderTest(Url);
        Assert.Equal(System.Net.HttpStatusCode.Redirect, (await user.SignInAsync(name, UserPassword)).StatusCode);
        return user;
    }

    /// <summary>Puts an active alert onto a site, with everybody told who is. The rules know nothing of it.</summary>
    public Task RaiseAsync(string alert, string site, string asset, Priority priority = Priority.P1, string rule = "socket-overload", string? device = null) => Database.CommitAsync(CommitPriority.Alerts, connection =>
    {
        var step = Step(alert, site, asset, priority) with { Rule = rule, Device = device };
        AlertLog.Write(connection, step);
        Responses.Observe(connection, [step]);
    });

    /// <summary>The same by way of the rules: it stands on the live picture too.</summary>
    public void Ring(string alert, string site, string asset, Priority priority = Priority.P1, string rule = "socket-overload", double? probability = null) =>
        Services.GetRequiredService<MonitoringWorker>().Tell(Step(alert, site, asset, priority) with { Rule = rule, Evidence = probability is { } p ? new SortedDictionary<string, object> { ["p"] = p } : [] });

    private AlertTransition Step(string alert, string site, string asset, Priority priority) => new()
    {
        AlertId = alert,
        Rule = "socket-overload",
        Priority = priority,
        Condition = Condition.Active,
        AtMs = NowMs,
        OnsetMs = NowMs,
        Site = site,
        Asset = asset,
        Text = new FacilityMonitor.Registry.LocalText($"过载 {alert}。请做：1. 去看", $"Overload {alert}. Do: 1. Go and look"),
    };

    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        _handler.Dispose();
        await StopAsync();
        await _app.DisposeAsync();
    }

    [GeneratedRegex("name=\"(?<name>__[^\"]+)\" value=\"(?<value>[^\"]+)\"")]
    private static partial Regex Token();
}
