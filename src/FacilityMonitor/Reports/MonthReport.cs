using FacilityMonitor.Registry;

namespace FacilityMonitor.Reports;

/// <summary>The report of a site on a month: what happened, how soon people came, what was used, what was there and what was lacking. Every number of page, CSV and XLSX is from here.</summary>
/// <param name="Site">The site.</param>
/// <param name="Period">The month.</param>
/// <param name="MadeMs">When the report was made, ms since 1970-01-01 UTC.</param>
/// <param name="UntilMs">Up to when it tells: the end of the month, or when it was made.</param>
/// <param name="Alerts">Alerts and response times.</param>
/// <param name="Energy">Energy of the circuits.</param>
/// <param name="Devices">What the store has of each registered device.</param>
/// <param name="Unmet">Sheds whose sockets were all in use.</param>
/// <param name="Cases">Fly-wire cases.</param>
internal sealed record MonthReport(
    Site Site, ReportPeriod Period, long MadeMs, long UntilMs, AlertFigures Alerts, IReadOnlyList<CircuitEnergy> Energy, IReadOnlyList<DeviceFigures> Devices, IReadOnlyList<UnmetDemand> Unmet,
    CaseFigures Cases)
{
    /// <summary>From when on readings are kept, ms since 1970-01-01 UTC: of what was before, silence says nothing.</summary>
    public long KeptFromMs { get; init; }

    /// <summary>Whether readings of the month, or a part of them, are not kept any more.</summary>
    public bool IsPastKeeping => Period.FromMs < KeptFromMs;

    /// <summary>Whether the month goes on: its numbers do, too.</summary>
    public bool IsRunning => UntilMs < Period.ToMs;

    /// <summary>Share of their time in which all devices together reported, those left out that speak only when something happens; null while none has spoken.</summary>
    public double? Availability
    {
        get
        {
            var judged = Devices.Where(device => device.Share is not null).ToList();
            return judged.Count > 0 ? (double)judged.Sum(device => (long)device.HoursHeard) / judged.Sum(device => (long)device.HoursDue) : null;
        }
    }
}
