using static FacilityMonitor.Configuration.SettingForm;

namespace FacilityMonitor.Configuration;

/// <summary>Every key of <c>settings.yaml</c>. Reading, refusing and the table of the README all go by these lines.</summary>
internal static class SettingsCatalogue
{
    public static readonly Setting<string> Language = Choice("language", ["zh", "en"], "页面和消息的默认语言", "language of page and messages where nobody chose");

    public static readonly Setting<string> BrokerHost = Text("broker.host", "127.0.0.1", "name or address", "MQTT 代理的主机", "host of the MQTT broker");
    public static readonly Setting<int> BrokerPort = Integer("broker.port", 1_883, 1, 65_535, "", "端口（TLS 通常是 8883）", "its port (8883 is usual with TLS)");
    public static readonly Setting<string> BrokerVersion = Choice("broker.version", ["5", "3.1.1"], "MQTT 版本", "MQTT version");
    public static readonly Setting<bool> BrokerTls = YesOrNo("broker.tls", false, "加密连接；写了 tls-ca 或 tls-certificate 即为 true", "encrypt the connection; implied by tls-ca and tls-certificate");
    public static readonly Setting<string?> BrokerTlsCa = Optional("broker.tls-ca", "path, PEM", "签发代理证书的 CA；不写用系统的", "authority of the broker's certificate; without it those of the system");
    public static readonly Setting<string?> BrokerTlsCertificate = Optional("broker.tls-certificate", "path, PEM", "我们自己的证书", "our own certificate");
    public static readonly Setting<string?> BrokerTlsKey = Optional("broker.tls-key", "path, PEM", "它的私钥", "its private key");
    public static readonly Setting<string?> BrokerUsername = Optional("broker.username", "text", "用户名", "user name");
    public static readonly Setting<string?> BrokerPassword = Optional("broker.password", "text", "口令；最好用 password-file", "password; better use password-file", secret: true);
    public static readonly Setting<string?> BrokerPasswordFile = Optional("broker.password-file", "path", "只含口令的文件", "file that holds only the password");
    public static readonly Setting<string> BrokerAdminUsername = Text("broker.admin-username", "admin", "text", "管理设备账号的用户名，device 命令用它", "user name that administers the accounts of devices, for the command device");
    public static readonly Setting<string?> BrokerAdminPassword = Optional("broker.admin-password", "text", "它的口令；最好用 admin-password-file", "its password; better use admin-password-file", secret: true);
    public static readonly Setting<string?> BrokerAdminPasswordFile = Optional("broker.admin-password-file", "path", "只含它的口令的文件；服务自己从不读它", "file that holds only that password; the service itself never reads it");
    public static readonly Setting<string> BrokerClientId = Text(
        "broker.client-id", "facility-monitor", "1 … 60 of a-z A-Z 0-9 - _", "会话名，代理靠它为我们保留消息；一个代理上每个服务各用一个", "names the session the broker keeps for us; one service, one name", ClientId);
    public static readonly Setting<IReadOnlyList<string>> BrokerForeignTopics = List(
        "broker.foreign-topics",
        ["tele/+/SENSOR", "tele/+/STATE", "tele/+/LWT", "stat/+/STATUS8", "stat/+/STATUS10", "stat/+/RESULT", "stat/+/POWER", "+/events/rpc", "+/status/+", "+/online", "zigbee2mqtt/#", "v1/gateway/+", "tb/#"],
        "topic filters", "外来设备（Tasmota、Shelly、Zigbee2MQTT、ThingsBoard）的主题", "topics of foreign devices (Tasmota, Shelly, Zigbee2MQTT, ThingsBoard)", TopicFilters.Refuse);
    public static readonly Setting<int> BrokerKeepAlive = Integer("broker.keep-alive-s", 30, 5, 600, "s", "与代理之间最多多久没有动静；再过一半，代理就当我们断了", "longest silence between the broker and us; half of it more, and the broker takes us for gone");
    public static readonly Setting<int> BrokerSessionExpiry = Integer("broker.session-expiry-hours", 72, 1, 1_000, "h", "我们不在时代理为我们保留消息多久", "how long the broker keeps messages for us while we are away");

