using FacilityMonitor.Tests.Web;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace FacilityMonitor.Tests.EndToEnd;

/// <summary>Every page that somebody who signed in can open, found among the service's own addresses: a new one is looked at without anybody remembering it.</summary>
internal static class PageList
{
    /// <summary>Addresses that are no pages, each with its reason.</summary>
    private static readonly string[] NoPages =
    [
        "/api", "/control", "/events", "/series", // For programs.
        "/status/diagnostics", // A file.
        "/photo", "/web", "/sign-out",
    ];

    /// <summary>Their addresses, with things of a site in them.</summary>
    /// <param name="page">The service.</param>
    /// <param name="values">What stands for each name in an address: <c>{site}</c> and so on; or for a whole address.</param>
    /// <param name="without">Names of which there is nothing: pages with one of them are left out.</param>
    public static IReadOnlyList<string> Of(PageUnderTest page, IReadOnlyDictionary<string, string> values, params IReadOnlyList<string> without) =>
    [
        .. page.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.Metadata.GetMetadata<IAllowAnonymous>() is null && endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods.Contains("GET") != false)
            .Select(endpoint => "/" + endpoint.RoutePattern.RawText!.Trim('/'))
            .Where(pattern => !NoPages.Any(part => pattern.Contains(part, StringComparison.Ordinal)))
            .Where(pattern => !without.Any(name => pattern.Contains(name, StringComparison.Ordinal)))
            .Select(pattern => Fill(pattern, values)).Distinct().Order(StringComparer.Ordinal),
    ];

    /// <summary>Every address that opens without signing in, as it is written in the service.</summary>
    public static IReadOnlyList<string> OfAnybody(PageUnderTest page) =>
    [
        .. page.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null && endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods.Contains("GET") != false)
            .Select(endpoint => "/" + endpoint.RoutePattern.RawText!.Trim('/'))
            .Distinct().Order(StringComparer.Ordinal),
    ];

    private static string Fill(string pattern, IReadOnlyDictionary<string, string> values)
    {
        foreach (var (name, value) in values)
            pattern = name.StartsWith('/') ? pattern == name ? value : pattern : pattern.Replace(name, value, StringComparison.Ordinal);
        Assert.False(pattern.Contains('{', StringComparison.Ordinal), $"{pattern}: say in the test what stands there");
        return pattern;
    }
}
