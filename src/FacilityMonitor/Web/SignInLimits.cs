using System.Globalization;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.RateLimiting;

namespace FacilityMonitor.Web;

/// <summary>How often a place may knock at the door at all, and that a form which changes something is ours.</summary>
internal static class SignInLimits
{
    /// <summary>Name of the policy.</summary>
    public const string Policy = "sign-in";

    /// <summary>Requests of one place a minute, right or wrong. Wrong passwords make it wait much earlier.</summary>
    public const int PerMinuteMax = 60;

    public static void AddSignInLimits(this IServiceCollection services) => services.AddRateLimiter(options =>
    {
        options.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
        options.OnRejected = (rejected, _) => new ValueTask(RefuseAsync(rejected));
        options.AddPolicy(Policy, context => RateLimitPartition.GetFixedWindowLimiter(
            SignIn.PlaceOf(context), _ => new FixedWindowRateLimiterOptions { PermitLimit = PerMinuteMax, Window = TimeSpan.FromMinutes(1) }));
    });

    /// <summary>Says it in the words of the place: at the public page nobody signs in.</summary>
    private static Task RefuseAsync(OnRejectedContext rejected)
    {
        var context = rejected.HttpContext;
        if (rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out var wait))
            context.Response.Headers.RetryAfter = Math.Max(1, Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        var (word, back) = PublicPage.IsAt(context.Request.Path) ? ("public-busy", context.Request.Path.ToUriComponent()) : ("sign-in-wait", "/sign-in");
        return new ViewAnswer<SaidView>("Said", new SaidView(Texts.In(context, word), back), StatusCodes.Status429TooManyRequests).ExecuteAsync(context);
    }

    /// <summary>Whether a form is ours; one that cannot be read is nobody's.</summary>
    public static async Task<bool> IsOursAsync(this IAntiforgery antiforgery, HttpContext context)
    {
        try
        {
            return await antiforgery.IsRequestValidAsync(context);
        }
        catch (Exception error) when (error is AntiforgeryValidationException or BadHttpRequestException or InvalidDataException)
        {
            return false;
        }
    }

    /// <summary>Whatever somebody in a browser changes needs the proof that a page of ours asked for it: in the form, or in a header. An endpoint that looks for itself, because its form is large,
    /// says so by <c>DisableAntiforgery</c>.</summary>
    public static async Task OnlyOurForms(HttpContext context, RequestDelegate next)
    {
        var method = context.Request.Method;
        var isSafe = HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method);
        var looksItself = context.GetEndpoint()?.Metadata.GetMetadata<IAntiforgeryMetadata>() is { RequiresValidation: false };
        if (isSafe || looksItself || context.FindVisitor() is not { IsUser: true } || await context.RequestServices.GetRequiredService<IAntiforgery>().IsOursAsync(context))
        {
            await next(context);
            return;
        }

        var text = Texts.In(context, "sign-in-again");
        if (ErrorPages.IsForPeople(context.Request.Path))
            await ErrorPages.Page(context, StatusCodes.Status400BadRequest, text).ExecuteAsync(context);
        else
            await Results.Text(text + "\n", statusCode: StatusCodes.Status400BadRequest).ExecuteAsync(context);
    }
}
