using System.Collections;
using System.Globalization;
using FacilityMonitor.Mqtt;

namespace FacilityMonitor.Configuration;

/// <summary>Reads <c>settings.yaml</c> and the environment, which wins; finds every error in one go.</summary>
internal sealed class SettingsLoader
{
    private const string FileName = "settings.yaml";

    private readonly List<ConfigurationError> _errors = [];
    private readonly Dictionary<string, (string Value, string From, YamlPart? Part, string Name)> _values = new(StringComparer.Ordinal);

    private SettingsLoader()
    {
    }

    /// <summary>Reads the settings of a folder.</summary>
    /// <param name="folder">The configuration folder; <c>settings.yaml</c> in it may be missing.</param>
    /// <param name="environment">The environment's variables.</param>
    /// <returns>The settings, null when there are errors, and the errors.</returns>
    public static (ServiceSettings? Settings, IReadOnlyList<ConfigurationError> Errors) Load(string folder, IDictionary environment)
    {
        var loader = new SettingsLoader();
        var path = Path.Combine(folder, FileName);
        if (File.Exists(path) && YamlPart.Open(path, FileName, loader._errors) is { } root)
            loader.ReadFile(root);
        loader.ReadEnvironment(environment);
        var settings = loader.Build(folder);
        return (loader._errors.Any(error => !error.IsWarning) ? null : settings, loader._errors);
    }

    private void ReadFile(YamlPart root)
    {
        var parts = new Dictionary<string, YamlPart> { [""] = root };
        foreach (var setting in SettingsCatalogue.All)
        {
            var names = setting.Key.Split('.');
            var part = root;
            for (var depth = 0; depth < names.Length - 1 && part is not null; depth++)
            {
                var path = string.Join('.', names[..(depth + 1)]);
                if (!parts.TryGetValue(path, out var below) && part.Part(names[depth]) is { } found)
                    parts[path] = below = found;
                part = below;
            }

            if (part is null || !part.Has(names[^1]))
                continue;
            var value = setting.Key == "broker.foreign-topics" ? string.Join(',', part.Texts(names[^1])) : part.Text(names[^1]);
            if (value is not null)
                _values[setting.Key] = (value, FileName, part, names[^1]);
        }

        // A key that is not there was still asked for, so that "unknown key" can name it.
        foreach (var setting in SettingsCatalogue.All)
        {
            var dot = setting.Key.LastIndexOf('.');
            if (parts.TryGetValue(dot < 0 ? "" : setting.Key[..dot], out var part) && !part.Has(setting.Key[(dot + 1)..]))
                part.Text(setting.Key[(dot + 1)..]);
        }

        foreach (var part in parts.Values)
            part.End();
    }

    private void ReadEnvironment(IDictionary environment)
    {
        var known = SettingsCatalogue.All.ToDictionary(setting => setting.Variable, StringComparer.Ordinal);
        foreach (DictionaryEntry entry in environment)
        {
            var name = (string)entry.Key;
            if (known.TryGetValue(name, out var setting) && entry.Value is string { Length: > 0 } value)
                _values[setting.Key] = (value, name, null, "");
            else if (name.StartsWith("FM_", StringComparison.Ordinal) && name.Contains("__", StringComparison.Ordinal) && !known.ContainsKey(name))
                _errors.Add(new ConfigurationError(name, 0, 0, "", "no such setting; facility-monitor check --help names them"));
        }
    }

    private ServiceSettings Build(string folder)
    {
        var tls = Optional("broker.tls-ca") is { } ca ? new MqttTls { CaFile = ca, ClientCertificateFile = Optional("broker.tls-certificate"), ClientKeyFile = Optional("broker.tls-key") } : null;
        var version = Text("broker.version");
        if (version is not ("5" or "3.1.1"))
            Fault("broker.version", $"\"{version}\" is neither 5 nor 3.1.1");
        var language = Text("language");
        if (language is not ("zh" or "en"))
            Fault("language", $"\"{language}\" is neither zh nor en");
        var url = Text("web.url");
        if (!Uri.TryCreate(url, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
            Fault("web.url", $"\"{url}\" is no http or https address");
        return new ServiceSettings
        {
            Broker = new BrokerSettings(
                Text("broker.host"), (int)Number("broker.port"), version == "3.1.1" ? MqttVersion.V311 : MqttVersion.V500, Optional("broker.username"), Secret("broker.password"), tls,
                Text("broker.client-id"), Text("broker.foreign-topics").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries),
                TimeSpan.FromHours(Number("broker.session-expiry-hours"))),
            Data = new DataSettings(Path.GetFullPath(Text("data.directory")), (int)Number("data.retention-days"), (long)Number("data.retention-mib") * 1024 * 1024),
            Web = new WebSettings(url, Optional("web.public-url"), Text("web.sign-in.user"), Secret("web.sign-in.password")),
            Ingest = new IngestSettings((int)Number("ingest.batch-messages"), TimeSpan.FromSeconds(Number("ingest.lag-max-s")), (long)Number("ingest.disk-free-min-mib") * 1024 * 1024),
            OnCall = new OnCallSettings(TimeSpan.FromSeconds(Number("oncall.webhook-timeout-s")), TimeSpan.FromSeconds(Number("oncall.retry-max-s")), TimeSpan.FromHours(Number("oncall.expiry-h"))),
            Language = language,
        };
    }

    private string Text(string key) => Optional(key) ?? SettingsCatalogue.All.Single(setting => setting.Key == key).Default;

    private string? Optional(string key) => _values.TryGetValue(key, out var value) && value.Value.Length > 0 ? value.Value : null;

    private double Number(string key)
    {
        var setting = SettingsCatalogue.All.Single(candidate => candidate.Key == key);
        var text = Text(key);
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value >= setting.Least && value <= setting.Most)
            return value;
        Fault(key, string.Create(CultureInfo.InvariantCulture, $"\"{text}\" is not a number from {setting.Least} to {setting.Most}; the default is {setting.Default}"));
        return double.Parse(setting.Default, CultureInfo.InvariantCulture);
    }

    private string? Secret(string key)
    {
        if (Optional(key + "-file") is not { } file)
            return Optional(key);
        if (!File.Exists(file))
        {
            Fault(key + "-file", $"\"{file}\" does not exist");
            return null;
        }

        return File.ReadAllText(file).Trim();
    }

    private void Fault(string key, string text)
    {
        if (_values.TryGetValue(key, out var value) && value.Part is { } part)
            part.Error(value.Name, text);
        else
            _errors.Add(new ConfigurationError(_values.TryGetValue(key, out var known) ? known.From : FileName, 0, 0, key, text));
    }
}
