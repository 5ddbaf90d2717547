using FacilityMonitor.Alerts;
using FacilityMonitor.Configuration;
using FacilityMonitor.Edits;
using FacilityMonitor.Registry;
using FacilityMonitor.Users;

namespace FacilityMonitor.Web;

/// <summary>What the kinds of the registry, and edits of it, are called on a page.</summary>
internal static class RegistryNames
{
    public static LocalText Of(DeviceKind kind) => kind switch
    {
        DeviceKind.Pile => new("充电桩", "Charging pile"),
        DeviceKind.Cabinet => new("充电柜", "Charging cabinet"),
        DeviceKind.Meter => new("电表", "Meter"),
        DeviceKind.Shed => new("烟感、温度、水浸等探测器", "Sensors: smoke, heat, water …"),
        DeviceKind.Climber => new("爬楼机", "Stair-climber"),
        DeviceKind.LiftBlocker => new("电梯阻车", "Lift e-bike blocker"),
        DeviceKind.Noise => new("噪声仪", "Noise meter"),
        DeviceKind.Lamp => new("路灯", "Lamp"),
        DeviceKind.CallButton => new("呼叫按钮", "Call button"),
        DeviceKind.Plug => new("智能插座", "Smart plug"),
        DeviceKind.Gateway => new("网关", "Gateway"),
        DeviceKind.Siren => new("警报器", "Siren"),
        DeviceKind.Camera => new("摄像头（只看事件）", "Camera (events only)"),
    };

    public static LocalText Of(CircuitKind kind) => kind switch
    {
        CircuitKind.Feeder => new("进线", "Feeder"),
        CircuitKind.Charging => new("充电桩、充电柜", "Charging piles and cabinets"),
        CircuitKind.Corridor => new("楼道灯、公共插座", "Stair lights, public sockets"),
        CircuitKind.Lift => new("电梯", "Lift"),
        CircuitKind.Public => new("水泵、门卫室等公共用电", "Pumps, guard room and other public loads"),
    };

    /// <summary>What people call an asset, as far as it is registered.</summary>
    public static LocalText OfAsset(FacilityIndex index, string asset)
    {
        var parts = asset.Split('/');
        if (index.FindSite(parts[0]) is not { } site)
            return new LocalText(asset, asset);
        var below = parts[1..].Select(part => site.Places.FirstOrDefault(place => place.Id == part)?.Name ?? site.Devices.FirstOrDefault(device => device.Id == part)?.Name
            ?? site.Circuits.FirstOrDefault(circuit => circuit.Id == part)?.Name ?? new LocalText(part, part));
        return AlertText.Join([site.Name, .. below]);
    }

    public static LocalText Of(PlaceKind kind) => kind switch
    {
        PlaceKind.Shed => new("车棚", "Shed"),
        PlaceKind.Garage => new("地下车库", "Underground garage"),
        PlaceKind.Row => new("路边停车带", "Roadside row"),
        PlaceKind.Ground => new("地面充电区", "Open ground"),
        PlaceKind.CabinetRoom => new("充电柜间", "Cabinet room"),
        PlaceKind.Lift => new("电梯", "Lift"),
        PlaceKind.Stair => new("楼道", "Stair"),
        PlaceKind.Spot => new("其他地点", "Another spot"),
    };

    public static LocalText Of(DayKind days) => days switch
    {
        DayKind.All => new("每天", "Every day"),
        DayKind.Workdays => new("工作日（含调休上班日）", "Workdays, make-up days included"),
        DayKind.Restdays => new("休息日和节假日", "Days off and holidays"),
    };

    public static LocalText Of(ShiftTurns turns) => turns switch
    {
        ShiftTurns.Together => new("一起值", "All of them every time"),
        ShiftTurns.Daily => new("每天轮一个人", "The next one every day"),
        ShiftTurns.Weekly => new("每周轮一个人", "The next one every week"),
    };

