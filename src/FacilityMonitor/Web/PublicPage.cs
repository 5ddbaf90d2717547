using System.Collections.Concurrent;
using System.Threading.RateLimiting;
using FacilityMonitor.Configuration;
using FacilityMonitor.Journal;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;

namespace FacilityMonitor.Web;

/// <summary>What everybody may see of a site.</summary>
/// <param name="Site">The site.</param>
/// <param name="Sheds">Free sockets of its sheds.</param>
/// <param name="NowMs">When it was looked at, ms since 1970-01-01 UTC.</param>
internal sealed record PublicView(Site Site, IReadOnlyList<FreeSockets> Sheds, long NowMs);

/// <summary><c>/p/{site}</c>: how many sockets of each shed are free, for whoever asks, without signing in. Nothing about people, devices, loads or alerts; only for sites whose registry says <c>public: true</c>.</summary>
/// <remarks>It is written at most once in <see cref="KeptFor"/> for a site and language, whoever asks however often; so a crowd costs what one visitor does.</remarks>
internal sealed class PublicPage(LiveFeed feed, Database database, FacilitySource registry, TimeProvider time)
{
    /// <summary>Where it is.</summary>
    public const string Path = "/p";

    /// <summary>Name of the policy.</summary>
    public const string Policy = "public";

    /// <summary>Requests of one place a minute. A telephone asks six times; behind one address of a carrier are many.</summary>
    public const int PerMinuteMax = 600;

    /// <summary>How long what was written is shown.</summary>
    public static readonly TimeSpan KeptFor = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<(string Site, string Language), Lazy<Task<Kept>>> _kept = new();
    private long _written;

    /// <summary>How often it was written; all other answers were the same bytes again.</summary>
    public long Written => Interlocked.Read(ref _written);

    public static void AddLimit(IServiceCollection services) => services.AddRateLimiter(options => options.AddPolicy(Policy, context => RateLimitPartition.GetFixedWindowLimiter(
        Policy + SignIn.PlaceOf(context), _ => new FixedWindowRateLimiterOptions { PermitLimit = PerMinuteMax, Window = TimeSpan.FromMinutes(1) })));

    public static void Map(WebApplication app) => app.MapGet(Path + "/{site}", (HttpContext context, string site, PublicPage page) => page.ShowAsync(context, site)).AllowAnonymous().RequireRateLimiting(Policy);

    /// <summary>Whether an answer belongs to it: then it sets no cookie.</summary>
    public static bool IsAt(PathString path) => path.StartsWithSegments(Path, StringComparison.Ordinal);

    private async Task ShowAsync(HttpContext context, string id)
    {
        context.Response.Headers["X-Robots-Tag"] = "noindex, nofollow";
        // One that is not public and one that is not there are the same to a stranger.
        if (registry.Current.FindSite(id) is not { IsPublic: true } site)
        {
            await new ViewAnswer<string>("NoPublic", Texts.In(context, "not-there"), StatusCodes.Status404NotFound).ExecuteAsync(context);
            return;
        }

        var page = await KeptAsync(context, site);
        context.Response.Headers.CacheControl = FormattableString.Invariant($"public, max-age={KeptFor.TotalSeconds:0}");
        // It is in the language that the browser prefers.
        context.Response.Headers.Vary = "Accept-Language, Cookie";
        context.Response.ContentType = "text/html; charset=utf-8";
        await context.Response.Body.WriteAsync(page.Bytes, context.RequestAborted);
    }

    /// <summary>One writes, the others wait for it. What cannot be written is not kept.</summary>
    private async Task<Kept> KeptAsync(HttpContext context, Site site)
    {
        var key = (site.Id, Texts.Language(context));
        var cameAt = time.GetTimestamp();
        while (true)
        {
            // Whoever has gone has nothing written for them.
            context.RequestAborted.ThrowIfCancellationRequested();
            var kept = _kept.GetOrAdd(key, _ => new Lazy<Task<Kept>>(() => WriteAsync(context, site)));
            try
            {
                var page = await kept.Value;
                // Whoever waited for it takes it, however long it took: or all who wait would write again, and ever slower.
                if (ReferenceEquals(page.Site, site) && (page.At >= cameAt || time.GetElapsedTime(page.At) < KeptFor))
                    return page;
            }
            catch (Exception)
            {
                _kept.TryRemove(KeyValuePair.Create(key, kept));
                throw;
            }

            _kept.TryRemove(KeyValuePair.Create(key, kept));
        }
    }

    private async Task<Kept> WriteAsync(HttpContext context, Site site)
    {
        Interlocked.Increment(ref _written);
        List<Permit> permits;
        HashSet<string> exercises;
        using (var reader = database.OpenReader())
            (permits, exercises) = (PermitTable.Standing(reader, time.GetUtcNow().ToUnixTimeMilliseconds()), ResponseTable.Exercises(reader, site.Id));
        var view = feed.Look((view, state, nowMs) => new PublicView(
            site, FreeSockets.Of(view, site, [.. state.Alerts.Where(alert => alert.Site == site.Id && alert.Rule != ResponseDesk.DrillRule && !exercises.Contains(alert.AlertId))], path => permits.Exists(permit => permit.Covers(path, nowMs)), nowMs), nowMs));
        var (body, aborted) = (context.Response.Body, context.RequestAborted);
        using var bytes = new MemoryStream();
        // Others wait for it: it is written to its end, even when the one who came first goes away.
        (context.Response.Body, context.RequestAborted) = (bytes, CancellationToken.None);
        try
        {
            await new ViewAnswer<PublicView>("Public", view).ExecuteAsync(context);
        }
        finally
        {
            (context.Response.Body, context.RequestAborted) = (body, aborted);
        }

        return new Kept(site, bytes.ToArray(), time.GetTimestamp());
    }

    /// <param name="Site">What it was written from.</param>
    /// <param name="Bytes">The page.</param>
    /// <param name="At">When it was ready: its age begins there, or one that took long would never be shown twice.</param>
    private sealed record Kept(Site Site, byte[] Bytes, long At);
}
