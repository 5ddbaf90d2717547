using System.Collections.Concurrent;
using System.Text;

namespace FacilityMonitor.Readings;

/// <summary>Every device ever seen, and the small number that stands for it. Finds a device from the bytes of a topic without allocating.</summary>
/// <remarks>One thread resolves (ingest); any thread may look up by number. Whoever resolves stores <see cref="TakeNew"/> in the same commit as the
/// records that use the numbers.</remarks>
public sealed class DeviceTable
{
    /// <summary>Most devices one service knows: five times a district. Beyond it a new device is refused and counted.</summary>
    public const int DevicesMax = 500_000;

    /// <summary>Most devices among them that the registry does not name. Whoever may publish can invent names, a thousand a second, and each would cost memory
    /// and disk for ever. A new estate is taken in long before that; beyond it a new name is refused and counted until somebody registers it.</summary>
    public const int UnregisteredMax = 10_000;

    /// <summary>Most channels of one device that the registry does not name, beside <c>main</c>. A message may name three thousand.</summary>
    public const int ChannelsUnregisteredMax = 64;

    /// <summary>Most channels of all of them together, beside <c>main</c>: each costs about a kilobyte among rules, store and page, and as much on disk.</summary>
    public const int UnregisteredChannelsMax = 50_000;

    /// <summary>How far the numbers of a registered device's channels may go beyond its sockets; bays, which the registry does not count, may go to their end.</summary>
    public const int NumbersBeyondSockets = 256;

    private readonly Dictionary<int, HashSet<ushort>> _channels = [];
    private readonly List<DeviceChannel> _newChannels = [];
    private Func<DeviceId, int?>? _socketsOf;
    private Device? _asked;
    private int? _sockets;

    private readonly Dictionary<Key, Device> _byKey = new(new KeyComparer());
    private readonly ConcurrentDictionary<int, Device> _byNumber = new();
    private readonly List<Device> _new = [];

    // What is new is taken by whoever appends to the journal, which is not only who resolves.
    private readonly Lock _fresh = new();
    private Func<DeviceId, bool>? _isRegistered;
    private int _highest;

    /// <summary>How many devices are known.</summary>
    public int Count => _byNumber.Count;

    /// <summary>How many of them the registry does not name; 0 while no registry was given.</summary>
    public int Unregistered { get; private set; }

    /// <summary>How many channels devices that the registry does not name have told of, beside <c>main</c>; 0 while no registry was given.</summary>
    public int UnregisteredChannels { get; private set; }

    /// <summary>Every known device, in no order.</summary>
    public IEnumerable<Device> All => _byNumber.Values;

    /// <summary>From now on devices that are not registered are held to <see cref="UnregisteredMax"/>; those already known stay. Without it nobody is. Called by
    /// whoever resolves, at the start and when another registry comes into force.</summary>
    /// <param name="isRegistered">Whether the registry names a device.</param>
    /// <param name="socketsOf">With how many sockets it names it; null: it does not. Without it nobody is held to a number of channels.</param>
    public void Use(Func<DeviceId, bool> isRegistered, Func<DeviceId, int?>? socketsOf = null)
    {
        ArgumentNullException.ThrowIfNull(isRegistered);
        (_isRegistered, _socketsOf, _asked) = (isRegistered, socketsOf, null);
        Unregistered = _byNumber.Values.Count(device => !isRegistered(device.Id));
        UnregisteredChannels = _channels.Sum(known => Find(known.Key) is { } device && !isRegistered(device.Id) ? known.Value.Count : 0);
    }

    /// <summary>Whether a device is held to the limits of those that the registry does not name.</summary>
    public bool IsStranger(Device device)
    {
        ArgumentNullException.ThrowIfNull(device);
        return _isRegistered?.Invoke(device.Id) == false;
    }

    /// <summary>Whether there is room for a channel of a device; a new one of a device that the registry does not name takes it. <c>main</c> always has room.</summary>
    public bool Admits(Device device, ChannelId channel)
    {
        ArgumentNullException.ThrowIfNull(device);
        if (_socketsOf is null || channel == ChannelId.Main)
            return true;
        if (!ReferenceEquals(device, _asked))
            (_asked, _sockets) = (device, _socketsOf(device.Id));
        if (_sockets is { } sockets)
            return channel.Kind == ChannelKind.Bay || channel.Number <= sockets + NumbersBeyondSockets;
        if (!_channels.TryGetValue(device.Number, out var known))
            _channels[device.Number] = known = [];
        if (known.Contains(channel.Code))
            return true;
        if (known.Count >= ChannelsUnregisteredMax || UnregisteredChannels >= UnregisteredChannelsMax)
            return false;
        known.Add(channel.Code);
        UnregisteredChannels++;
        lock (_fresh)
            _newChannels.Add(new DeviceChannel(device.Number, channel));
        return true;
    }

