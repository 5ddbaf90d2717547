using System.Collections;
using FacilityMonitor.Mqtt;
using FacilityMonitor.Registry;
using static FacilityMonitor.Configuration.SettingsCatalogue;

namespace FacilityMonitor.Configuration;

/// <summary>Reads <c>settings.yaml</c> and the <c>FM_…</c> variables, which win, against <see cref="SettingsCatalogue"/>; finds every error in one go.</summary>
internal sealed class SettingsLoader
{
    private readonly string _folder;
    private readonly Problems _problems;
    private readonly Dictionary<Setting, object?> _values = [];
    private readonly Dictionary<Setting, Source> _sources = [];

    private SettingsLoader(string folder, Problems problems) => (_folder, _problems) = (folder, problems);

    /// <summary>Where a value was written: an element of the file, or a variable.</summary>
    private readonly record struct Source(YamlElement? At, string? Variable);

    /// <summary>Reads the settings of a folder; <c>settings.yaml</c> in it may be missing.</summary>
    /// <returns>The settings, null when there are errors, and all errors and warnings.</returns>
    public static (ServiceSettings? Settings, IReadOnlyList<ConfigurationError> Errors) Load(string folder, IDictionary environment)
    {
        var problems = new Problems();
        var settings = new SettingsLoader(folder, problems).Read(ConfigurationFolder.ReadSettings(folder, problems), environment);
        return (problems.HasErrors ? null : settings, problems.ToList());
    }

    /// <summary>The language that is meant, as far as it could be read: errors are told in it too.</summary>
    public static string LanguageOf(string folder, IDictionary environment)
    {
        var problems = new Problems();
        return new SettingsLoader(folder, problems).Read(ConfigurationFolder.ReadSettings(folder, problems), environment).Language;
    }

    private ServiceSettings Read(byte[]? content, IDictionary environment)
    {
        var file = content is null ? null : YamlText.Read(content, ConfigurationFolder.SettingsFile, _problems);
        if (file is YamlMapping mapping)
            Take(new MappingReader(mapping, "", _problems), "");
        else if (file is not null)
            _problems.Error(file, "", $"应是一组键值，却是{file.Shape.Zh}", $"should be keys with values but is {file.Shape.En}");
        Variables(environment);
        var settings = Build();
        Together(settings);
        return settings;
    }

    private void Take(MappingReader reader, string above)
    {
        var sections = new HashSet<string>(StringComparer.Ordinal);
        foreach (var setting in All.Where(setting => setting.Key.StartsWith(above, StringComparison.Ordinal)))
        {
            var rest = setting.Key[above.Length..];
            var dot = rest.IndexOf('.', StringComparison.Ordinal);
            if (dot < 0)
                Take(reader, rest, setting);
            else if (sections.Add(rest[..dot]) && reader.Below(rest[..dot]) is { } below)
                Take(below, above + rest[..(dot + 1)]);
        }

        reader.Close();
    }

    private void Take(MappingReader reader, string key, Setting setting)
    {
        if (reader.Find(key) is not { } value)
            return;
        _sources[setting] = new Source(value, null);
        if (setting.IsList && value is YamlSequence)
            Set(setting, string.Join(',', reader.Texts(key).Select(item => item.Text)));
        else if (reader.Text(key, lengthMax: int.MaxValue) is { } text)
            Set(setting, text);
    }

    private void Variables(IDictionary environment)
    {
        var byName = All.ToDictionary(setting => setting.Variable, StringComparer.Ordinal);
        var given = environment.Cast<DictionaryEntry>().Select(entry => (Name: (string)entry.Key, Text: entry.Value as string ?? ""));
        // An empty variable is how compose files and unit files say "not set".
        foreach (var (name, text) in given.Where(pair => pair.Text.Length > 0).OrderBy(pair => pair.Name, StringComparer.Ordinal))
        {
            if (byName.TryGetValue(name, out var setting))
            {
                _sources[setting] = new Source(null, name);
                Set(setting, text);
            }
            else if (name.StartsWith("FM_", StringComparison.Ordinal) && name.Contains("__", StringComparison.Ordinal))
            {
                // Only settings have levels. A misspelt one must not leave the service open or deaf in silence.
                var near = Suggestion.For(name, byName.Keys);
                _problems.Add(new ConfigurationError("environment", 0, 0, name, new LocalText(
                    near is null ? "没有这个设置；请删去这个变量" : $"没有这个设置；是不是 {near}？",
                    near is null ? "there is no such setting; remove the variable" : $"there is no such setting; did you mean {near}?"), IsWarning: false));
            }
        }
    }

