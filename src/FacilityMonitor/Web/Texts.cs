namespace FacilityMonitor.Web;

/// <summary>The texts the server writes; the page's own are in dashboards/web/texts.js. Each in both languages.</summary>
internal static class Texts
{
    public static IReadOnlyDictionary<string, (string Zh, string En)> All { get; } = new Dictionary<string, (string, string)>
    {
        ["product"] = ("设施卫士", "FacilityMonitor"),
        ["user"] = ("用户名", "User"),
        ["password"] = ("口令", "Password"),
        ["sign-in"] = ("登录", "Sign in"),
        ["sign-out"] = ("退出", "Sign out"),
        ["sign-in-again"] = ("页面已过期，请再试一次。", "The form was too old. Please try again."),
        ["sign-in-wait"] = ("错误次数太多，请等半分钟。", "Too many wrong attempts. Please wait half a minute."),
        ["sign-in-wrong"] = ("用户名或口令不对。", "User or password is wrong."),
        ["loading"] = ("正在连接……", "Connecting …"),
        ["no-modules"] = ("页面组件没有安装。请在源代码的 dashboards/web 里运行 npm ci，然后重新构建。", "The page's modules are not installed. Run npm ci in dashboards/web of the source and build again."),
        ["as-of"] = ("截至", "As of"),
        ["alerts"] = ("未恢复的告警", "Open alerts"),
        ["no-alerts"] = ("没有告警。", "No alerts."),
        ["device"] = ("设备", "Device"),
        ["in-use"] = ("使用中", "In use"),
        ["heard"] = ("最近一次", "Heard"),
        ["never"] = ("还没有数据", "never"),
        ["circuit"] = ("回路", "Circuit"),
        ["load"] = ("负载", "Load"),
        ["not-rated"] = ("额定未登记", "rated current not registered"),
        ["no-script"] = ("这个页面需要浏览器脚本才能实时更新。", "This page needs scripts to show live values."),
    };

    /// <summary>The language of a request: <c>?lang=</c>, else what was chosen before, else Chinese.</summary>
    public static string Language(HttpContext context)
    {
        var asked = context.Request.Query["lang"].ToString();
        if (asked is not ("zh" or "en"))
            asked = context.Request.Cookies["lang"];
        return asked == "en" ? "en" : "zh";
    }

    public static string In(HttpContext context, string key) => Language(context) == "en" ? All[key].En : All[key].Zh;
}
