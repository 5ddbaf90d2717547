using System.Buffers;
using System.Text;
using FacilityMonitor.Response;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace FacilityMonitor.Web;

/// <summary>A form of an alert's page as a telephone sent it. Whatever becomes of its photo, what was typed beside it is kept.</summary>
/// <param name="Fields">What was typed and chosen.</param>
/// <param name="Photo">The photo; empty: none was chosen, it was too large, or nobody could take one now.</param>
/// <param name="PhotoBytes">How large the photo was, in bytes, as far as it was read; 0: there was none.</param>
internal sealed record ActForm(IFormCollection Fields, ReadOnlyMemory<byte> Photo, long PhotoBytes)
{
    /// <summary>Longest form without a photo, in bytes: a comment in Chinese, encoded three times over.</summary>
    public const int FieldsBytesMax = 64 * 1024;

    /// <summary>Of a photo that is too large so much is read and dropped, in bytes: a browser that is still sending shows no answer, and what stands behind the photo is kept as well.</summary>
    private const long DroppedBytesMax = 64L * 1024 * 1024;

    private const int FieldsMax = 16;
    private const int BoundaryLengthMax = 100;

    public bool HadPhoto => PhotoBytes > 0;

    public bool IsPhotoTooLarge => PhotoBytes > PhotoFile.BytesMax;

    /// <summary>Whether a form is of the kind that may hold a photo.</summary>
    public static bool TakesPhoto(HttpRequest request) => request.ContentType?.StartsWith("multipart/", StringComparison.OrdinalIgnoreCase) == true;

    /// <summary>Reads a form, and leaves its fields where others look for them. It is read into memory: nothing of it is written down before it was looked at.</summary>
    /// <param name="context">Who sends it.</param>
    /// <param name="keepsPhoto">Whether there is room for a photo; else it is dropped as it comes.</param>
    /// <exception cref="InvalidDataException">It is no form, or longer than any of ours.</exception>
    /// <exception cref="IOException">It ends in the middle.</exception>
    public static async Task<ActForm> ReadAsync(HttpContext context, bool keepsPhoto)
    {
        if (!TakesPhoto(context.Request))
        {
            context.Features.Set<IFormFeature>(new FormFeature(context.Request, new FormOptions { BufferBodyLengthLimit = FieldsBytesMax, ValueLengthLimit = FieldsBytesMax, ValueCountLimit = FieldsMax }));
            Limit(context, FieldsBytesMax);
            return new ActForm(await context.Request.ReadFormAsync(context.RequestAborted), default, 0);
        }

        Limit(context, null);
        var form = await PartsAsync(context, keepsPhoto);
        context.Features.Set<IFormFeature>(new FormFeature(form.Fields));
        return form;
    }

