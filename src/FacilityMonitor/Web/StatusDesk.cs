using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using FacilityMonitor.Alerts;
using FacilityMonitor.Configuration;
using FacilityMonitor.Contract;
using FacilityMonitor.Control;
using FacilityMonitor.Influx;
using FacilityMonitor.Ingest;
using FacilityMonitor.Journal;
using FacilityMonitor.Monitoring;
using FacilityMonitor.Mqtt;
using FacilityMonitor.OnCall.Channels;
using FacilityMonitor.OnCall.Notices;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Storage;
using FacilityMonitor.Users;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.Web;

/// <summary>Puts together how the monitor itself is, from the figures that each part keeps anyway.</summary>
internal sealed class StatusDesk(
    ServiceSettings settings, IngestWorker ingest, MessageRate rate, MonitoringWorker monitoring, BooksWatch books, ResponseWatch response, Database database, MessageJournal journal, FacilitySource registry,
    ControlCounts control, SeriesDesk series, LiveFeed feed, DeviceTable devices, ChannelSource channels, KnownSecrets secrets, TimeProvider time, ShipWatch? shipping = null, HeartbeatWorker? heartbeat = null)
{
    /// <summary>Devices that are named; the others are counted.</summary>
    public const int NamedMax = 20;

    /// <summary>What the store has not read for so long is a lag: it writes every few seconds, ms.</summary>
    private const long StoreLateMs = 60_000;

    private const long DayMs = 86_400_000;

    /// <summary>Version of the program, as it was built.</summary>
    public static string Version { get; } = typeof(StatusDesk).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "?";

    /// <summary>How it is now. What belongs to no site, and what is added up over all, is for who sees all of them.</summary>
    public SystemStatus Look(SiteScope sites)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var groups = new List<StatusGroup> { new("receive", new("接收", "Receiving"), [.. Receiving(sites, now)]) };
        if (sites.IsAll)
        {
            groups.Add(new("keep", new("保存", "Keeping"), [.. Keeping(now)]));
            groups.Add(new("judge", new("判断", "Judging"), [.. Judging(now)]));
            groups.Add(new("tell", new("通知", "Telling people"), [.. Telling(now)]));
        }

        groups.Add(new("devices", new("设备", "Devices"), [.. feed.Look((view, state, nowMs) => Devices(view, state, sites, nowMs).ToList())]));
        groups.Add(new("books", new("账目", "Books"), [.. Books(sites)]));
        groups.Add(new("pages", new("页面和程序", "Pages and program"), [.. Pages(sites)]));
        return new SystemStatus(now, [.. groups.Select(Hidden)]);
    }

    private StatusGroup Hidden(StatusGroup group) => group with { Lines = [.. group.Lines.Select(line => line with { Value = new LocalText(secrets.Without(line.Value.Zh), secrets.Without(line.Value.En)) })] };

    private IEnumerable<StatusLine> Receiving(SiteScope sites, long now)
    {
        var link = feed.Link;
        var name = new LocalText("消息代理", "Broker");
        if (link.IsConnected)
        {
            yield return new("broker", StatusLevel.Fine, name, Both($"已连接，自 {AlertText.Clock(link.SinceMs)}", $"connected since {AlertText.EnglishClock(link.SinceMs)}"));
        }
        else
        {
            var (why, said) = (StatusWords.Of(link.Loss ?? MqttLossReason.None), link.Detail is { } detail ? $" ({detail})" : "");
            yield return new(
                "broker", StatusLevel.Bad, name, Both($"自 {AlertText.Clock(link.SinceMs)} 断开：{why.Zh}{said}", $"away since {AlertText.EnglishClock(link.SinceMs)}: {why.En}{said}"),
                new("现在收不到任何消息。看代理是否在运行，核对 broker.host、broker.port、用户名和口令；会一直重连。", "Nothing is being received. See whether the broker runs; check broker.host, broker.port, user and password. It is tried again and again."));
        }

        if (!sites.IsAll)
            yield break;
        var totals = ingest.Books;
        yield return rate.PerSecond is { } perSecond
            ? new("rate", StatusLevel.Plain, new("消息", "Messages"), Both($"每秒 {Number(perSecond, "0.0")} 条（最近一分钟）；启动以来 {totals.Received} 条", $"{Number(perSecond, "0.0")} a second (last minute); {totals.Received} since the start"))
            : new("rate", StatusLevel.Unknown, new("消息", "Messages"), new("刚启动，还没有数过", "just started, not counted yet"));
        var lag = Math.Max(ingest.LiveLagMs, ingest.LastLiveMs);
        var isLate = lag > settings.Ingest.LagMax.TotalMilliseconds;
        yield return new(
            "lag", isLate ? StatusLevel.Bad : StatusLevel.Fine, new("收到到写盘", "From receipt to disk"), Both($"{lag} 毫秒", $"{lag} ms"),
            isLate ? new("磁盘太慢或写不进去。看磁盘；读数由代理和设备暂存，告警照常判断。", "The disk is too slow, or refuses. Look at it; the broker and the devices keep the readings, and alerts are judged all the same.") : null);
        var reasons = Enum.GetValues<RejectReason>().Where(reason => totals.DeadLettered(reason) > 0).Select(reason => (Words: StatusWords.Of(reason), Count: totals.DeadLettered(reason))).ToList();
        yield return reasons.Count == 0
            ? new("set-aside", StatusLevel.Fine, new("搁置的消息（死信）", "Messages set aside (dead letters)"), new("启动以来没有", "none since the start"))
            : new(
                "set-aside", StatusLevel.Attention, new("搁置的消息（死信）", "Messages set aside (dead letters)"),
                Both($"启动以来 {totals.DeadLetteredTotal} 条：{string.Join("、", reasons.Select(one => $"{one.Words.Zh} {one.Count}"))}", $"{totals.DeadLetteredTotal} since the start: {string.Join(", ", reasons.Select(one => $"{one.Words.En} {one.Count}"))}"),
                new("在服务器上运行 facility-monitor dead-letter list，看是谁发的、错在哪里；改好后可以重放。", "Run facility-monitor dead-letter list on the server to see who sent them and what is wrong; once mended they can be replayed."));
        if (totals.OutOfRange > 0)
        {
            yield return new(
                "out-of-range", StatusLevel.Attention, new("超出范围的值", "Values out of range"), Both($"{totals.OutOfRange} 个，已搁置", $"{totals.OutOfRange} set aside"),
                new("核对映射里的 range，或检查发来这些值的设备。", "Check the range of the mapping, or the devices that send them."));
        }

        if (devices.Unregistered > 0)
        {
            var isFull = devices.Unregistered >= DeviceTable.UnregisteredMax;
            yield return new(
                "strangers", isFull ? StatusLevel.Attention : StatusLevel.Plain, new("未登记的设备", "Devices that are not registered"),
                Both($"{devices.Unregistered} 台，最多 {DeviceTable.UnregisteredMax}", $"{devices.Unregistered} of {DeviceTable.UnregisteredMax} at most"),
                isFull ? new("不再收新名字。看是谁在冒名发送，给设备发各自的账号；自己的设备请登记。", "New names are refused. See who invents them and give devices accounts of their own; register those that are yours.") : null);
        }

        if (totals.LeftOut > 0)
        {
            yield return new(
                "channels-left-out", StatusLevel.Attention, new("没有位置的通道", "Channels without room"),
                Both(
                    $"略去读数和事件 {totals.LeftOut} 个；未登记设备的通道 {devices.UnregisteredChannels} 个，最多 {DeviceTable.UnregisteredChannelsMax}",
                    $"{totals.LeftOut} readings and events left out; {devices.UnregisteredChannels} channels of devices that are not registered, of {DeviceTable.UnregisteredChannelsMax} at most"),
                new("设备报的通道比登记的充电口多得多，或未登记的设备太多：看是哪一台；自己的设备请登记。", "Some device tells of far more channels than it is registered with, or too many are not registered: see which, and register those that are yours."));
        }

        if (ingest.ForeignForgotten > 0)
        {
            yield return new(
                "foreign-forgotten", StatusLevel.Attention, new("过早忘记的外来消息", "Foreign messages forgotten too early"), Both($"{ingest.ForeignForgotten} 条", $"{ingest.ForeignForgotten}"),
                new("十分钟内外来消息太多；代理若重发其中一条会算两次。看是哪台设备发得太密。", "There were too many in ten minutes; one that the broker delivers again would count twice. See which device sends so often."));
        }

        if (totals.Lost > 0)
        {
            yield return new(
                "lost", StatusLevel.Attention, new("设备发过而没有收到的", "Numbered by devices, never received"), Both($"{totals.Lost} 条，已记为缺失", $"{totals.Lost}, booked as lost"),
                new("看这些设备的网络和缓存；告警 sequence-gap 会说是哪一台。", "Look at the network and buffer of the devices; the alert sequence-gap says which."));
        }
    }

    private IEnumerable<StatusLine> Keeping(long now)
    {
        var state = database.State;
        var (free, wanted, error) = (database.FreeDiskBytes, settings.Ingest.DiskFreeMin, state.Refusal ?? state.Error);
        var level = error is not null || free < wanted ? StatusLevel.Bad : StatusLevel.Fine;
        yield return new(
            "disk", level, new("磁盘", "Disk"), error is null ? Both($"剩余 {Gib(free)}", $"{Gib(free)} free") : Both($"写不进去：{error}；剩余 {Gib(free)}", $"refuses: {error}; {Gib(free)} free"),
            level == StatusLevel.Fine ? null : Both($"至少要 {Gib(wanted)}。删除或移走别的文件，或换更大的盘；告警不等磁盘。", $"{Gib(wanted)} are wanted. Delete or move other files, or take a larger disk; alerts do not wait for it."));
        var oldest = Oldest(journal.Cursors().TryGetValue(StoreWorker.Cursor, out var stored) ? stored : null, out var isRead);
        var isFull = journal.Bytes >= settings.Data.JournalBytes;
        yield return new(
            "journal", isFull ? StatusLevel.Bad : StatusLevel.Fine, new("日志", "Journal"),
            Both($"{Mib(journal.Bytes)}，上限 {Mib(settings.Data.JournalBytes)}；共 {journal.Last} 次提交", $"{Mib(journal.Bytes)} of {Mib(settings.Data.JournalBytes)}; {journal.Last} commits so far"),
            isFull ? new("有一方长时间没有读它，见下面哪一行落后。", "Somebody has not read it for long: see below who is behind.") : null);
        var letters = journal.Letters;
        if (letters.Pruned + letters.NotKept > 0)
        {
            yield return new(
                "letters-gone", StatusLevel.Attention, new("没有留下的死信", "Dead letters not kept"),
                Both($"启动以来删去最旧的 {letters.Pruned} 条，来得太快没存的 {letters.NotKept} 条", $"{letters.Pruned} of the oldest deleted, {letters.NotKept} not stored as they came too fast, since the start"),
                new("有人在大量发送坏消息：运行 facility-monitor dead-letter list 看是谁，停掉它的账号。", "Somebody sends much that is broken: run facility-monitor dead-letter list to see who, and close that account."));
        }

        yield return Reader("store", new("自带的存储", "Our own store"), isRead ? oldest : null, isRead, journal.Last - stored, now, StoreLateMs);
        foreach (var line in Influx(now))
            yield return line;
    }

    private IEnumerable<StatusLine> Influx(long now)
    {
        var name = new LocalText("InfluxDB", "InfluxDB");
        if (shipping is null)
        {
            yield return new("influx", StatusLevel.Plain, name, new("没有配置，读数在自带的存储里", "not configured; readings are in our own store"));
            yield break;
        }

        var ship = shipping.State;
        var waits = ship.OldestMs is { } since ? Both($"；最早没写入的是 {AlertText.Clock(since)} 收到的（{Ago(now - since).Zh}）", $"; the oldest not written was received at {AlertText.EnglishClock(since)} ({Ago(now - since).En})") : new LocalText("；没有积压", "; nothing waits");
        if (ship.Trouble is { } trouble)
        {
            yield return new(
                "influx", StatusLevel.Bad, name, Both($"{ship.Target} 自 {AlertText.Clock(trouble.SinceMs)} 收不进读数：{trouble.Words}{waits.Zh}", $"{ship.Target} takes no readings since {AlertText.EnglishClock(trouble.SinceMs)}: {trouble.Words}{waits.En}"),
                new("看它是否在运行、磁盘和权限；读数在日志里等着，恢复后自动补上。", "See whether it runs, its disk and our rights there; readings wait in the journal and are sent afterwards."));
        }
        else
        {
            yield return new(
                "influx", shipping.IsBehind ? StatusLevel.Attention : StatusLevel.Fine, name, Both($"正在写入 {ship.Target}，已写 {ship.Shipped}{waits.Zh}", $"writing to {ship.Target}, {ship.Shipped} written{waits.En}"),
                shipping.IsBehind ? new("它收得太慢：看它那台机器的磁盘、处理器和网络。", "It takes readings too slowly: look at disk, processor and network of its machine.") : null);
        }

        if (ship.SetAside + ship.Skipped > 0)
        {
            yield return new(
                "influx-set-aside", StatusLevel.Attention, new("InfluxDB 没有收下的", "Not taken by InfluxDB"), Both($"拒收 {ship.SetAside} 条，因日志满而略过 {ship.Skipped} 次", $"{ship.SetAside} refused, {ship.Skipped} times left out for a full journal"),
                new("运行 facility-monitor dead-letter list 看原因；略过的可以用 influx backfill 补。", "Run facility-monitor dead-letter list for the reason; what was left out is filled by influx backfill."));
        }
    }

    private IEnumerable<StatusLine> Judging(long now)
    {
        var oldest = Oldest(monitoring.Position, out var isRead);
        yield return Reader("rules", new("规则", "Rules"), oldest, isRead, journal.Last - monitoring.Position, now, RulesLag.LateMs);
        var held = monitoring.State.NotDurable;
        yield return new(
            "held", held > 0 ? StatusLevel.Attention : StatusLevel.Fine, new("等磁盘的告警步骤", "Steps of alerts that wait for the disk"), Both($"{held}", $"{held}"),
            held > 0 ? new("紧急的已直接通知；磁盘恢复后自动写入。看磁盘。", "Urgent ones were told at once; they are written when the disk is back. Look at the disk.") : null);
        yield return new("open", StatusLevel.Plain, new("未恢复的告警", "Open alerts"), Both($"{monitoring.State.Alerts.Count} 条；启动以来发出 {monitoring.Raised} 条", $"{monitoring.State.Alerts.Count}; {monitoring.Raised} raised since the start"));
        var losses = monitoring.State.Losses;
        if (losses != default)
        {
            yield return new(
                "rule-limits", losses with { LateSamples = 0 } == default ? StatusLevel.Plain : StatusLevel.Attention, new("规则用满的限额", "Limits of the rules that were reached"),
                Both(
                    $"半分钟内读数太多、提前定下的 {losses.SettledEarly}；迟到太多、不再重排的 {losses.LateRefused}；充电过程没有跟踪的 {losses.Unfollowed}；充电口迟到的读数 {losses.LateSamples}；没有记住的用户 {losses.UsersForgotten}",
                    $"settled early as too much came in half a minute {losses.SettledEarly}; too late too often to be put in order {losses.LateRefused}; sessions not followed {losses.Unfollowed}; late samples of sockets {losses.LateSamples}; users not remembered {losses.UsersForgotten}"),
                new("零星几个是网络迟延；一直在涨就是有设备发得太密、总是迟到，或在冒名发送：看是哪一台。", "A few are the network's delays; if they go on rising some device sends too often, is always late, or is invented: see which."));
        }

        if (monitoring.Damaged + feed.Damaged > 0)
        {
            yield return new(
                "damaged", StatusLevel.Bad, new("读不全的日志条目", "Journal entries not read to their end"), Both($"{monitoring.Damaged + feed.Damaged}", $"{monitoring.Damaged + feed.Damaged}"),
                new("备份数据文件夹，检查磁盘和内存，联系系统维护人员。", "Back up the data folder, check disk and memory, call whoever maintains the system."));
        }
    }

    private IEnumerable<StatusLine> Telling(long now)
    {
        List<ChannelCondition> conditions;
        Dictionary<string, ChannelTraffic> traffic;
        var isRead = true;
        try
        {
            using var reader = database.OpenReader();
            (conditions, traffic) = (ChannelBook.Read(reader), ChannelBook.Traffic(reader, now - DayMs));
        }
        catch (SqliteException)
        {
            (conditions, traffic, isRead) = ([], [], false);
        }

        foreach (var channel in channels.Current)
            yield return Channel(channel.Id, conditions.Find(one => one.Name == channel.Id), traffic.GetValueOrDefault(channel.Id), isRead, now);
        if (channels.Current.Count == 0)
        {
            yield return new(
                "channels", StatusLevel.Bad, new("通知通道", "Channels to people"), new("一个也没有", "none"),
                new("在 channels.yaml 里写明怎样找到人，否则告警只在页面上。", "Say in channels.yaml how people are reached; otherwise alerts stand on the page alone."));
        }

        yield return Heartbeat(now);
    }

    private static StatusLine Channel(string id, ChannelCondition? condition, ChannelTraffic traffic, bool isRead, long now)
    {
        var (key, name) = ("channel-" + id, Both($"通道 {id}", $"Channel {id}"));
        if (!isRead)
            return new(key, StatusLevel.Unknown, name, new("磁盘读不出来", "the disk cannot be read"));
        var carried = Both($"24 小时内送出 {traffic.Accepted} / {traffic.Attempts}", $"{traffic.Accepted} of {traffic.Attempts} taken in 24 h");
        if (condition is null)
            return new(key, StatusLevel.Unknown, name, Both($"还没有试过；{carried.Zh}", $"never tried; {carried.En}"), Both($"在「值班」页的「通道」里（或用 facility-monitor channel test {id}）试一次。", $"Try it once on the page On call, Channels (or with facility-monitor channel test {id})."));
        if (condition.IsDead(now))
        {
            var since = condition.FailingMs is { } failing ? AlertText.Clocks(failing) : new("?", "?");
            return new(
                key, StatusLevel.Bad, name, Both($"自 {since.Zh} 不通（{condition.Fault}）；{carried.Zh}", $"dead since {since.En} ({condition.Fault}); {carried.En}"),
                new("看服务器能否上网，核对 channels.yaml 里的密钥、签名和模板，再在「值班」页的「通道」里试。", "See whether the server reaches the internet, check key, signature and template in channels.yaml, and try again on the page On call, Channels."));
        }

        if (condition.PausedMs > now)
            return new(key, StatusLevel.Attention, name, Both($"服务商要求暂停到 {AlertText.Clock(condition.PausedMs)}；{carried.Zh}", $"the provider wants a rest until {AlertText.EnglishClock(condition.PausedMs)}; {carried.En}"), new("不用处理，会自动换别的联系方式。", "Nothing; other ways are used meanwhile."));
        if (condition.Fault is { } fault)
            return new(key, StatusLevel.Attention, name, Both($"最近一次没有送出（{fault}）；{carried.Zh}", $"the last was not taken ({fault}); {carried.En}"), new("会自动再试；五分钟还不通就会告警。", "It is tried again by itself; after five minutes an alert says so."));
        var last = condition.AcceptedMs is { } accepted ? AlertText.Clocks(accepted) : new("—", "—");
        return new(key, StatusLevel.Fine, name, Both($"{carried.Zh}；最近一次 {last.Zh}", $"{carried.En}; the last at {last.En}"));
    }

    /// <summary>The outside monitor that rings when we fall silent: without one nobody notices that this machine is off.</summary>
    private StatusLine Heartbeat(long now)
    {
        var name = new LocalText("外部心跳", "Outside heartbeat");
        if (heartbeat is null)
        {
            return new(
                "heartbeat", StatusLevel.Attention, name, new("没有设置：本机断电、断网时没有人会知道", "not set up: nobody would notice that this machine is off"),
                new("在外部的监测服务里建一个每分钟的心跳，把地址写进一个文件，用 oncall.heartbeat-url-file 指到它。", "Make a heartbeat of one minute with an outside monitor, and put its address into a file that oncall.heartbeat-url-file names."));
        }

        var state = heartbeat.State;
        if (state.IsHeldBack)
            return new("heartbeat", StatusLevel.Bad, name, new("没有发出：通知没有在处理，外部监测会响", "held back: notices are not worked on, the outside monitor will ring"), new("看磁盘和日志；需要时重启服务。", "Look at disk and log; restart the service if needed."));
        if (state.Refusal is { } refusal)
        {
            var last = state.HeardMs is { } beforeMs ? AlertText.Clocks(beforeMs) : new("—", "—");
            return new("heartbeat", StatusLevel.Bad, name, Both($"没有被收到（{refusal}）；最近一次 {last.Zh}", $"not heard ({refusal}); the last at {last.En}"), new("看服务器能否上网，核对 oncall.heartbeat-url-file；外部监测可能会响。", "See whether the server reaches the internet, check oncall.heartbeat-url-file; the outside monitor may ring."));
        }

        return state.HeardMs is { } heard
            ? new("heartbeat", StatusLevel.Fine, name, Both($"最近一次 {AlertText.Clock(heard)}（{Ago(now - heard).Zh}）", $"the last at {AlertText.EnglishClock(heard)} ({Ago(now - heard).En})"))
            : new("heartbeat", StatusLevel.Unknown, name, new("刚启动，还没有发", "just started, none sent yet"));
    }

    private IEnumerable<StatusLine> Devices(LiveView view, MonitoringState state, SiteScope sites, long now)
    {
        var listed = sites.Of(registry.Current.Facility).Sites.SelectMany(site => site.Devices.Select(entry => (Site: site, Entry: entry))).ToList();
        var silent = listed.Where(one => SiteNow.IsSilent(view, one.Entry, view.Find(one.Site.Id, one.Entry.Id), now)).ToList();
        yield return new(
            "silent", silent.Count == 0 ? StatusLevel.Fine : StatusLevel.Attention, new("没有新数据的设备", "Devices not heard"),
            Named(silent.Count, listed.Count, silent.Select(one => AlertText.Join(one.Site.Name, one.Entry.Name))),
            silent.Count == 0 ? null : new("看供电和网络；整片没有数据时先看网关、断路器和消息代理。", "Look at power and network; where many are silent look at gateway, breaker and broker first."));
        var wrong = view.All.Where(device => sites.Has(view, device) && device.Channels.Any(pair => pair.Now.Quality == Quality.Clock && now - pair.Now.HeardMs <= view.FreshMs(device))).ToList();
        yield return new(
            "clocks", wrong.Count == 0 ? StatusLevel.Fine : StatusLevel.Attention, new("时钟不准的设备", "Devices with a wrong clock"), Named(wrong.Count, null, wrong.Select(device => NameOf(view, device))),
            wrong.Count == 0 ? null : new("给设备设好时间服务器；大多数设备都不准时，看这台服务器自己的时间。", "Give the device a time server; where most of them are wrong look at the clock of this server."));
        var strangers = view.All.Count(device => view.Find(device.Id) is null && sites.Has(view, device));
        yield return new("new", strangers == 0 ? StatusLevel.Fine : StatusLevel.Attention, new("未登记的设备", "Devices not registered"), Both($"{strangers} 台", $"{strangers}"), strangers == 0 ? null : new("见首页“新设备”，登记或断开它们。", "See New devices on the start page; register them, or take them off."), strangers == 0 ? null : "/#unknown");
        if (control.ConfigurationsBehind > 0 && sites.IsAll)
            yield return new("cfg", StatusLevel.Attention, new("没有按登记配置运行的设备", "Devices not set as registered"), Both($"{control.ConfigurationsBehind} 台", $"{control.ConfigurationsBehind}"), new("告警会说是哪一台；看设备固件是否支持 cfg。", "An alert says which; see whether its firmware takes cfg."));
        if (state.Alerts.Any(alert => alert.Rule == "clock-off" && sites.Has(alert.Site)))
            yield return new("clock-alerts", StatusLevel.Attention, new("时钟告警", "Alerts on clocks"), Both($"{state.Alerts.Count(alert => alert.Rule == "clock-off" && sites.Has(alert.Site))} 条", $"{state.Alerts.Count(alert => alert.Rule == "clock-off" && sites.Has(alert.Site))}"));
    }

    /// <summary>The equations of promise 2, with their numbers.</summary>
    private IEnumerable<StatusLine> Books(SiteScope sites)
    {
        var state = books.State;
        if (sites.IsAll)
        {
            var totals = ingest.Books;
            // Read in this order a message that comes meanwhile is on the way, not missing.
            var (journaled, duplicates, dead) = (totals.Journaled, totals.Duplicates, totals.DeadLetteredTotal);
            var received = totals.Received;
            var way = Math.Max(0, received - journaled - duplicates - dead);
            yield return new("messages", StatusLevel.Plain, new("启动以来的消息", "Messages since the start"), Both(
                $"收到 {received} = 写盘 {journaled} + 重复 {duplicates} + 死信 {dead} + 在途 {way}", $"received {received} = journaled {journaled} + duplicates {duplicates} + dead letters {dead} + on the way {way}"));
            var (came, stored, twice, aside, open) = (state.Hours.Sum(hour => hour.Received), state.Hours.Sum(hour => hour.Stored), state.Hours.Sum(hour => hour.Duplicates), state.Hours.Sum(hour => hour.DeadLetters), state.Hours.Sum(hour => hour.Open));
            yield return new(
                "hours", state.Holes.Count == 0 ? StatusLevel.Fine : StatusLevel.Bad, new("最近 24 小时的消息", "Messages of the last 24 hours"),
                Both($"收到 {came} = 入库 {stored} + 重复 {twice} + 死信 {aside} + 在途 {open}", $"received {came} = stored {stored} + duplicates {twice} + dead letters {aside} + in flight {open}"),
                state.Holes.Count == 0 ? null : new("有小时的账不平，读数可能缺失：备份数据文件夹，看那段时间的日志，见告警 books-open。", "An hour does not balance, readings may be missing: back up the data folder, look at the log of that time, see the alert books-open."));
            var told = response.Books;
            yield return new(
                "alerts", told.Balance ? StatusLevel.Fine : StatusLevel.Bad, new("最近 48 小时的告警", "Alerts of the last 48 hours"),
                Both(
                    $"发出 {told.Raised} = 已通知 {told.Notified} + 合并 {told.Grouped} + 抑制 {told.Suppressed} + 暂停 {told.Shelved} + 过期 {told.Expired} + 在途 {told.InFlight} + 未通知已处理 {told.HandledUntold}",
                    $"raised {told.Raised} = notified {told.Notified} + grouped {told.Grouped} + suppressed {told.Suppressed} + shelved {told.Shelved} + expired {told.Expired} + in flight {told.InFlight} + handled untold {told.HandledUntold}"),
                told.Balance ? null : new("有告警去向不明：打开首页逐条处理，重启服务，联系系统维护人员。", "Some alert has gone nowhere: open the start page and see to each, restart the service, call whoever maintains the system."));
        }
        else
        {
            var index = registry.Current;
            var holes = state.Holes.Count(hole => sites.Has(devices.Find(hole.Device)?.Id is { } id ? index.Find(id)?.Site.Id ?? id.Site : null));
            yield return new("hours", holes == 0 ? StatusLevel.Fine : StatusLevel.Bad, new("消息账目", "Books of messages"), holes == 0 ? new("平", "balance") : Both($"{holes} 处不平", $"{holes} do not balance"), holes == 0 ? null : new("读数可能缺失：请告诉管理员。", "Readings may be missing: tell the administrator."));
        }
    }

    private IEnumerable<StatusLine> Pages(SiteScope sites)
    {
        var errors = sites.IsAll ? registry.LastErrors : [];
        if (errors.Count > 0)
            yield return new("configuration", StatusLevel.Bad, new("配置", "Configuration"), Both($"{errors.Count} 处有误，旧配置仍在运行：{errors[0].In("zh")}", $"{errors.Count} errors, the old one stays in force: {errors[0].In("en")}"), new("按所说改好文件，几秒后生效。", "Mend the file as it says; it takes effect within seconds."));
        if (sites.IsAll)
        {
            yield return new(
                "pages", feed.Refused + feed.RefusedToOne + feed.SentAway + series.Refused > 0 ? StatusLevel.Attention : StatusLevel.Fine, new("打开的实时页面", "Open live pages"),
                Both($"{feed.Watching}；因太多被拒 {feed.Refused}，因同一用户太多被拒 {feed.RefusedToOne}，因太慢重来 {feed.SentAway}，曲线被拒 {series.Refused}", $"{feed.Watching}; {feed.Refused} refused as too many, {feed.RefusedToOne} as too many of one user, {feed.SentAway} begun anew as too slow, {series.Refused} charts refused"));
        }

        yield return new("version", StatusLevel.Plain, new("版本", "Version"), Both($"{Version}（构建 {LiveFeed.Build}）", $"{Version} (build {LiveFeed.Build})"));
        if (sites.IsAll)
        {
            yield return new("process", StatusLevel.Plain, new("运行", "Process"), Both(
                $"已运行 {Ago((long)rate.Uptime.TotalMilliseconds).Zh}；内存 {Mib(Environment.WorkingSet)}；{RuntimeInformation.FrameworkDescription}；{RuntimeInformation.OSDescription}；{Environment.ProcessorCount} 核",
                $"up for {Ago((long)rate.Uptime.TotalMilliseconds).En}; memory {Mib(Environment.WorkingSet)}; {RuntimeInformation.FrameworkDescription}; {RuntimeInformation.OSDescription}; {Environment.ProcessorCount} cores"));
        }
    }

    private static StatusLine Reader(string key, LocalText name, long? oldestMs, bool isRead, long commits, long now, long lateMs)
    {
        if (!isRead)
            return new(key, StatusLevel.Unknown, name, new("磁盘读不出来", "the disk cannot be read"));
        var waits = oldestMs is { } oldest ? Math.Max(0, now - oldest) : 0;
        var value = commits <= 0 ? new LocalText("没有落后", "not behind") : Both($"落后 {commits} 次提交，最早的等了 {Ago(waits).Zh}", $"{commits} commits behind, the oldest waits for {Ago(waits).En}");
        return waits > lateMs
            ? new(key, StatusLevel.Bad, name, value, new("看处理器和磁盘是否忙不过来；日志会留着它还没有读的。", "See whether processor or disk are too busy; the journal keeps what it has not read."))
            : new(key, StatusLevel.Fine, name, value);
    }

    /// <summary>When the first message behind a place of the journal was received; null: nothing is behind it.</summary>
    private long? Oldest(long? position, out bool isRead)
    {
        isRead = true;
        if (position is null)
            return null;
        try
        {
            using var reader = database.OpenReader();
            return RulesLag.FirstMs(reader, position.Value);
        }
        catch (SqliteException)
        {
            isRead = false;
            return null;
        }
    }

    private static LocalText NameOf(LiveView view, DeviceNow device) => view.Find(device.Id) is { } known ? AlertText.Join(known.Site.Name, known.Entry.Name) : new LocalText(device.Id.ToString(), device.Id.ToString());

    private static LocalText Named(int count, int? of, IEnumerable<LocalText> names)
    {
        var shown = names.Take(NamedMax).ToList();
        var (zh, en) = (string.Join("、", shown.Select(name => name.Zh)), string.Join("; ", shown.Select(name => name.En)));
        var more = count > shown.Count ? Both($"，另有 {count - shown.Count} 台", $"; and {count - shown.Count} more") : new LocalText("", "");
        var sum = of is null ? $"{count}" : $"{count} / {of}";
        return count == 0 ? Both($"{sum}", $"{sum}") : Both($"{sum}：{zh}{more.Zh}", $"{sum}: {en}{more.En}");
    }

    private static LocalText Ago(long ms)
    {
        var seconds = Math.Max(0, ms) / 1000;
        var (count, zh, en) = seconds switch { < 60 => (seconds, "秒", "s"), < 3600 => (seconds / 60, "分钟", "min"), < 172_800 => (seconds / 3600, "小时", "h"), _ => (seconds / 86_400, "天", "d") };
        return Both($"{count} {zh}", $"{count} {en}");
    }

    private static string Gib(long bytes) => Number(bytes / (double)(1L << 30), "0.0") + " GiB";

    private static string Mib(long bytes) => Number(bytes >> 20, "0") + " MiB";

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

    private static LocalText Both(FormattableString zh, FormattableString en) => new(FormattableString.Invariant(zh), FormattableString.Invariant(en));
}
