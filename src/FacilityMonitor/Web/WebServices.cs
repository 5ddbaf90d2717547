using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Unicode;
using FacilityMonitor.Configuration;
using FacilityMonitor.Reports;
using FacilityMonitor.Users;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.ModelBinding;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.WebEncoders;

namespace FacilityMonitor.Web;

/// <summary>What managers see.</summary>
internal static class WebServices
{
    /// <summary>Where the stream is: a program asks for it, not a person, so it is refused, never sent to the door.</summary>
    private const string EventsPath = "/events";

    /// <summary>Chooses between the cookie of a browser and the key of this machine's command line.</summary>
    private const string Door = "door";

    /// <summary>Events that are written to a page in one go, bytes.</summary>
    private const int TogetherBytesMax = 64 * 1024;

    /// <summary>Longest request.</summary>
    private const long BodyBytesMax = 256 * 1024;

    public static void AddWeb(this WebApplicationBuilder builder, ServiceSettings settings)
    {
        builder.Services.AddPages();
        builder.Services.AddSingleton<LiveFeed>();
        builder.Services.AddHostedService(services => services.GetRequiredService<LiveFeed>());
        builder.Services.AddSingleton<FirstPicture>();
        builder.Services.AddSingleton<DutyLine>();
        builder.Services.AddSingleton<WallPainter>();
        builder.Services.AddSingleton<SeriesDesk>();
        builder.Services.AddSingleton<KnownSecrets>();
        builder.Services.AddSingleton<StatusDesk>();
        builder.Services.AddSingleton<Climbers.ClimberDesk>();
        builder.Services.AddSingleton<ReportDesk>();
        builder.Services.AddSingleton<PublicPage>();
        PublicPage.AddLimit(builder.Services);
        builder.Services.AddDoor(settings.Web.PublicUrl);
        builder.Services.AddDataProtection().SetApplicationName("facility-monitor").PersistKeysToFileSystem(new DirectoryInfo(Path.Combine(settings.Data.Directory, "keys")));
        if (settings.Web.IsBehindProxy)
        {
            builder.Services.Configure<ForwardedHeadersOptions>(options =>
                options.ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto);
        }

        // Over TLS too: nobody but our own pages makes a browser ask with its cookie (SameSite=Strict), and the mark of a form is another one each time, so sizes tell nothing. The stream of a page stays as it is: its events are a line each.
        builder.Services.AddResponseCompression(options =>
        {
            options.EnableForHttps = true;
            options.MimeTypes = ["text/css", "text/html", "text/javascript", "application/json"];
        });

        // A form with a photo asks for more itself; nobody else sends as much.
        builder.WebHost.ConfigureKestrel(options => options.Limits.MaxRequestBodySize = BodyBytesMax);
    }

    /// <summary>Who gets in, and what everybody may.</summary>
    public static void AddDoor(this IServiceCollection services, string? publicUrl)
    {
        services.AddSingleton<SignInAttempts>();
        services.AddSingleton<SignIn>();
        services.AddSingleton<ControlDoor>();
        services.AddSingleton<AuditTrail>();
        services.AddSingleton<PersonNames>();
        services.AddSingleton<ContactChecks>();
        services.AddSignInLimits();
        services.AddAntiforgery(options =>
        {
            options.Cookie.SameSite = SameSiteMode.Strict;
            options.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        });
        services.AddAccess();
        services.AddAuthentication(options =>
            {
                options.DefaultScheme = Door;
                options.DefaultSignInScheme = options.DefaultSignOutScheme = CookieAuthenticationDefaults.AuthenticationScheme;
            })
            // A proxy that asks for a password of its own passes on its "Basic": that is no key.
            .AddPolicyScheme(Door, null, options => options.ForwardDefaultSelector = context =>
                ControlKey.IsIn(context.Request.Headers.Authorization) ? MachineKeyHandler.SchemeName : CookieAuthenticationDefaults.AuthenticationScheme)
            .AddScheme<AuthenticationSchemeOptions, MachineKeyHandler>(MachineKeyHandler.SchemeName, null)
            .AddCookie(options => Cookie(options, publicUrl));
    }

    private static void Cookie(CookieAuthenticationOptions options, string? publicUrl)
    {
        options.Cookie.Name = "fm";
        options.Cookie.HttpOnly = true;
        options.Cookie.SameSite = SameSiteMode.Strict;
        options.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        options.LoginPath = "/sign-in";
        options.ExpireTimeSpan = UserDirectory.IdleMax;
        options.Events.OnRedirectToLogin = SendToTheDoorAsync;
        options.Events.OnRedirectToAccessDenied = RefuseAsync;
        options.Events.OnValidatePrincipal = SignIn.CheckSessionAsync;
        // Behind a proxy that speaks TLS the request to us is plain; the address the browser asked for tells.
        if (publicUrl is not null && new Uri(publicUrl) is { Scheme: "https" } url)
        {
            options.Events.OnSigningIn = context =>
            {
                context.CookieOptions.Secure |= context.HttpContext.Request.Host.Host == url.Host;
                return Task.CompletedTask;
            };
        }
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
            .AddMvcOptions(AddressFirst)
            // Ours alone, whatever program we run in: tests are another one.
            .ConfigureApplicationPartManager(parts => parts.ApplicationParts.Clear())
            .AddApplicationPart(typeof(WebServices).Assembly);
    }

