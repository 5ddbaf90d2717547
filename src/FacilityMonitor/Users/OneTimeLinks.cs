using FacilityMonitor.Configuration;

namespace FacilityMonitor.Users;

/// <summary>The addresses of one-time links: by the settings alone, never by what a request calls this machine.</summary>
internal sealed class OneTimeLinks(ServiceSettings settings)
{
    /// <summary>What they begin with.</summary>
    public const string Path = "/welcome/";

    /// <summary>The link; without a public address the one of this machine.</summary>
    public string Of(string secret)
    {
        var root = settings.Web.PublicUrl ?? Here(settings.Web.Url);
        return root.TrimEnd('/') + Path + secret;
    }

    private static string Here(string url)
    {
        var address = new UriBuilder(url);
        if (address.Host is "0.0.0.0" or "[::]" or "*" or "+")
            address.Host = "127.0.0.1";
        return address.Uri.GetLeftPart(UriPartial.Authority);
    }
}
