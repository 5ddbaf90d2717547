namespace FacilityMonitor.Web;

/// <summary>Where the page of a thing is. Ids of the registry need no escaping.</summary>
internal static class Links
{
    public static string Site(string site) => $"/site/{site}";

    public static string Climber(string site, string device) => $"/climbers/{site}/{device}";

    public static string Circuit(string site, string circuit) => $"/circuit/{site}/{circuit}";

    public static string Device(string site, string device) => $"/device/{site}/{device}";
}