    private static void Limit(HttpContext context, long? bytesMax)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            size.MaxRequestBodySize = bytesMax;
    }

    private static async Task<ActForm> PartsAsync(HttpContext context, bool keepsPhoto)
    {
        var boundary = MediaTypeHeaderValue.TryParse(context.Request.ContentType, out var type) ? HeaderUtilities.RemoveQuotes(type.Boundary).ToString() : "";
        if (boundary.Length is 0 or > BoundaryLengthMax)
            throw new InvalidDataException("The form says nothing of where its parts end.");
        var (reader, aborted) = (new MultipartReader(boundary, context.Request.Body), context.RequestAborted);
        var fields = new Dictionary<string, StringValues>(StringComparer.Ordinal);
        var (left, photo, photoBytes) = ((long)FieldsBytesMax, ReadOnlyMemory<byte>.Empty, 0L);
        for (var parts = 0; await reader.ReadNextSectionAsync(aborted) is { } part; parts++)
        {
            if (parts == FieldsMax || !ContentDispositionHeaderValue.TryParse(part.ContentDisposition, out var disposition))
                throw new InvalidDataException("No form of ours has such parts.");
            var name = HeaderUtilities.RemoveQuotes(disposition.Name).ToString();
            if (name == "photo" || disposition.IsFileDisposition())
            {
                (photo, photoBytes) = await ReadAsync(part.Body, keepsPhoto ? PhotoFile.BytesMax : 0, DroppedBytesMax, aborted);
                // What still comes is not waited for.
                if (photoBytes > DroppedBytesMax)
                    break;
                continue;
            }

            var (text, bytes) = await ReadAsync(part.Body, left, left, aborted);
            left -= bytes;
            if (left < 0)
                throw new InvalidDataException("No form of ours is as long.");
            fields[name] = Encoding.UTF8.GetString(text.Span);
        }

        return new ActForm(new FormCollection(fields), photo, photoBytes);
    }

    /// <summary>Reads a part to its end, or until it is longer than it may be.</summary>
    /// <returns>The part, if it is no longer than what is kept; and how long it is, as far as it was read.</returns>
    private static async Task<(ReadOnlyMemory<byte> Kept, long Bytes)> ReadAsync(Stream part, long keptMax, long readMax, CancellationToken aborted)
    {
        using var kept = new MemoryStream();
        var buffer = ArrayPool<byte>.Shared.Rent(64 * 1024);
        try
        {
            var bytes = 0L;
            while (bytes <= readMax && await part.ReadAsync(buffer, aborted) is > 0 and var read)
            {
                bytes += read;
                if (bytes <= keptMax)
                    kept.Write(buffer, 0, read);
            }

            return (bytes <= keptMax ? kept.GetBuffer().AsMemory(0, (int)kept.Length) : default, bytes);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}

/// <summary>A form of an alert's page, as it is drawn: empty, or once more after a press that was refused, with what was typed into it.</summary>
/// <param name="Door">Who acts, and where.</param>
/// <param name="What">What it does: the last part of its address.</param>
internal sealed record ActFormView(ActDoor Door, string What)
{
    /// <summary>What was sent before; null: nothing was.</summary>
    public IFormCollection? Sent { get; init; }

    /// <summary>Whether a photo came with it: a browser does not choose it again by itself.</summary>
    public bool HadPhoto { get; init; }

    /// <summary>Hours to choose from, for shelving.</summary>
    public IEnumerable<int> Hours { get; init; } = AlertView.ShelveHours;

    /// <summary>People to choose from, for handing over.</summary>
    public IReadOnlyList<Registry.Person> People { get; init; } = [];

    /// <summary>Stages that a case can go to next.</summary>
    public IReadOnlyList<FlyWireStage> Stages { get; init; } = [];

    /// <summary>Whether it asks why there is no photo.</summary>
    public bool AsksWhyNoPhoto { get; init; }

    public bool TakesPhoto => What is "comment" or "close";

    /// <summary>What its button says; null: the last part of the address means nothing, or the form has several buttons.</summary>
    public string? ButtonKey => What switch
    {
        "acknowledge" or "set-out" or "arrive" or "false-alarm" or "extinguished" or "unacknowledge" or "unshelve" => "act-" + What,
        "comment" => "act-say-do",
        "assign" => "act-hand-do",
        "close" => "act-close-do",
        "shelve" => "act-shelve-do",
        "take-over" => "hand-over-take",
        "take-all" => "act-same-take",
        "confirm" => "contact-got-it",
        _ => null,
    };

    /// <summary>Whether somebody typed or chose something that would be lost.</summary>
    public bool IsWritten => HadPhoto || ((string[])["text", "reason", "without-photo"]).Any(name => !string.IsNullOrWhiteSpace(this[name]));

    /// <summary>What stood in a field; empty: nothing.</summary>
    public string this[string name] => Sent?[name].ToString() ?? "";

    /// <summary>A form that was sent, once more; null: it is none of ours.</summary>
    public static ActFormView? Again(ActDoor door, string what, IFormCollection sent, bool hadPhoto)
    {
        var stages = what == "case" ? Registry.Words.All<FlyWireStage>().Where(stage => stage.Word == sent["stage"].ToString() && stage.Kind != FlyWireStage.Suspected).Select(stage => stage.Kind).ToList() : [];
        var again = new ActFormView(door, what) { Sent = sent, HadPhoto = hadPhoto, Stages = stages, AsksWhyNoPhoto = sent.ContainsKey("without-photo") };
        return again.ButtonKey is null && stages.Count == 0 ? null : again;
    }
}