    public static readonly Setting<string> DataDirectory = Text("data.directory", "data", "path", "数据文件夹；相对路径从当前目录算", "where everything is kept; a relative path starts in the working directory");
    public static readonly Setting<string> DataReadings = Choice(
        "data.readings", ["embedded", "both", "influxdb"],
        "读数放在哪里、网页和导出从哪里读：embedded 全在自带的存储；both 最近 recent-days 天在自带的存储，全部在 InfluxDB；influxdb 只在 InfluxDB。后两种要写 influx.url",
        "where readings are, and where page and export read them: embedded, all in the embedded store; both, recent-days in the embedded store and everything in InfluxDB; influxdb, in InfluxDB only. The last two need influx.url");
    public static readonly Setting<int> DataRecentDays = Integer("data.recent-days", 31, 1, 36_500, "d", "both：自带的存储留多少天", "both: days that the embedded store keeps");
    public static readonly Setting<int> DataRetentionDays = Integer("data.retention-days", 400, 1, 36_500, "d", "读数保留天数", "days that readings are kept");
    public static readonly Setting<int> DataRetention = Integer("data.retention-mib", 20_480, 64, 10_000_000, "MiB", "读数最多占多少，先删最旧的", "most that readings may take; the oldest go first");
    public static readonly Setting<int> DataJournal = Integer("data.journal-mib", 4_096, 16, 1_000_000, "MiB", "尚未处理的消息最多占多少", "most that messages not yet worked through may take");
    public static readonly Setting<int> DataReserve = Integer("data.reserve-mib", 64, 1, 4_096, "MiB", "磁盘写满时的备用空间：一半给读数，一半只给告警", "reserve for a full disk: half of it for readings, half for alerts alone");
    public static readonly Setting<int> DataPhotos = Integer("data.photos-mib", 2_048, 16, 1_000_000, "MiB", "告警照片最多占多少；满了不再收新的，旧的按 retention-days 删", "most that photos of alerts may take; then no new one is taken, and old ones go after retention-days");

    public static readonly Setting<string?> InfluxUrl = Optional("influx.url", "http or https address", "读数同时写入这个 InfluxDB，如 http://127.0.0.1:8086；不写就只用自带的存储", "readings go to this InfluxDB too, such as http://127.0.0.1:8086; without it only to our own store", InfluxAddress);
    public static readonly Setting<string> InfluxKind = Choice("influx.version", ["detect", "1", "2"], "写入接口：1 即 1.x；2 即 2.x、3.x、Cloud、VictoriaMetrics；detect 自动识别", "write interface: 1 is 1.x; 2 is 2.x, 3.x, Cloud, VictoriaMetrics; detect asks it");
    public static readonly Setting<string> InfluxDatabase = Text("influx.database", "facility", "text", "1.x 的数据库，2.x 的 bucket", "database of 1.x, bucket of 2.x");
    public static readonly Setting<string?> InfluxRetentionPolicy = Optional("influx.retention-policy", "text", "1.x 的保留策略；不写用数据库默认的", "retention policy of 1.x; without it the database's own");
    public static readonly Setting<string?> InfluxOrganization = Optional("influx.organization", "text", "2.x 的组织", "organisation of 2.x");
    public static readonly Setting<string?> InfluxUsername = Optional("influx.username", "text", "1.x 的用户名", "user name of 1.x");
    public static readonly Setting<string?> InfluxPassword = Optional("influx.password", "text", "口令；最好用 password-file", "password; better use password-file", secret: true);
    public static readonly Setting<string?> InfluxPasswordFile = Optional("influx.password-file", "path", "只含口令的文件", "file that holds only the password");
    public static readonly Setting<string?> InfluxToken = Optional("influx.token", "text", "2.x、3.x 的 token；最好用 token-file", "token of 2.x and 3.x; better use token-file", secret: true);
    public static readonly Setting<string?> InfluxTokenFile = Optional("influx.token-file", "path", "只含 token 的文件", "file that holds only the token");
    public static readonly Setting<int> InfluxBatch = Integer("influx.batch-readings", 5_000, 1, 20_000, "", "一次请求最多多少条读数", "most readings in one request");
    public static readonly Setting<int> InfluxInterval = Integer("influx.interval-s", 1, 1, 60, "s", "凑不满一批时，读数最多等多久", "longest that a reading waits for its batch to fill");
    public static readonly Setting<int> InfluxTimeout = Integer("influx.timeout-s", 30, 1, 300, "s", "等它回答多久", "how long an answer may take");
    public static readonly Setting<int> InfluxHorizon = Integer("influx.horizon-min", 10, 0, 120, "min", "它重启后，把最近这么久的读数再发一遍；同一条读数只会覆盖自己", "after a restart of it the readings of so long are sent again; a reading only ever overwrites itself");

