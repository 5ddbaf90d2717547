using FacilityMonitor.Configuration;
using FacilityMonitor.Control;

namespace FacilityMonitor.OnCall.Channels;

/// <summary>Reads <c>channels.yaml</c>: every error at once, and secrets only from files beside it.</summary>
internal sealed class ChannelReader(Problems problems, string folder, string language)
{
    public const string File = "channels.yaml";

    /// <summary>Most channels.</summary>
    public const int ChannelsMax = 100;

    /// <summary>Longest window that can be configured, s.</summary>
    private const int WindowMaxS = 31 * 86_400;

    private const int LimitMax = 1_000_000;

    private readonly Dictionary<string, MappingReader> _written = new(StringComparer.Ordinal);

    /// <summary>Reads the channels of a folder; the file may be missing.</summary>
    /// <returns>The channels, null when there are errors, and all errors and warnings.</returns>
    public static (IReadOnlyList<ChannelDefinition>? Channels, IReadOnlyList<ConfigurationError> Errors) Load(string folder, string language)
    {
        var problems = new Problems();
        var channels = new ChannelReader(problems, folder, language).Read();
        return (problems.HasErrors ? null : channels, problems.ToList());
    }

    private List<ChannelDefinition> Read()
    {
        var channels = new List<ChannelDefinition>();
        if (ConfigurationFolder.ReadOther(folder, File, problems) is not { } content)
            return channels;
        var element = YamlText.Read(content, File, problems);
        if (element is not YamlMapping mapping)
        {
            if (element is not null)
                problems.Error(element, "", $"应是一组键值，却是{element.Shape.Zh}；请以 channels: 开头", $"should be keys with values but is {element.Shape.En}; begin with channels:");
            return channels;
        }

        var reader = new MappingReader(mapping, "", problems);
        foreach (var channel in reader.Each("channels", "channel"))
        {
            if (ReadChannel(channel) is { } read)
                channels.Add(read);
        }

        if (channels.Count > ChannelsMax)
            reader.Error("channels", $"有 {channels.Count} 条，上限是 {ChannelsMax}；请删去一些", $"holds {channels.Count}, the limit is {ChannelsMax}; remove some");
        reader.Close();
        return channels;
    }

