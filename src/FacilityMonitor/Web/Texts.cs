using FacilityMonitor.Configuration;

namespace FacilityMonitor.Web;

/// <summary>The texts the server writes; the page's own are in dashboards/web/texts.js. Each in both languages.</summary>
internal static class Texts
{
    /// <summary>What an address says of the language.</summary>
    public const string Choice = "lang";

    private const string Cookie = "lang";

    public static IReadOnlyDictionary<string, (string Zh, string En)> All { get; } = new Dictionary<string, (string, string)>
    {
        ["product"] = ("设施卫士", "FacilityMonitor"),
        ["pages"] = ("页面", "Pages"),
        ["user"] = ("用户名", "User"),
        ["password"] = ("口令", "Password"),
        ["sign-in"] = ("登录", "Sign in"),
        ["sign-out"] = ("退出", "Sign out"),
        ["sign-in-again"] = ("页面已过期，请再试一次。", "The form was too old. Please try again."),
        ["sign-in-wait"] = ("错误次数太多，请稍等再试。", "Too many wrong attempts. Please wait before the next one."),
        ["sign-in-wrong"] = ("用户名或口令不对。", "User or password is wrong."),
        ["no-modules"] = ("页面组件没有安装，下面的数值每半分钟刷新一次。请在源代码的 dashboards/web 里运行 npm ci，然后重新构建。", "The page's modules are not installed; what is below is fetched anew every half minute. Run npm ci in dashboards/web of the source and build again."),
        ["no-script"] = ("浏览器没有运行脚本，下面的数值每半分钟刷新一次。", "This browser runs no scripts; what is below is fetched anew every half minute."),
        ["as-of"] = ("截至", "As of"),
        ["alerts"] = ("告警", "Alerts"),
        ["no-alerts"] = ("没有未恢复的告警。", "No open alert."),
        ["no-alerts-deaf"] = ("没有未恢复的告警，但现在收不到任何消息，新的危险不会出现在这里。", "No open alert, but nothing is being received: a new danger would not appear here."),
        ["deaf"] = ("收不到任何消息：与消息代理的连接断开了。", "Nothing is being received: no connection to the broker."),
        ["configuration"] = ("配置有误，旧配置仍在运行", "The configuration has errors; the old one stays in force"),
        ["trip-soon-or-never"] = ("可能一分钟内跳闸，也可能不跳", "within a minute, or never"),
        ["device"] = ("设备", "Device"),
        ["in-use"] = ("使用中", "In use"),
        ["power"] = ("功率", "Power"),
        ["heard"] = ("最近一次", "Heard"),
        ["never"] = ("还没有数据", "never heard"),
        ["stale"] = ("数据过时", "stale"),
        ["offline"] = ("离线", "offline"),
        ["circuit"] = ("回路", "Circuit"),
        ["load"] = ("负荷", "Load"),
        ["rated"] = ("额定", "Rated"),
        ["share"] = ("占额定", "Of rated"),
        ["trip"] = ("预计跳闸", "Time to trip"),
        ["minutes"] = ("分钟", "min"),
        ["perhaps-never"] = ("也可能不跳", "perhaps never"),
        ["no-reading"] = ("没有读数", "no reading"),
        ["not-rated"] = ("额定未登记", "rating not registered"),
        ["no-sites"] = ("还没有登记点位。", "No site is registered."),
        ["unknown"] = ("新设备", "New devices"),
        ["no-unknown"] = ("没有未登记的设备。", "Every device is registered."),
        ["unknown-help"] = ("已收到、已保存，但还没有登记。把下面几行贴进登记文件，位置见每段第一行；保存后几秒生效。文件：", "Received and stored, but not registered. Paste these lines into the registry, where the first line of each says; once saved they count within seconds. The file:"),
        ["perhaps-group"] = ("只会开关，不测量，可能是一个组：请登记组里的每台设备。", "It switches and measures nothing, perhaps a group: register its members instead."),
        ["not-registered"] = ("未登记", "not registered"),
        ["more"] = ("未列出", "Not listed"),
        ["health"] = ("系统运行状况", "Monitor health"),
        ["broker"] = ("消息代理", "Broker"),
        ["connected"] = ("已连接", "connected"),
        ["disconnected"] = ("已断开", "disconnected"),
        ["received"] = ("收到", "Received"),
        ["stored"] = ("入库", "Stored"),
        ["duplicates"] = ("重复", "Duplicates"),
        ["dead-letters"] = ("死信", "Dead letters"),
        ["on-the-way"] = ("在途", "On the way"),
        ["hour"] = ("小时", "Hour"),
        ["books-open"] = ("账目不平：有消息下落不明，读数可能缺失。请看告警。", "The books do not balance: messages are missing, and readings may be. See the alerts."),
        ["act-expired"] = ("这个链接已失效。如有火情请直接拨打 119，或联系值班人员。", "This link is no longer valid. If there is a fire call 119, or whoever is on duty."),
        ["act-bad"] = ("看不懂这个请求，什么也没有做。", "This was not understood; nothing was done."),
        ["act-not-saved"] = ("没有保存成功，请再按一次。", "It could not be saved. Please press again."),
        ["act-back"] = ("返回", "Back"),
        ["act-drill"] = ("演练，不是真的", "An exercise, not meant"),
        ["act-test"] = ("测试，不是真的", "A test, not meant"),
        ["act-stage-open"] = ("待响应", "Open"),
        ["act-stage-acked"] = ("已响应", "Acknowledged"),
        ["act-stage-en-route"] = ("前往中", "En route"),
        ["act-stage-on-scene"] = ("已到场", "On scene"),
        ["act-stage-closed"] = ("已关闭", "Closed"),
        ["act-since"] = ("自", "Since"),
        ["act-over"] = ("读数已恢复", "readings are well again"),
        ["act-takers"] = ("处理人：", "Taken by:"),
        ["act-told"] = ("已通知：", "Told:"),
        ["act-nobody"] = ("还没有人", "nobody yet"),
        ["act-wanted"] = ("还需要人数：", "still needed:"),
        ["act-acknowledge"] = ("我来处理", "I take it"),
        ["act-set-out"] = ("我正前往", "On my way"),
        ["act-arrive"] = ("我已到场", "I am there"),
        ["act-extinguished"] = ("已扑灭", "It is out"),
        ["act-false-alarm"] = ("误报", "False alarm"),
        ["act-unacknowledge"] = ("我处理不了", "I cannot, after all"),
        ["act-say"] = ("补充说明", "Say something"),
        ["act-say-do"] = ("发送", "Send"),
        ["act-hand"] = ("转给别人", "Hand it to"),
        ["act-hand-do"] = ("转交", "Hand over"),
        ["act-119"] = ("拨打 119", "Call 119"),
        ["act-timeline"] = ("经过", "What happened"),
        ["act-calls-nobody"] = ("这条告警不叫人：设备没有登记，或告警早于值班功能。内容请看首页。", "Nobody is called for this alert: its device is not registered, or it is older than rosters are. What it says is on the main page."),
        ["act-again"] = ("页面已过期，请返回再按一次。", "The page was too old. Please go back and press again."),
        ["act-busy"] = ("正在接收别的照片，请过一会儿再发。", "Other photos are being received; send it again in a moment."),
        ["act-photos"] = ("照片：", "Photos:"),
        ["act-photo"] = ("照片（JPEG 或 PNG，最多 12 MiB；拍摄地点会被去掉）", "Photo (JPEG or PNG, at most 12 MiB; where it was taken is left out)"),
        ["act-manager"] = ("管理员", "Manager"),
        ["act-close"] = ("处理完了，关闭", "It is done, close it"),
        ["act-close-do"] = ("关闭", "Close"),
        ["act-cause"] = ("原因", "Cause"),
        ["act-done"] = ("做了什么", "What was done"),
        ["act-without"] = ("没有照片的原因", "Why there is no photo"),
        ["act-shelve"] = ("暂停提醒", "Shelve"),
        ["act-shelve-for"] = ("暂停多久", "For how long"),
        ["act-shelve-why"] = ("原因", "Why"),
        ["act-shelve-do"] = ("暂停提醒", "Shelve"),
        ["act-shelved"] = ("暂停提醒到", "Shelved until"),
        ["act-unshelve"] = ("恢复提醒", "Shelve no more"),
        ["cause-fire"] = ("真的起火", "Fire"),
        ["cause-overheated-battery"] = ("电池过热", "Overheated battery"),
        ["cause-overload"] = ("过载", "Overload"),
        ["cause-fly-wire"] = ("飞线充电", "Fly-wire charging"),
        ["cause-sensor-fault"] = ("传感器故障", "Faulty sensor"),
        ["cause-test"] = ("测试", "Test"),
        ["cause-maintenance"] = ("检修", "Maintenance"),
        ["cause-resident-dispute"] = ("居民纠纷", "Dispute of residents"),
        ["cause-network"] = ("断电或断网", "Power or network away"),
        ["cause-false-alarm"] = ("误报", "False alarm"),
        ["cause-unknown"] = ("没有查明", "Not found out"),
        ["hand-over"] = ("交班", "Hand-over"),
        ["hand-over-open"] = ("没有结束的告警：", "open alerts:"),
        ["hand-over-none"] = ("没有要接手的告警。", "Nothing is open."),
        ["hand-over-take"] = ("接手已下班的人的告警：", "Take over from those off duty:"),
        ["contact-check"] = ("联系方式确认", "Contact check"),
        ["contact-why"] = ("夜里的告警会这样通知你。能看到这一页，就按一下。", "Alerts at night reach you like this. If you see this page, press the button."),
        ["contact-got-it"] = ("我收到了", "I got it"),
        ["contact-thanks"] = ("已记下，谢谢。30 天后会再请你确认一次。", "Noted, thank you. You are asked again in 30 days."),
        ["on-call"] = ("值班", "On call"),
        ["on-call-now"] = ("现在谁值班", "On duty now"),
        ["on-call-nobody"] = ("没有人", "nobody"),
        ["on-call-all-sites"] = ("全部点位", "all sites"),
        ["on-call-no-teams"] = ("people.yaml 里没有班组：不会逐级通知任何人。", "people.yaml names no teams: nobody is called step by step."),
        ["on-call-open"] = ("没有结束的告警，谁在处理", "What is open, and who has it"),
        ["on-call-gaps"] = ("今后十四天的缺口", "Gaps of the next fourteen days"),
        ["on-call-no-gaps"] = ("没有缺口。", "No gap."),
        ["on-call-unverified"] = ("没有由本人确认过的联系方式", "Contacts that the person did not confirm"),
        ["on-call-all-verified"] = ("都确认过。", "All are confirmed."),
        ["never-confirmed"] = ("从没有确认过", "never confirmed"),
        ["case"] = ("飞线案件", "Fly-wire case"),
        ["cases"] = ("飞线案件", "Fly-wire cases"),
        ["cases-help"] = ("疑似只是线索，先到现场看。排除时写明实际是什么，系统据此了解这条回路。家用电表后的飞线系统看不到，只能靠巡查。", "A suspicion is only a hint: look first. When you dismiss one say what it was, and the circuit learns. Behind a household's meter nothing is seen; only a patrol finds it."),
        ["cases-none"] = ("没有未结的案件。", "No open case."),
        ["cases-ended"] = ("已结束", "Ended"),
        ["case-due"] = ("期限", "due"),
        ["case-late"] = ("已超期", "late"),
        ["case-sights"] = ("出现次数", "times seen"),
        ["case-text"] = ("看到什么、约定了什么（排除时必填）", "What was found or agreed (needed to dismiss)"),
        ["case-to-confirmed"] = ("已核实：确实在充电", "Confirmed: something charges there"),
        ["case-to-dismissed"] = ("排除：不是充电", "Dismiss: it is something else"),
        ["case-to-advised"] = ("已劝导移到充电桩", "Advised to move to a pile"),
        ["case-to-noticed"] = ("已送整改通知", "Notice served"),
        ["case-to-recheck"] = ("该复查了", "Time to look again"),
        ["case-to-closed"] = ("复查没有了，销号", "Looked again, it is gone: close"),
        ["case-p"] = ("概率", "probability"),
        ["case-level"] = ("多出", "level"),
        ["case-minutes"] = ("持续", "for"),
        ["case-climb"] = ("爬升", "climb"),
        ["case-fit"] = ("拟合误差", "fit error"),
        ["case-taper"] = ("回落", "fallen"),
        ["case-hour"] = ("开始于", "began at"),
    };

