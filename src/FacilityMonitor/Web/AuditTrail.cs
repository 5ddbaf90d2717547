using FacilityMonitor.Journal;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Users;
using Microsoft.Data.Sqlite;

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

    /// <summary>What writes a line for each alert that one press changed, as its own page does, where one line for the request would not say which. It goes into the commit of the change.</summary>
    /// <param name="visitor">Who.</param>
    /// <param name="command">The last part of the address that does the same to one alert alone.</param>
    public Action<SqliteConnection, IReadOnlyList<ResponseOutcome>> EachOf(Visitor visitor, string command) => (connection, outcomes) =>
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        foreach (var done in outcomes.OfType<ResponseOutcome.Done>().Where(one => one.IsNew))
            AuditLog.Add(connection, EntryOf(now, visitor, $"/alert/{done.State.Alert}/{command}", done.State.Site, HttpMethods.Post));
    };

    private static AuditEntry EntryOf(long nowMs, Visitor visitor, string path, string? site, string method) => new(nowMs, visitor.Name, visitor.Place, What, path, site ?? visitor.Sites.InAudit, method);

    private async Task NoteAsync(HttpContext context, Visitor visitor)
    {
        var path = context.Request.Path.ToString();
        try
        {
            await desk.NoteAsync(EntryOf(
                time.GetUtcNow().ToUnixTimeMilliseconds(), visitor, path, context.SiteOf(), context.SubjectOf() is { } subject ? $"{context.Request.Method} {subject}" : context.Request.Method));
        }
        catch (DatabaseUnavailableException error)
        {
            // It is done, and what it did has a log of its own; only this line is missing.
            LogNotNoted(visitor.Name, path, error.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The audit misses a line: {Who} {Path}: {Reason}")]
    private partial void LogNotNoted(string who, string path, string reason);
}
