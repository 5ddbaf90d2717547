using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using FacilityMonitor.Configuration;
using FacilityMonitor.Control;
using FacilityMonitor.Journal;
using FacilityMonitor.OnCall.Channels;
using FacilityMonitor.OnCall.Notices;
using FacilityMonitor.Registry;
using FacilityMonitor.Tests.OnCall.Channels;
using Microsoft.Extensions.Logging.Abstractions;

namespace FacilityMonitor.Tests.OnCall.Phones;

/// <summary>
/// Everybody's telephone, and everything between an alert and it that is ours: chain, outbox, channels, and fake providers that keep their rules. What rings that no
/// test expects fails it, and so does a telephone that stays quiet.
/// </summary>
internal sealed class PhoneExchange : IAsyncDisposable
{
    private const string Calls = "voice";
    private const string Texts = "sms";
    private const string Chat = "app";

    private readonly HttpMessageInvoker _http;
    private readonly NoticeWorker _worker;
    private readonly HashSet<Arrival> _expected = [];
    private readonly ConcurrentQueue<CommandOrder> _sirens = new();

    private PhoneExchange(DateTimeOffset start)
    {
        var persons = ResponseFixture.Everybody();
        Alerts = new ResponseFixture(Facility.Empty with { Sites = [ResponseFixture.Site()], People = persons with { Persons = [.. persons.Persons.Select(WithNumbers)] } }, start);
        Providers = new FakeProviders(Alerts.Time);
        _http = new HttpMessageInvoker(Providers);
        var settings = new OnCallSettings { WebhookTimeout = TimeSpan.FromSeconds(8), RetryMax = TimeSpan.FromSeconds(60), Expiry = TimeSpan.FromHours(24) };
        var factory = new ChannelFactory(_http, settings.WebhookTimeout, SoundAsync, Alerts.Time, NullLogger.Instance);
        ChannelDefinition[] channels = [ChannelBench.Definition("tencent-voice", Calls), ChannelBench.Definition("aliyun-sms", Texts), ChannelBench.Definition("wecom-app", Chat), Siren()];
        Alerts.Sounds.Use(channels);
        _worker = new NoticeWorker(
            Alerts.Database, channels, factory.Create, [Alerts.Log], settings, Alerts.Time, NullLogger<NoticeWorker>.Instance);
        Alerts.Log.Changed += _worker.Announce;
    }

    public ResponseFixture Alerts { get; }

    public FakeProviders Providers { get; }

    public static async Task<PhoneExchange> StartAsync(DateTimeOffset start)
    {
        var exchange = new PhoneExchange(start);
        await exchange._worker.StartAsync(CancellationToken.None);
        return exchange;
    }

    /// <summary>Somebody's telephone.</summary>
    public Phone Of(string person) => new(this, NumberOf(person), person);

    /// <summary>A siren sounds.</summary>
    public Task ExpectsSirenAsync(string device) => UntilAsync(() => _sirens.Any(order => order.Device.Name == device), $"{device} sounds");

    /// <summary>Lets seconds go by: the chain goes on, messages go out.</summary>
    public Task PassAsync(double seconds)
    {
        var end = Alerts.Time.GetUtcNow().AddSeconds(seconds);
        return UntilAsync(() => Alerts.Time.GetUtcNow() >= end, "time passes", stepS: 1);
    }

    /// <summary>Everything that rang was expected.</summary>
    public async ValueTask DisposeAsync()
    {
        await _worker.StopAsync(CancellationToken.None);
        _worker.Dispose();
        _http.Dispose();
        var unexpected = Providers.Ledger.Where(arrival => !_expected.Contains(arrival)).ToList();
        await Alerts.DisposeAsync();
        Assert.Empty(unexpected);
    }

    /// <summary>Waits at most so long for something to arrive, and ticks it off.</summary>
    internal async Task<Arrival> ExpectAsync(string provider, string address, string text, double withinS)
    {
        var end = Alerts.Time.GetUtcNow().AddSeconds(withinS);
        Arrival? found = null;
        await UntilAsync(
            () =>
            {
                found ??= Providers.Ledger.FirstOrDefault(one => one.Provider == provider && one.Address == address && one.Text.Contains(text, StringComparison.Ordinal) && !_expected.Contains(one));
                return found is not null || Alerts.Time.GetUtcNow() > end;
            },
            $"{provider} reaches {address}");
        Assert.True(found is not null, $"{provider} did not reach {address} with '{text}' within {withinS} s; there arrived: {string.Join(" | ", Providers.Ledger)}");
        _expected.Add(found);
        return found;
    }