    /// <summary>A page reads what its address names from the address: that is what <see cref="Access"/> looked at. In the framework's own order a field of the form of the same name would come first.</summary>
    private static void AddressFirst(MvcOptions options)
    {
        var ofForms = options.ValueProviderFactories.Where(factory => factory is FormValueProviderFactory or JQueryFormValueProviderFactory or FormFileValueProviderFactory).ToList();
        foreach (var factory in ofForms)
        {
            options.ValueProviderFactories.Remove(factory);
            options.ValueProviderFactories.Add(factory);
        }
    }

    public static void MapWeb(this WebApplication app)
    {
        if (app.Services.GetRequiredService<ServiceSettings>().Web.IsBehindProxy)
            app.UseForwardedHeaders();
        app.Use(SecurityHeaders);
        app.UseErrorPages(Secure);
        // Only where the browser came by TLS, for thirty days.
        app.UseHsts();
        app.Use(Texts.Remember);
        // Not of the stream: what wraps it would cut every event into writes of its own.
        app.UseWhen(context => context.Request.Path != EventsPath, branch => branch.UseResponseCompression());
        // Before anybody is asked who he is: the door itself needs its styles.
        var assets = Path.Combine(AppContext.BaseDirectory, "web");
        if (Directory.Exists(assets))
            app.UseStaticFiles(new StaticFileOptions { FileProvider = new PhysicalFileProvider(assets), RequestPath = "/web" });
        app.UseAuthentication();
        app.UseAuthorization();
        app.UseRateLimiter();
        app.Use(SignInLimits.OnlyOurForms);
        app.Use(AuditTrail.Follow);
        app.MapGet("/sign-in", SignIn.Form).AllowAnonymous();
        app.MapPost("/sign-in", SignIn.PostAsync).AllowAnonymous().DisableAntiforgery().RequireRateLimiting(SignInLimits.Policy);
        app.MapPost("/sign-out", SignIn.LeaveAsync).Needs(Right.See).WithMetadata(new WritesAuditAttribute());
        app.MapSignInLinks();
        app.MapRazorPages();
        app.MapGet(EventsPath, StreamAsync).Needs(Right.See);
        app.MapSeries();
        app.MapDiagnostics();
        PublicPage.Map(app);
    }

    private static Task SecurityHeaders(HttpContext context, RequestDelegate next)
    {
        Secure(context);
        return next(context);
    }

    private static void Secure(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        // Scripts and styles may be kept, but are asked for again: after an update an old script must not meet a new stream.
        headers.CacheControl = context.Request.Path.StartsWithSegments("/web", StringComparison.Ordinal) ? "no-cache" : "no-store";
    }

    /// <summary>Without the address that was asked for: what a person opened is nobody's business in a log.</summary>
    private static Task SendToTheDoorAsync(RedirectContext<CookieAuthenticationOptions> context)
    {
        if (IsForPrograms(context.Request.Path))
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return Task.CompletedTask;
        }

        SignIn.RememberTheWay(context.HttpContext);
        context.Response.Redirect("/sign-in");
        return Task.CompletedTask;
    }

    /// <summary>What belongs to a site that is not the visitor's is not there; what he may not do is said.</summary>
    private static async Task RefuseAsync(RedirectContext<CookieAuthenticationOptions> context)
    {
        var (http, status) = (context.HttpContext, context.HttpContext.IsHidden() ? StatusCodes.Status404NotFound : StatusCodes.Status403Forbidden);
        if (IsForPrograms(context.Request.Path))
            http.Response.StatusCode = status;
        else
            await new ViewAnswer<SaidView>("Said", new SaidView(Texts.In(http, http.IsHidden() ? "not-there" : "not-allowed"), "/"), status).ExecuteAsync(http);
    }

    private static bool IsForPrograms(PathString path) => path == EventsPath || path.StartsWithSegments("/api", StringComparison.Ordinal);

    /// <summary>The stream of one page. Every page of the same sites is sent the same bytes, so one more page costs its connection and nothing a change.</summary>
    private static async Task StreamAsync(HttpContext context, LiveFeed feed, FacilitySource registry, UserDirectory directory, IHostApplicationLifetime lifetime)
    {
        var (response, visitor) = (context.Response, context.Visitor());
        var user = visitor.IsUser ? visitor.Name : null;
        if (feed.Open(OnlySite.Of(context, registry.Current), () => visitor.Session is null || directory.IsOpen(visitor.Session), user) is not { } viewer)
        {
            var isTheirs = user is not null && !feed.HasRoomFor(user);
            response.StatusCode = isTheirs ? StatusCodes.Status429TooManyRequests : StatusCodes.Status503ServiceUnavailable;
            response.Headers.RetryAfter = "5";
            response.ContentType = "text/plain; charset=utf-8";
            await response.WriteAsync(Texts.In(context, isTheirs ? "pages-yours" : "pages-all") + "\n");
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
                // What was told together goes out together: a call of the system a page and moment, which is most of what a page costs.
                while (viewer.Frames.TryRead(out var frame))
                {
                    response.BodyWriter.Write(frame.Bytes.Span);
                    // Of a page that does not read no more is kept than this and what the system holds.
                    if (response.BodyWriter.UnflushedBytes >= TogetherBytesMax)
                        await response.BodyWriter.FlushAsync(viewer.SentAway);
                }

                await response.BodyWriter.FlushAsync(viewer.SentAway);
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
