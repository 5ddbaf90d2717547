using System.Security.Cryptography;
using System.Text;
using FacilityMonitor.Journal;

namespace FacilityMonitor.OnCall.Notices;

/// <summary>Where providers post what became of messages and which key was pressed: <c>/reports/CHANNEL/SECRET</c>. None of them signs; the secret in the address
/// is what proves them, so it stands in no log.</summary>
internal static class ReportEndpoint
{
    /// <summary>No report is longer.</summary>
    public const int BodyBytesMax = 262_144;

    public static void MapReports(this WebApplication app) => app.MapPost("/reports/{channel}/{secret}", (Delegate)ReportAsync).AllowAnonymous().DisableAntiforgery();

    private static async Task<IResult> ReportAsync(
        string channel, string secret, HttpRequest request, NoticeWorker worker, Database database, IEnumerable<IDeliveryLog> logs, TimeProvider time, CancellationToken cancellationToken)
    {
        var definition = worker.Channels.FirstOrDefault(candidate => candidate.Id == channel);
        if (definition?.Find("callback-secret") is not { } known || !CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(known), Encoding.UTF8.GetBytes(secret)))
            return Results.NotFound();
        if (request.ContentLength > BodyBytesMax)
            return Results.StatusCode(StatusCodes.Status413PayloadTooLarge);
        var buffer = new byte[BodyBytesMax];
        var length = await request.Body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        if (ProviderReports.Read(definition.Form.Kind, buffer.AsMemory(0, length)) is not { } reports)
            return Results.BadRequest();
        IReadOnlyCollection<IDeliveryLog> all = [.. logs];
        try
        {
            await database.CommitAsync(CommitPriority.Alerts, connection =>
            {
                foreach (var report in reports)
                    NoticeReceipts.Book(connection, channel, report, time.GetUtcNow().ToUnixTimeMilliseconds(), all);
            });
        }
        catch (DatabaseUnavailableException)
        {
            // Providers post again what they were not thanked for.
            return Results.StatusCode(StatusCodes.Status503ServiceUnavailable);
        }

        worker.Announce();
        return Results.Content(ProviderReports.Thanks(definition.Form.Kind), "application/json");
    }
}