    /// <summary>The language of a request: <c>?lang=</c>, else what was chosen before, else what the browser prefers, else that of the settings.</summary>
    public static string Language(HttpContext context) =>
        Known(context.Request.Query[Choice].ToString()) ?? Known(context.Request.Cookies[Cookie]) ?? Preferred(context.Request)
        ?? context.RequestServices.GetRequiredService<ServiceSettings>().Language;

    public static string In(HttpContext context, string key) => In(Language(context), key);

    public static string In(string language, string key) => language == "en" ? All[key].En : All[key].Zh;

    /// <summary>Whoever chose a language keeps it, also through the sign-in that comes between.</summary>
    public static Task Remember(HttpContext context, RequestDelegate next)
    {
        if (Known(context.Request.Query[Choice].ToString()) is { } chosen)
            context.Response.Cookies.Append(Cookie, chosen, new CookieOptions { SameSite = SameSiteMode.Strict, MaxAge = TimeSpan.FromDays(365), HttpOnly = true });
        return next(context);
    }

    private static string? Preferred(HttpRequest request) => request.GetTypedHeaders().AcceptLanguage
        .Where(language => language.Quality is not 0).OrderByDescending(language => language.Quality ?? 1)
        .Select(language => Known(language.Value.ToString().Split('-')[0].ToLowerInvariant())).FirstOrDefault(known => known is not null);

    private static string? Known(string? language) => language is "zh" or "en" ? language : null;
}
