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
        ["act"] = new("操作", "did"),
    };

    public static LocalText Of(AuditEntry entry)
    {
        var word = Words.GetValueOrDefault(entry.What) ?? new(entry.What, entry.What);
        // Whoever signs in or out does it to himself.
        var subject = entry.Subject == entry.Who ? "" : " " + entry.Subject;
        var detail = entry.Detail.Length > 0 ? $" ({entry.Detail})" : "";
        return new(word.Zh + subject + detail, word.En + subject + detail);
    }
}
