using System.Globalization;
using System.Text;
using System.Text.Json;
using FacilityMonitor.Journal;
using FacilityMonitor.Mqtt;
using FacilityMonitor.OnCall.Channels;
using FacilityMonitor.Tests.Mqtt;
using FacilityMonitor.Tests.OnCall;
using FacilityMonitor.Tests.OnCall.Channels;
using FacilityMonitor.Tests.Storage;

namespace FacilityMonitor.Tests.EndToEnd;

/// <summary>The service as a process, with people who are reached through a real webhook and a real mail server, and a shed that can burn.</summary>
internal sealed class OnCallNeighbourhood : IAsyncDisposable
{
    /// <summary>Stands in the links; no telephone opens it, the test does.</summary>
    public const string PublicUrl = "http://monitor.test";

    private const string ContactPath = "contact";

    private readonly TemporaryFolder _folder = new();
    private readonly HttpClient _phone = new(new HttpClientHandler { AllowAutoRedirect = false, UseCookies = false });
    private MqttClient? _shed;
    private int _seq;

    private OnCallNeighbourhood()
    {
    }

    public MosquittoBroker Broker { get; private set; } = null!;

    public WebhookReceiver Receiver { get; private set; } = null!;

    public MailServer Mail { get; private set; } = null!;

    public ServiceUnderTest Service { get; private set; } = null!;

    public string Configuration => Path.Combine(_folder.Path, "config");

    /// <param name="people">The people.yaml; its channels are hook, mail and siren.</param>
    /// <param name="devices">YAML of devices of the site lane, beside the shed sensor shed-1.</param>
    /// <param name="rules">YAML of the registry beside its sites.</param>
    /// <param name="settings">Further settings, as environment variables.</param>
    /// <param name="prepare">Told the folder of its data before anything is in it.</param>
    /// <param name="disk">Makes the disk under its data, told the folder; its environment joins the settings.</param>
    public static async Task<OnCallNeighbourhood> StartAsync(
        string people, string devices = "", string rules = "", IReadOnlyDictionary<string, string>? settings = null, Func<string, SlowDisk>? disk = null, Action<string>? prepare = null)
    {
        var place = new OnCallNeighbourhood
        {
            Broker = await MosquittoBroker.StartAsync(),
            Receiver = await WebhookReceiver.StartAsync(),
            Mail = await MailServer.StartAsync(SmtpTls.None),
        };
        Directory.CreateDirectory(place.Configuration);
        prepare?.Invoke(ServiceUnderTest.DataOf(place._folder.Path));
        place.Write("facility.yaml", $"""
            sites:
              - id: lane
                name: Lane
                places: [{"{"}id: shed, kind: shed, name: Shed, capacity: 60{"}"}]
                devices:
                  - {"{"}id: shed-1, kind: shed, name: Shed sensor, place: shed{"}"}
            """ + "\n" + devices + "\n" + rules + "\n");
        place.Write("people.yaml", people);
        place.Write("hook.url", place.Receiver.Address + "hook");
        place.Write("contact.url", place.Receiver.Address + ContactPath);
        var mail = place.Mail.Endpoint(SmtpTls.None);
        place.Write("smtp.password", mail.Password!);
        place.Write("channels.yaml", string.Create(CultureInfo.InvariantCulture, $$"""
            channels:
              - {id: hook, kind: webhook, address-file: hook.url}
              - {id: siren, kind: siren, seconds: 3}
              - {id: mail, kind: smtp, host: 127.0.0.1, port: {{mail.Port}}, tls: none, from: monitor@example.org, user: {{mail.User}}, password-file: smtp.password}
            """));
        var all = new Dictionary<string, string>(settings ?? new Dictionary<string, string>()) { ["FM_WEB__PUBLIC_URL"] = PublicUrl };
        foreach (var (name, value) in disk?.Invoke(place._folder.Path).Environment ?? new Dictionary<string, string>())
            all[name] = value;
        place.Service = await ServiceUnderTest.StartAsync(place.Broker, place._folder.Path, place.Configuration, all);
        place._shed = new MqttClient(new MqttClientOptions { Host = place.Broker.Host, Port = place.Broker.Port, ClientId = "shed-1" }, TimeProvider.System);
        await place._shed.StartAsync();
        return place;
    }