    private ChannelDefinition? ReadChannel(MappingReader reader)
    {
        var id = reader.Id();
        if (!_written.TryAdd(id, reader))
            reader.Error("id", $"'{id}' 在第 {_written[id].Mapping.Line} 行已经用过；请换一个", $"'{id}' is already used in line {_written[id].Mapping.Line}; take another one");
        var word = reader.RequiredText("kind", "wecom-bot");
        var kinds = string.Join(", ", ChannelKinds.All.Select(kind => kind.Word));
        var form = ChannelKinds.All.FirstOrDefault(kind => kind.Word == word);
        if (form is null)
        {
            if (word is not null)
                reader.Error("kind", $"没有 '{word}' 这种通道；请写其中之一：{kinds}", $"there is no kind '{word}'; write one of: {kinds}");
            return null;
        }

        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        var secrets = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var key in form.Keys)
            ReadKey(reader, key, values, secrets);
        var channel = new ChannelDefinition
        {
            Id = id,
            Form = form,
            Folder = folder,
            Url = Url(reader, form),
            Language = Language(reader),
            Values = values,
            Secrets = secrets,
            Limits = Limits(reader) ?? form.Limits,
            ProbeTo = ProbeTo(reader, form),
        };
        Together(reader, channel);
        reader.Close();
        return channel;
    }

    private void ReadKey(MappingReader reader, ChannelKey key, Dictionary<string, string> values, Dictionary<string, string> secrets)
    {
        if (reader.Find(key.Written) is null)
        {
            if (key.IsRequired)
                reader.Missing(key.Written, key.Example);
            else if (key.Default is { } value)
                values[key.Name] = value;
            return;
        }

        if (reader.Text(key.Written, lengthMax: 1_000) is not { } text)
            return;
        if (string.IsNullOrWhiteSpace(text))
        {
            reader.Error(key.Written, $"是空的；请写，例如 {key.Example}", $"is empty; write something such as {key.Example}");
            return;
        }

        if (!key.IsSecret)
        {
            values[key.Name] = text;
            return;
        }

        var path = Path.GetFullPath(Path.Combine(folder, text));
        if (SecretFile.Read(path, out var refused) is { } secret)
            secrets[key.Name] = secret;
        else
            reader.Error(key.Written, $"读不到文件 {path}（{refused}）；请核对路径和权限，文件里只放它", $"the file {path} cannot be read ({refused}); check its path and permissions, it holds only the {key.Name}");
    }

    private static Uri? Url(MappingReader reader, ChannelForm form)
    {
        if (form.Url is null)
            return null;
        var text = reader.Text("url", lengthMax: 1_000) ?? form.Url;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https") || url.UserInfo.Length > 0 || url.Query.Length > 0)
        {
            reader.Error("url", $"请写成 {form.Url}，不带口令", $"write it as {form.Url}, without a password");
            return null;
        }

        if (url.Scheme == "http" && !url.IsLoopback)
            reader.Error("url", $"密钥会明文发给 {url.Host}；请用 https", $"the secret would go to {url.Host} in the clear; use https");
        return url;
    }

    private string Language(MappingReader reader)
    {
        if (reader.Text("language") is not { } text)
            return language;
        if (text is not ("zh" or "en" or ChannelMessage.Both))
            reader.Error("language", $"'{text}' 不行；请写 zh、en 或 both", $"'{text}' is none; write zh, en or both");
        return text;
    }

    private static List<SendLimit>? Limits(MappingReader reader)
    {
        if (reader.Find("limits") is null)
            return null;
        var limits = new List<SendLimit>();
        foreach (var limit in reader.Each("limits", "limit"))
        {
            var per = limit.RequiredText("per", "address");
            if (per is not (null or "channel" or "address"))
                limit.Error("per", $"'{per}' 不行；请写 channel（整个通道）或 address（每个号码）", $"'{per}' is none; write channel or address");
            var (max, window, reserve) = (limit.Integer("max", 1, LimitMax), limit.Integer("window-s", 1, WindowMaxS), limit.Integer("reserve", 0, LimitMax));
            if (max is null && limit.Find("max") is null)
                limit.Missing("max", "18");
            if (window is null && limit.Find("window-s") is null)
                limit.Missing("window-s", "60");
            if (reserve > max)
                limit.Error("reserve", $"{reserve} 比 max {max} 还多；请减小", $"{reserve} is more than max {max}; lower it");
            limits.Add(new SendLimit(per == "channel" ? LimitScope.Channel : LimitScope.Address, max ?? 1, TimeSpan.FromSeconds(window ?? 1), reserve));
            limit.Close();
        }

        return limits;
    }

    private static string? ProbeTo(MappingReader reader, ChannelForm form)
    {
        if (reader.Text("probe-to") is not { } address)
            return null;
        if (!form.Address.Fits(address))
            reader.Error("probe-to", $"'{address}' 不能作{form.Name.Zh}的地址；应是{form.Address.Zh}", $"'{address}' is no address of a {form.Name.En}; it is {form.Address.En}");
        return address;
    }

    /// <summary>What one key alone cannot tell.</summary>
    private void Together(MappingReader reader, ChannelDefinition channel)
    {
        Number("port", 1, 65_535);
        Number("agent-id", 0, int.MaxValue);
        Number("variable-length", 5, 350);
        Number("seconds", CommandLimits.SirenMinS, CommandLimits.SirenMaxS);
        if (channel.Form.Kind == ChannelKind.Smtp)
            Smtp(reader, channel);
        if (channel.Form.Kind == ChannelKind.Webhook && channel.Find("address") is { } address
            && (!Uri.TryCreate(address, UriKind.Absolute, out var url) || !(url.Scheme == "https" || (url.Scheme == "http" && url.IsLoopback))))
            reader.Error("address-file", "文件里不是一个 https 地址（本机可用 http）", "the file does not hold an https address (http on this machine)");

        void Number(string key, int min, int max)
        {
            if (channel.Values.TryGetValue(key, out var text) && !(int.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var number) && number >= min && number <= max))
                reader.Error(key, $"'{text}' 不行；请写 {min} 到 {max} 的整数", $"'{text}' is none; write a whole number from {min} to {max}");
        }
    }

    private void Smtp(MappingReader reader, ChannelDefinition channel)
    {
        var tls = channel["tls"];
        if (tls is not ("implicit" or "starttls" or "none"))
            reader.Error("tls", $"'{tls}' 不行；请写 implicit（465 端口）、starttls（587 端口）或 none", $"'{tls}' is none; write implicit (port 465), starttls (port 587) or none");
        if (tls == "none" && channel.Find("host") is not (null or "127.0.0.1" or "localhost" or "::1"))
            reader.Error("tls", $"邮件和口令会明文发给 {channel["host"]}；请用 implicit 或 starttls", $"mail and password would go to {channel["host"]} in the clear; use implicit or starttls");
        if (channel.Find("from") is { } from && !channel.Form.Address.Fits(from))
            reader.Error("from", $"'{from}' 不是邮箱地址", $"'{from}' is no mail address");
        if (channel.Find("user") is null != channel.Find("password") is null)
            reader.Error(channel.Find("user") is null ? "password-file" : "user", "user 和 password-file 要一起写", "user and password-file belong together; give both");
        if (channel.Find("ca-file") is { } ca && !System.IO.File.Exists(Path.Combine(folder, ca)))
            reader.Error("ca-file", $"没有文件 {Path.GetFullPath(Path.Combine(folder, ca))}；请核对路径", $"there is no file {Path.GetFullPath(Path.Combine(folder, ca))}; check its path");
    }
}
