using System.Security.Cryptography;
using FacilityMonitor.Journal;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.Web;

/// <summary>What a person sees where there is no page, or one failed: words, a way on, and where an alert was meant, 119. Programs get the status alone.</summary>
internal static partial class ErrorPages
{
    /// <summary>Bytes of the name of a failure: enough to find it among those of a day.</summary>
    private const int IdBytes = 4;

    /// <summary>Asked for by programs and scripts, which read the status.</summary>
    private static readonly PathString[] OfPrograms = ["/api", "/control", "/events", "/series", "/healthz", "/readyz", "/web"];

    /// <summary>Draws a page for every address of people that would else answer with nothing.</summary>
    /// <param name="app">The service.</param>
    /// <param name="secure">Sets the headers that every answer has: those of a page that failed are gone with it.</param>
    public static void UseErrorPages(this WebApplication app, Action<HttpContext> secure) => app.UseWhen(context => IsForPeople(context.Request.Path), pages =>
    {
        pages.UseExceptionHandler(new ExceptionHandlerOptions
        {
            ExceptionHandler = context =>
            {
                secure(context);
                return FailedAsync(context);
            },
            // It is written down here, with the name under which the person has it.
            SuppressDiagnosticsCallback = _ => true,
        });
        pages.UseStatusCodePages(answer => Page(answer.HttpContext, answer.HttpContext.Response.StatusCode, Texts.In(answer.HttpContext, KeyOf(answer.HttpContext.Response.StatusCode))).ExecuteAsync(answer.HttpContext));
    });

    /// <summary>Whether somebody in a browser reads the answer. A provider of messages reports at an address of three parts below <c>/reports</c>.</summary>
    public static bool IsForPeople(PathString path) =>
        !OfPrograms.Any(program => path.StartsWithSegments(program, StringComparison.Ordinal)) && !(path.StartsWithSegments("/reports", StringComparison.Ordinal, out var rest) && rest.Value!.Count(letter => letter == '/') > 1);

    /// <summary>The page that says why there is no other.</summary>
    public static ViewAnswer<SaidView> Page(HttpContext context, int status, string text)
    {
        // The first two parts of an address of an alert are its page.
        var (path, parts) = (context.Request.Path, context.Request.Path.ToString().Split('/'));
        var isOfAlert = parts is [_, "a" or "alert", { Length: > 0 }, ..];
        var back = isOfAlert ? $"/{parts[1]}/{Uri.EscapeDataString(parts[2])}" : PublicPage.IsAt(path) || context.GetEndpoint()?.Metadata.GetMetadata<PageActionDescriptor>() is not null ? path.ToUriComponent() : "/";
        return new ViewAnswer<SaidView>("Said", new SaidView(text, back) { HasCall = isOfAlert }, status);
    }

    private static Task FailedAsync(HttpContext context)
    {
        var failure = context.Features.GetRequiredFeature<IExceptionHandlerFeature>();
        // The request was wrong, not we: too long, or cut off.
        if (failure.Error is BadHttpRequestException bad)
            return Page(context, bad.StatusCode, Texts.In(context, KeyOf(bad.StatusCode))).ExecuteAsync(context);
        var id = Named(context, failure.Error, failure.Endpoint);
        var isAway = failure.Error is DatabaseUnavailableException or SqliteException;
        var text = $"{Texts.In(context, isAway ? "error-database" : "error-failed")} {Texts.In(context, "error-id")} {id}";
        return Page(context, isAway ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status500InternalServerError, text).ExecuteAsync(context);
    }

    /// <summary>Writes a failure down, and gives the name it has in the log and that the person is told.</summary>
    public static string Named(HttpContext context, Exception error, Endpoint? endpoint)
    {
        var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(IdBytes));
        // Never the address itself: a link from a message is a secret.
        LogFailed(context.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(ErrorPages)), error, (endpoint as RouteEndpoint)?.RoutePattern.RawText ?? "", id);
        return id;
    }

    private static string KeyOf(int status) => status switch
    {
        StatusCodes.Status401Unauthorized or StatusCodes.Status403Forbidden => "not-allowed",
        StatusCodes.Status404NotFound => "not-there",
        StatusCodes.Status405MethodNotAllowed => "error-method",
        StatusCodes.Status413PayloadTooLarge => "error-too-large",
        StatusCodes.Status429TooManyRequests => "error-too-often",
        >= StatusCodes.Status500InternalServerError => "error-failed",
        _ => "act-bad",
    };

    [LoggerMessage(Level = LogLevel.Error, Message = "The page {Page} failed; the person was told error {Error}")]
    private static partial void LogFailed(ILogger log, Exception exception, string page, string error);
}
