using System.Globalization;
using FacilityMonitor.Alerts;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;
using FacilityMonitor.Rules;

namespace FacilityMonitor.Reports;

/// <summary>Puts a month into tables and words: one order, one set of notes, for page, CSV and XLSX.</summary>
/// <param name="report">The report.</param>
/// <param name="index">What things are called.</param>
/// <param name="language"><c>zh</c> or <c>en</c>.</param>
internal sealed class MonthDocument(MonthReport report, FacilityIndex index, string language)
{
    private static readonly ReportCell None = new ReportCell.Nothing();

    private bool English => language == "en";

    /// <summary>The document.</summary>
    public static ReportDocument Of(MonthReport report, FacilityIndex index, string language) => new MonthDocument(report, index, language).Write();

    /// <summary>What a rule is called.</summary>
    public static string RuleName(string rule, string language) => RuleCatalogue.Find(rule)?.Title.In(language)
        ?? (rule == FlyWireCase.OverdueRule ? new LocalText("飞线案件逾期", "Fly-wire case overdue").In(language) : rule);

    private ReportDocument Write()
    {
        var title = Say("点位月报", "Monthly site report");
        var period = report.Period.Name.In(language);
        List<(string, string)> head = [(Say("点位", "Site"), report.Site.Name.In(language)), (Say("时间", "Period"), period), (Say("制表", "Made"), ReportText.Clock(report.MadeMs) + Say("（北京时间）", " (Shanghai)"))];
        if (report.IsRunning)
            head.Add((Say("注意", "Mind"), Say($"这个月还没有结束，数字到 {ReportText.Clock(report.UntilMs)} 为止。", $"This month is not over; its numbers go up to {ReportText.Clock(report.UntilMs)}.")));
        if (report.IsPastKeeping)
        {
            var since = ReportText.Clock(report.KeptFromMs);
            head.Add((Say("注意", "Mind"), Say(
                $"{since} 以前的读数已过保留期，可能已删除：这段时间的用电、在线率、占用和告警可能不全，空白不等于没有发生。",
                $"Readings before {since} are past their retention and may be deleted: energy, availability, use and alerts of that time may be incomplete. Blank does not mean that nothing happened.")));
        }

        return new ReportDocument(
            title, head, [Summary(), Alerts(), Times(), Energy(), Availability(), Unmet(), Cases()],
            ReportText.FileStem(Say("点位月报", "site-report"), report.Site.Name.In(language), report.Period.Key), language);
    }

    private ReportTable Summary()
    {
        var all = report.Alerts.AllTimes;
        var top = report.Energy.Where(circuit => circuit.Circuit.Parent is null).ToList();
        List<IReadOnlyList<ReportCell>> rows =
        [
            Row(Say("告警", "Alerts"), new ReportCell.Number(report.Alerts.Total), Say("条", "")),
            Row(Say("其中生命安全和危险（P0、P1）", "of these life safety and hazards (P0, P1)"), new ReportCell.Number(report.Alerts.ByPriority[0] + report.Alerts.ByPriority[1]), Say("条", "")),
            Row(Say("检测到响应，中位数", "Detected to acknowledged, median"), Minutes(all.Acknowledged?.MedianMs), Say("分钟", "min")),
            Row(Say("没有人响应（P0 至 P2）", "Acknowledged by nobody (P0 to P2)"), new ReportCell.Number(report.Alerts.Unanswered), Say("条", "")),
            Row(Say("另有不需响应的（P3 和被抑制的）", "besides, those that nobody was asked to take (P3 and suppressed)"), new ReportCell.Number(report.Alerts.UnansweredApart), Say("条", "")),
            Row(EnergyName(top), top.Count > 0 && top.TrueForAll(one => one.Wh is not null) ? new ReportCell.Number(top.Sum(one => one.Wh!.Value) / 1000, 1) : None, "kWh"),
            Row(Say("设备在线率", "Availability of devices"), report.Availability is { } share ? new ReportCell.Share(share) : None, ""),
            Row(Say("充电口全部占用", "All sockets of a shed in use"), new ReportCell.Number(report.Unmet.Sum(one => one.FullMs) / 3_600_000d, 1), Say("小时", "h")),
            Row(Say("飞线案件未结", "Fly-wire cases open"), new ReportCell.Number(report.Cases.Open), Say("件", "")),
            Row(Say("其中超期", "of these overdue"), new ReportCell.Number(report.Cases.Overdue), Say("件", "")),
        ];
        return new ReportTable("summary", Say("汇总", "Summary"), [Column("项目", "What"), Column("数值", "Value", ColumnKind.Number), Column("单位", "Unit")], rows, []);
    }

