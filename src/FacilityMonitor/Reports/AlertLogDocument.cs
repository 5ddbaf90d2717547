using FacilityMonitor.Alerts;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;
using FacilityMonitor.Users;

namespace FacilityMonitor.Reports;

/// <summary>Which part of the alert log is asked for.</summary>
/// <param name="Sites">The sites of who asks.</param>
/// <param name="Site">One of them; null: all of them.</param>
/// <param name="Priority">One priority; null: all.</param>
/// <param name="Period">The time.</param>
internal sealed record AlertLogQuery(SiteScope Sites, Site? Site, Priority? Priority, ReportPeriod Period)
{
    /// <summary>The sites that are asked for.</summary>
    public SiteScope Asked => Site is null ? Sites : SiteScope.Of(Sites.Has(Site.Id) ? [Site.Id] : []);
}

/// <summary>Puts alerts into a table, the same for page, CSV and XLSX.</summary>
/// <param name="query">Which they are.</param>
/// <param name="index">What things are called.</param>
/// <param name="name">What a person is called.</param>
/// <param name="language"><c>zh</c> or <c>en</c>.</param>
internal sealed class AlertLogDocument(AlertLogQuery query, FacilityIndex index, Func<string, string> name, string language)
{
    private static readonly ReportCell None = new ReportCell.Nothing();

    /// <summary>The document.</summary>
    /// <param name="alerts">The alerts; read as the document is written.</param>
    /// <param name="notes">What one has to know of them.</param>
    /// <param name="madeMs">When it is made.</param>
    public ReportDocument Write(IEnumerable<LoggedAlert> alerts, IReadOnlyList<string> notes, long madeMs)
    {
        var site = query.Site?.Name.In(language) ?? Say("全部点位", "All sites");
        var table = new ReportTable(
            "log", Say("告警记录", "Alert log"),
            [
                Column("检测", "Detected", ColumnKind.Moment), Column("级别", "Priority"), Column("规则", "Rule"), Column("点位", "Site"), Column("内容", "What"), Column("通知用时", "Told after", ColumnKind.Span),
                Column("响应用时", "Acknowledged after", ColumnKind.Span), Column("响应人", "By"), Column("恢复用时", "Recovered after", ColumnKind.Span), Column("处理", "Response"), Column("备注", "Remark"),
                Column("编号", "Id"),
            ],
            alerts.Select(Row), notes)
        {
            Empty = Say("没有符合条件的告警。", "No alert fits."),
        };
        return new ReportDocument(
            table.Title,
            [
                (Say("点位", "Site"), site), (Say("级别", "Priority"), query.Priority?.ToString() ?? Say("全部", "All")), (Say("时间", "Period"), query.Period.Name.In(language)),
                (Say("制表", "Made"), ReportText.Clock(madeMs) + Say("（北京时间）", " (Shanghai)")),
            ],
            [table], ReportText.FileStem(Say("告警记录", "alert-log"), site, query.Period.Key), language);
    }

    private IReadOnlyList<ReportCell> Row(LoggedAlert alert) =>
    [
        new ReportCell.Moment(alert.DetectedMs), new ReportCell.Text(alert.Priority.ToString()), new ReportCell.Text(MonthDocument.RuleName(alert.Rule, language)),
        alert.Site is { } site ? new ReportCell.Text(index.FindSite(site)?.Name.In(language) ?? site) : None, new ReportCell.Text(PageText.Brief(alert.Text).In(language)),
        After(alert, alert.ToldMs), After(alert, alert.AcknowledgedMs), alert.AcknowledgedBy is { } person ? new ReportCell.Text(name(person)) : None, After(alert, alert.RecoveredMs),
        new ReportCell.Text(alert.Stage is { } stage ? Stage(stage, alert.Priority) : "—"),
        new ReportCell.Text(alert.Exercise switch { Exercise.None => alert.Stage is null ? Say("未登记的设备", "not registered") : "", Exercise.Test => Say("测试", "test"), Exercise.Drill => Say("演练", "exercise") }),
        new ReportCell.Text(alert.Id),
    ];

    private static ReportCell After(LoggedAlert alert, long? ms) => ms is { } known ? new ReportCell.Span(Math.Max(0, known - alert.DetectedMs)) : None;

    private string Stage(ResponseStage stage, Priority priority) => stage switch
    {
        // A fire is answered as an emergency call is.
        ResponseStage.Open => Say(priority == Priority.P0 ? "待接警" : "待响应", "open"),
        ResponseStage.Acked => Say(priority == Priority.P0 ? "已接警" : "已响应", "acknowledged"),
        ResponseStage.EnRoute => Say("前往中", "en route"),
        ResponseStage.OnScene => Say("已到场", "on scene"),
        ResponseStage.Closed => Say("已关闭", "closed"),
    };

    private string Say(string zh, string en) => language == "en" ? en : zh;

    private ReportColumn Column(string zh, string en, ColumnKind kind = ColumnKind.Text) => new(Say(zh, en), kind);
}
