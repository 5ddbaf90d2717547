using FacilityMonitor.Configuration;
using FacilityMonitor.Registry;
using FacilityMonitor.Users;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace FacilityMonitor.Web.Pages;

/// <summary>A device that was heard and is not registered.</summary>
/// <param name="Key">How it calls itself.</param>
/// <param name="New">What it probably is.</param>
/// <param name="Said">What it measures.</param>
/// <param name="HeardMs">When it was heard last.</param>
internal sealed record NewDeviceRow(string Key, NewDevice New, string Said, long HeardMs);

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
        (NowMs, var all) = feed.Look((view, _, nowMs) => (nowMs, view.All.Where(device => sites.Has(view, device))
            .Select(device => (Device: device, New: view.Guess(device))).Where(one => one.New is not null)
            .Select(one => new NewDeviceRow(one.Device.Id.ToString(), one.New!, Said(one.Device, language), one.Device.HeardMs)).ToList()));
        New = [.. all.OrderByDescending(row => row.HeardMs).Take(LiveView.OfferedMax)];
        More = all.Count - New.Count;
        if (adopted?.Split('/') is [var site, var id] && sites.Has(site) && registry.Current.FindSite(site) is { } known && known.Devices.FirstOrDefault(device => device.Id == id) is { } entry)
            Adopted = new RegisteredDevice(known, entry);
    }

    /// <summary>What a device measures, in words.</summary>
    internal static string Said(DeviceNow device, string language)
    {
        var said = device.Channels.SelectMany(channel => channel.Now.Values.All.ToArray()).DistinctBy(value => value.Metric).OrderBy(value => value.Metric)
            .Select(value => Quantity.Say(value.Metric, value.Value)).OfType<(LocalText Name, LocalText Value)>().Take(SaidMax).ToList();
        return string.Join(language == "en" ? ", " : "，", said.Select(one => $"{one.Name.In(language)} {one.Value.In(language)}"));
    }
}
