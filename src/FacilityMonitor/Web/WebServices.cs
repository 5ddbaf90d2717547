using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using FacilityMonitor.Configuration;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.FileProviders;

namespace FacilityMonitor.Web;

/// <summary>What managers see.</summary>
internal static class WebServices
{
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(10);

    public static void AddWeb(this WebApplicationBuilder builder, ServiceSettings settings)
    {
        builder.Services.AddSingleton<LiveFeed>();
        builder.Services.AddHostedService(services => services.GetRequiredService<LiveFeed>());
        builder.Services.AddSingleton<SignIn>();
        builder.Services.AddDataProtection().SetApplicationName("facility-monitor").PersistKeysToFileSystem(new DirectoryInfo(Path.Combine(settings.Data.Directory, "keys")));
        builder.Services.AddAntiforgery(options => options.Cookie.SameSite = SameSiteMode.Strict);
        builder.Services.AddAuthorization();
        builder.Services.AddAuthentication(CookieAuthenticationDefaults.AuthenticationScheme).AddCookie(options =>
        {
            options.Cookie.Name = "fm";
            options.Cookie.HttpOnly = true;
            options.Cookie.SameSite = SameSiteMode.Strict;
            options.LoginPath = "/sign-in";
            options.ExpireTimeSpan = TimeSpan.FromDays(7);
        });
    }

    public static void MapWeb(this WebApplication app)
    {
        app.Use(SecurityHeaders);
        app.UseAuthentication();
        app.UseAuthorization();
        var assets = Path.Combine(AppContext.BaseDirectory, "web");
        if (Directory.Exists(assets))
            app.UseStaticFiles(new StaticFileOptions { FileProvider = new PhysicalFileProvider(assets), RequestPath = "/web" });
        app.MapGet("/sign-in", SignIn.Form);
        app.MapPost("/sign-in", SignIn.PostAsync);
        app.MapPost("/sign-out", SignIn.LeaveAsync).RequireAuthorization();
        app.MapGet("/", Page.Show).RequireAuthorization();
        app.MapGet("/events", Stream).RequireAuthorization();
    }

    private static Task SecurityHeaders(HttpContext context, RequestDelegate next)
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        if (!context.Request.Path.StartsWithSegments("/web", StringComparison.Ordinal))
            headers.CacheControl = "no-store";
        return next(context);
    }

    private static IResult Stream(LiveFeed feed, TimeProvider time, IHostApplicationLifetime lifetime, CancellationToken cancellationToken)
    {
        if (feed.Open() is not { } opened)
            return Results.Text("Too many open pages.\n", statusCode: StatusCodes.Status503ServiceUnavailable);
        var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
        return TypedResults.ServerSentEvents(Events(feed, opened.First, opened.Changes, time, end, CancellationToken.None));
    }

    private static async IAsyncEnumerable<SseItem<string>> Events(
        LiveFeed feed, IReadOnlyList<LiveEvent> first, ChannelReader<LiveEvent> changes, TimeProvider time, CancellationTokenSource end, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        try
        {
            // At once, so that the page knows the stream stands even when nothing changes.
            yield return new SseItem<string>("{}", "hello");
            foreach (var news in first)
                yield return new SseItem<string>(news.Json, news.Name);
            while (!cancellationToken.IsCancellationRequested)
            {
                var (heard, news) = await NextAsync(changes, time, end.Token);
                if (!heard)
                    yield break;
                yield return news is { } change ? new SseItem<string>(change.Json, change.Name) : new SseItem<string>("{}", "heartbeat");
            }
        }
        finally
        {
            feed.Close(changes);
            end.Dispose();
        }
    }

    /// <summary>The next event, null for a heartbeat; not heard when the stream is over.</summary>
    private static async Task<(bool Heard, LiveEvent? News)> NextAsync(ChannelReader<LiveEvent> changes, TimeProvider time, CancellationToken cancellationToken)
    {
        using var quiet = new CancellationTokenSource(Heartbeat, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(quiet.Token, cancellationToken);
        try
        {
            return await changes.WaitToReadAsync(either.Token) && changes.TryRead(out var news) ? (true, news) : (false, null);
        }
        catch (OperationCanceledException)
        {
            return (!cancellationToken.IsCancellationRequested, null);
        }
    }
}