    private void Set(Setting setting, string text)
    {
        var value = setting.Parse(text, out var refusal);
        if (refusal is null)
        {
            _values[setting] = value;
            return;
        }

        _values.Remove(setting);
        // An address can hold a password.
        var shown = setting.IsSecret || setting.IsList || text.Contains('@', StringComparison.Ordinal) ? "" : $"'{Shortened(text)}': ";
        Refuse(setting, new Refusal(shown + refusal.Zh, shown + refusal.En));
    }

    private static string Shortened(string text) => text.Length <= 80 ? text : text[..80] + "…";

    private void Refuse(Setting setting, Refusal refusal, bool isWarning = false)
    {
        var (at, variable) = _sources.GetValueOrDefault(setting);
        var file = at?.File ?? (variable is null ? ConfigurationFolder.SettingsFile : "environment");
        var path = variable ?? setting.Key.Replace(".", " › ", StringComparison.Ordinal);
        _problems.Add(new ConfigurationError(file, at?.Line ?? 0, at?.Column ?? 0, path, new LocalText(refusal.Zh, refusal.En), isWarning));
    }

    private ServiceSettings Build() => new()
    {
        Language = Value(Language),
        Broker = Broker(),
        Data = new DataSettings
        {
            Directory = Path.GetFullPath(Value(DataDirectory)),
            Readings = Value(DataReadings) switch { "both" => ReadingsIn.Both, "influxdb" => ReadingsIn.Influx, _ => ReadingsIn.Embedded },
            RecentDays = Value(DataRecentDays),
            RetentionDays = Value(DataRetentionDays),
            RetentionBytes = Bytes(DataRetention),
            JournalBytes = Bytes(DataJournal),
            ReserveBytes = Bytes(DataReserve),
            PhotosBytes = Bytes(DataPhotos),
        },
        Web = new WebSettings
        {
            Url = Value(WebUrl),
            PublicUrl = Value(WebPublicUrl),
            IsBehindProxy = Value(WebBehindProxy),
            User = Value(WebSignInUser),
            Password = Password(WebSignInPassword, WebSignInPasswordFile),
        },
        Ingest = new IngestSettings
        {
            BatchMessages = Value(IngestBatch),
            LagMax = Seconds(IngestLag),
            DiskFreeMin = Bytes(IngestDiskFree),
        },
        Monitoring = new MonitoringSettings
        {
            StartupGrace = Seconds(MonitoringGrace),
            SnapshotInterval = Seconds(MonitoringSnapshot),
        },
        OnCall = new OnCallSettings
        {
            WebhookTimeout = Seconds(OnCallTimeout),
            RetryMax = Seconds(OnCallRetryMax),
            Expiry = TimeSpan.FromHours(Value(OnCallExpiry)),
            VerifyDays = Value(OnCallVerifyDays),
            Heartbeat = Heartbeat(),
        },
        Control = new ControlSettings { Verify = Seconds(ControlVerify) },
        Influx = Influx(),
    };

