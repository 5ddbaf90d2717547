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

    private async Task NoteAsync(HttpContext context, Visitor visitor)
    {
        try
        {
            await desk.NoteAsync(new AuditEntry(time.GetUtcNow().ToUnixTimeMilliseconds(), visitor.Name, visitor.Place, What, context.Request.Path, context.SiteOf(), context.Request.Method));
        }
        catch (DatabaseUnavailableException error)
        {
            // It is done, and what it did has a log of its own; only this line is missing.
            LogNotNoted(visitor.Name, context.Request.Path, error.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The audit misses a line: {Who} {Path}: {Reason}")]
    private partial void LogNotNoted(string who, string path, string reason);
}