    /// <summary>Takes in a channel that was stored earlier.</summary>
    public void Load(DeviceChannel stored)
    {
        if (!_channels.TryGetValue(stored.Device, out var known))
            _channels[stored.Device] = known = [];
        if (known.Add(stored.Channel.Code) && Find(stored.Device) is { } device && IsStranger(device))
            UnregisteredChannels++;
    }

    /// <summary>The channels that took room since the last call; the caller stores them as it stores <see cref="TakeNew"/>.</summary>
    public IReadOnlyList<DeviceChannel> TakeNewChannels()
    {
        lock (_fresh)
            return Taken(_newChannels);
    }

    /// <summary>Takes in a device that was stored earlier.</summary>
    public void Load(Device device)
    {
        ArgumentNullException.ThrowIfNull(device);
        if (_isRegistered?.Invoke(device.Id) == false && !_byNumber.ContainsKey(device.Number))
            Unregistered++;
        _byNumber[device.Number] = device;
        _byKey[new Key(device.Id)] = device;
        _highest = Math.Max(_highest, device.Number);
    }

    /// <summary>The device with this number; null when there is none.</summary>
    public Device? Find(int number) => _byNumber.GetValueOrDefault(number);

    /// <summary>The device with this name, given a number now if it is new; null when there is no room for it.</summary>
    /// <param name="dialect">Its language.</param>
    /// <param name="site">Its site in UTF-8; empty for a foreign device.</param>
    /// <param name="name">Its name in UTF-8.</param>
    public Device? Resolve(Dialect dialect, ReadOnlySpan<byte> site, ReadOnlySpan<byte> name)
    {
        if (_byKey.GetAlternateLookup<Lookup>().TryGetValue(new Lookup(dialect, site, name), out var known))
            return known;
        if (Count >= DevicesMax)
            return null;
        var id = new DeviceId(dialect, site.IsEmpty ? null : Encoding.UTF8.GetString(site), Encoding.UTF8.GetString(name));
        if (Unregistered >= UnregisteredMax && _isRegistered?.Invoke(id) == false)
            return null;
        var device = new Device(_highest + 1, id);
        Load(device);
        lock (_fresh)
            _new.Add(device);
        return device;
    }

    /// <summary>The devices that got a number since the last call; the caller stores them.</summary>
    public IReadOnlyList<Device> TakeNew()
    {
        lock (_fresh)
            return Taken(_new);
    }

    private static T[] Taken<T>(List<T> fresh)
    {
        if (fresh.Count == 0)
            return [];
        T[] taken = [.. fresh];
        fresh.Clear();
        return taken;
    }

    private readonly struct Key(DeviceId id)
    {
        public DeviceId Id { get; } = id;

        public byte[] Site { get; } = Encoding.UTF8.GetBytes(id.Site ?? "");

        public byte[] Name { get; } = Encoding.UTF8.GetBytes(id.Name);
    }

    private readonly ref struct Lookup(Dialect dialect, ReadOnlySpan<byte> site, ReadOnlySpan<byte> name)
    {
        public Dialect Dialect { get; } = dialect;

        public ReadOnlySpan<byte> Site { get; } = site;

        public ReadOnlySpan<byte> Name { get; } = name;
    }

    private sealed class KeyComparer : IEqualityComparer<Key>, IAlternateEqualityComparer<Lookup, Key>
    {
        public bool Equals(Key x, Key y) => x.Id == y.Id;

        public bool Equals(Lookup alternate, Key other) => alternate.Dialect == other.Id.Dialect
            && alternate.Site.SequenceEqual(other.Site) && alternate.Name.SequenceEqual(other.Name);

        public int GetHashCode(Key key) => Hash(key.Id.Dialect, key.Site, key.Name);

        public int GetHashCode(Lookup alternate) => Hash(alternate.Dialect, alternate.Site, alternate.Name);

        public Key Create(Lookup alternate) => throw new NotSupportedException("A device is made by Resolve, which gives it its number.");

        private static int Hash(Dialect dialect, ReadOnlySpan<byte> site, ReadOnlySpan<byte> name)
        {
            var hash = new HashCode();
            hash.Add((byte)dialect);
            hash.AddBytes(site);
            hash.Add(0);
            hash.AddBytes(name);
            return hash.ToHashCode();
        }
    }
}

/// <summary>A channel of a device.</summary>
/// <param name="Device">Number of the device.</param>
/// <param name="Channel">The channel.</param>
public readonly record struct DeviceChannel(int Device, ChannelId Channel);
