using FacilityMonitor.Configuration;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Registry;
using FacilityMonitor.Reports;
using FacilityMonitor.Response;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace FacilityMonitor.Web.Pages;

/// <summary>A case on the list.</summary>
internal sealed record FlyWireRow(string Alert, LocalText Where, FlyWireView Case);

/// <summary><c>/fly-wire</c>: suspected fly-wires that somebody follows up, by the day they are due, then those that have ended. What can be done about one is on the page of its alert.</summary>
internal sealed class FlyWireModel(ResponseDesk desk, FacilitySource registry, TimeProvider time) : PageModel
{
    /// <summary>Cases that are shown: years of a neighbourhood.</summary>
    private const int CasesMax = 200;

    public List<FlyWireRow> Open { get; } = [];

    public List<FlyWireRow> Ended { get; } = [];

    public long NowMs { get; private set; }

    public IActionResult OnGet()
    {
        NowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        foreach (var entry in desk.Cases(HttpContext.Visitor().Sites, ListFile.Most(this, CasesMax)))
            (entry.Case.IsOver ? Ended : Open).Add(new FlyWireRow(entry.Alert, entry.Where(registry.Current), new FlyWireView(entry.Case, NowMs)));
        return ListFile.Of(this, language => ListFile.Document("cases", NowMs, language, Table(language))) ?? Page();
    }

    private ReportTable Table(string language)
    {
        string Say(string key) => Texts.In(language, key);
        return new ReportTable(
            "cases", Say("cases"),
            [
                new(Say("where")), new(Say("act-since"), ColumnKind.Moment), new(Say("case-stage")), new(Say("case-due"), ColumnKind.Moment), new(Say("case-p"), ColumnKind.Share),
                new(Say("case-numbers")), new(Say("case-remark")), new(Say("id")),
            ],
            [.. Open.Concat(Ended).Take(ListFile.RowsMax).Select(row => (IReadOnlyList<ReportCell>)
            [
                new ReportCell.Text(row.Where.In(language)), new ReportCell.Moment(row.Case.At.OpenedMs), new ReportCell.Text(FlyWireWords.Of(row.Case.At.Stage).In(language)), ListFile.Moment(row.Case.At.DueMs),
                FlyWireCase.LikelihoodOf(row.Case.At.Evidence) is { } p ? new ReportCell.Share(p) : new ReportCell.Nothing(), ListFile.Words(row.Case.Evidence(language)),
                ListFile.Words(row.Case.At.Text), new ReportCell.Text(row.Alert),
            ])], ListFile.Note(Open.Count + Ended.Count, language))
        { Empty = Say("cases-none") };
    }
}
