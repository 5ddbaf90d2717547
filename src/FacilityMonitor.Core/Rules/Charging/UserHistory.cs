namespace FacilityMonitor.Rules;

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

    /// <summary>The most this user charged in one session within <see cref="Days"/> before a moment, Wh, and how many sessions are on record without a pause as long as that; none: 0 and 0.</summary>
    public (double Wh, int Sessions) Most(string user, long nowMs) =>
        _users.TryGetValue(user, out var charges) ? charges.Most(Day(nowMs)) : default;

    /// <summary>A session of this user is over.</summary>
    /// <param name="user">The user.</param>
    /// <param name="device">Number of the device that tells it.</param>
    /// <param name="endMs">When it ended.</param>
    /// <param name="wh">What was charged, Wh.</param>
    public void Add(string user, int device, long endMs, double wh)
    {
        // Nothing compares with what is no number: it would stay for ever, and beside itself again with each session.
        if (!float.IsFinite((float)wh))
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

        charges.Add(Day(endMs), (float)wh);
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
    public void Load(ref SnapshotReader reader, bool hasShares)
    {
        Forgotten = reader.Int64();
        for (var count = reader.Int32(); count > 0; count--)
            _users[reader.Text()!] = UserCharges.Load(ref reader);
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
        /// <summary>Most entries: one a day, of today and the <see cref="Days"/> before. Its count is written as a byte.</summary>
        private const int EntriesMax = Days + 1;

        private readonly List<(int Day, float Wh)> _most = new(2);
        private byte _sessions;

        public int LastDay { get; private set; }

        public (double Wh, int Sessions) Most(int today)
        {
            if (today - LastDay > Days)
                return default;
            double wh = 0;
            foreach (var (day, most) in _most)
                wh = today - day <= Days ? Math.Max(wh, most) : wh;
            return (wh, _sessions);
        }

        public void Add(int day, float wh)
        {
            if (day - LastDay > Days)
                _sessions = 0;
            _sessions = (byte)Math.Min(byte.MaxValue, _sessions + 1);
            LastDay = Math.Max(LastDay, day);
            _most.RemoveAll(entry => LastDay - entry.Day > Days || (entry.Day <= day && entry.Wh <= wh));
            if (!_most.Exists(entry => entry.Day >= day && entry.Wh >= wh) && _most.Count < EntriesMax)
                _most.Add((day, wh));
        }

        public void Save(ref SnapshotWriter writer)
        {
            writer.Int32(LastDay);
            writer.Byte(_sessions);
            writer.Byte((byte)_most.Count);
            foreach (var (day, wh) in _most)
            {
                writer.Int32(day);
                writer.Single(wh);
            }
        }

        public static UserCharges Load(ref SnapshotReader reader)
        {
            var charges = new UserCharges { LastDay = reader.Int32(), _sessions = reader.Byte() };
            for (var count = reader.Byte(); count > 0; count--)
            {
                var entry = (Day: reader.Int32(), Wh: reader.Single());
                if (float.IsFinite(entry.Wh))
                    charges._most.Add(entry);
            }

            return charges;
        }
    }
}
