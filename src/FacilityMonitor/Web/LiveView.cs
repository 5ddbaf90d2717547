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

    /// <summary>How long a value counts as the present one while the broker or gateway itself says that the device is there, ms: then silence means that nothing
    /// changed. Zigbee2MQTT calls a sleeping sensor gone after 1,500 minutes.</summary>
    public const long FreshMsWatched = 1_500 * 60_000;

    private static readonly ChannelId[] Phases = [ChannelId.Phase(1), ChannelId.Phase(2), ChannelId.Phase(3)];

    private readonly Dictionary<int, DeviceNow> _devices = [];
    private readonly Dictionary<DeviceId, DeviceNow> _byId = [];
    private readonly HashSet<int> _changed = [];
    private readonly Queue<int> _changedInOrder = new();
    private readonly HashSet<DeviceId> _offered = [];
    private FacilityIndex? _offeredFor;

    /// <summary>New devices for which the page is told how to register them; it lists no more either.</summary>
    public const int OfferedMax = 50;

    /// <summary>Devices that were not shown because there are too many.</summary>
    public long NotShown { get; private set; }

    /// <summary>Devices that changed and were not taken yet.</summary>
    public int Changed => _changed.Count;

    /// <summary>Everything, for a page that begins.</summary>
    public IReadOnlyList<DeviceNow> All => [.. _devices.Values];

    /// <summary>Takes in what a channel said before we started; a message that comes later is laid over it.</summary>
    public void Load(LatestReading latest)
    {
        if (Of(latest.Device, latest.AtMs) is not { } now)
            return;
        now.HeardMs = Math.Max(now.HeardMs, latest.AtMs);
        now.Load(latest);
        Change(latest.Device);
    }

    /// <summary>Takes a message in.</summary>
    public void Apply(DeviceMessage message)
    {
        if (message.Device is not { } device || Of(device, message.ReceivedMs) is not { } now)
            return;
        Change(device);
        now.HeardMs = Math.Max(now.HeardMs, message.ReceivedMs);
        if (message.Birth is { } birth)
            now.Birth = birth with { Channels = [], Ops = [] };
        if (message.Status is { } status && !(status.Bd < now.Birth?.Bd))
            (now.Presence, now.IsWatched) = (status.Presence, status.Presence == Presence.Online && device.Id.Dialect != Dialect.Fm1);
        else if (message.Kind is MessageKind.Data or MessageKind.Event)
            now.Presence = Presence.Online;
        foreach (var told in message.Events)
        {
            if (told.Kind == EventKind.TripEnd && !(told.AtMs <= now.TripEndMs))
                now.TripEndMs = told.AtMs;
        }

        foreach (ref var reading in message.Readings.Readings)
            now.Apply(message.Readings, reading, message.ReceivedMs);
    }

    private DeviceNow? Of(Device device, long firstMs)
    {
        if (_devices.TryGetValue(device.Number, out var known))
            return known;
        if (_devices.Count < DevicesMax)
            return _devices[device.Number] = _byId[device.Id] = new DeviceNow(device.Id, firstMs);
        NotShown++;
        return null;
    }

    private void Change(Device device)
    {
        if (_changed.Add(device.Number))
            _changedInOrder.Enqueue(device.Number);
    }

    /// <summary>Devices that changed and were not taken yet, those that wait longest first.</summary>
    /// <param name="most">Most devices; the rest waits for the next call and is merged until then.</param>
    public IReadOnlyList<DeviceNow> TakeChanged(int most)
    {
        if (_changed.Count == 0)
            return [];
        var changed = new List<DeviceNow>(Math.Min(most, _changed.Count));
        while (changed.Count < most && _changedInOrder.TryDequeue(out var number))
        {
            _changed.Remove(number);
            changed.Add(_devices[number]);
        }

        return changed;
    }

    /// <summary>How long a value of this device counts as the present one, ms: three of its own periods, as for the rules.</summary>
    public long FreshMs(DeviceNow device)
    {
        if (DeclaredMs(Find(device.Id)?.Entry, device) is { } declared)
            return (long)(3 * declared);
        return device.IsWatched ? FreshMsWatched : 3 * DialectPeriods.DefaultMs(device.Id.Dialect);
    }

    /// <summary>Longest time between two messages of a registered device, ms: as the registry or its birth says, else as its kind usually does.</summary>
    public long PeriodMs(string site, DeviceEntry entry)
    {
        var device = Find(site, entry.Id);
        return (long)(DeclaredMs(entry, device) ?? DialectPeriods.DefaultMs(device?.Id.Dialect ?? entry.Foreign?.Dialect ?? Dialect.Fm1));
    }

    /// <summary>The period it is held to, ms; null: it promised none.</summary>
    private static double? DeclaredMs(DeviceEntry? entry, DeviceNow? device) => (entry?.PeriodS ?? device?.Birth?.PeriodS) is { } seconds and > 0 ? 1000 * seconds : null;

    /// <summary>Current of each phase as the circuit's meter tells it now, A; empty without a meter, or when what it told is old.</summary>
    public IReadOnlyList<double> Amps(string site, Circuit circuit, long nowMs)
    {
        if (circuit.Meter is null || Find(site, circuit.Meter) is not { } meter)
            return [];
        ChannelId[] channels = circuit.MeterChannel is { } own ? [own] : circuit.Phases == 3 ? Phases : [ChannelId.Main, .. Phases];
        var fresh = FreshMs(meter);
        return [.. channels.Select(meter.Channel).OfType<ChannelNow>()
            .Where(channel => nowMs - channel.HeardMs <= fresh && channel.Values.TryGet(Metric.A, out _)).Select(channel => channel.Values.TryGet(Metric.A, out var amps) ? amps.Value : 0)];
    }

    /// <summary>What to paste so that a new device is registered; null for one that is, cannot be, or comes behind the first <see cref="OfferedMax"/>.</summary>
    public string? Offer(DeviceNow device)
    {
        var index = registry.Current;
        if (index.Find(device.Id) is not null)
            return null;
        if (!ReferenceEquals(index, _offeredFor))
        {
            _offered.Clear();
            _offeredFor = index;
        }

        if (!_offered.Contains(device.Id) && (_offered.Count >= OfferedMax || !_offered.Add(device.Id)))
            return null;
        return RegistrationText.Of(device, index, IsNameShared(device));
    }

    /// <summary>What a new device probably is; null for one that is registered or cannot be.</summary>
    public NewDevice? Guess(DeviceNow device) => Find(device.Id) is null ? RegistrationText.Guess(device, registry.Current, IsNameShared(device)) : null;

    private bool IsNameShared(DeviceNow device) =>
        device.Id.Site is null && Enum.GetValues<Dialect>().Any(dialect => dialect != device.Id.Dialect && _byId.ContainsKey(device.Id with { Dialect = dialect }));

    /// <summary>Where a device is registered; null when it is not.</summary>
    public RegisteredDevice? Find(DeviceId id) => registry.Current.Find(id);

    /// <summary>The device of this site and name, if it was heard.</summary>
    public DeviceNow? Find(string site, string name)
    {
        var entry = registry.Current.FindSite(site)?.Devices.FirstOrDefault(device => device.Id == name);
        var id = entry?.Foreign ?? new DeviceId(Dialect.Fm1, site, name);
        return _byId.GetValueOrDefault(id);
    }
}

