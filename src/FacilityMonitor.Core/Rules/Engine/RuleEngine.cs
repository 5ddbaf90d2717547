using System.Buffers;
using FacilityMonitor.Alerts;
using FacilityMonitor.Contract;
using FacilityMonitor.Control;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>Where a replay has to begin, and the little that all sites share there. Together with the sites as they were saved it is the whole memory of the rules.</summary>
/// <param name="Position">Everything up to this journal position is in the saved sites; records after it are given again.</param>
/// <param name="StartedMs">When the service had last begun at that position, ms since 1970-01-01 UTC; 0: never.</param>
/// <param name="TickMs">The last second that was told before or at that position, ms since 1970-01-01 UTC; 0: none.</param>
public readonly record struct RuleCheckpoint(long Position, long StartedMs, long TickMs);

/// <summary>The engines of all sites. A pure function of the records it is given: the same records, the same alerts. Not thread-safe.</summary>
/// <remarks>
/// Its memory is saved site by site, only what changed, while records go on coming. So saved sites are of different positions:
/// <see cref="CheckpointAfter"/> says from where records must be given again, and a site leaves out those that it had already seen when it was saved.
/// </remarks>
public sealed class RuleEngine
{
    private readonly DeviceTable _devices;
    private readonly Dictionary<string, Slot> _sites = new(StringComparer.Ordinal);
    private readonly Dictionary<int, Slot> _byDevice = [];
    private readonly ArrayBufferWriter<byte> _scratch = new();
    private readonly Dictionary<string, FlyWireLesson> _lessons = new(StringComparer.Ordinal);
    private FacilityIndex _index;
    private LimitShelf _shelf = new();
    private RuleCheckpoint _now;
    private RuleCheckpoint _before;
    private bool _isAhead;

    /// <summary>Engines for a registry, with nothing known yet.</summary>
    public RuleEngine(FacilityIndex index, DeviceTable devices)
    {
        _index = index;
        _devices = devices;
    }

    /// <summary>For how long after the service began nobody is called silent, ms: devices come back one by one.</summary>
    public long GraceMs { get; init; } = SiteEngine.GraceMs;

    /// <summary>What every circuit carries now, by its path (<c>site/circuit</c>).</summary>
    public IEnumerable<CircuitState> Circuits =>
        from site in _sites
        from circuit in site.Value.Engine.Circuits
        let worst = circuit.Phases.OrderByDescending(phase => phase.Amps).FirstOrDefault()
        where circuit.Phases.Count > 0
        select new CircuitState($"{site.Key}/{circuit.Circuit.Id}", [.. circuit.Phases.Select(phase => phase.Amps)], circuit.Circuit.RatedA, worst.Level, worst.Trip);

    /// <summary>What measurements say of commands since the caller last emptied it. A replay says the same again.</summary>
    public List<CommandEffect> Effects { get; } = [];

    /// <summary>Charging sessions that are over, and what late settlements add to them, since the caller last emptied it. A replay says the same again.</summary>
    public List<SessionFact> Sessions { get; } = [];

    /// <summary>Sites that began anew because what was known of them could not be taken over under another registry or lesson, with the reason, since the caller last emptied it.</summary>
    public List<(string Site, string Reason)> BegunAnew { get; } = [];

    /// <summary>Devices that carry people, and whether somebody is on them.</summary>
    public IEnumerable<KeyValuePair<DeviceId, SeatState>> Seats => _sites.Values.SelectMany(slot => slot.Engine.Seats);

    /// <summary>Rises whenever somebody sits down or gets off.</summary>
    public long SeatChanges
    {
        get
        {
            // Asked after every journal entry: no iterator.
            var sum = 0L;
            foreach (var slot in _sites.Values)
                sum += slot.Engine.SeatChanges;
            return sum;
        }
    }

    /// <summary>Samples and sights that were settled before their 30 s were over because more was sent than is kept; counted since this registry came into force.</summary>
    public long WindowOverflows => _sites.Values.Sum(slot => slot.Engine.WindowOverflows);

    /// <summary>What was left out because a limit was reached; counted since this registry came into force.</summary>
    public RuleLosses Losses
    {
        get
        {
            var sum = new RuleLosses(WindowOverflows, LateRefused, 0, 0, 0);
            foreach (var slot in _sites.Values)
            {
                var (unfollowed, late, forgotten) = slot.Engine.SessionLosses;
                sum = sum with { Unfollowed = sum.Unfollowed + unfollowed, LateSamples = sum.LateSamples + late, UsersForgotten = sum.UsersForgotten + forgotten };
            }

            return sum;
        }
    }

    /// <summary>Steps that were derived anew because something came late; counted since this registry came into force.</summary>
    public long LateSteps => _sites.Values.Sum(slot => slot.Engine.Late.Steps);

    /// <summary>Words that were taken as too late because their device had caused more deriving anew than it may in half a minute; counted since this registry came into force.</summary>
    public long LateRefused => _sites.Values.Sum(slot => slot.Engine.Late.Refused);

