namespace FacilityMonitor.Rules;

/// <summary>What a user charged at most in the sessions on record.</summary>
/// <param name="Wh">Energy of one session, Wh; 0: none.</param>
/// <param name="PeakW">Power, W; 0: none of them told any.</param>
/// <param name="Sessions">How many there are without a pause of <see cref="UserHistory.Days"/>.</param>
internal readonly record struct UserMost(double Wh, double PeakW, int Sessions);

/// <summary>What each user of one site charged at most in a session of the last 30 days. Users are pseudonyms; there is no way back to a person.</summary>
/// <remarks>Of a user only those sessions are kept that no later one exceeds: a handful, whatever the number of charges.</remarks>
internal sealed class UserHistory
{
    /// <summary>How long a session counts, days.</summary>
    public const int Days = 30;

    /// <summary>Most users remembered of a site: four times what the largest compound we know charges (DESIGN reference: 680 bikes). Beyond it who charged longest ago goes.</summary>
    public const int UsersMax = 4096;

    /// <summary>Most users that one device may bring in a day that were not known before; more than its sockets charge. Beyond it they are not remembered until the next day: a device that
    /// invents users must not drive out those who charge here.</summary>
    public const int NewUsersMax = 64;

    private const long DayMs = 24 * 3_600_000L;

    private readonly Dictionary<string, UserCharges> _users = new(StringComparer.Ordinal);

    /// <summary>Of each device: the newest day on which it brought a user that was not known, and how many on that day.</summary>
    private readonly SortedDictionary<int, (int Day, int Count)> _newOf = [];

    /// <summary>Users that were forgotten, or not remembered at all, because there was no room.</summary>
    public long Forgotten { get; private set; }

    public int Count => _users.Count;

    /// <summary>The most this user charged within <see cref="Days"/> before a moment; nothing on record: zeros.</summary>
    public UserMost Most(string user, long nowMs) =>
        _users.TryGetValue(user, out var charges) ? charges.Most(Day(nowMs)) : default;

    /// <summary>A session of this user is over.</summary>
    /// <param name="user">The user.</param>
    /// <param name="device">Number of the device that tells it.</param>
    /// <param name="endMs">When it ended.</param>
    /// <param name="wh">What was charged, Wh.</param>
    /// <param name="peakW">The most it drew, W; 0: not known.</param>
    public void Add(string user, int device, long endMs, double wh, float peakW)
    {
        // Nothing compares with what is no number: it would stay for ever, and beside itself again with each session.
        if (!float.IsFinite((float)wh) || !float.IsFinite(peakW))
            return;
        if (!_users.TryGetValue(user, out var charges))
        {
            if (!MayBring(device, Day(endMs)))
            {
                Forgotten++;
                return;
            }

            if (_users.Count == UsersMax)
                MakeRoom();
            _users[user] = charges = new UserCharges();
        }

        charges.Add(Day(endMs), (float)wh, peakW);
    }

    public void Save(ref SnapshotWriter writer)
    {
        writer.Int64(Forgotten);
        writer.Int32(_users.Count);
        foreach (var (user, charges) in _users)
        {
            writer.Text(user);
            charges.Save(ref writer);
        }

        writer.Int32(_newOf.Count);
        foreach (var (device, (day, count)) in _newOf)
        {
            writer.Int32(device);
            writer.Int32(day);
            writer.Int32(count);
        }
    }

    /// <summary>Takes back what <see cref="Save"/> wrote.</summary>
    /// <param name="reader">What was written.</param>
    /// <param name="hasShares">Whether it says how many users each device brought.</param>
    /// <param name="hasPowers">Whether it says what users drew at most.</param>
    public void Load(ref SnapshotReader reader, bool hasShares, bool hasPowers)
    {
        Forgotten = reader.Int64();
        for (var count = reader.Int32(); count > 0; count--)
            _users[reader.Text()!] = UserCharges.Load(ref reader, hasPowers);
        for (var count = hasShares ? reader.Int32() : 0; count > 0; count--)
            _newOf[reader.Int32()] = (reader.Int32(), reader.Int32());
    }

    private bool MayBring(int device, int day)
    {
        var known = _newOf.GetValueOrDefault(device);
        // What belongs to a day before counts with the newest.
        var (newest, count) = day > known.Day ? (day, 0) : known;
        if (count >= NewUsersMax)
            return false;
        _newOf[device] = (newest, count + 1);
        return true;
    }

    private static int Day(long ms) => (int)(ms / DayMs);

    private void MakeRoom()
    {
        // By name among equals: the order of a dictionary is not the same after a restart.
        var oldest = _users.MinBy(user => (user.Value.LastDay, user.Key)).Key;
        _users.Remove(oldest);
        Forgotten++;
    }

    private sealed class UserCharges
    {
        private readonly Highest _energies = new();
        private readonly Highest _powers = new();
        private byte _sessions;

        public int LastDay { get; private set; }

        public UserMost Most(int today) => today - LastDay > Days ? default : new UserMost(_energies.Most(today), _powers.Most(today), _sessions);

        public void Add(int day, float wh, float peakW)
        {
            if (day - LastDay > Days)
                _sessions = 0;
            _sessions = (byte)Math.Min(byte.MaxValue, _sessions + 1);
            LastDay = Math.Max(LastDay, day);
            _energies.Add(day, wh, LastDay);
            if (peakW > 0)
                _powers.Add(day, peakW, LastDay);
        }

        public void Save(ref SnapshotWriter writer)
        {
            writer.Int32(LastDay);
            writer.Byte(_sessions);
            _energies.Save(ref writer);
            _powers.Save(ref writer);
        }

        public static UserCharges Load(ref SnapshotReader reader, bool hasPowers)
        {
            var charges = new UserCharges { LastDay = reader.Int32(), _sessions = reader.Byte() };
            charges._energies.Load(ref reader);
            if (hasPowers)
                charges._powers.Load(ref reader);
            return charges;
        }
    }

    /// <summary>Of values with a day each, those that no later one exceeds.</summary>
    private sealed class Highest
    {
        /// <summary>Most entries: one a day, of today and the <see cref="Days"/> before. Its count is written as a byte.</summary>
        private const int EntriesMax = Days + 1;

        private readonly List<(int Day, float Value)> _entries = new(2);

        public double Most(int today)
        {
            double highest = 0;
            foreach (var (day, value) in _entries)
                highest = today - day <= Days ? Math.Max(highest, value) : highest;
            return highest;
        }

        public void Add(int day, float value, int lastDay)
        {
            _entries.RemoveAll(entry => lastDay - entry.Day > Days || (entry.Day <= day && entry.Value <= value));
            if (!_entries.Exists(entry => entry.Day >= day && entry.Value >= value) && _entries.Count < EntriesMax)
                _entries.Add((day, value));
        }

        public void Save(ref SnapshotWriter writer)
        {
            writer.Byte((byte)_entries.Count);
            foreach (var (day, value) in _entries)
            {
                writer.Int32(day);
                writer.Single(value);
            }
        }

        public void Load(ref SnapshotReader reader)
        {
            for (var count = reader.Byte(); count > 0; count--)
            {
                var entry = (Day: reader.Int32(), Value: reader.Single());
                if (float.IsFinite(entry.Value))
                    _entries.Add(entry);
            }
        }
    }
}