    public void Write(string file, string text) => File.WriteAllText(Path.Combine(Configuration, file), text);

    /// <summary>The shed's sensor says whether there is smoke.</summary>
    public Task SmokeAsync(bool isThere) => PublishAsync("lane/shed-1", $$"""{"ch":"main","smoke":{{(isThere ? "true" : "false")}}}""", _seq++);

    /// <summary>A device says something.</summary>
    public async Task PublishAsync(string device, string reading, int seq)
    {
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        var body = string.Create(CultureInfo.InvariantCulture, $$"""{"v":1,"boot":"e2e","seq":{{seq}},"ts":{{now}},"clk":"ntp","r":[{{reading}}]}""");
        await SayAsync($"fm/1/{device}/data", body);
    }

    /// <summary>Something is published.</summary>
    public Task SayAsync(string topic, string body) => _shed!.PublishAsync(topic, Encoding.UTF8.GetBytes(body), MqttQos.AtLeastOnce, retain: false).AsTask();

    /// <summary>What the webhook was told so far, in its order: key, to, and the link.</summary>
    public IReadOnlyList<(string Key, string To, string Text, string? Link)> Posts => [.. Receiver.Told.Where(told => told.Path != "/" + ContactPath).Select(told => JsonDocument.Parse(told.Body).RootElement).Select(body =>
        (body.GetProperty("key").GetString()!, body.GetProperty("to").GetString()!, body.GetProperty("text").GetProperty("en").GetString()!, body.GetProperty("link").GetString()))];

    /// <summary>What a contact whose address is <c>file:contact.url</c> was told so far of fires, each by its key.</summary>
    public IReadOnlyList<string> Contacts => [.. Receiver.Told.Where(told => told.Path == "/" + ContactPath && told.Body.Contains("\"smoke\"", StringComparison.Ordinal)).Select(told => told.Key)];

    /// <summary>Mails so far: to whom, and what they say.</summary>
    public IReadOnlyList<(string To, string Text)> Mails => [.. Mail.Mails.Select(mail => (mail.GetProperty("to")[0].GetString()!, Decode(mail.GetProperty("content").GetString()!)))];

    /// <summary>A telephone opens a link, or presses a button behind it.</summary>
    public async Task<HttpResponseMessage> PressAsync(string link, string button)
    {
        using var nothing = new FormUrlEncodedContent([]);
        return await _phone.PostAsync(new Uri(link.Replace(PublicUrl, Service.Url, StringComparison.Ordinal) + "/" + button), nothing);
    }

    public Task<string> OpenAsync(string link) => _phone.GetStringAsync(new Uri(link.Replace(PublicUrl, Service.Url, StringComparison.Ordinal)));

    public Task UntilAsync(Func<bool> condition, string what) => Service.Process.UntilAsync(() => Task.FromResult(condition()), what);

    public long Count(string sql)
    {
        using var connection = Database.OpenReader(Service.Data);
        using var command = Database.Command(connection, sql);
        return command.ExecuteScalar() is long count ? count : 0;
    }

    public async ValueTask DisposeAsync()
    {
        if (_shed is not null)
            await _shed.DisposeAsync();
        await Service.DisposeAsync();
        await Receiver.DisposeAsync();
        await Mail.DisposeAsync();
        await Broker.DisposeAsync();
        _phone.Dispose();
        _folder.Dispose();
    }

    /// <summary>The text of a mail, which goes in base64.</summary>
    private static string Decode(string content)
    {
        var body = content[(content.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..];
        return Encoding.UTF8.GetString(Convert.FromBase64String(body.Replace("\r\n", "", StringComparison.Ordinal)));
    }
}
