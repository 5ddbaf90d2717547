using System.Globalization;
using FacilityMonitor.Configuration;

namespace FacilityMonitor.OnCall.Channels;

/// <summary>Says which channels there are, what each takes, and how many messages tonight has room for.</summary>
internal sealed class ChannelReport(IReadOnlyList<ChannelDefinition> channels, ServiceSettings settings, TextWriter output)
{
    public void Write()
    {
        output.WriteLine();
        Line(0, $"通知通道 {channels.Count}", $"{channels.Count} channels to people");
        if (channels.Count == 0)
            Line(1, "还没有通道：只有 people.yaml 里的 webhook；请写 channels.yaml", "none yet: only the webhooks of people.yaml; write channels.yaml");
        foreach (var channel in channels)
            Write(channel);
    }

    private void Write(ChannelDefinition channel)
    {
        Line(1, $"{channel.Id}  {channel.Form.Name.Zh}，地址写{channel.Form.Address.Zh}", $"{channel.Id}  {channel.Form.Name.En}; its address is {channel.Form.Address.En}");
        foreach (var limit in channel.Limits)
        {
            var (zh, en) = limit.Per == LimitScope.Channel ? ("整个通道", "in all") : ("每个号码或成员", "to one number or member");
            var (windowZh, windowEn) = limit.IsNight ? ("22–8 点", "from 22 to 8 o'clock") : Window(limit.Window);
            var (keptZh, keptEn) = limit.Reserved == 0 ? ("", "") : (Say($"，其中 {limit.Reserved} 条只留给 P0"), Say($", {limit.Reserved} of them kept for P0"));
            Line(2, Say($"{zh}：{windowZh}最多 {limit.Max} 条{keptZh}"), Say($"{en}: at most {limit.Max} {windowEn}{keptEn}"));
        }

        var nightly = channel.Limits.Where(limit => limit.Per == LimitScope.Address).Select(limit => limit.InANight).DefaultIfEmpty(int.MaxValue).Min();
        if (nightly != int.MaxValue)
        {
            var (zh, en) = channel.Form.IsVoice ? ("通电话", "calls") : ("条", "messages");
            Line(2, Say($"今晚（22–8 点）每人最多 {nightly} {zh}"), Say($"tonight (22 to 8 o'clock) at most {nightly} {en} to one person"));
        }

        if (channel.Form.IsAnswered)
            Line(2, "收到的人可以直接回复“确认 1234”；由我们连出去取，不需要公网端口", "who gets one can answer “ack 1234”; we fetch it over a connection of ours, no port has to be open");
        if (channel.Form.IsVoice && channel.Find("callback-secret") is null)
            Gap("按键不会传回来，电话里不能响应告警；请设 callback-secret-file", "keys that are pressed do not come back, so nobody can acknowledge by telephone; set callback-secret-file");
        else if (channel.Form.Reports && channel.Find("callback-secret") is not null && settings.Web.PublicUrl is null)
            Gap("回执和按键传不到这里；请设 web.public-url，并在供应商控制台填 <public-url>/reports/" + channel.Id + "/<密钥>", "reports and keys cannot get here; set web.public-url, and enter <public-url>/reports/" + channel.Id + "/<secret> in the provider's console");
    }

    private static (string Zh, string En) Window(TimeSpan window) => window switch
    {
        { TotalSeconds: < 60 } => (Say($"{window.TotalSeconds} 秒"), Say($"in {window.TotalSeconds} s")),
        { TotalMinutes: < 60 } => (Say($"{window.TotalMinutes} 分钟"), Say($"in {window.TotalMinutes} min")),
        _ => (Say($"{window.TotalHours} 小时"), Say($"in {window.TotalHours} h")),
    };

    private static string Say(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private void Gap(string zh, string en) => Line(2, "缺口：" + zh, "gap: " + en);

    private void Line(int depth, string zh, string en) => output.WriteLine(new string(' ', 2 * depth) + (settings.Language == "en" ? en : zh));
}
