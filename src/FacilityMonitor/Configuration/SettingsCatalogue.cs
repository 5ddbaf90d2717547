using System.Globalization;
using System.Text;

namespace FacilityMonitor.Configuration;

/// <summary>One key of <c>settings.yaml</c>.</summary>
/// <param name="Key">Path with dots, as in the file.</param>
/// <param name="Default">What holds when nobody says otherwise; empty: nothing.</param>
/// <param name="Zh">What it means, in Chinese.</param>
/// <param name="En">What it means.</param>
/// <param name="Least">Smallest number; null for a text.</param>
/// <param name="Most">Largest number.</param>
internal sealed record Setting(string Key, string Default, string Zh, string En, double? Least = null, double? Most = null)
{
    /// <summary>The environment variable that wins over the file.</summary>
    public string Variable => "FM_" + Key.Replace(".", "__", StringComparison.Ordinal).Replace('-', '_').ToUpperInvariant();
}

/// <summary>Every key of <c>settings.yaml</c>: one place for the reader and for the table in the README.</summary>
internal static class SettingsCatalogue
{
    public static IReadOnlyList<Setting> All { get; } =
    [
        new("broker.host", "127.0.0.1", "消息代理的地址", "address of the broker"),
        new("broker.port", "1883", "端口", "its port", 1, 65_535),
        new("broker.version", "5", "MQTT 版本：3.1.1 或 5", "MQTT version: 3.1.1 or 5"),
        new("broker.username", "", "用户名", "user name"),
        new("broker.password", "", "口令；最好用 password-file", "password; better use password-file"),
        new("broker.password-file", "", "存放口令的文件", "file that holds the password"),
        new("broker.tls-ca", "", "CA 证书（PEM）；给出即用 TLS", "CA certificate (PEM); switches TLS on"),
        new("broker.tls-certificate", "", "客户端证书（PEM）", "client certificate (PEM)"),
        new("broker.tls-key", "", "客户端私钥（PEM）", "its private key (PEM)"),
        new("broker.client-id", "facility-monitor", "会话名；一个代理上每个服务各用一个", "name of our sessions; one service, one name"),
        new("broker.session-expiry-hours", "72", "代理为我们保留消息的时间，小时", "how long the broker keeps messages for us, h", 1, 1_000),
        new("broker.foreign-topics", "tele/#, stat/#, +/events/rpc, +/status/+, +/online, zigbee2mqtt/#", "其它品牌设备的主题", "topics of foreign devices"),
        new("data.directory", "data", "数据目录", "where readings are kept"),
        new("data.retention-days", "400", "读数保留天数", "days readings are kept", 1, 36_500),
        new("data.retention-mib", "20480", "读数占用上限，MiB", "most space for readings, MiB", 64, 10_000_000),
        new("web.url", "http://127.0.0.1:8080", "网页监听地址", "where the page is served"),
        new("web.public-url", "", "手机能打开的网址", "address a phone can open"),
        new("web.sign-in.user", "manager", "登录名", "who signs in"),
        new("web.sign-in.password", "", "登录口令；最好用 password-file", "password; better use password-file"),
        new("web.sign-in.password-file", "", "存放登录口令的文件", "file that holds the password"),
        new("ingest.batch-messages", "5000", "一次提交最多多少条消息", "most messages in one commit", 1, 65_535),
        new("ingest.lag-max-s", "10", "落后多少秒就不算就绪", "lag beyond which we are not ready, s", 1, 3_600),
        new("ingest.disk-free-min-mib", "512", "磁盘剩余低于此数就不算就绪，MiB", "free disk below which we are not ready, MiB", 16, 1_000_000),
        new("oncall.webhook-timeout-s", "10", "webhook 超时，秒", "time-out of a webhook, s", 1, 120),
        new("oncall.retry-max-s", "60", "两次重试之间最长多少秒", "longest wait between two attempts, s", 1, 3_600),
        new("oncall.expiry-h", "24", "多少小时后不再重试（记账并告警）", "attempts end after this, and it is booked, h", 1, 168),
        new("language", "zh", "默认语言：zh 或 en", "default language: zh or en"),
    ];

    /// <summary>The table of the README.</summary>
    public static string Markdown()
    {
        var table = new StringBuilder("| 键 key | 默认 default | 含义 meaning | 环境变量 environment |\n|---|---|---|---|\n");
        foreach (var setting in All)
        {
            var range = setting.Least is { } least ? string.Create(CultureInfo.InvariantCulture, $" ({least}–{setting.Most})") : "";
            table.Append(CultureInfo.InvariantCulture, $"| `{setting.Key}` | {(setting.Default.Length == 0 ? "–" : $"`{setting.Default}`")} | {setting.Zh} / {setting.En}{range} | `{setting.Variable}` |\n");
        }

        return table.ToString();
    }
}
