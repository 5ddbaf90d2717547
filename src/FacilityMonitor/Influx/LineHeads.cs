using FacilityMonitor.Journal;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.Influx;

/// <summary>
/// What the lines of each device begin with. The name comes from the registry and changes with it, but only for what is read for the first time: a reading that is
/// sent again must be the line it was, or it would stand there twice, once as <c>unknown</c> and once as <c>pile</c>. So it is kept which device began with what, and from where on.
/// </summary>
/// <param name="registry">Gives the registry in force, which says what a device is.</param>
internal sealed class LineHeads(Func<FacilityIndex> registry)
{
    private readonly Dictionary<int, Head> _heads = [];
    private List<(int Device, Head Head)> _unsaved = [];
    private FacilityIndex? _index;
    private long _readUntil;
    private bool _isRepeated;

    /// <summary>Finds what was kept.</summary>
    /// <param name="connection">The database.</param>
    /// <param name="readUntil">Journal position up to which everything was read before.</param>
    public void Load(SqliteConnection connection, long readUntil)
    {
        using var command = Database.Command(connection, "select device, from_position, head from shipping_head order by device, from_position");
        using var rows = command.ExecuteReader();
        while (rows.Read())
            _heads[rows.GetInt32(0)] = new Head((byte[])rows[2], rows.GetInt64(1), _heads.GetValueOrDefault(rows.GetInt32(0)));
        _readUntil = readUntil;
    }

    /// <summary>Begins an entry of the journal: one registry is in force for the whole of it.</summary>
    public void Begin(long position)
    {
        _isRepeated = position <= _readUntil;
        _readUntil = Math.Max(_readUntil, position);
        _index = registry();
    }

    /// <summary>What the lines of a device begin with at a position of the journal.</summary>
    public byte[] Of(Device device, long position)
    {
        if (!_heads.TryGetValue(device.Number, out var head))
            return Keep(device.Number, new Head(Make(device), position, before: null) { Index = _index });
        if (!_isRepeated && !ReferenceEquals(head.Index, _index))
        {
            head.Index = _index;
            var made = Make(device);
            return made.AsSpan().SequenceEqual(head.Bytes) ? head.Bytes : Keep(device.Number, new Head(made, position, head) { Index = _index });
        }

        while (position < head.From && head.Before is { } before)
            head = before;
        return head.Bytes;
    }

    /// <summary>What has to be on disk before lines that begin with it are sent.</summary>
    /// <param name="keptFrom">Position behind which readings may be sent again; what only those before it begin with is forgotten.</param>
    public IReadOnlyList<(int Device, Head Head)> TakeUnsaved(long keptFrom)
    {
        if (_unsaved.Count == 0)
            return [];
        var unsaved = _unsaved;
        _unsaved = [];
        foreach (var (_, newest) in unsaved)
        {
            var head = newest;
            while (head.From > keptFrom + 1 && head.Before is { } before)
                head = before;
            head.Before = null;
        }

        return unsaved;
    }

    /// <summary>Writes it down, and forgets what nothing that may be sent again begins with.</summary>
    /// <param name="connection">Inside a commit.</param>
    /// <param name="heads">What <see cref="TakeUnsaved"/> gave.</param>
    /// <param name="keptFrom">Position behind which readings may be sent again.</param>
    public static void Save(SqliteConnection connection, IReadOnlyList<(int Device, Head Head)> heads, long keptFrom)
    {
        foreach (var (device, head) in heads)
        {
            Database.Execute(
                connection, "insert or replace into shipping_head (device, from_position, head) values ($device, $from, $head)", ("$device", device), ("$from", head.From), ("$head", head.Bytes));
            Database.Execute(
                connection,
                "delete from shipping_head where device = $device and from_position < (select max(from_position) from shipping_head where device = $device and from_position <= $kept)",
                ("$device", device), ("$kept", keptFrom + 1));
        }
    }

    private byte[] Keep(int device, Head head)
    {
        _heads[device] = head;
        _unsaved.Add((device, head));
        return head.Bytes;
    }

    private byte[] Make(Device device)
    {
        var known = _index!.Find(device.Id);
        return LineProtocol.Head(known?.Entry.Kind, known?.Site.Id ?? device.Id.Site, known?.Entry.Id ?? device.Id.Name);
    }

    /// <summary>What a device's lines begin with.</summary>
    /// <param name="bytes">The beginning.</param>
    /// <param name="from">Journal position from which on.</param>
    /// <param name="before">What they began with before.</param>
    internal sealed class Head(byte[] bytes, long from, Head? before)
    {
        public byte[] Bytes { get; } = bytes;

        public long From { get; } = from;

        /// <summary>What they began with before; null: nothing else that is needed.</summary>
        public Head? Before { get; set; } = before;

        /// <summary>The registry it was compared with last.</summary>
        public FacilityIndex? Index { get; set; }
    }
}