    private string EnergyName(List<CircuitEnergy> top)
    {
        (string Text, bool Applies)[] parts =
        [
            (Say("至少，有的读数缺失", "at least; some readings are missing"), top.Exists(one => one.IsPartial)),
            (Say("含上月一部分，见各回路", "with a part of the month before, see the circuits"), top.Exists(one => one.CountedFromHour is not null)),
        ];
        var mind = string.Join(Say("；", "; "), parts.Where(part => part.Applies).Select(part => part.Text));
        return Say("总用电量", "Energy, all") + (mind.Length == 0 ? "" : Say($"（{mind}）", $" ({mind})"));
    }

    private ReportTable Alerts()
    {
        var rows = report.Alerts.ByRule.Select(rule => Counts(RuleName(rule.Rule, language), rule.ByPriority)).ToList();
        if (rows.Count > 0)
            rows.Add(Counts(Say("合计", "Total"), report.Alerts.ByPriority));
        List<string> notes = [Say("按检测到的时间归入本月，级别取最高的一次。P0 生命安全，P1 危险，P2 服务，P3 提示。", "Alerts belong to the month in which they were detected, with the most urgent priority they had. P0 life safety, P1 hazard, P2 service, P3 information.")];
        if (report.Alerts.Exercises > 0)
            notes.Add(Say($"另有测试和演练 {report.Alerts.Exercises} 条，不计入。", $"Tests and exercises, not counted: {report.Alerts.Exercises}."));
        if (report.Alerts.Strangers > 0)
            notes.Add(Say($"另有未登记设备的告警 {report.Alerts.Strangers} 条，不计入。", $"Alerts about devices that are not registered, not counted: {report.Alerts.Strangers}."));
        return new ReportTable(
            "alerts", Say("告警数量", "Alerts"),
            [Column("规则", "Rule"), .. Enum.GetNames<Priority>().Select(name => new ReportColumn(name, ColumnKind.Number)), Column("合计", "Total", ColumnKind.Number)], rows, notes)
        {
            Empty = Say("这个月没有告警。", "No alert in this month."),
        };

        static IReadOnlyList<ReportCell> Counts(string name, IReadOnlyList<int> counts) =>
            [new ReportCell.Text(name), .. counts.Select(count => new ReportCell.Number(count)), new ReportCell.Number(counts.Sum())];
    }

    private ReportTable Times()
    {
        var rows = new List<IReadOnlyList<ReportCell>>();
        foreach (var (name, times) in report.Alerts.Times.Select((times, priority) => (((Priority)priority).ToString(), times)).Append((Say("全部", "All"), report.Alerts.AllTimes)).Where(one => one.Item2.Alerts > 0))
        {
            foreach (var (step, spread) in ((string, Spread?)[])
                     [(Say("通知", "told"), times.Told), (Say("响应", "acknowledged"), times.Acknowledged), (Say("恢复", "recovered"), times.Recovered)])
            {
                rows.Add(
                [
                    new ReportCell.Text(name), new ReportCell.Text(step), new ReportCell.Number(spread?.Count ?? 0), new ReportCell.Number(times.Alerts - (spread?.Count ?? 0)),
                    spread is null ? None : new ReportCell.Span(spread.MedianMs), spread is null ? None : new ReportCell.Span(spread.P90Ms),
                ]);
            }
        }

        return new ReportTable(
            "times", Say("响应时间", "Response times"),
            [
                Column("级别", "Priority"), Column("从检测到", "From detected to"), Column("条数", "Alerts", ColumnKind.Number), Column("没有", "Not so", ColumnKind.Number),
                Column("中位数", "Median", ColumnKind.Span), Column("九成以内", "Nine in ten within", ColumnKind.Span),
            ],
            rows,
            [
                Say("通知：第一条消息被通道接受。响应：第一个人确认。恢复：读数恢复正常。P3 每天汇总一次，本来就晚。", "Told: a channel took the first message. Acknowledged: the first person took it. Recovered: the readings were well again. P3 is told once a day and meant to be late."),
                Say("“没有”是这个级别里到现在还没有走到这一步的条数，例如先恢复、不再需要响应的。", "\"Not so\" are the alerts of that priority that never came that far, such as those that were over before anybody had to come."),
            ])
        {
            Empty = Say("这个月没有告警。", "No alert in this month."),
        };
    }