    private Uri? Heartbeat()
    {
        if (PathOf(OnCallHeartbeatFile) is not { } path)
            return null;
        if (SecretFile.Read(path, out var refused) is not { } text)
            Refuse(OnCallHeartbeatFile, new($"读不到文件 {path}（{refused}）；请核对路径和权限", $"the file {path} cannot be read ({refused}); check its path and permissions"));
        else if (Uri.TryCreate(text, UriKind.Absolute, out var url) && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps))
            return url;
        else
            Refuse(OnCallHeartbeatFile, new($"文件 {path} 里不是一个 http 或 https 地址", $"the file {path} holds no http or https address"));
        return null;
    }

    private InfluxSettings? Influx()
    {
        if (Value(InfluxUrl) is not { } url)
        {
            // Whoever wrote a token believes that readings are shipped.
            if (!_sources.ContainsKey(InfluxUrl) && All.FirstOrDefault(setting => setting.Key.StartsWith("influx.", StringComparison.Ordinal) && _sources.ContainsKey(setting)) is { } lonely)
                Refuse(lonely, new("没有 influx.url 就不起作用；请补上 influx.url，或删去它", "does nothing without influx.url; add influx.url or remove it"));
            return null;
        }

        return new InfluxSettings
        {
            Url = new Uri(url),
            Version = Value(InfluxKind) switch { "1" => InfluxVersion.V1, "2" => InfluxVersion.V2, _ => InfluxVersion.Detect },
            Database = Value(InfluxDatabase),
            RetentionPolicy = Value(InfluxRetentionPolicy),
            Organization = Value(InfluxOrganization),
            Username = Value(InfluxUsername),
            Password = Password(InfluxPassword, InfluxPasswordFile),
            Token = Password(InfluxToken, InfluxTokenFile),
            BatchReadings = Value(InfluxBatch),
            Interval = Seconds(InfluxInterval),
            Timeout = Seconds(InfluxTimeout),
            Horizon = TimeSpan.FromMinutes(Value(InfluxHorizon)),
        };
    }

    private BrokerSettings Broker()
    {
        var (adminPassword, adminFile) = Secret(BrokerAdminPassword, BrokerAdminPasswordFile);
        return new BrokerSettings
        {
            Host = Value(BrokerHost),
            Port = Value(BrokerPort),
            Version = Value(BrokerVersion) == "5" ? MqttVersion.V500 : MqttVersion.V311,
            Tls = Tls(),
            Username = Value(BrokerUsername),
            Password = Password(BrokerPassword, BrokerPasswordFile),
            AdminUsername = Value(BrokerAdminUsername),
            AdminPassword = adminPassword,
            AdminPasswordFile = adminFile,
            ClientId = Value(BrokerClientId),
            ForeignTopics = Value(BrokerForeignTopics),
            KeepAlive = TimeSpan.FromSeconds(Value(BrokerKeepAlive)),
            SessionExpiry = TimeSpan.FromHours(Value(BrokerSessionExpiry)),
        };
    }

    /// <summary>What no single value can be blamed for.</summary>
    private void Together(ServiceSettings settings)
    {
        var asked = _sources.ContainsKey(WebSignInPassword) || _sources.ContainsKey(WebSignInPasswordFile);
        if (settings.Web.Password is null && !asked)
        {
            // Half a sign-in must not read as none: whoever wrote a name believes the page is closed.
            if (_sources.ContainsKey(WebSignInUser))
                Refuse(WebSignInUser, new("有登录名却没有口令；请加 password-file", "is a name without a password; add password-file"));
            if (!new Uri(settings.Web.Url).IsLoopback)
            {
                Refuse(WebUrl, new($"{settings.Web.Url} 对网络开放，却没有登录口令；请设 web.sign-in.password-file，或改用 127.0.0.1",
                    $"{settings.Web.Url} is open to the network without a password; set web.sign-in.password-file or use 127.0.0.1"));
            }
        }

        var broker = settings.Broker;
        if (broker is { Password: not null, Username: null })
            Refuse(BrokerUsername, new("有口令却没有用户名；请补上", "is missing beside a password; add it"));
        if ((Value(BrokerTlsCertificate) is null) != (Value(BrokerTlsKey) is null))
        {
            var there = Value(BrokerTlsKey) is null ? BrokerTlsCertificate : BrokerTlsKey;
            Refuse(there, new("证书和私钥要一起写", "certificate and key belong together; give both"));
        }

        Layers(settings.Data, settings.Influx);
        if (settings.Influx is { } influx)
        {
            if (influx is { Password: not null, Username: null })
                Refuse(InfluxUsername, new("有口令却没有用户名；请补上", "is missing beside a password; add it"));
            if (influx is { Token: not null, Username: not null })
                Refuse(InfluxUsername, new("与 token 只能用一个；请删去其一", "and a token contradict each other; remove one of them"));
            if ((influx.Token ?? influx.Password) is not null && influx.Url.Scheme == Uri.UriSchemeHttp && !influx.Url.IsLoopback)
                Refuse(InfluxUrl, new($"口令或 token 会明文发给 {influx.Url.Host}；请用 https", $"password or token goes to {influx.Url.Host} in the clear; use https"), isWarning: true);
        }

        if (broker is { Password: not null, Tls: null } && broker.Host is not ("127.0.0.1" or "localhost" or "::1"))
            Refuse(BrokerHost, new($"口令会明文发给 {broker.Host}；请设 broker.tls", $"the password goes to {broker.Host} in the clear; set broker.tls"), isWarning: true);
    }

    /// <summary>Readings that are to be in two places, or in the other one.</summary>
    private void Layers(DataSettings data, InfluxSettings? influx)
    {
        if (data.Readings != ReadingsIn.Embedded && influx is null && !_sources.ContainsKey(InfluxUrl))
            Refuse(DataReadings, new($"'{Value(DataReadings)}': 读数要放进 InfluxDB，却没有写 influx.url；请补上，或写 embedded", $"'{Value(DataReadings)}': readings are to be in InfluxDB, and there is no influx.url; add it, or write embedded"));
        if (data.Readings != ReadingsIn.Both && _sources.ContainsKey(DataRecentDays))
            Refuse(DataRecentDays, new("只有 data.readings 是 both 时才起作用；请改 data.readings，或删去它", "works only where data.readings is both; change that, or remove this"), isWarning: true);
        if (data.Readings == ReadingsIn.Both && data.RecentDays > data.RetentionDays)
            Refuse(DataRecentDays, new($"不能比 data.retention-days（{data.RetentionDays}）长；请改小", $"cannot be longer than data.retention-days ({data.RetentionDays}); make it smaller"));
    }

    private MqttTls? Tls()
    {
        var (ca, certificate, key) = (ExistingFile(BrokerTlsCa), ExistingFile(BrokerTlsCertificate), ExistingFile(BrokerTlsKey));
        var implied = ca is not null || certificate is not null;
        if (implied && _sources.ContainsKey(BrokerTls) && !Value(BrokerTls))
            Refuse(BrokerTls, new("与 tls-ca、tls-certificate 矛盾；请删去其一", "contradicts tls-ca and tls-certificate; remove one of them"));
        return implied || Value(BrokerTls) ? new MqttTls { CaFile = ca, ClientCertificateFile = certificate, ClientKeyFile = key } : null;
    }

    private string? Password(Setting<string?> literal, Setting<string?> file)
    {
        var (text, path) = Secret(literal, file);
        if (text is not null || path is null)
            return text;
        if (SecretFile.Read(path, out var refused) is { } secret)
            return secret;
        Refuse(file, new($"读不到文件 {path}（{refused}）；请核对路径和权限", $"the file {path} cannot be read ({refused}); check its path and permissions"));
        return null;
    }

    /// <summary>Where a secret is to be had: the text itself, or the file that holds it; both null: nowhere.</summary>
    private (string? Text, string? File) Secret(Setting<string?> literal, Setting<string?> file)
    {
        var path = PathOf(file);
        if (Value(literal) is not { } text)
            return (null, path);
        // A variable is the narrower word and wins over the file; two in one place contradict each other.
        var (ofText, ofPath) = (_sources[literal].Variable is not null, path is not null && _sources[file].Variable is not null);
        if (path is not null && ofText == ofPath)
            Refuse(file, new("口令和口令文件只能写一个", "give the password or the file, not both"));
        return path is null || ofText || ofText == ofPath ? (text, null) : (null, path);
    }

    private string? ExistingFile(Setting<string?> setting)
    {
        var path = PathOf(setting);
        if (path is not null && !File.Exists(path))
            Refuse(setting, new($"没有文件 {path}；请核对路径", $"there is no file {path}; check its path"));
        return path;
    }

    /// <summary>A path in <c>settings.yaml</c> starts beside it, one in a variable in the working directory.</summary>
    private string? PathOf(Setting<string?> setting) => Value(setting) is not { } text ? null
        : _sources[setting].At is null ? Path.GetFullPath(text) : Path.GetFullPath(Path.Combine(_folder, text));

    private TimeSpan Seconds(Setting<int> setting) => TimeSpan.FromSeconds(Value(setting));

    private long Bytes(Setting<int> mebibytes) => (long)Value(mebibytes) << 20;

    private T Value<T>(Setting<T> setting) => _values.TryGetValue(setting, out var value) ? (T)value! : setting.Default;
}
