using FacilityMonitor.Configuration;
using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Storage;

namespace FacilityMonitor.Web;

/// <summary>What the page shows of every device now: the newest value of each metric of each channel, merged as messages come. One thread writes.</summary>
/// <remarks>A message may tell only what changed, so values merge metric by metric, and a late one never overwrites a newer one.</remarks>
internal sealed class LiveView(FacilitySource registry)
{
    /// <summary>Devices shown; beyond it new ones are counted and not shown.</summary>
    public const int DevicesMax = 20_000;

    private readonly Dictionary<int, DeviceNow> _devices = [];
    private readonly HashSet<int> _changed = [];

    /// <summary>Devices that were not shown because there are too many.</summary>
    public long NotShown { get; private set; }

    /// <summary>Rises with every batch of changes.</summary>
    public long Sequence { get; private set; }

    /// <summary>Everything, for a page that begins.</summary>
    public IReadOnlyList<DeviceNow> All => [.. _devices.Values];

    /// <summary>Takes in what a channel said before we started; a message that comes later is laid over it.</summary>
    public void Load(LatestReading latest)
    {
        if (Of(latest.Device, latest.AtMs) is not { } now)
            return;
        now.HeardMs = Math.Max(now.HeardMs, latest.AtMs);
        now.Load(latest);
    }

    /// <summary>Takes a message in.</summary>
    public void Apply(DeviceMessage message)
    {
        if (message.Device is not { } device || Of(device, message.ReceivedMs) is not { } now)
            return;
        _changed.Add(device.Number);
        now.HeardMs = Math.Max(now.HeardMs, message.ReceivedMs);
        if (message.Birth is { } birth)
            now.Birth = birth;
        if (message.Status is { } status && !(status.Bd < now.Birth?.Bd))
            now.Presence = status.Presence;
        else if (message.Kind is MessageKind.Data or MessageKind.Event)
            now.Presence = Presence.Online;
        foreach (ref var reading in message.Readings.Readings)
            now.Apply(message.Readings, reading);
    }

    private DeviceNow? Of(Device device, long firstMs)
    {
        if (_devices.TryGetValue(device.Number, out var known))
            return known;
        if (_devices.Count < DevicesMax)
            return _devices[device.Number] = new DeviceNow(device.Id, firstMs);
        NotShown++;
        return null;
    }

    /// <summary>The devices that changed since the last call.</summary>
    public IReadOnlyList<DeviceNow> TakeChanged()
    {
        if (_changed.Count == 0)
            return [];
        var changed = _changed.Select(number => _devices[number]).ToList();
        _changed.Clear();
        Sequence++;
        return changed;
    }

    /// <summary>Where a device is registered; null when it is not.</summary>
    public RegisteredDevice? Find(DeviceId id) => registry.Current.Find(id);

    /// <summary>The device of this site and name, if it was heard.</summary>
    public DeviceNow? Find(string site, string name)
    {
        var entry = registry.Current.FindSite(site)?.Devices.FirstOrDefault(device => device.Id == name);
        var id = entry?.Foreign ?? new DeviceId(Dialect.Fm1, site, name);
        return _devices.Values.FirstOrDefault(device => device.Id == id);
    }
}

/// <summary>One device as it is now.</summary>
internal sealed class DeviceNow(DeviceId id, long firstMs)
{
    private readonly SortedDictionary<ushort, ChannelNow> _channels = [];

    public DeviceId Id { get; } = id;

    public long FirstMs { get; } = firstMs;

    public long HeardMs { get; set; } = firstMs;

    public Presence Presence { get; set; } = Presence.Online;

    public Birth? Birth { get; set; }

    public IEnumerable<(ChannelId Channel, ChannelNow Now)> Channels => _channels.Select(pair => (ChannelId.FromCode(pair.Key), pair.Value));

    public ChannelNow? Channel(ChannelId channel) => _channels.GetValueOrDefault(channel.Code);

    public void Load(LatestReading latest)
    {
        var channel = Of(latest.Channel);
        (channel.AtMs, channel.Quality, channel.State) = (latest.AtMs, latest.Quality, latest.State);
        foreach (var value in latest.Values)
            channel.Values[value.Metric] = (value.Value, value.AtMs);
    }

    public void Apply(ReadingBuffer readings, in Reading reading)
    {
        var channel = Of(reading.Channel);
        if (reading.AtMs >= channel.AtMs)
        {
            channel.AtMs = reading.AtMs;
            channel.Quality = reading.Quality;
            channel.State = reading.State ?? channel.State;
        }

        foreach (ref readonly var value in readings.ValuesOf(reading))
        {
            if (!channel.Values.TryGetValue(value.Metric, out var known) || reading.AtMs >= known.AtMs)
                channel.Values[value.Metric] = (value.Value, reading.AtMs);
        }
    }

    private ChannelNow Of(ChannelId id)
    {
        if (!_channels.TryGetValue(id.Code, out var channel))
            _channels[id.Code] = channel = new ChannelNow();
        return channel;
    }
}

/// <summary>One channel as it is now.</summary>
internal sealed class ChannelNow
{
    public long AtMs { get; set; }

    public Quality Quality { get; set; }

    public string? State { get; set; }

    public SortedDictionary<Metric, (double Value, long AtMs)> Values { get; } = [];
}
