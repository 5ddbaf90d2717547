using System.Globalization;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Configuration;

/// <summary>What a registry says, for the people who wrote it: circuits with their ratings, devices, and who would be told tonight, with the gaps said plainly.</summary>
internal sealed class FacilityReport(Facility facility, ServiceSettings settings, DateOnly today, TextWriter output)
{
    private const int IdWidth = 16;

    public void Write(string folder)
    {
        Line(0, $"配置 {folder}", $"configuration {folder}");
        Line(0, $"代理 {settings.Broker}，数据 {settings.Data.Directory}，网页 {settings.Web}", $"broker {settings.Broker}, data {settings.Data.Directory}, page {settings.Web}");
        if (settings.Web.Password is null)
            Line(0, "设置里没有登录口令：还没有用户时，第一个管理员用日志里的一次性链接登录", "no sign-in password in the settings: while there is no user, the first administrator comes in by the one-time link of the log");
        if (facility.Sites.Count == 0)
            Gap(0, "还没有点位：所有上报的设备都会列为新设备", "no sites yet: everything that reports is listed as a new device");
        foreach (var mapping in facility.Mappings)
        {
            var fields = mapping.Fields.Count + mapping.Channels.Sum(channels => channels.Fields.Count);
            Line(0, $"映射 {mapping.Id}：主题 {mapping.Topic}，{fields} 个字段", $"mapping {mapping.Id}: topic {mapping.Topic}, {fields} fields");
        }

        foreach (var site in facility.Sites)
            Site(site);
    }

    private void Site(Site site)
    {
        output.WriteLine();
        Line(0, $"{site.Id}  {site.Name.Zh}", $"{site.Id}  {site.Name.En}");
        foreach (var circuit in site.Circuits)
            Circuit(site, circuit);
        var kinds = site.Devices.GroupBy(device => device.Kind).OrderBy(group => group.Key).Select(group => $"{Words.Of(group.Key)} {group.Count()}");
        var (sockets, reserved) = (site.Devices.Sum(device => device.Sockets), site.Devices.Sum(device => device.Reserved.Count));
        Line(1, $"设备 {site.Devices.Count}：{string.Join("，", kinds)}", $"{site.Devices.Count} devices: {string.Join(", ", kinds)}");
        Line(1, $"充电口和仓位 {sockets}，其中爱心充电口 {reserved}", $"{sockets} sockets and slots, {reserved} of them reserved");
        Unmeasured(site);
        Due(site);
        Tonight(site);
    }

    private void Circuit(Site site, Circuit circuit)
    {
        var indent = new string(' ', 2 * Depth(site, circuit)) + circuit.Id.PadRight(IdWidth);
        var phases = circuit.Phases == 3 ? ("三相", "three-phase") : circuit.Phase is { } phase ? ($"单相 L{phase}", $"single-phase L{phase}") : ("单相", "single-phase");
        var rating = circuit.RatedA is { } rated
            ? string.Create(CultureInfo.InvariantCulture, $"{rated} A{(circuit.Curve is null ? "" : " " + circuit.Curve)}")
            : null;
        var meter = circuit.Meter is null ? ("无电表，按下级合计", "no meter, the sum of what hangs below") : ($"电表 {circuit.Meter}", $"meter {circuit.Meter}");
        Line(1, $"回路 {indent} {rating ?? "额定未登记，不算过载和跳闸时间"}，{phases.Item1}，{meter.Item1}  {circuit.Name.Zh}",
            $"circuit {indent} {rating ?? "rating not registered: no overload, no time to trip"}, {phases.Item2}, {meter.Item2}  {circuit.Name.En}");
    }

    /// <summary>A registry without errors has no cycles, so this ends.</summary>
    private static int Depth(Site site, Circuit circuit) =>
        site.Circuits.FirstOrDefault(one => one.Id == circuit.Parent) is { } parent ? 1 + Depth(site, parent) : 0;

    private void Unmeasured(Site site)
    {
        var loose = site.Devices.Where(device => device is { Circuit: null, Kind: DeviceKind.Pile or DeviceKind.Cabinet }).Select(device => device.Id).ToList();
        if (loose.Count > 0)
            Gap(1, $"没有登记回路，过载预测里不算：{string.Join("、", loose)}", $"on no registered circuit, so in no overload prediction: {string.Join(", ", loose)}");
    }

    private void Due(Site site)
    {
        var checks = site.FireEquipment.Select(equipment => (equipment.Id, equipment.Name, equipment.Due))
            .Concat(site.Devices.Where(device => device.InspectionDue is not null).Select(device => (device.Id, device.Name, Due: device.InspectionDue!.Value)));
        foreach (var (id, name, due) in checks.Where(check => check.Due < today).OrderBy(check => check.Due))
            Gap(1, $"{id} {name.Zh} 应在 {due:yyyy-MM-dd} 前检查，已过期", $"{id} {name.En} was due for its check on {due:yyyy-MM-dd}");
    }

    private void Tonight(Site site)
    {
        var contacts = facility.Contacts.Where(contact => contact.Sites.Count == 0 || contact.Sites.Contains(site.Id)).ToList();
        var reached = contacts.Where(contact => contact.Webhook is not null).ToList();
        // The host alone: the rest of a bot's address is its key.
        foreach (var contact in reached)
            Line(1, $"今晚 → {contact.Name.Zh}（webhook，{contact.Webhook!.Host}）", $"tonight → {contact.Name.En} (webhook, {contact.Webhook.Host})");
        foreach (var contact in contacts.Except(reached))
            Gap(1, $"{contact.Name.Zh} 没有 webhook，只写进服务日志", $"{contact.Name.En} has no webhook: only the service's log says it");
        // Whom the teams of people.yaml call is told below, step by step.
        var isCalled = facility.People.Teams.Any(team => team.Covers(site.Id));
        if (reached.Count == 0 && !isCalled)
            Gap(1, "今晚没有人会收到告警；请在 people.yaml 里写 webhook", "nobody is reached tonight; give somebody a webhook in people.yaml");
        else if (reached.Count == 1 && !isCalled)
            Gap(1, "只有一个接收方，没有后备", "one receiver only, nobody behind them");
        if (!site.Devices.Any(device => device.Kind == DeviceKind.Siren))
            Gap(1, "现场没有警报器", "no siren on site");
    }

    private void Gap(int depth, string zh, string en) => Line(depth, $"缺口 {zh}", $"gap: {en}");

    private void Line(int depth, string zh, string en) => output.WriteLine(new string(' ', 2 * depth) + (settings.Language == "en" ? en : zh));
}