    /// <summary>Names of the alerts that are not over, pending ones among them.</summary>
    public IEnumerable<string> OpenAlerts => _sites.Values.SelectMany(slot => slot.Engine.OpenAlerts);

    /// <summary>Sites that changed since they were saved, the longest unsaved first.</summary>
    public IReadOnlyList<string> Unsaved => [.. _sites.Where(site => site.Value.IsUnsaved).OrderBy(site => site.Value.Before.Position).Select(site => site.Key)];

    /// <summary>Where a replay has to begin once these sites are on disk as they are now, beside those that were marked as saved before. Asked between two
    /// positions, never within one.</summary>
    public RuleCheckpoint CheckpointAfter(IReadOnlySet<string> saving)
    {
        ArgumentNullException.ThrowIfNull(saving);
        var oldest = _now;
        foreach (var (site, slot) in _sites)
        {
            if (slot.IsUnsaved && slot.Before.Position < oldest.Position && !saving.Contains(site))
                oldest = slot.Before;
        }

        return oldest;
    }

    /// <summary>The records that follow are of this journal position. Positions rise.</summary>
    public void Begin(long position)
    {
        _before = _now;
        _now = _now with { Position = position };
        _isAhead = false;
    }

    /// <summary>The records that follow are of no journal position yet: the disk refuses them. They will be at some position to come, and are not given again there.</summary>
    public void BeginAhead()
    {
        // However many follow each other, what they change has to be read again from here.
        _before = _now;
        _isAhead = true;
    }

    /// <summary>Takes in a message.</summary>
    /// <param name="message">The message.</param>
    /// <param name="output">Where the steps of alerts go.</param>
    public void Observe(DeviceMessage message, List<AlertTransition> output)
    {
        ArgumentNullException.ThrowIfNull(message);
        var device = message.Device!;
        if (!_byDevice.TryGetValue(device.Number, out var slot))
            _byDevice[device.Number] = slot = SlotOf(SiteOf(device.Id));
        if (HasSeen(slot))
            return;
        Touch(slot);
        slot.Engine.Observe(message, output);
    }

    /// <summary>A command goes out, or did not after all.</summary>
    /// <param name="notice">The command.</param>
    /// <param name="atMs">When, ms since 1970-01-01 UTC.</param>
    public void Command(CommandNotice notice, long atMs)
    {
        ArgumentNullException.ThrowIfNull(notice);
        var slot = SlotOf(SiteOf(notice.Device.Id));
        if (HasSeen(slot))
            return;
        Touch(slot);
        slot.Engine.Command(notice, atMs);
    }

    /// <summary>A second went by, ms since 1970-01-01 UTC.</summary>
    public void Tick(long atMs, List<AlertTransition> output)
    {
        _now = _now with { TickMs = Math.Max(_now.TickMs, atMs) };
        foreach (var slot in _sites.Values)
        {
            // Most seconds change nothing: a site where nobody speaks need not be saved again.
            if (!HasSeen(slot) && slot.Engine.Tick(atMs, output))
                Touch(slot);
        }
    }

    /// <summary>The service began.</summary>
    public void Started(long atMs)
    {
        _now = _now with { StartedMs = atMs };
        foreach (var slot in _sites.Values)
        {
            if (HasSeen(slot))
                continue;
            Touch(slot);
            slot.Engine.Started(atMs, GraceMs);
        }
    }

    /// <summary>Another registry came into force; what is known stays known. Equal to saving everything and restoring it under the new one.</summary>
    public void Reconfigure(FacilityIndex index)
    {
        (_index, _shelf) = (index, new LimitShelf());
        _byDevice.Clear();
        foreach (var (name, slot) in _sites)
            Renew(name, slot);
    }

    /// <summary>What staff found when a fly-wire was suspected on a circuit is its prior from now on; what is known stays known.</summary>
    /// <param name="circuit">Its path, <c>site/circuit</c>.</param>
    /// <param name="lesson">All that was found there.</param>
    /// <returns>Whether that is another lesson than before.</returns>
    public bool Teach(string circuit, FlyWireLesson lesson)
    {
        ArgumentNullException.ThrowIfNull(circuit);
        if (_lessons.GetValueOrDefault(circuit) == lesson)
            return false;
        _lessons[circuit] = lesson;
        var site = circuit.Split('/')[0];
        if (_sites.TryGetValue(site, out var slot))
            Renew(site, slot);
        return true;
    }

    private void Renew(string site, Slot slot)
    {
        var part = new ArrayBufferWriter<byte>();
        slot.Engine.Save(part, _scratch);
        slot.Engine = NewEngine(site);
        try
        {
            slot.Engine.Load(part.WrittenSpan, _devices);
        }
        // Whatever is wrong with one site, the rules of all others go on, and its own begin anew.
        catch (Exception error)
        {
            slot.Engine = NewEngine(site);
            slot.Engine.Started(_now.StartedMs, GraceMs);
            Touch(slot);
            BegunAnew.Add((site, error.Message));
        }
    }

    /// <summary>Writes what it knows of one site.</summary>
    public void SaveSite(string site, IBufferWriter<byte> output) => _sites[site].Engine.Save(output, _scratch);

