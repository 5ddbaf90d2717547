using System.Collections.Frozen;
using System.Text.Json;

namespace FacilityMonitor.Users;

/// <summary>Which sites somebody sees and acts on: all of them, those to come included, or those that are named.</summary>
/// <remarks>What belongs to no site (the monitor's own alerts, devices nobody registered) is for those who see all.</remarks>
internal sealed class SiteScope : IEquatable<SiteScope>
{
    /// <summary>The rows of these sites, for a query whose table has a column <c>site</c>: <c>$sites</c> is <see cref="Json"/>. What is left out is left out before anything is counted or cut off.</summary>
    public const string Sql = "($sites is null or site in (select value from json_each($sites)))";

    /// <summary>How all sites are written.</summary>
    public const string AllWord = "all";

    private readonly FrozenSet<string>? _sites;
    private readonly string _text;

    private SiteScope(IEnumerable<string>? sites)
    {
        Sites = sites is null ? [] : [.. sites.Distinct().Order(StringComparer.Ordinal)];
        _sites = sites is null ? null : Sites.ToFrozenSet(StringComparer.Ordinal);
        _text = sites is null ? AllWord : string.Join(',', Sites);
        Json = sites is null ? null : JsonSerializer.Serialize(Sites);
    }

    /// <summary>Every site.</summary>
    public static SiteScope All { get; } = new(null);

    /// <summary>Whether it is every site, those to come included.</summary>
    public bool IsAll => _sites is null;

    /// <summary>The sites that are named, in order; empty when it is all of them.</summary>
    public IReadOnlyList<string> Sites { get; }

    /// <summary>The sites as a list for <see cref="Sql"/>; null: all of them.</summary>
    public string? Json { get; }

    /// <summary>As the audit keeps what belongs to them: the sites; null where it is for who sees all.</summary>
    public string? InAudit => IsAll || Sites.Count == 0 ? null : _text;

    /// <summary>These sites and no other.</summary>
    public static SiteScope Of(IEnumerable<string> sites) => new(sites);

    /// <summary>As it is written: <see cref="AllWord"/>, or ids between commas. Nothing: no site.</summary>
    public static SiteScope Parse(string text) => text == AllWord ? All : new(text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));

    /// <summary>Whether this site is among them; null: it belongs to no site.</summary>
    public bool Has(string? site) => _sites is null || (site is not null && _sites.Contains(site));

    /// <summary>Whether this asset (<c>site/…</c>) is of one of them.</summary>
    public bool HasAsset(string asset) => Has(asset.Split('/')[0]);

    /// <summary>Whether a line of the audit is for who sees these sites: all that it belongs to must be among them.</summary>
    public bool HasAudit(string? sites) => IsAll || (sites is not null && Covers(Parse(sites)));

    /// <summary>These and the others.</summary>
    public SiteScope With(SiteScope other) => IsAll || other.IsAll ? All : Of([.. Sites, .. other.Sites]);

    /// <summary>Whether every site of the other is among them.</summary>
    public bool Covers(SiteScope other) => IsAll || (!other.IsAll && other.Sites.All(Has));

    public bool Equals(SiteScope? other) => other is not null && other._text == _text && other.IsAll == IsAll;

    public override bool Equals(object? obj) => Equals(obj as SiteScope);

    public override int GetHashCode() => _text.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => _text;
}
