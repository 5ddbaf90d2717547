using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using FacilityMonitor.Configuration;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Web;

/// <summary>A device that is not registered yet.</summary>
/// <param name="Device">What it calls itself.</param>
/// <param name="Id">The id it can have.</param>
/// <param name="Kind">What it probably is.</param>
/// <param name="Sockets">Sockets or slots that were heard of; 0: none.</param>
internal sealed record NewDevice(DeviceId Device, string Id, DeviceKind Kind, int Sockets);

/// <summary>The lines that make a new device a registered one, ready to be pasted: whatever a device calls itself, they are accepted as they are.</summary>
internal static class RegistrationText
{
    /// <summary>Most sockets that can be registered.</summary>
    private const int SocketsMax = 99;

    private const int HashDigits = 6;

    /// <summary>The first line says where in the registry the others go.</summary>
    /// <param name="device">The device, and what it told until now.</param>
    /// <param name="registry">The registry in force: its ids are taken.</param>
    /// <param name="isNameShared">Whether a device of another dialect has the same name.</param>
    /// <returns>Null when there is nothing to register: a group of Zigbee2MQTT, or a name that no registry can hold.</returns>
    public static string? Of(DeviceNow device, FacilityIndex registry, bool isNameShared)
    {
        if (Guess(device, registry, isNameShared) is not { } known)
            return null;
        var (id, kind, sockets) = (device.Id, known.Kind, known.Sockets);
        var line = new StringBuilder("- {id: ").Append(YamlPrinter.Word(known.Id))
            .Append(", kind: ").Append(Words.Of(kind))
            .Append(", name: {zh: ").Append(YamlPrinter.Quoted(id.Name)).Append(", en: ").Append(YamlPrinter.Quoted(id.Name)).Append('}');
        if (sockets > 0)
            line.Append(CultureInfo.InvariantCulture, $", sockets: {sockets}");
        if (id.Site is null)
            line.Append(", foreign: {dialect: ").Append(Word(id.Dialect)).Append(", name: ").Append(YamlPrinter.Quoted(id.Name)).Append('}');
        line.Append('}');
        if (id.Site is null)
            return $"# sites › … › devices\n{line}";
        return registry.FindSite(id.Site) is not null
            ? $"# sites › {id.Site} › devices\n{line}"
            : $"# sites\n- id: {YamlPrinter.Word(id.Site)}\n  name: {{zh: {YamlPrinter.Quoted(id.Site)}, en: {YamlPrinter.Quoted(id.Site)}}}\n  devices:\n    {line}";
    }

    /// <summary>What a new device probably is, and the id it can have; null as for <see cref="Of"/>.</summary>
    /// <inheritdoc cref="Of" path="/param"/>
    public static NewDevice? Guess(DeviceNow device, FacilityIndex registry, bool isNameShared)
    {
        if (!CanBe(device))
            return null;
        var (id, kind) = (device.Id, KindOf(device));
        var sockets = kind is DeviceKind.Pile or DeviceKind.Plug or DeviceKind.Cabinet ? Math.Min(Highest(device), SocketsMax) : 0;
        return new NewDevice(id, id.Site is null ? IdFor(id.Name, kind, registry, isNameShared) : id.Name, kind, sockets);
    }

    /// <summary>Whether a registry can hold it.</summary>
    public static bool CanBe(DeviceNow device) => device.Id.Name.Length <= MappingReader.TextLengthMax && !device.Id.Name.Any(char.IsControl) && !IsPerhapsGroup(device);

    /// <summary>How the registry writes a dialect.</summary>
    public static string Word(Dialect dialect) => Words.Of(dialect).Replace("-", "", StringComparison.Ordinal);

    /// <summary>A group repeats its members' switch and measures nothing; its members are registered instead. A lamp that measures nothing looks the same and tells nothing worth watching.</summary>
    public static bool IsPerhapsGroup(DeviceNow device) => device.Id.Dialect == Dialect.Zigbee2Mqtt && Told(device) is var told && told.Count > 0 && told.All(metric => metric == Metric.Relay);

    /// <summary>What it probably is, from what it says; a plug when that tells nothing.</summary>
    private static DeviceKind KindOf(DeviceNow device)
    {
        var told = Told(device);
        var channels = device.Channels.Select(channel => channel.Channel.Kind).ToList();
        if (channels.Contains(ChannelKind.Slot))
            return DeviceKind.Cabinet;
        if (channels.Count(kind => kind == ChannelKind.Phase) > 1)
            return DeviceKind.Meter;
        if (channels.Contains(ChannelKind.Socket))
            return device.Id.Dialect == Dialect.Fm1 ? DeviceKind.Pile : DeviceKind.Plug;
        if (told.Overlaps([Metric.Smoke, Metric.SmokeDbm, Metric.H2Ppm, Metric.CoPpm, Metric.WaterCm, Metric.ExitBlocked, Metric.Bikes]))
            return DeviceKind.Shed;
        if (told.Overlaps([Metric.LoadKg, Metric.Occupied, Metric.Belt, Metric.Brake, Metric.EStop, Metric.MotorTc]))
            return DeviceKind.Climber;
        if (told.Contains(Metric.Laeq))
            return DeviceKind.Noise;
        if (told.Contains(Metric.Lamp))
            return DeviceKind.Lamp;
        // A plug tells its own temperature too.
        return told.Overlaps([Metric.Tc, Metric.Rh, Metric.Door]) && !told.Overlaps([Metric.W, Metric.A, Metric.Wh, Metric.Relay]) ? DeviceKind.Shed : DeviceKind.Plug;
    }

    private static HashSet<Metric> Told(DeviceNow device) => [.. device.Channels.SelectMany(channel => channel.Now.Values.All.ToArray()).Select(value => value.Metric)];

    /// <summary>The highest number, not how many were heard: of ten sockets the seventh may be the first in use.</summary>
    private static int Highest(DeviceNow device) =>
        device.Channels.Select(channel => channel.Channel).Where(channel => channel.Kind is ChannelKind.Socket or ChannelKind.Slot).Select(channel => channel.Number).DefaultIfEmpty(0).Max();

    /// <summary>The name itself where it can be an id; else what is left of it with a hash behind, so that two names never become one id.</summary>
    private static string IdFor(string name, DeviceKind kind, FacilityIndex registry, bool isNameShared)
    {
        if (MappingReader.IsId(name) && name[0] != '-' && name[^1] != '-' && !registry.IsTaken(name) && !isNameShared)
            return name;
        var left = new StringBuilder();
        foreach (var letter in name.ToLowerInvariant())
        {
            if (char.IsAsciiLetterOrDigit(letter))
                left.Append(letter);
            else if (left.Length > 0 && left[^1] != '-')
                left.Append('-');
        }

        var length = Math.Min(left.Length, MappingReader.IdLengthMax - HashDigits - 1);
        var stem = left.ToString(0, length).Trim('-');
        return $"{(stem.Length > 0 ? stem : Words.Of(kind))}-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)))[..HashDigits]}";
    }
}
