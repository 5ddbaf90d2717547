using FacilityMonitor.Alerts;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;
using FacilityMonitor.Web.Pages;

namespace FacilityMonitor.Web;

/// <summary>A permit that holds for something now, as every page draws it: while somebody tests it or it is out of service it looks like nothing else, though it may say nothing, not even of a fire.</summary>
internal static class PermitText
{
    /// <summary>The permit that covers an asset now; a test comes before the others, as for its alerts. Null: none.</summary>
    /// <param name="permits">Permits that stand.</param>
    /// <param name="asset">The registry path.</param>
    /// <param name="nowMs">Now, ms since 1970-01-01 UTC.</param>
    public static Permit? On(IReadOnlyList<Permit> permits, string asset, long nowMs) => permits.Where(permit => permit.Covers(asset, nowMs)).MinBy(permit => permit.Kind);

    /// <summary>The same for a device, or for what feeds it.</summary>
    public static Permit? On(IReadOnlyList<Permit> permits, RegisteredDevice at, long nowMs) =>
        On(permits, at.AssetPath(ChannelId.Main), nowMs) ?? PowerOffModel.TagOn(permits, at.Site, at.Entry.Circuit, nowMs);

    /// <summary>The same for a circuit, or for one that feeds it.</summary>
    public static Permit? On(IReadOnlyList<Permit> permits, Site site, Circuit circuit, long nowMs) =>
        On(permits, $"{site.Id}/{circuit.Id}", nowMs) ?? PowerOffModel.TagOn(permits, site, circuit.Id, nowMs);

    /// <summary>Where permits hold now: each thing that one hangs on, what is below it being covered as well; and circuits and devices below a circuit that is worked on.</summary>
    /// <returns>The registry path, the permit, and whether it is only what feeds the device: then it explains silence and nothing else.</returns>
    public static IEnumerable<(string Asset, Permit Permit, bool IsOfFeed)> Marks(IReadOnlyList<Permit> permits, Facility facility, long nowMs)
    {
        foreach (var asset in permits.Select(permit => permit.Asset).Distinct())
        {
            if (On(permits, asset, nowMs) is { } permit)
                yield return (asset, permit, false);
        }

        // Only the sites on which something is worked on are looked through: this is asked with every change of an alert.
        var sites = permits.Where(permit => permit.Kind == PermitKind.Maintenance && permit.Covers(permit.Asset, nowMs)).Select(permit => permit.Asset.Split('/')[0]).ToHashSet(StringComparer.Ordinal);
        foreach (var site in facility.Sites.Where(site => sites.Contains(site.Id)))
        {
            foreach (var circuit in site.Circuits)
            {
                var path = $"{site.Id}/{circuit.Id}";
                if (On(permits, path, nowMs) is null && PowerOffModel.TagOn(permits, site, circuit.Id, nowMs) is { } tag)
                    yield return (path, tag, false);
            }

            foreach (var at in site.Devices.Select(entry => new RegisteredDevice(site, entry)))
            {
                var path = at.AssetPath(ChannelId.Main);
                if (On(permits, path, nowMs) is null && PowerOffModel.TagOn(permits, site, at.Entry.Circuit, nowMs) is { } tag)
                    yield return (path, tag, true);
            }
        }
    }

    /// <summary>What is done, and until when; its sign is ⚒.</summary>
    public static LocalText Of(Permit permit)
    {
        var (kind, until, clock) = (Texts.All[PermitsModel.KindKey(permit.Kind)], Texts.All["until"], AlertText.Clocks(permit.UntilMs));
        return new LocalText($"{kind.Zh} · {until.Zh} {clock.Zh[..^3]}", $"{kind.En} · {until.En} {clock.En[..^3]}");
    }
}
