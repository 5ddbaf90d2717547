using FacilityMonitor.Alerts;
using FacilityMonitor.OnCall.Channels;
using FacilityMonitor.Registry;
using Microsoft.Extensions.Logging.Abstractions;

namespace FacilityMonitor.Tests.OnCall.Channels;

/// <summary>A channel set up against its fake provider, on a clock that a test moves.</summary>
internal sealed class ChannelBench : IDisposable
{
    public const string Phone = "13800138000";
    public const string Link = "https://monitor.example.org/p/8c1f2000aabbccdd";

    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    /// <summary>9 o'clock in Shanghai.</summary>
    private static readonly DateTimeOffset Morning = new(2026, 11, 20, 1, 0, 0, TimeSpan.Zero);

    /// <summary>What each kind's account looks like at the fakes.</summary>
    private static readonly Dictionary<string, string> Accounts = new()
    {
        ["corp-id"] = "ww1",
        ["agent-id"] = "1000002",
        ["client-id"] = "dingapp1",
        ["access-key-id"] = "LTAI1",
        ["secret-id"] = "AKID1",
        ["app-id"] = "1400006666",
        ["sign-name"] = "久耕物业",
        ["template"] = "T1",
        ["caller"] = "02112345678",
        ["variable"] = "what",
        ["variable-length"] = "35",
        ["region"] = "ap-guangzhou",
        ["seconds"] = "60",
    };

    private static readonly Dictionary<string, string> Secrets = new()
    {
        ["key"] = FakeProviders.Key,
        ["token"] = FakeProviders.Key,
        ["secret"] = FakeProviders.Secret,
        ["access-key-secret"] = FakeProviders.Secret,
        ["secret-key"] = FakeProviders.Secret,
        ["client-secret"] = FakeProviders.Secret,
        ["address"] = "https://webhook.test/hook",
    };

    private readonly HttpMessageInvoker _http;

    /// <param name="word">Kind of the channel.</param>
    /// <param name="mutant">Stands between client and provider, and breaks the client for it.</param>
    /// <param name="secret">Another secret than the right one.</param>
    /// <param name="time">The clock, if it is shared.</param>
    public ChannelBench(string word, DelegatingHandler? mutant = null, string? secret = null, ManualTime? time = null)
    {
        // The morning, so that hours pass before the night with its own limits begins.
        Time = time ?? new ManualTime(Morning);
        Provider = new FakeProviders(Time);
        HttpMessageHandler handler = Provider;
        if (mutant is not null)
        {
            mutant.InnerHandler = Provider;
            handler = mutant;
        }

        _http = new HttpMessageInvoker(handler);
        var definition = Definition(word);
        if (secret is not null)
            definition = definition with { Secrets = definition.Secrets.ToDictionary(pair => pair.Key, pair => pair.Key == "address" ? pair.Value : secret) };
        Notifier = new ChannelFactory(_http, Timeout, _ => throw new NotSupportedException(), Time, NullLogger.Instance).Create(definition);
    }

    public ManualTime Time { get; }

    public FakeProviders Provider { get; }

    public INotifier Notifier { get; set; }

    /// <summary>Whom the channel reaches.</summary>
    public static string AddressOf(string word) => word switch
    {
        "wecom-bot" or "dingtalk-bot" or "feishu-bot" => "",
        "wecom-app" or "dingtalk-app" => "zhang",
        "ntfy" => "topic-1",
        _ => Phone,
    };

    /// <summary>Whether the channel shows the whole text with its link, instead of a template's variable.</summary>
    public static bool ShowsLink(string word) => !word.EndsWith("-sms", StringComparison.Ordinal) && !word.EndsWith("-voice", StringComparison.Ordinal);

    /// <summary>Whether it reaches one person, so that there are addresses that nobody has.</summary>
    public static bool HasAddresses(string word) => word is "wecom-app" or "dingtalk-app" || !ShowsLink(word);

    public static ChannelDefinition Definition(string word, string? id = null)
    {
        var form = ChannelKinds.All.Single(kind => kind.Word == word);
        return new ChannelDefinition
        {
            Id = id ?? word,
            Form = form,
            Folder = "",
            Url = form.Url is null ? null : new Uri($"https://{word.Split('-')[0]}.test"),
            Language = "zh",
            Values = form.Keys.Where(key => !key.IsSecret && Accounts.ContainsKey(key.Name)).ToDictionary(key => key.Name, key => Accounts[key.Name]),
            Secrets = form.Keys.Where(key => key.IsSecret && Secrets.ContainsKey(key.Name)).ToDictionary(key => key.Name, key => Secrets[key.Name]),
            Limits = form.Limits,
        };
    }

    public static ChannelMessage Message(int number = 1, Mark mark = Mark.None, string? text = null) => new()
    {
        Key = $"8c1f2000aabbccdd-{number}-guard",
        Reference = $"8c1f20-{number}",
        Priority = Priority.P0,
        Mark = mark,
        Brief = new LocalText("烟雾，淮海里车棚", "Smoke, Huaihai Lane shed"),
        Text = new LocalText(text ?? "烟雾，淮海里车棚：烟感报警。自 11-20 18:00:00 起。将依次呼叫值班人员。请做：1. 去现场看；2. 拨打 119。", "Smoke, Huaihai Lane shed: smoke. Since 20 Nov 18:00:00. People on duty are called. Do: 1. Go and see; 2. Call 119."),
        Link = Link,
    };

    /// <summary>Sends, and moves the clock on until the answer is there.</summary>
    public async Task<Outcome> SendAsync(string word, ChannelMessage? message = null, string? address = null)
    {
        var sending = Notifier.SendAsync(message ?? Message(), address ?? AddressOf(word), CancellationToken.None);
        while (!sending.IsCompleted)
        {
            await Task.Yield();
            Time.Advance(TimeSpan.FromSeconds(0.5));
        }

        return await sending;
    }

    public void Dispose() => _http.Dispose();
}
