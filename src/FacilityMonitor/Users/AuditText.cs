using FacilityMonitor.Registry;

namespace FacilityMonitor.Users;

/// <summary>An entry of the audit as a person reads it.</summary>
internal static class AuditText
{
    /// <summary>Every word that is written, with its text.</summary>
    public static IReadOnlyDictionary<string, LocalText> Words { get; } = new Dictionary<string, LocalText>
    {
        ["sign-in"] = new("登录", "signed in"),
        ["sign-out"] = new("退出", "signed out"),
        ["sign-in-shut"] = new("多次输错口令，暂停登录", "too many wrong passwords, made to wait"),
        ["user-add"] = new("新增用户", "added the user"),
        ["user-by-settings"] = new("按设置新增用户", "added, by the settings, the user"),
        ["password-by-settings"] = new("按设置更换口令", "set, by the settings, the password of"),
        ["user-role"] = new("改角色", "changed the role of"),
        ["user-sites"] = new("改点位", "changed the sites of"),
        ["user-names"] = new("改称呼和备注", "changed names and note of"),
        ["user-language"] = new("改语言", "changed the language of"),
        ["user-password"] = new("换口令", "changed the password of"),
        ["user-disable"] = new("停用", "disabled"),
        ["user-enable"] = new("启用", "enabled"),
        ["link-made"] = new("开出一次性链接", "made a one-time link for"),
        ["link-used"] = new("用一次性链接设口令", "set a password by a one-time link for"),
        ["sessions-ended"] = new("结束登录", "ended the sessions of"),
        ["climber-booked"] = new("预约爬楼机", "booked the stair-climber"),
        ["climber-given-up"] = new("取消爬楼机预约", "gave up the booking of the stair-climber"),
        ["climber-out"] = new("取走爬楼机", "took out the stair-climber"),
        ["climber-in"] = new("归还爬楼机", "brought back the stair-climber"),
        ["climber-fault"] = new("记下爬楼机故障", "noted a fault of the stair-climber"),
        ["climber-mended"] = new("爬楼机故障已修好", "mended the stair-climber"),
        ["device-adopt"] = new("登记设备", "registered the device"),
        ["site-edit"] = new("改点位", "changed the site"),
        ["circuit-edit"] = new("改回路", "changed the circuit"),
        ["device-edit"] = new("改设备登记", "changed what is registered of the device"),
        ["fire-equipment-edit"] = new("改消防器材", "changed the fire equipment"),
        ["holidays-edit"] = new("改节假日", "changed the holidays of"),
        ["person-edit"] = new("改人员", "changed the person"),
        ["team-add"] = new("新增班组", "added the team"),
        ["shift-add"] = new("排班", "put on a shift of"),
        ["stand-in"] = new("安排代班", "arranged who stands in for"),
        ["swap"] = new("换班", "exchanged duties in"),
        ["absence"] = new("登记请假", "noted the absence of"),
        ["limits-edit"] = new("改规则数值", "changed numbers of a rule for"),
        ["edit-undo"] = new("撤销改动", "took back the edit of"),
        ["edit-failed"] = new("没有写成，未生效", "could not write, and it is not in force:"),
        ["power-off"] = new("挂检修断电牌", "tagged as switched off for work"),
        ["power-off-end"] = new("摘检修断电牌", "took the tag of work off"),
        ["contact-ask"] = new("发出联系方式确认", "asked to confirm a contact:"),
        ["contact-confirm"] = new("填入确认码，联系方式已确认", "confirmed by its code a contact of"),
        ["permit-ask"] = new("申请测试或停用", "asked for a permit (test, out of service):"),
        ["permit-agree"] = new("同意停用", "agreed to take out of service"),
        ["permit-end"] = new("结束测试或停用", "ended a permit of"),
        ["drill"] = new("发起演练", "began an exercise at"),
        ["channel-test"] = new("测试通道", "tested the channel"),
        ["files-changed"] = new("配置文件有改动，已读取", "files were changed and read:"),
        ["files-refused"] = new("配置文件有改动，但有错误，未生效", "files were changed, have errors and are not in force:"),
        ["act"] = new("操作", "did"),
    };

    public static LocalText Of(AuditEntry entry)
    {
        var word = Words.GetValueOrDefault(entry.What) ?? new(entry.What, entry.What);
        // Whoever signs in or out does it to himself.
        var subject = entry.Subject == entry.Who ? "" : " " + entry.Subject;
        return new(word.Zh + subject + Detail(entry, "zh", "（", "）"), word.En + subject + Detail(entry, "en", " (", ")"));
    }

    /// <summary>Who it was; what is no user's name as it is called.</summary>
    public static LocalText Who(AuditEntry entry) => entry.Who switch
    {
        "" => new("—", "—"),
        Visitor.CommandLine => new("命令行", "command line"),
        Visitor.Settings => new("设置文件", "settings file"),
        Visitor.OneTimeLink => new("一次性链接", "one-time link"),
        _ => new(entry.Who, entry.Who),
    };

    /// <summary>Roles and "all sites" are written as words of the files; a person reads what they are called.</summary>
    private static string Detail(AuditEntry entry, string language, string before, string after)
    {
        if (entry.Detail.Length == 0)
            return "";
        var parts = entry.What is "user-add" or "user-role" or "user-sites" or "link-used" ? entry.Detail.Split(" · ").Select(part => Called(part, language)) : [entry.Detail];
        return before + string.Join(" · ", parts) + after;
    }

    private static string Called(string part, string language) =>
        part == SiteScope.AllWord ? new LocalText("全部点位", "all sites").In(language)
        : Registry.Words.All<UserRole>().FirstOrDefault(role => role.Word == part) is { Word: not null } known ? Rights.Name(known.Kind).In(language) : part;
}
