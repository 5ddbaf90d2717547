using FacilityMonitor.Journal;
using FacilityMonitor.Users;

namespace FacilityMonitor.Web;

/// <summary>Writes down who changed what: every request of somebody who signed in, or of the command line, that changed something. What users do to users says more and writes it itself.</summary>
internal sealed partial class AuditTrail(UserDesk desk, TimeProvider time, ILogger<AuditTrail> log)
{
    /// <summary>The word of these entries.</summary>
    public const string What = "act";

    private readonly ILogger<AuditTrail> _log = log;

    public static async Task Follow(HttpContext context, RequestDelegate next)
    {
        await next(context);
        var isSafe = HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method) || HttpMethods.IsOptions(context.Request.Method);
        if (!isSafe && context.Response.StatusCode < StatusCodes.Status400BadRequest && context.FindVisitor() is { } visitor
            && context.GetEndpoint()?.Metadata.GetMetadata<WritesAuditAttribute>() is null)
            await context.RequestServices.GetRequiredService<AuditTrail>().NoteAsync(context, visitor);
    }

    private Task NoteAsync(HttpContext context, Visitor visitor) => NoteAsync(visitor, [(context.Request.Path.ToString(), context.SiteOf())], context.Request.Method);

    /// <summary>Writes down that somebody did something in several places at once, where one line for the request would not say where.</summary>
    /// <param name="visitor">Who.</param>
    /// <param name="acts">Of each the address that does the same alone, and its site.</param>
    /// <param name="method">How.</param>
    public async Task NoteAsync(Visitor visitor, IReadOnlyList<(string Path, string? Site)> acts, string method = "POST")
    {
        if (acts.Count == 0)
            return;
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        try
        {
            await desk.NoteAsync([.. acts.Select(act => new AuditEntry(now, visitor.Name, visitor.Place, What, act.Path, act.Site ?? visitor.Sites.InAudit, method))]);
        }
        catch (DatabaseUnavailableException error)
        {
            // It is done, and what it did has a log of its own; only this line is missing.
            LogNotNoted(visitor.Name, acts[0].Path, error.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The audit misses a line: {Who} {Path}: {Reason}")]
    private partial void LogNotNoted(string who, string path, string reason);
}