    /// <summary>What an edit changed, for a list.</summary>
    public static LocalText Of(MadeEdit edit, FacilityIndex index)
    {
        var (name, people) = (edit.Name, index.Facility.People);
        return name.Kind switch
        {
            EditKind.Device => Join(new("登记设备：", "Registered: "), index.FindSite(name.Ids[0])?.Name, index.FindSite(name.Ids[0])?.Devices.FirstOrDefault(device => device.Id == name.Ids[^1])?.Name),
            EditKind.Person => Join(new("人员：", "Person: "), people.Find(name.Ids[0])?.Name),
            EditKind.Team => Join(new("班组：", "Team: "), Team()),
            EditKind.Shift => Join(new("排班：", "Shift: "), Team(), Who("people"), Times()),
            EditKind.StandIn => Join(new("代班：", "Stands in: "), Team(), Who("person"), Times()),
            EditKind.Swap => Join(new("换班：", "Exchange: "), Team(), Who("one"), Who("other"), Times()),
            EditKind.Absence => Join(new("请假：", "Away: "), people.Find(name.Ids[0])?.Name, Times()),
            EditKind.Site => Join(new("点位：", "Site: "), index.FindSite(name.Ids[0])?.Name),
            EditKind.Circuit => Join(new("回路：", "Circuit: "), index.FindSite(name.Ids[0])?.Name, index.FindSite(name.Ids[0])?.Circuits.FirstOrDefault(circuit => circuit.Id == name.Ids[^1])?.Name),
            EditKind.Equipment => Join(new("设备：", "Device: "), index.FindSite(name.Ids[0])?.Name, index.FindSite(name.Ids[0])?.Devices.FirstOrDefault(device => device.Id == name.Ids[^1])?.Name),
            EditKind.FireEquipment => Join(new("消防器材：", "Fire equipment: "), index.FindSite(name.Ids[0])?.Name, index.FindSite(name.Ids[0])?.FireEquipment.FirstOrDefault(thing => thing.Id == name.Ids[^1])?.Name),
            EditKind.Holidays => new($"节假日：{name.Ids[0]}", $"Holidays: {name.Ids[0]}"),
            EditKind.Limits => Join(new("规则数值：", "Numbers of a rule: "), index.FindSite(name.Ids[0])?.Name, new(string.Join(" · ", name.Ids.Skip(1)), string.Join(" · ", name.Ids.Skip(1)))),
        };

        LocalText? Team() => people.Teams.FirstOrDefault(team => team.Id == name.Ids[0])?.Name;

        LocalText? Who(string key) => Said(key) is { } id ? people.Find(id)?.Name : null;

        LocalText? Times() => Said("from") is { } from && Said("to") is { } to ? new($"{from} – {to}", $"{from} – {to}") : null;

        // The one thing of the list that is in the file, of a team or a person.
        string? Said(string key) => edit.Content.Entries is [{ Value: YamlSequence { Items: [YamlMapping whose, ..] } }, ..] && whose.Entries.Select(entry => entry.Value).OfType<YamlSequence>().FirstOrDefault() is { Items: [YamlMapping one, ..] }
            ? one.Find(key) switch { YamlScalar text => text.Text.Replace('T', ' '), YamlSequence { Items: [YamlScalar first, ..] } => first.Text, _ => null } : null;
    }

    /// <summary>The sites that an edit is about; null: nobody can say.</summary>
    public static SiteScope? SitesOf(EditName edit, Facility facility) => edit.Kind switch
    {
        EditKind.Device or EditKind.Limits or EditKind.Site or EditKind.Circuit or EditKind.Equipment or EditKind.FireEquipment => SiteScope.Of([edit.Ids[0]]),
        EditKind.Holidays => null,
        EditKind.Person or EditKind.Absence => facility.People.Find(edit.Ids[0]) is null ? null : PersonEdit.SitesOf(edit.Ids[0], facility.People),
        EditKind.Team or EditKind.Shift or EditKind.StandIn or EditKind.Swap => facility.People.Teams.FirstOrDefault(team => team.Id == edit.Ids[0]) is { } team ? SiteView.SitesOf(team) : null,
    };

    /// <summary>Whether who sees these sites may take an edit back.</summary>
    public static bool MayUndo(this SiteScope sites, EditName edit, Facility facility) =>
        sites.IsAll || (SitesOf(edit, facility) is { } about && (about.IsAll || about.Sites.Count > 0) && sites.Covers(about));

    private static LocalText Join(LocalText what, params IEnumerable<LocalText?> parts)
    {
        var said = parts.OfType<LocalText>().ToList();
        return new(what.Zh + string.Join(" · ", said.Select(part => part.Zh)), what.En + string.Join(" · ", said.Select(part => part.En)));
    }
}
