using FacilityMonitor.Configuration;
using FacilityMonitor.Registry;
using FacilityMonitor.Storage;
using FacilityMonitor.Users;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace FacilityMonitor.Web.Pages;

/// <summary>A device that was heard and is not registered.</summary>
/// <param name="Key">How it calls itself.</param>
/// <param name="New">What it probably is.</param>
/// <param name="Said">What it measures.</param>
/// <param name="HeardMs">When it was heard last.</param>
internal sealed record NewDeviceRow(string Key, NewDevice New, string Said, long HeardMs);

/// <summary>A device that was heard and is not registered, before it is put into words.</summary>
/// <param name="New">What it probably is.</param>
/// <param name="Values">One value of each quantity it tells.</param>
/// <param name="HeardMs">When it was heard last.</param>
internal sealed record HeardDevice(NewDevice New, IReadOnlyList<LatestValue> Values, long HeardMs);

/// <summary><c>/settings/devices</c>: devices that were heard and are not registered.</summary>
[Needs(Right.Registry)]
internal sealed class SettingsDevicesModel(FacilitySource registry, LiveFeed feed) : PageModel
{
    /// <summary>Quantities that are named in a row.</summary>
    private const int SaidMax = 4;

    public IReadOnlyList<NewDeviceRow> New { get; private set; } = [];

    public int More { get; private set; }

    public long NowMs { get; private set; }

    /// <summary>The device that was registered just now; null: none.</summary>
    public RegisteredDevice? Adopted { get; private set; }

    public void OnGet(string? adopted)
    {
        var (sites, language) = (HttpContext.Visitor().Sites, Texts.Language(HttpContext));
        (NowMs, (var newest, More)) = feed.Look((view, _, nowMs) => (nowMs, Newest(view, sites)));
        New = [.. newest.Select(one => new NewDeviceRow(one.New.Device.ToString(), one.New, Said(one.Values, language), one.HeardMs))];
        if (adopted?.Split('/') is [var site, var id] && sites.Has(site) && registry.Current.FindSite(site) is { } known && known.Devices.FirstOrDefault(device => device.Id == id) is { } entry)
            Adopted = new RegisteredDevice(known, entry);
    }

    /// <summary>The new devices heard last, and how many more there are. Anybody may invent a device, and every page waits meanwhile: only what is shown is looked at closely.</summary>
    internal static (List<HeardDevice> Newest, int More) Newest(LiveView view, SiteScope sites)
    {
        var all = view.All.Where(device => view.Find(device.Id) is null && RegistrationText.CanBe(device) && sites.Has(view, device)).ToList();
        var newest = all.OrderByDescending(device => device.HeardMs).Take(LiveView.OfferedMax)
            .Select(device => view.Guess(device) is { } guess ? new HeardDevice(guess, ValuesOf(device), device.HeardMs) : null).OfType<HeardDevice>().ToList();
        return (newest, Math.Max(0, all.Count - LiveView.OfferedMax));
    }

    /// <summary>One value of each quantity that a device tells.</summary>
    internal static List<LatestValue> ValuesOf(DeviceNow device) => [.. device.Channels.SelectMany(channel => channel.Now.Values.All.ToArray()).DistinctBy(value => value.Metric)];

    /// <summary>What a device measures, in words.</summary>
    internal static string Said(IEnumerable<LatestValue> values, string language)
    {
        var said = values.OrderBy(value => value.Metric)
            .Select(value => Quantity.Say(value.Metric, value.Value)).OfType<(LocalText Name, LocalText Value)>().Take(SaidMax).ToList();
        return string.Join(language == "en" ? ", " : "，", said.Select(one => $"{one.Name.In(language)} {one.Value.In(language)}"));
    }
}