/// <summary>One device as it is now.</summary>
internal sealed class DeviceNow(DeviceId id, long firstMs)
{
    /// <summary>How far a device's clock may be behind before its word is an old one, ms: as far as the contract lets it be ahead.</summary>
    private const long ClockSlackMs = 60_000;

    /// <summary>In the order of their codes.</summary>
    private readonly List<ChannelNow> _channels = [];

    public DeviceId Id { get; } = id;

    public long FirstMs { get; } = firstMs;

    public long HeardMs { get; set; } = firstMs;

    public Presence Presence { get; set; } = Presence.Online;

    /// <summary>When it told the end of a trip last, ms since 1970-01-01 UTC; null: not since the service runs.</summary>
    public long? TripEndMs { get; set; }

    /// <summary>Whether somebody else, by a last will or by asking it, will say when it goes.</summary>
    public bool IsWatched { get; set; }

    public Birth? Birth { get; set; }

    public IEnumerable<(ChannelId Channel, ChannelNow Now)> Channels => _channels.Select(channel => (channel.Channel, channel));

    public ChannelNow? Channel(ChannelId channel) => _channels.Find(known => known.Channel == channel);

    public void Load(LatestReading latest)
    {
        var channel = Of(latest.Channel, _channels.Count);
        (channel.AtMs, channel.HeardMs, channel.Quality, channel.State) = (latest.AtMs, latest.AtMs, latest.Quality, latest.State);
        for (var index = 0; index < latest.Values.Count; index++)
            channel.Values.Set(latest.Values[index], index);
    }

    public void Apply(ReadingBuffer readings, in Reading reading, long receivedMs)
    {
        var channel = Of(reading.Channel, reading.Index);
        channel.HeardMs = Math.Max(channel.HeardMs, Math.Min(receivedMs, reading.AtMs + ClockSlackMs));
        if (reading.AtMs >= channel.AtMs)
        {
            channel.AtMs = reading.AtMs;
            channel.Quality = reading.Quality;
            channel.State = reading.State ?? channel.State;
        }

        var values = readings.ValuesOf(reading);
        for (var index = 0; index < values.Length; index++)
            channel.Values.Set(new LatestValue(values[index].Metric, values[index].Value, reading.AtMs), index);
    }

    /// <param name="id">The channel.</param>
    /// <param name="guess">Its place, if a message names all channels in their order, as most do.</param>
    private ChannelNow Of(ChannelId id, int guess)
    {
        if (guess < _channels.Count && _channels[guess].Channel == id)
            return _channels[guess];
        var place = 0;
        while (place < _channels.Count && _channels[place].Channel.Code < id.Code)
            place++;
        if (place == _channels.Count || _channels[place].Channel != id)
            _channels.Insert(place, new ChannelNow(id));
        return _channels[place];
    }
}

/// <summary>One channel as it is now.</summary>
internal sealed class ChannelNow(ChannelId channel)
{
    /// <summary>What it said last.</summary>
    public LatestValues Values;

    public ChannelId Channel { get; } = channel;

    /// <summary>Time of the newest reading.</summary>
    public long AtMs { get; set; }

    /// <summary>When the channel was last heard to be as it is. What a device had buffered and resends counts as of its own time: its device is heard, the channel is not.</summary>
    public long HeardMs { get; set; }

    public Quality Quality { get; set; }

    public string? State { get; set; }
}
