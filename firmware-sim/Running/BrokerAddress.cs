using System.Globalization;

namespace FirmwareSim.Running;

/// <summary>Where the broker is and who we are there: <c>mqtt://user:password@host:port</c>, or <c>mqtts://…</c>.</summary>
internal sealed record BrokerAddress(string Host, int Port, bool IsTls, string? User, string? Password)
{
    private const int PlainPort = 1883;
    private const int TlsPort = 8883;

    /// <summary>Reads an address; null when it is none.</summary>
    public static BrokerAddress? TryParse(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("mqtt" or "mqtts") || uri.Host.Length == 0 || uri.AbsolutePath is not ("" or "/"))
            return null;
        var isTls = uri.Scheme == "mqtts";
        var parts = uri.UserInfo.Split(':', 2);
        return new BrokerAddress(
            uri.IdnHost,
            uri.IsDefaultPort || uri.Port < 0 ? (isTls ? TlsPort : PlainPort) : uri.Port,
            isTls,
            parts[0].Length == 0 ? null : Uri.UnescapeDataString(parts[0]),
            parts.Length < 2 ? null : Uri.UnescapeDataString(parts[1]));
    }

    /// <summary>Without the password, for people to read.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{(IsTls ? "mqtts" : "mqtt")}://{Host}:{Port}");
}