    /// <summary>A site as it is now is on its way to disk. Records may go on coming until <see cref="MarkSaved"/> or <see cref="MarkNotSaved"/> says what became of it.</summary>
    public void MarkSaving(string site) => (_sites[site].IsSaving, _sites[site].Since) = (true, null);

    /// <summary>A site as it was when <see cref="MarkSaving"/> was called, or else as it is now, is on disk.</summary>
    public void MarkSaved(string site)
    {
        var slot = _sites[site];
        (slot.IsUnsaved, slot.Before) = (slot.Since is not null, slot.Since ?? slot.Before);
        MarkNotSaved(site);
    }

    /// <summary>The disk did not take what was on its way: of this site it has what it had before.</summary>
    public void MarkNotSaved(string site) => (_sites[site].IsSaving, _sites[site].Since) = (false, null);

    /// <summary>Begins where a checkpoint was taken. Before anything else; then <see cref="RestoreSite"/> for every site that was saved.</summary>
    public void Restore(in RuleCheckpoint checkpoint) => _now = _before = checkpoint;

    /// <summary>Takes back what <see cref="SaveSite"/> wrote. What the registry no longer knows, or knows otherwise, begins anew.</summary>
    /// <param name="site">The site.</param>
    /// <param name="position">The position it was saved at; it leaves out records up to there.</param>
    /// <param name="input">What was written.</param>
    /// <exception cref="InvalidDataException">It is damaged, or of a newer format; nothing is known of this site then.</exception>
    public void RestoreSite(string site, long position, ReadOnlySpan<byte> input)
    {
        var slot = SlotOf(site);
        (slot.IsUnsaved, slot.SavedAt) = (false, position);
        try
        {
            slot.Engine.Load(input, _devices);
            // From its position to the checkpoint nothing happened to it but that seconds went by.
            if (position < _now.Position)
                slot.Engine.Pass(_now.TickMs);
        }
        // Bytes that are damaged may stand for anything: a channel that cannot be, a number of entries beyond memory. None of it keeps the service from its start.
        catch (Exception error)
        {
            _sites.Remove(site);
            throw new InvalidDataException(error.Message, error);
        }
    }

    private string SiteOf(DeviceId device) => _index.Find(device)?.Site.Id ?? device.Site ?? "";

    private SiteEngine NewEngine(string site) => new(site.Length == 0 ? null : site, _index, _shelf, Effects, Sessions, _lessons);

    private Slot SlotOf(string site)
    {
        if (_sites.TryGetValue(site, out var slot))
            return slot;
        _sites[site] = slot = new Slot(NewEngine(site));
        slot.Engine.Started(_now.StartedMs, GraceMs);
        return slot;
    }

    /// <summary>A site that was saved later than the checkpoint knows the first records of a replay already.</summary>
    private bool HasSeen(Slot slot) => !_isAhead && slot.SavedAt >= _now.Position && slot.SavedAt > 0;

    private void Touch(Slot slot)
    {
        if (slot.IsSaving)
            slot.Since ??= _before;
        if (slot.IsUnsaved)
            return;
        (slot.IsUnsaved, slot.Before) = (true, _before);
    }

    private sealed class Slot(SiteEngine engine)
    {
        public SiteEngine Engine { get; set; } = engine;

        public bool IsUnsaved { get; set; }

        /// <summary>While unsaved: the last moment at which what is on disk was still all of it.</summary>
        public RuleCheckpoint Before { get; set; }

        /// <summary>Whether it was written, and nobody knows yet whether the disk took it.</summary>
        public bool IsSaving { get; set; }

        /// <summary>While it is being saved: the last moment at which what was written was still all of it; null: it is.</summary>
        public RuleCheckpoint? Since { get; set; }

        /// <summary>The position of what it was restored from; 0: it was not.</summary>
        public long SavedAt { get; set; }
    }
}

/// <summary>What the rules left out because a limit was reached.</summary>
/// <param name="SettledEarly">Samples and sights that were settled before their 30 s were over because more was sent than is kept.</param>
/// <param name="LateRefused">Words that came late from devices that had used up their share of deriving anew.</param>
/// <param name="Unfollowed">Sockets in use whose sessions were not followed, each time they were seen.</param>
/// <param name="LateSamples">Samples of sockets that came after a newer one, and tell nothing of a session any more.</param>
/// <param name="UsersForgotten">Users that were forgotten, or not remembered at all.</param>
public readonly record struct RuleLosses(long SettledEarly, long LateRefused, long Unfollowed, long LateSamples, long UsersForgotten);

/// <summary>What a circuit carries now.</summary>
/// <param name="Path"><c>site/circuit</c>.</param>
/// <param name="Amps">Current of each phase, A.</param>
/// <param name="RatedA">Rated current, A; null: not registered.</param>
/// <param name="Level">Thermal level H of the phase that carries most; the breaker trips at 1.</param>
/// <param name="Trip">When it is expected to trip; null: not at this load.</param>
public sealed record CircuitState(string Path, IReadOnlyList<double> Amps, double? RatedA, double Level, TripBand? Trip);
