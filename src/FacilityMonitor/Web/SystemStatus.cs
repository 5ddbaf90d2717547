using FacilityMonitor.Registry;

namespace FacilityMonitor.Web;

/// <summary>How a part of the monitor is: each with a sign and a word besides its colour.</summary>
internal enum StatusLevel
{
    /// <summary>It works.</summary>
    Fine,

    /// <summary>A figure that is neither good nor bad, or something that is not set up.</summary>
    Plain,

    /// <summary>It cannot be told now.</summary>
    Unknown,

    /// <summary>Somebody should look at it by day.</summary>
    Attention,

    /// <summary>Something is not being done.</summary>
    Bad,
}

/// <summary>One line of the status.</summary>
/// <param name="Key">Its name for programs.</param>
/// <param name="Level">How it is.</param>
/// <param name="Name">What it is.</param>
/// <param name="Value">What is so.</param>
/// <param name="Do">What to do; null: nothing.</param>
/// <param name="Link">Where more of it stands; null: nowhere.</param>
internal sealed record StatusLine(string Key, StatusLevel Level, LocalText Name, LocalText Value, LocalText? Do = null, string? Link = null);

/// <summary>A part of the monitor: what comes in, what is kept, what is judged, who is told, and so on.</summary>
internal sealed record StatusGroup(string Key, LocalText Name, IReadOnlyList<StatusLine> Lines);

/// <summary>How the monitor itself is, line by line; as much of it as somebody's sites let him see.</summary>
/// <param name="AtMs">When it was looked at, ms since 1970-01-01 UTC.</param>
/// <param name="Groups">Its parts.</param>
internal sealed record SystemStatus(long AtMs, IReadOnlyList<StatusGroup> Groups)
{
    public IEnumerable<StatusLine> Lines => Groups.SelectMany(group => group.Lines);

    /// <summary>What needs somebody, the worst first.</summary>
    public IEnumerable<StatusLine> Troubles => Lines.Where(line => line.Level >= StatusLevel.Attention).OrderByDescending(line => line.Level);
}
