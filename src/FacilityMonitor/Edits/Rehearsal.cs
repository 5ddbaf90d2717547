using FacilityMonitor.Alerts;
using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Rules;
using FacilityMonitor.Storage;

namespace FacilityMonitor.Edits;

/// <summary>An alert that would have been.</summary>
internal sealed record RehearsedAlert(long AtMs, Priority Priority, LocalText Text);

/// <summary>Why a rehearsal saw no more.</summary>
internal enum RehearsalEnd
{
    /// <summary>It saw all that is stored of the time.</summary>
    Whole,

    /// <summary>There are more readings than it takes: it began later.</summary>
    TooMany,

    /// <summary>It took too long: it ended sooner.</summary>
    TooLong,
}

/// <summary>What a rule would have said.</summary>
/// <param name="Now">With the numbers in force.</param>
/// <param name="Then">With those that are tried.</param>
/// <param name="Readings">How many readings were judged.</param>
/// <param name="FromMs">From when on, ms since 1970-01-01 UTC.</param>
/// <param name="ToMs">Until when.</param>
/// <param name="DaysWithout">Whole days in between, on the wall clock of the sites, of which nothing is stored.</param>
/// <param name="End">Why no more.</param>
internal sealed record RehearsalResult(
    IReadOnlyList<RehearsedAlert> Now, IReadOnlyList<RehearsedAlert> Then, long Readings, long FromMs, long ToMs, int DaysWithout, RehearsalEnd End);

/// <summary>Lets a rule judge the stored readings of the last days twice, with the numbers in force and with others. Beside the service, one at a time, within a time and a number of readings.</summary>
/// <remarks>What is not stored as a reading it cannot judge: events, births, silences, commands.</remarks>
internal sealed class Rehearsal(IReadingStore store, DeviceTable devices, TimeProvider time) : IDisposable
{
    /// <summary>How far it looks back.</summary>
    public const int Days = 30;

    /// <summary>Most readings: a month of a shed with sixty sockets a minute.</summary>
    public const long ReadingsMax = 3_000_000;

    /// <summary>How long it may take: somebody waits for the page.</summary>
    public static readonly TimeSpan TimeMax = TimeSpan.FromSeconds(20);

    private const long HourMs = 3_600_000;
    private const long DayMs = 24 * HourMs;

    /// <summary>So long a time is read at once at most.</summary>
    private const long SliceMs = 6 * HourMs;

    /// <summary>So many readings are held in memory at once, by what the hours before counted.</summary>
    private const long SliceReadings = 200_000;

    /// <summary>After so many messages it looks whether the time is up, and whether somebody still waits.</summary>
    private const int LookEvery = 4_096;

    /// <summary>Every so often the rules are told the time; between readings they need no finer clock to be counted.</summary>
    private const long TickMs = 5_000;

    /// <summary>After so long without a reading the clock leaps: nothing that is held lasts over a gap.</summary>
    private const long GapMs = 600_000;

    private readonly SemaphoreSlim _one = new(1);

