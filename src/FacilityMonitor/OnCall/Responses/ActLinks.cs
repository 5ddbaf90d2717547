using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using FacilityMonitor.Configuration;
using FacilityMonitor.Storage;

namespace FacilityMonitor.OnCall.Responses;

/// <summary>Whose link it is, and for which alert.</summary>
/// <param name="Alert">The alert.</param>
/// <param name="Person">The person it was sent to.</param>
internal sealed record ActPass(string Alert, string Person)
{
    /// <summary>When it ends, ms since 1970-01-01 UTC.</summary>
    public long UntilMs { get; init; }
}

/// <summary>Signed links under <c>web.public-url</c>: whoever opens one is the person it was sent to, for this alert and for a time, without a name or a password.</summary>
/// <param name="publicUrl">The address that a phone can open; null: there is none.</param>
/// <param name="key">What they are signed with.</param>
/// <param name="localUrl">The address that opens on this machine; null: there is none.</param>
internal sealed class ActLinks(string? publicUrl, byte[] key, string? localUrl = null)
{
    /// <summary>Stands in the place of an alert in the link of a hand-over.</summary>
    public const string HandOver = "hand-over";

    /// <summary>How long a link can be used.</summary>
    public static readonly TimeSpan ValidFor = TimeSpan.FromHours(48);

    private const string KeyFile = "links.key";
    private const int KeyBytes = 32;

    /// <summary>128 bits of an HMAC: nobody guesses them, and the link fits into a message.</summary>
    private const int MacBytes = 16;

    /// <summary>With the key of a data directory; it is made at the first start, and only its owner can read it.</summary>
    public static ActLinks Open(ServiceSettings settings)
    {
        var path = Path.Combine(settings.Data.Directory, KeyFile);
        Directory.CreateDirectory(settings.Data.Directory);
        // One that is cut short would sign what anybody could: links of the last two days stop, and nobody opens one that we did not send.
        if (!File.Exists(path) || new FileInfo(path).Length != KeyBytes)
            WholeFile.Write(path, RandomNumberGenerator.GetBytes(KeyBytes), isSecret: true);

        return new ActLinks(settings.Web.PublicUrl?.ToString(), File.ReadAllBytes(path), new UriBuilder(settings.Web.Url) { Host = "127.0.0.1" }.Uri.ToString());
    }

    /// <summary>The link of a person; null: there is no address that can be opened.</summary>
    /// <param name="alert">The alert, or <see cref="HandOver"/>, or the name of a question.</param>
    /// <param name="person">Who.</param>
    /// <param name="nowMs">Now.</param>
    /// <param name="isHere">Whether it is read on this machine, in the log of the demo: then an address of this machine will do.</param>
    public string? For(string alert, string person, long nowMs, bool isHere = false) =>
        (publicUrl ?? (isHere ? localUrl : null)) is { } url ? $"{url.TrimEnd('/')}/a/{Token(alert, person, nowMs)}" : null;

    /// <summary>What stands behind <c>/a/</c>.</summary>
    public string Token(string alert, string person, long nowMs) => TokenUntil(alert, person, nowMs + (long)ValidFor.TotalMilliseconds);

    /// <summary>The same, with its end: what stands on a page that was opened by a link ends when that link does, or whoever keeps it would never be shut out.</summary>
    public string TokenUntil(string alert, string person, long untilMs)
    {
        var body = Encoding.UTF8.GetBytes(FormattableString.Invariant($"{alert}.{person}.{untilMs / 60_000:x}"));
        return Base64Url.EncodeToString([.. body, .. Sign(body)]);
    }

    /// <summary>Whose token it is; null: nobody's, or its time is over.</summary>
    public ActPass? Read(string token, long nowMs)
    {
        if (token.Length > 300 || !Base64Url.IsValid(token))
            return null;
        var bytes = Base64Url.DecodeFromChars(token);
        if (bytes.Length <= MacBytes || !CryptographicOperations.FixedTimeEquals(Sign(bytes.AsSpan(..^MacBytes)), bytes.AsSpan(^MacBytes..)))
            return null;
        if (Encoding.UTF8.GetString(bytes.AsSpan(..^MacBytes)).Split('.') is not [var alert, var person, var until])
            return null;
        return Convert.ToInt64(until, 16) * 60_000 is var untilMs && untilMs > nowMs ? new ActPass(alert, person) { UntilMs = untilMs } : null;
    }

    private byte[] Sign(ReadOnlySpan<byte> body) => HMACSHA256.HashData(key, body)[..MacBytes];
}