    public static readonly Setting<string> WebUrl = Text("web.url", "http://127.0.0.1:8080", "http or https address", "网页监听地址；不是本机回环地址就必须设登录口令", "where the page listens; any but loopback needs a sign-in password", ListenAddress);
    public static readonly Setting<string?> WebPublicUrl = Optional("web.public-url", "address a phone can open", "手机打开网页用的地址", "the address under which a phone opens the page", PublicAddress);
    public static readonly Setting<bool> WebBehindProxy = YesOrNo("web.behind-proxy", false, "本机反向代理转来的请求，按它的 X-Forwarded-For、X-Forwarded-Proto 认来源；代理必须自己写这两项", "requests come through a proxy of this machine: where from is what its X-Forwarded-For and X-Forwarded-Proto say; it has to set both itself");
    public static readonly Setting<string> WebSignInUser = Text("web.sign-in.user", "manager", "text", "第一个管理员的用户名；其余用户见 README", "user name of the first administrator; for the others see the README");
    public static readonly Setting<string?> WebSignInPassword = Optional("web.sign-in.password", "text", "第一个管理员的口令；换了新的，重启后生效；最好用 password-file", "password of the first administrator; a new one holds from the next start; better use password-file", secret: true);
    public static readonly Setting<string?> WebSignInPasswordFile = Optional("web.sign-in.password-file", "path", "只含登录口令的文件", "file that holds only that password");

    public static readonly Setting<int> IngestBatch = Integer("ingest.batch-messages", 5_000, 1, 65_535, "", "一次提交最多多少条消息", "most messages in one commit");
    public static readonly Setting<int> IngestLag = Integer("ingest.lag-max-s", 10, 1, 3_600, "s", "落后超过它，/readyz 就报未就绪", "lag beyond which /readyz says no");
    public static readonly Setting<int> IngestDiskFree = Integer("ingest.disk-free-min-mib", 512, 0, 1_000_000, "MiB", "磁盘剩余低于它就告警，/readyz 报未就绪", "free disk below which an alert is raised and /readyz says no");

    public static readonly Setting<int> MonitoringGrace = Integer("monitoring.startup-grace-s", 120, 0, 3_600, "s", "启动后这段时间内不报掉线", "after our start nothing counts as silent for so long");
    public static readonly Setting<int> MonitoringSnapshot = Integer("monitoring.snapshot-interval-s", 30, 1, 3_600, "s", "多久存一次规则的状态；重启后从那里接着算", "how often the rules' state is saved, from which a restart goes on");

