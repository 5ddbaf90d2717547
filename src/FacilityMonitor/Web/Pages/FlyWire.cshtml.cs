using FacilityMonitor.Configuration;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Registry;
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

    public void OnGet()
    {
        var nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        foreach (var entry in desk.Cases(HttpContext.Visitor().Sites, CasesMax))
            (entry.Case.IsOver ? Ended : Open).Add(new FlyWireRow(entry.Alert, entry.Where(registry.Current), new FlyWireView(entry.Case, nowMs)));
    }
}