    /// <summary>A provider reports what became of the last call to a number.</summary>
    internal async Task ReportAsync(string number, string body)
    {
        string? receipt = null;
        await UntilAsync(() => (receipt = Receipt(number)) is not null, "the call is booked");
        var reports = ProviderReports.Read(ChannelKind.TencentVoice, Encoding.UTF8.GetBytes(body.Replace("CALL", receipt, StringComparison.Ordinal)))!;
        await Alerts.CommitAsync(connection =>
        {
            foreach (var report in reports)
                Assert.True(NoticeReceipts.Book(connection, Calls, report, Alerts.NowMs, [Alerts.Log]));
        });
        _worker.Announce();
    }

    private static string NumberOf(string person) =>
        string.Create(CultureInfo.InvariantCulture, $"1380000{ResponseFixture.Everybody().Persons.Select(one => one.Id).ToList().IndexOf(person):0000}");

    private string? Receipt(string number)
    {
        using var reader = Alerts.Database.OpenReader();
        using var command = Database.Command(
            reader, "select receipt from notice_way where channel = $calls and address = $number and receipt is not null order by notice desc limit 1", ("$calls", Calls), ("$number", number));
        return command.ExecuteScalar() as string;
    }

    private Task UntilAsync(Func<bool> condition, string what, double stepS = 0.25)
    {
        var held = 0;
        return Mqtt.Until.TrueAsync(
            () =>
            {
                if (condition())
                    return true;
                // The clock does not run away from a worker on a busy machine.
                if (_worker.ExecuteTask is { IsFaulted: true } crashed)
                    throw new InvalidOperationException("The worker has ended.", crashed.Exception);
                if (Alerts.NowMs - _worker.LastRoundMs > 2_000 && ++held < 20)
                    return false;
                held = 0;
                Alerts.Time.Advance(TimeSpan.FromSeconds(stepS));
                if (Alerts.NextTurnMs() is { } due && due <= Alerts.NowMs)
                {
                    Alerts.TurnAsync().Wait();
                    _worker.Announce();
                }

                return condition();
            },
            what);
    }

    private Task<OrderOutcome> SoundAsync(CommandOrder order)
    {
        _sirens.Enqueue(order);
        return Task.FromResult<OrderOutcome>(new OrderOutcome.Refused(new CommandRefusal("not-supported", new LocalText("", ""))));
    }

    private static ChannelDefinition Siren() => ChannelBench.Definition("siren", "siren");

    private static Person WithNumbers(Person person) => person with
    {
        Contacts = [new PersonContact(Chat, person.Id, null), new PersonContact(Texts, NumberOf(person.Id), null), new PersonContact(Calls, NumberOf(person.Id), null)],
    };
}

/// <summary>One person's telephone, as a test holds it.</summary>
internal sealed class Phone(PhoneExchange exchange, string number, string person)
{
    /// <summary>It rings and says so, within so long.</summary>
    public Task ExpectsCallAsync(string text, double withinS = 5) => exchange.ExpectAsync("tencent-voice", number, text, withinS);

    /// <summary>A short message comes.</summary>
    public Task ExpectsTextAsync(string text, double withinS = 5) => exchange.ExpectAsync("aliyun-sms", number, text, withinS);

    /// <summary>A message of the app comes.</summary>
    public Task ExpectsChatAsync(string text, double withinS = 5) => exchange.ExpectAsync("wecom-app", person, text, withinS);

    /// <summary>The person presses a key while the last call speaks.</summary>
    public Task PressesAsync(char key) => exchange.ReportAsync(
        number, $$"""{"voicekey_callback":{"call_from":"","callid":"CALL","keypress":"{{key}}","mobile":"{{number}}","nationcode":"86"} }""");

    /// <summary>It rings, and nobody answers.</summary>
    public Task RingsOutAsync() => exchange.ReportAsync(
        number, $$"""{"voiceprompt_callback":{"result":"1","accept_time":"0","call_from":"","callid":"CALL","end_calltime":"1","fee":"0","mobile":"{{number}}","nationcode":"86"} }""");
}
