using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using FacilityMonitor.Storage;

namespace FacilityMonitor.Web;

/// <summary>Where this machine's command line finds the service, and what it has to show. Whoever may read the data directory may command: the file is the owner's alone.</summary>
/// <remarks>New at every start, so that a copy in a backup opens nothing.</remarks>
internal sealed class ControlKey
{
    /// <summary>File name inside the data directory.</summary>
    public const string FileName = "control.json";

    private const string Scheme = "Bearer ";

    private readonly byte[] _hash;

    private ControlKey(string secret, string url)
    {
        Secret = secret;
        Url = url;
        _hash = SHA256.HashData(Encoding.UTF8.GetBytes(secret));
    }

    /// <summary>What has to be shown.</summary>
    public string Secret { get; }

    /// <summary>Where the service listens.</summary>
    public string Url { get; }

    /// <summary>Makes a new one and writes it, whole or not at all.</summary>
    public static ControlKey Write(string directory, string url)
    {
        var key = new ControlKey(Convert.ToHexString(RandomNumberGenerator.GetBytes(32)), url);
        var path = Path.Combine(directory, FileName);
        WholeFile.Write(path, JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, string> { ["url"] = key.Url, ["key"] = key.Secret }), isSecret: true);
        return key;
    }

    /// <summary>Reads what a running service wrote; null when there is none.</summary>
    /// <exception cref="UnauthorizedAccessException">It belongs to somebody else.</exception>
    public static ControlKey? Read(string directory)
    {
        var path = Path.Combine(directory, FileName);
        if (!File.Exists(path))
            return null;
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllText(path));
            return new ControlKey(document.RootElement.GetProperty("key").GetString()!, document.RootElement.GetProperty("url").GetString()!);
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Whether a header shows a key, this one or another.</summary>
    public static bool IsIn(string? authorization) => authorization?.StartsWith(Scheme, StringComparison.Ordinal) == true;

    /// <summary>Whether a header shows it; compared in constant time.</summary>
    public bool IsShownBy(string? authorization) => IsIn(authorization)
        && CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(authorization![Scheme.Length..])), _hash);
}
