using FacilityMonitor.Configuration;
using FacilityMonitor.Journal;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Registry;
using FacilityMonitor.Users;
using Microsoft.AspNetCore.Authorization;

namespace FacilityMonitor.Web;

/// <summary>Says on an endpoint or page which right it needs. Without it, whoever signed in may look; nobody else may.</summary>
internal sealed class NeedsAttribute(Right right) : AuthorizeAttribute(Words.Of(right));

/// <summary>Says on an endpoint that writes its own line in the audit: no other is added.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
internal sealed class WritesAuditAttribute : Attribute;

/// <summary>What an endpoint needs.</summary>
/// <param name="Right">The right.</param>
internal sealed record AccessRequirement(Right Right) : IAuthorizationRequirement;

/// <summary>Who may open an endpoint: whose role has the right, and whose sites hold what the address names.</summary>
internal static class Access
{
    /// <summary>Policy of what only this machine's command line may.</summary>
    public const string Machine = "machine";

    private static readonly object HiddenKey = new();
    private static readonly object SiteKey = new();
    private static readonly object SubjectKey = new();

    public static void AddAccess(this IServiceCollection services)
    {
        services.AddSingleton<IAuthorizationHandler, AccessHandler>();
        services.AddAuthorization(options =>
        {
            foreach (var (word, right) in Words.All<Right>())
                options.AddPolicy(word, policy => policy.RequireAuthenticatedUser().AddRequirements(new AccessRequirement(right)));
            options.AddPolicy(Machine, policy => policy.AddAuthenticationSchemes(MachineKeyHandler.SchemeName).RequireAuthenticatedUser());
            // An endpoint that says nothing is for those who signed in.
            options.DefaultPolicy = options.GetPolicy(Words.Of(Right.See))!;
            options.FallbackPolicy = new AuthorizationPolicyBuilder().AddRequirements(new AccessRequirement(Right.See)).Build();
        });
    }

    /// <summary>Which right an endpoint needs.</summary>
    public static TBuilder Needs<TBuilder>(this TBuilder endpoint, Right right)
        where TBuilder : IEndpointConventionBuilder => endpoint.RequireAuthorization(new NeedsAttribute(right));

    /// <summary>Who asks; null: nobody who signed in.</summary>
    public static Visitor? FindVisitor(this HttpContext context) => context.Features.Get<Visitor>();

    /// <summary>Who asks, where nobody else gets.</summary>
    public static Visitor Visitor(this HttpContext context) => context.FindVisitor() ?? throw new InvalidOperationException("This endpoint is open to those who did not sign in.");

    /// <summary>Whether the visitor was refused because of the site: then it is not even said that it is there.</summary>
    public static bool IsHidden(this HttpContext context) => context.Items.ContainsKey(HiddenKey);

    /// <summary>The site that the address belongs to; null: none.</summary>
    public static string? SiteOf(this HttpContext context) => context.Items[SiteKey] as string;

    /// <summary>Says to which site belongs what a request was about, where its address does not.</summary>
    public static void BelongsTo(this HttpContext context, string? site) => context.Items[SiteKey] = site;

    /// <summary>What a request was about, where its address does not say it: it stands in the audit.</summary>
    public static string? SubjectOf(this HttpContext context) => context.Items[SubjectKey] as string;

    /// <summary>Says what a request was about, where its address does not.</summary>
    public static void IsAbout(this HttpContext context, string subject) => context.Items[SubjectKey] = subject;

    private static void Hide(this HttpContext context) => context.Items[HiddenKey] = true;

    /// <summary>Looks up the visitor's right, and the site of whatever the address names: a new endpoint with one of these names in its address cannot forget it.</summary>
    private sealed class AccessHandler(Database database, FacilitySource registry, TimeProvider time) : AuthorizationHandler<AccessRequirement>
    {
        protected override Task HandleRequirementAsync(AuthorizationHandlerContext context, AccessRequirement requirement)
        {
            if (context.Resource is not HttpContext http)
                return Task.CompletedTask;
            if (http.GetEndpoint() is null)
            {
                // It leads nowhere, for everybody.
                context.Succeed(requirement);
                return Task.CompletedTask;
            }

            if (http.FindVisitor() is not { } visitor || !visitor.May(requirement.Right))
                return Task.CompletedTask;
            // How much people are called is added up over all sites.
            if (requirement.Right == Right.Figures && !visitor.Sites.IsAll)
                return Task.CompletedTask;
            if (IsWithin(http, visitor.Sites))
                context.Succeed(requirement);
            else
                http.Hide();
            return Task.CompletedTask;
        }

        /// <summary>What an address names that belongs to a site.</summary>
        private static readonly string[] Keys = ["site", "alert", "permit", "person"];

        private bool IsWithin(HttpContext http, SiteScope sites)
        {
            // The page takes the first of several, we would look at all as one. Who sees every site is told by the endpoint what is wrong.
            if (!sites.IsAll && Array.Exists(Keys, key => http.Request.Query[key].Count > 1))
                return false;
            // None of our forms is sent by GET with a body, and a page would read one: it could name what the address leaves open.
            if (!sites.IsAll && (HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method)) && http.Request.HasFormContentType)
                return false;
            string? Named(string key) => http.Request.RouteValues[key] as string ?? (http.Request.Query[key].ToString() is { Length: > 0 } text ? text : null);
            if (Named("site") is { } site)
            {
                if (!sites.Has(site))
                    return false;
                // Only of the address: what is asked for besides would put the line into the audit of a site of one's choice.
                http.BelongsTo(http.Request.RouteValues["site"] as string);
            }

            if (Named("alert") is { } alert && Find("select site from alert where id = $id", alert) is var (isAlert, siteOfAlert) && isAlert)
            {
                http.BelongsTo(siteOfAlert);
                if (!sites.Has(siteOfAlert))
                    return false;
            }

            if (Named("permit") is { } id)
            {
                using var reader = database.OpenReader();
                if (PermitTable.Standing(reader, time.GetUtcNow().ToUnixTimeMilliseconds()).Find(permit => permit.Id == id) is { } permit)
                {
                    http.BelongsTo(permit.Asset.Split('/')[0]);
                    if (!sites.HasAsset(permit.Asset))
                        return false;
                }
            }

            return Named("person") is not { } person || sites.Has(person, registry.Current.Facility.People);
        }

        private (bool Found, string? Site) Find(string sql, string id)
        {
            using var reader = database.OpenReader();
            using var command = Database.Command(reader, sql, ("$id", id));
            using var row = command.ExecuteReader();
            return row.Read() ? (true, row.IsDBNull(0) ? null : row.GetString(0)) : (false, null);
        }
    }
}