    private ReportTable Energy() => new(
        "energy", Say("各回路用电量", "Energy by circuit"),
        [
            Column("回路", "Circuit"), Column("用电量（kWh）", "Energy (kWh)", ColumnKind.Number), Column("依据", "By"), Column("起码（kWh）", "Counter, begin (kWh)", ColumnKind.Number),
            Column("止码（kWh）", "Counter, end (kWh)", ColumnKind.Number), Column("无读数（小时）", "No reading (h)", ColumnKind.Number), Column("说明", "Remark"),
        ],
        report.Energy.Select(one => (IReadOnlyList<ReportCell>)
        [
            new ReportCell.Text(one.Circuit.Name.In(language)), KiloWattHours(one.Wh, 1), new ReportCell.Text(Basis(one.Basis)), KiloWattHours(one.Stand?.BeginWh, 2), KiloWattHours(one.Stand?.EndWh, 2),
            one.Circuit.Meter is null ? None : new ReportCell.Number(one.HoursWithout), new ReportCell.Text(Remark(one)),
        ]).ToList(),
        [
            Say("有电表的按电能表读数之差，跨过归零和换表照样连续计；上级回路的数里已经包含下级。", "A metered circuit by the difference of its counter, right across resets and exchanged meters; a feeder contains what hangs below it."),
            Say("没有电能读数的由功率推算，没有读数的小时缺在里面。推算的不能用来结算。", "Without a counter it is derived from power, and hours without a reading are missing from it. What is derived is no basis for a bill."),
        ])
    {
        Empty = Say("这个点位没有登记回路。", "No circuit of this site is registered."),
    };

    private ReportTable Availability()
    {
        var rows = report.Devices.OrderBy(device => device.Share ?? 2).Select(device =>
        {
            var absences = report.Alerts.Absences.GetValueOrDefault(new RegisteredDevice(report.Site, device.Entry).AssetPath(Readings.ChannelId.Main));
            return (IReadOnlyList<ReportCell>)
            [
                new ReportCell.Text(device.Entry.Name.In(language)), device.Share is { } share ? new ReportCell.Share(share) : device.Entry.SpeaksOnOccasion ? None : new ReportCell.Nothing(Say("从未上报", "never heard")),
                device.Share is null ? None : new ReportCell.Number(device.HoursHeard), device.Share is null ? None : new ReportCell.Number(device.HoursDue),
                device.Share is null ? None : new ReportCell.Number(device.LongestGap), new ReportCell.Number(absences.Count), absences.Ms == 0 ? None : new ReportCell.Span(absences.Ms),
            ];
        }).ToList();
        return new ReportTable(
            "devices", Say("设备在线率", "Availability of devices"),
            [
                Column("设备", "Device"), Column("在线率", "Availability", ColumnKind.Share), Column("在线（小时）", "There (h)", ColumnKind.Number), Column("应有（小时）", "Due (h)", ColumnKind.Number),
                Column("最长中断（小时）", "Longest away (h)", ColumnKind.Number), Column("离线告警", "Offline alerts", ColumnKind.Number), Column("离线告警时长", "Offline by alerts", ColumnKind.Span),
            ],
            rows,
            [Say("按小时计：一小时内有读数，这一小时就算在线；登记的上报周期更长的，一个周期之内有读数就算在线；更短的中断看离线告警。第一次上报之前不算中断。警报器、摄像头和呼叫按钮只在事情发生时才说话，没有登记上报周期的不算在线率。月初之前就开始的离线，次数记在上个月，时长记在发生的月份。", "By the hour: an hour with a reading counts as there; where a longer period is registered, an hour with a reading within that period; shorter outages show in the alerts. The time before the first message is no outage. A siren, a camera and a call button speak only when something happens: without a registered period they have no availability. An absence from before the month is counted there; its time counts in the month in which it passed.")])
        {
            Empty = Say("这个点位没有登记设备。", "No device of this site is registered."),
        };
    }

    private ReportTable Unmet() => new(
        "unmet", Say("供不应求", "Unmet demand"),
        [
            Column("地点", "Place"), Column("公用充电口", "Sockets for all", ColumnKind.Number), Column("全部占用", "All in use", ColumnKind.Span), Column("次数", "Times", ColumnKind.Number),
            Column("最长一次", "Longest", ColumnKind.Span), Column("最多的钟点", "Mostly at"), Column("数据不全（小时）", "Data missing (h)", ColumnKind.Number),
        ],
        report.Unmet.Select(one => (IReadOnlyList<ReportCell>)
        [
            new ReportCell.Text(one.Place.Name.In(language)), new ReportCell.Number(one.Sockets), new ReportCell.Span(one.FullMs), new ReportCell.Number(one.Times), new ReportCell.Span(one.LongestMs),
            one.WorstHour is { } hour ? new ReportCell.Text(string.Create(CultureInfo.InvariantCulture, $"{hour:00}:00–{hour + 1:00}:00")) : None, new ReportCell.Number(one.HoursUnseen),
        ]).ToList(),
        [
            Say("按已结束的充电会话计，爱心充电口不算在内。充满未拔的车也占着口，会话结束以后就看不到了；数据不全的小时里可能更多。", "By charging sessions that have ended, without reserved sockets. A full bike that stays plugged in takes a socket, too, and is not seen once its session is over; in hours with missing data it may be more."),
            .. report.IsRunning ? (string[])[Say("正在进行的会话还不在内。", "Sessions that still run are not in it yet.")] : [],
        ])
    {
        Empty = Say("这个点位没有放在车棚、车库里的充电口。", "No socket of this site stands in a shed, garage or other place."),
    };

