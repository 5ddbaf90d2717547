using System.Text.Encodings.Web;
using System.Text.Unicode;
using FacilityMonitor.Configuration;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.WebEncoders;

namespace FacilityMonitor.Web;

/// <summary>What managers see.</summary>
internal static class WebServices
{
    /// <summary>Where the stream is: a program asks for it, not a person, so it is refused, never sent to the door.</summary>
    private const string EventsPath = "/events";

    public static void AddWeb(this WebApplicationBuilder builder, ServiceSettings settings)
    {
        builder.Services.AddPages();
        builder.Services.AddSingleton<LiveFeed>();
        builder.Services.AddHostedService(services => services.GetRequiredService<LiveFeed>());
        builder.Services.AddSingleton<FirstPicture>();
        builder.Services.AddSingleton<SeriesDesk>();
        builder.Services.AddSingleton<SignInAttempts>();
        builder.Services.AddSingleton<SignIn>();
        builder.Services.AddSingleton<ControlDoor>();
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
            options.Events.OnRedirectToLogin = SendToTheDoorAsync;
            options.Events.OnValidatePrincipal = SignIn.CheckSessionAsync;
        });
    }

    /// <summary>Pages and views of <c>Web/Pages</c>, compiled with the rest. Whoever has not signed in sees none of the pages; views are shown by endpoints that say so themselves.</summary>
    public static void AddPages(this IServiceCollection services)
    {
        // Chinese stays readable; what could be markup does not stay markup.
        services.Configure<WebEncoderOptions>(options => options.TextEncoderSettings = new TextEncoderSettings(UnicodeRanges.All));
        services.AddTransient<ViewTexts>();
        services.AddRazorPages(options =>
            {
                options.RootDirectory = "/Web/Pages";
                options.Conventions.AuthorizeFolder("/");
            })
            // Ours alone, whatever program we run in: tests are another one.
            .ConfigureApplicationPartManager(parts => parts.ApplicationParts.Clear())
            .AddApplicationPart(typeof(WebServices).Assembly);
    }

    public static void MapWeb(this WebApplication app)
    {
        app.Use(SecurityHeaders);
        app.Use(Texts.Remember);
        app.UseAuthentication();
        app.UseAuthorization();
        var assets = Path.Combine(AppContext.BaseDirectory, "web");
        if (Directory.Exists(assets))
            app.UseStaticFiles(new StaticFileOptions { FileProvider = new PhysicalFileProvider(assets), RequestPath = "/web" });
        app.MapGet("/sign-in", SignIn.Form);
        app.MapPost("/sign-in", SignIn.PostAsync);
        app.MapPost("/sign-out", SignIn.LeaveAsync).RequireAuthorization();
        app.MapRazorPages();
        app.MapGet(EventsPath, StreamAsync).RequireAuthorization();
        app.MapSeries();
    }

    private static Task SecurityHeaders(HttpContext context, RequestDelegate next)
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        // Scripts and styles may be kept, but are asked for again: after an update an old script must not meet a new stream.
        headers.CacheControl = context.Request.Path.StartsWithSegments("/web", StringComparison.Ordinal) ? "no-cache" : "no-store";
        return next(context);
    }

    /// <summary>Without the address that was asked for: what a person opened is nobody's business in a log.</summary>
    private static Task SendToTheDoorAsync(RedirectContext<CookieAuthenticationOptions> context)
    {
        if (context.Request.Path == EventsPath)
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        else
            context.Response.Redirect("/sign-in");
        return Task.CompletedTask;
    }

    /// <summary>The stream of one page. Every page is sent the same bytes, so one more page costs its connection and nothing a change.</summary>
    private static async Task StreamAsync(HttpContext context, LiveFeed feed, IHostApplicationLifetime lifetime)
    {
        var response = context.Response;
        if (feed.Open() is not { } viewer)
        {
            response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            response.Headers.RetryAfter = "5";
            await response.WriteAsync("Too many open pages.\n");
            return;
        }

        using var _ = viewer;
        await using var stopping = lifetime.ApplicationStopping.Register(viewer.End);
        await using var gone = context.RequestAborted.Register(viewer.End);
        response.ContentType = "text/event-stream; charset=utf-8";
        // nginx would hold events back until its buffer is full.
        response.Headers["X-Accel-Buffering"] = "no";
        try
        {
            // What waits is taken without a token: one that can be cancelled costs an allocation an event. The page's end completes the channel instead.
            while (await viewer.Frames.WaitToReadAsync(CancellationToken.None))
            {
                while (viewer.Frames.TryRead(out var frame))
                    await response.Body.WriteAsync(frame.Bytes, viewer.SentAway);
            }
        }
        catch (OperationCanceledException)
        {
            // The page was too slow: what is stuck on its way is given up with the connection.
            context.Abort();
        }
        finally
        {
            feed.Close(viewer);
        }
    }
}
