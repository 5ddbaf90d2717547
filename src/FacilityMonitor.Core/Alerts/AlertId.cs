using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace FacilityMonitor.Alerts;

/// <summary>The name of an alert: computed from what it is about, so that a replay gives the same.</summary>
public static class AlertId
{
    /// <summary>First 16 hex digits of SHA-256 of UTF-8 <c>site|rule|asset|onset-ms</c>; the site of a foreign, unregistered device is <c>unregistered</c>.</summary>
    public static string Of(string? site, string rule, string asset, long onsetMs)
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"{site ?? "unregistered"}|{rule}|{asset}|{onsetMs}");
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(text), hash);
        return Convert.ToHexStringLower(hash[..8]);
    }
}