    public static readonly Setting<int> OnCallTimeout = Integer("oncall.webhook-timeout-s", 10, 1, 120, "s", "等 webhook 回答多久", "how long a webhook may take to answer");
    public static readonly Setting<int> OnCallRetryMax = Integer("oncall.retry-max-s", 60, 1, 3_600, "s", "两次尝试之间最长间隔", "longest pause between two attempts");
    public static readonly Setting<int> OnCallExpiry = Integer("oncall.expiry-h", 24, 1, 168, "h", "多久后放弃发送（并说明）", "attempts end after this, which is then said");
    public static readonly Setting<int> OnCallVerifyDays = Integer("oncall.verify-days", Registry.Person.VerifiedForDays, 7, 365, "d", "联系方式确认后多少天内算有效；到期前 5 天起白天自动再问本人，最多三次", "for how many days a confirmed contact counts; from 5 days before its end the person is asked again by day, three times at most");
    public static readonly Setting<string?> OnCallHeartbeatFile = Optional("oncall.heartbeat-url-file", "path", "只含外部监护地址的文件，每分钟访问一次；断了由它报警", "file that holds only the address of an outside monitor, asked every minute; when we stop, it rings");

    public static readonly Setting<int> ControlVerify = Integer("control.verify-s", 120, 10, 600, "s", "命令执行后多久之内必须测到效果，否则记为未证实", "within this time of a command its effect must be measured; else it stands as unverified");

    /// <summary>In the order of the table.</summary>
    public static IReadOnlyList<Setting> All { get; } =
    [
        Language,
        BrokerHost, BrokerPort, BrokerVersion, BrokerTls, BrokerTlsCa, BrokerTlsCertificate, BrokerTlsKey, BrokerUsername, BrokerPassword, BrokerPasswordFile,
        BrokerAdminUsername, BrokerAdminPassword, BrokerAdminPasswordFile, BrokerClientId, BrokerForeignTopics, BrokerKeepAlive, BrokerSessionExpiry,
        DataDirectory, DataReadings, DataRecentDays, DataRetentionDays, DataRetention, DataJournal, DataReserve, DataPhotos,
        InfluxUrl, InfluxKind, InfluxDatabase, InfluxRetentionPolicy, InfluxOrganization, InfluxUsername, InfluxPassword, InfluxPasswordFile, InfluxToken, InfluxTokenFile,
        InfluxBatch, InfluxInterval, InfluxTimeout, InfluxHorizon,
        WebUrl, WebPublicUrl, WebBehindProxy, WebSignInUser, WebSignInPassword, WebSignInPasswordFile,
        IngestBatch, IngestLag, IngestDiskFree,
        MonitoringGrace, MonitoringSnapshot,
        OnCallTimeout, OnCallRetryMax, OnCallExpiry, OnCallVerifyDays, OnCallHeartbeatFile,
        ControlVerify,
    ];

    private static Refusal? ClientId(string text) =>
        text.Length <= 60 && text.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_')
            ? null
            : new("请用 1 到 60 个字母、数字、'-' 或 '_'", "use 1 to 60 letters, digits, '-' and '_'");

    private static Refusal? ListenAddress(string text) =>
        Address(text) is { PathAndQuery: "/" } ? null : new("请写成 http://127.0.0.1:8080", "write it as http://127.0.0.1:8080");

    private static Refusal? InfluxAddress(string text) => Address(text) switch
    {
        null => new("请写成 http://127.0.0.1:8086", "write it as http://127.0.0.1:8086"),
        { UserInfo.Length: > 0 } or { Query.Length: > 0 } => new("地址会被显示；口令和 token 请写在它们自己的文件里", "an address is shown; give password and token in files of their own"),
        _ => null,
    };

    private static Refusal? PublicAddress(string text) => Address(text) switch
    {
        null => new("请写成 https://monitor.example.org", "write it as https://monitor.example.org"),
        { IsLoopback: true } => new("手机打不开本机回环地址；请写手机能打开的地址", "a phone cannot open a loopback address; write the one it can"),
        _ => null,
    };

    private static Uri? Address(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps) ? url : null;
}