    private ReportTable Cases() => new(
        "cases", Say("飞线案件", "Fly-wire cases"),
        [Column("位置", "Where"), Column("立案", "Opened", ColumnKind.Moment), Column("阶段", "Stage"), Column("期限", "Due", ColumnKind.Moment), Column("说明", "Remark")],
        report.Cases.Listed.Select(one => (IReadOnlyList<ReportCell>)
        [
            new ReportCell.Text(one.Entry.Where(index).In(language)), new ReportCell.Moment(one.Then.OpenedMs), new ReportCell.Text(FlyWireWords.Of(one.Then.Stage).In(language)),
            one.Then.DueMs is { } due ? new ReportCell.Moment(due) : None, new ReportCell.Text(one.Then.IsOverdue(report.UntilMs) ? Say("超期", "overdue") : ""),
        ]).ToList(),
        [
            Say(
                $"本月立案 {report.Cases.Opened} 件，销号 {report.Cases.Closed} 件，排除 {report.Cases.Dismissed} 件；期末未结 {report.Cases.Open} 件，其中超期 {report.Cases.Overdue} 件。",
                $"Opened {report.Cases.Opened}, closed {report.Cases.Closed}, dismissed {report.Cases.Dismissed}; open at the end {report.Cases.Open}, of these overdue {report.Cases.Overdue}."),
            Say("疑似只是线索，由人核实。", "A suspicion is only a hint, until somebody has looked."),
        ])
    {
        Empty = Say("没有未结的案件，本月也没有结案。", "No case is open, and none ended in this month."),
    };

    private string Remark(CircuitEnergy one)
    {
        (string Text, bool Applies)[] parts =
        [
            (Say("电能表归零、换过或跳变过，已连续计算", "the counter began again, was exchanged or jumped; counted right across"), one.BeganAgain),
            (CountedFrom(one), one.CountedFromHour is not null),
            (Say("没有读数的小时里电能表照样在走，已计入", "the counter went on through the hours without a reading, and is counted"), one.Basis == EnergyBasis.Meter && one.HoursWithout > one.HoursSinceLast),
            (Say($"最后 {one.HoursSinceLast} 小时没有读数，其间的用电不在内", $"nothing was read in the last {one.HoursSinceLast} h; what was used in them is missing"), one is { Wh: not null, HoursSinceLast: > 0 }),
            (Say("由功率推算", "derived from power"), one.Basis == EnergyBasis.Power),
            (Say("至少这么多，有的读数缺失", "at least this much, some readings are missing"), one is { IsPartial: true, HoursSinceLast: 0 }),
        ];
        return string.Join(Say("；", "; "), parts.Where(part => part.Applies).Select(part => part.Text));
    }

    /// <summary>A counter that is read again tells what was used since it was read last, and not when.</summary>
    private string CountedFrom(CircuitEnergy one)
    {
        var hour = ReportText.Local((one.CountedFromHour ?? 0) * Storage.HourlyRollup.HourMs);
        var (zh, en) = (hour.ToString("yyyy-MM-dd H", CultureInfo.InvariantCulture), hour.ToString("yyyy-MM-dd HH:00", CultureInfo.InvariantCulture));
        return one.Stand is not null
            ? Say($"起码是 {zh} 时的，其间的用电计入本月", $"the counter's begin is of {en}; what was used since then is counted in this month")
            : Say($"有的电能读数从 {zh} 时中断到本月，其间的用电计入本月", $"a counter below was not read from {en} into this month; what was used meanwhile is counted in this month");
    }

    private string Basis(EnergyBasis basis) => basis switch
    {
        EnergyBasis.None => Say("没有数据", "no data"),
        EnergyBasis.Meter => Say("电表", "its meter"),
        EnergyBasis.Below => Say("下级合计", "sum of what is below"),
        EnergyBasis.Power => Say("功率推算", "power"),
    };

    private string Say(string zh, string en) => English ? en : zh;

    private ReportColumn Column(string zh, string en, ColumnKind kind = ColumnKind.Text) => new(Say(zh, en), kind);

    private static IReadOnlyList<ReportCell> Row(string name, ReportCell value, string unit) => [new ReportCell.Text(name), value, new ReportCell.Text(unit)];

    private static ReportCell KiloWattHours(double? wh, int digits) => wh is { } known ? new ReportCell.Number(known / 1000, digits) : None;

    private static ReportCell Minutes(long? ms) => ms is { } known ? new ReportCell.Number(known / 60_000d, 1) : None;
}
