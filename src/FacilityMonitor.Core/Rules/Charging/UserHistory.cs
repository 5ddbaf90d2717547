namespace FacilityMonitor.Rules;

/// <summary>What each user of one site charged at most in a session of the last 30 days. Users are pseudonyms; there is no way back to a person.</summary>
/// <remarks>Of a user only those sessions are kept that no later one exceeds: a handful, whatever the number of charges.</remarks>
internal sealed class UserHistory
{
    /// <summary>How long a session counts, days.</summary>
    public const int Days = 30;

    /// <summary>Most users remembered of a site: four times what the largest compound we know charges (DESIGN reference: 680 bikes). Beyond it who charged longest ago goes.</summary>
    public const int UsersMax = 4096;

    private const long DayMs = 24 * 3_600_000L;

    private readonly Dictionary<string, UserCharges> _users = new(StringComparer.Ordinal);

    /// <summary>Users that were forgotten because there was no room.</summary>
    public long Forgotten { get; private set; }

    public int Count => _users.Count;

    /// <summary>The most this user charged in one session within <see cref="Days"/> before a moment, Wh, and how many sessions are on record without a pause as long as that; none: 0 and 0.</summary>
    public (double Wh, int Sessions) Most(string user, long nowMs) =>
        _users.TryGetValue(user, out var charges) ? charges.Most(Day(nowMs)) : default;

    /// <summary>A session of this user is over.</summary>
    public void Add(string user, long endMs, double wh)
    {
        // Nothing compares with what is no number: it would stay for ever, and beside itself again with each session.
        if (!float.IsFinite((float)wh))
            return;
        if (!_users.TryGetValue(user, out var charges))
        {
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
    }

    public void Load(ref SnapshotReader reader)
    {
        Forgotten = reader.Int64();
        for (var count = reader.Int32(); count > 0; count--)
            _users[reader.Text()!] = UserCharges.Load(ref reader);
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