    /// <summary>Rehearses.</summary>
    /// <param name="now">The registry in force.</param>
    /// <param name="then">The registry that is tried.</param>
    /// <param name="site">The site that it is about.</param>
    /// <param name="of">Devices whose readings decide.</param>
    /// <param name="rule">The rule.</param>
    /// <param name="cancellation">Ends the work.</param>
    /// <returns>Null: another one is under way.</returns>
    /// <exception cref="IOException">The readings cannot be had now.</exception>
    public async Task<RehearsalResult?> RunAsync(Facility now, Facility then, string site, IReadOnlyCollection<DeviceId> of, string rule, CancellationToken cancellation)
    {
        if (!await _one.WaitAsync(0, cancellation))
            return null;
        try
        {
            var known = of.ToHashSet();
            Device[] asked = [.. devices.All.Where(device => known.Contains(device.Id))];
            // A thread of its own: it computes for seconds, and those of the pool are for who waits for an answer.
            return await Task.Factory.StartNew(
                () => JudgeAsync(Only(now, site), Only(then, site), asked, rule, cancellation).GetAwaiter().GetResult(), cancellation, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
        finally
        {
            _one.Release();
        }
    }

    public void Dispose() => _one.Dispose();

    private static FacilityIndex Only(Facility facility, string site) => new(facility with { Sites = [.. facility.Sites.Where(known => known.Id == site)] });

    private async Task<RehearsalResult> JudgeAsync(FacilityIndex now, FacilityIndex then, IReadOnlyList<Device> asked, string rule, CancellationToken cancellation)
    {
        var begun = time.GetTimestamp();
        var toMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        var (fromMs, end, hourly) = await BeginAsync(asked, toMs, cancellation);
        var (inForce, tried) = (new Judge(now, devices, rule), new Judge(then, devices, rule));
        var (count, seenMs) = (0L, fromMs);
        var messages = 0;
        while (seenMs < toMs && end != RehearsalEnd.TooLong)
        {
            var sliceEnd = SliceEnd(seenMs, toMs, hourly);
            var readings = new List<StoredReading>();
            foreach (var device in asked)
            {
                await foreach (var reading in store.ReadingsAsync(device, seenMs, sliceEnd, cancellation))
                    readings.Add(reading);
            }

            foreach (var message in Messages(readings))
            {
                inForce.Take(message);
                tried.Take(message);
                (count, seenMs) = (count + message.Readings.Count, message.ReceivedMs);
                if (++messages % LookEvery == 0 && IsTimeUp())
                    break;
            }

            if (end == RehearsalEnd.TooLong)
                break;
            seenMs = sliceEnd;
            if (seenMs < toMs)
                IsTimeUp();
        }

        inForce.Finish(seenMs);
        tried.Finish(seenMs);
        return new RehearsalResult(inForce.Alerts, tried.Alerts, count, fromMs, seenMs, DaysWithout(hourly, fromMs, seenMs), end);

        bool IsTimeUp()
        {
            cancellation.ThrowIfCancellationRequested();
            if (time.GetElapsedTime(begun) <= TimeMax)
                return false;
            end = RehearsalEnd.TooLong;
            return true;
        }
    }

    /// <summary>Days on the wall clock that lie wholly in the time and of which nothing is stored: of a day that only begins or ends in it nobody can say so.</summary>
    private static int DaysWithout(Dictionary<long, long> hourly, long fromMs, long toMs)
    {
        var stored = hourly.Keys.Select(hour => ShanghaiTime.DayOf(hour * HourMs)).ToHashSet();
        var without = 0;
        for (var day = ShanghaiTime.DayOf(fromMs - 1).AddDays(1); ShanghaiTime.MidnightMs(day.AddDays(1)) <= toMs; day = day.AddDays(1))
            without += stored.Contains(day) ? 0 : 1;
        return without;
    }

    /// <summary>How far to read at once.</summary>
    private static long SliceEnd(long fromMs, long toMs, Dictionary<long, long> hourly)
    {
        var (end, last, room) = (fromMs, Math.Min(fromMs + SliceMs, toMs), SliceReadings);
        while (end < last)
        {
            var next = Math.Min(((end / HourMs) + 1) * HourMs, last);
            var expected = hourly.GetValueOrDefault(end / HourMs) * (next - end) / HourMs;
            if (expected > room)
                return end > fromMs ? end : Math.Min(next, end + Math.Max(TickMs, (next - end) * room / expected));
            (end, room) = (next, room - expected);
        }

        return end;
    }

    /// <summary>Where to begin, so that there are not too many readings; and how many there are in each hour from there. Device by device: a month of two thousand sockets is 1.4 million rows.</summary>
    private async Task<(long FromMs, RehearsalEnd End, Dictionary<long, long> Hourly)> BeginAsync(IReadOnlyList<Device> asked, long toMs, CancellationToken cancellation)
    {
        var fromMs = toMs - (Days * DayMs);
        var all = new Dictionary<long, long>();
        foreach (var device in asked)
        {
            foreach (var row in await store.HourlyAsync([device], fromMs, toMs, cancellation))
                all[row.Hour] = all.GetValueOrDefault(row.Hour) + row.Readings;
        }

        var (sum, hourly) = (0L, new Dictionary<long, long>());
        foreach (var (hour, readings) in all.OrderByDescending(hour => hour.Key))
        {
            sum += readings;
            if (sum > ReadingsMax)
                return ((hour + 1) * HourMs, RehearsalEnd.TooMany, hourly);
            hourly[hour] = readings;
        }

        return (fromMs, RehearsalEnd.Whole, hourly);
    }

    /// <summary>Readings as the messages that they came with, in the order of time.</summary>
    private static IEnumerable<DeviceMessage> Messages(List<StoredReading> readings)
    {
        foreach (var group in readings.GroupBy(reading => (reading.AtMs, reading.Device.Number)).OrderBy(group => group.Key.AtMs).ThenBy(group => group.Key.Number))
        {
            var message = new DeviceMessage { Kind = MessageKind.Data, Device = group.First().Device, ReceivedMs = group.Key.AtMs };
            foreach (var stored in group)
            {
                ref var reading = ref message.Readings.Add();
                (reading.Channel, reading.AtMs, reading.DeviceMs, reading.Quality, reading.CounterEpoch, reading.State) = (stored.Channel, stored.AtMs, stored.DeviceMs, stored.Quality, stored.CounterEpoch, stored.State);
                foreach (var value in stored.Values)
                    message.Readings.AddValue(value.Metric, value.Value);
            }

            yield return message;
        }
    }

    /// <summary>The rules with one set of numbers, of which one is listened to.</summary>
    private sealed class Judge(FacilityIndex index, DeviceTable devices, string rule)
    {
        private readonly RuleEngine _engine = new(index, devices);
        private readonly List<AlertTransition> _steps = [];
        private readonly HashSet<string> _told = new(StringComparer.Ordinal);
        private long _now;

        /// <summary>When the rules were told the time last. Not when a message came last: a busy site would never tick.</summary>
        private long _tickedMs;

        public List<RehearsedAlert> Alerts { get; } = [];

        public void Take(DeviceMessage message)
        {
            Advance(message.ReceivedMs);
            _engine.Observe(message, _steps);
            Listen();
            _engine.Sessions.Clear();
            _engine.Effects.Clear();
        }

        /// <summary>What is held ends, or becomes an alert, within the rules' own times.</summary>
        public void Finish(long toMs) => Advance(Math.Min(toMs, _now + GapMs));

        private void Advance(long toMs)
        {
            if (_now == 0)
            {
                _engine.Started(toMs - SiteEngine.GraceMs);
                (_now, _tickedMs) = (toMs, toMs);
                return;
            }

            for (var at = _tickedMs + TickMs; at <= toMs; at += at - _now > GapMs ? GapMs : TickMs)
            {
                _engine.Tick(at, _steps);
                Listen();
            }

            // After a leap too: what was heard since must not be followed by an earlier tick.
            _tickedMs += (toMs - _tickedMs) / TickMs * TickMs;
            _now = Math.Max(_now, toMs);
        }

        private void Listen()
        {
            foreach (var step in _steps)
            {
                if (step.Rule == rule && step.Condition == Condition.Active && _told.Add(step.AlertId))
                    Alerts.Add(new RehearsedAlert(step.AtMs, step.Priority, step.Text));
            }

            _steps.Clear();
        }
    }
}
