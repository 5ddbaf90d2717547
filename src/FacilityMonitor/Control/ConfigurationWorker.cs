using FacilityMonitor.Configuration;
using FacilityMonitor.Contract;
using FacilityMonitor.Journal;
using FacilityMonitor.Mqtt;
using FacilityMonitor.Readings;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.Control;

/// <summary>Tells every device how the registry wants it set (<c>cfg</c>, retained), and counts those that run something else.</summary>
internal sealed partial class ConfigurationWorker(
    Database database, FacilitySource registry, CommandLink link, ControlCounts counts, TimeProvider time, ILogger<ConfigurationWorker> log) : BackgroundService
{
    /// <summary>A device that runs something else for longer than this is behind, ms: a modem's night is longer, a report is not.</summary>
    public const long BehindAfterMs = 10 * 60_000;

    /// <summary>A wish is told again after a day, so that a broker that forgot has it again, ms.</summary>
    public const long AgainAfterMs = 24 * 3_600_000L;

    /// <summary>Messages of one look; the next goes on.</summary>
    private const int StepMax = 200;

    /// <summary>A wish nobody has repeated for a month is nobody's wish any more: the broker drops it, and a device does not take it up.</summary>
    private static readonly TimeSpan Expiry = TimeSpan.FromDays(30);

    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(5);

    private readonly ILogger<ConfigurationWorker> _log = log;
    private Dictionary<(string Site, string Device), Wish> _wanted = [];
    private Registry.FacilityIndex? _wantedOf;

    private long NowMs => time.GetUtcNow().ToUnixTimeMilliseconds();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(LookEvery, time);
        do
        {
            await StepAsync(stoppingToken);
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task StepAsync(CancellationToken stoppingToken)
    {
        Dictionary<(string Site, string Device), ToldConfiguration> told;
        try
        {
            // Anew at each look: one that is kept stays with a file that somebody deleted, and tells the same 200 for ever.
            using var reader = database.OpenReader();
            told = Told(reader);
        }
        catch (Exception error) when (error is DatabaseUnavailableException or SqliteException)
        {
            // Deleted, and the disk does not let it be put back yet; or it cannot be read. The next look is soon.
            return;
        }

        var wanted = Wanted();
        var behind = told.Where(pair => wanted.TryGetValue(pair.Key, out var wish) && wish.Hash == pair.Value.Hash && pair.Value.IsBehind && NowMs - pair.Value.SinceMs >= BehindAfterMs);
        Count([.. behind.Select(pair => pair.Key)]);
        if (!link.IsUp())
            return;
        var due = wanted
            .Where(pair => !told.TryGetValue(pair.Key, out var one) || one.Hash != pair.Value.Hash || NowMs - one.ToldMs >= (one.IsBehind ? BehindAfterMs : AgainAfterMs))
            .Select(pair => (Who: pair.Key, Wish: (Wish?)pair.Value))
            .Concat(told.Keys.Where(who => !wanted.ContainsKey(who)).Select(who => (Who: who, Wish: (Wish?)null)))
            .OrderBy(pair => pair.Who)
            .Take(StepMax)
            .ToList();
        foreach (var (who, wish) in due)
            await TellAsync(who, wish, told.GetValueOrDefault(who), stoppingToken);
    }

    private Dictionary<(string Site, string Device), Wish> Wanted()
    {
        var index = registry.Current;
        if (index != _wantedOf)
        {
            _wanted = index.Facility.Sites
                .SelectMany(site => site.Devices.Where(device => device is { Desired: not null, Foreign: null }).Select(device => (Key: (site.Id, device.Id), Desired: device.Desired!)))
                .ToDictionary(pair => pair.Key, pair => new Wish(pair.Desired, pair.Desired.Hash));
            _wantedOf = index;
        }

        return _wanted;
    }

    private async Task TellAsync((string Site, string Device) who, Wish? wish, ToldConfiguration? before, CancellationToken stoppingToken)
    {
        var now = NowMs;
        var desired = wish?.Desired;
        var topic = Fm1Topic.Of(who.Site, who.Device, Fm1Kind.Cfg);
        // An empty message takes a retained one away.
        var body = desired is null ? [] : Fm1Downlink.Configuration(desired, now + (long)Expiry.TotalMilliseconds);
        var properties = new MqttPublishProperties { MessageExpiry = desired is null ? null : Expiry, PayloadIsText = desired is not null, ContentType = desired is null ? null : "application/json" };
        var answer = await link.RetainAsync(topic, body, properties).AsTask().WaitAsync(stoppingToken);
        if (answer >= MqttReasonCode.UnspecifiedError)
        {
            LogRefused(topic, answer);
            return;
        }

        try
        {
            await database.CommitAsync(CommitPriority.Housekeeping, connection =>
            {
                if (wish is null)
                {
                    Database.Execute(connection, "delete from device_cfg where site = $site and name = $name", ("$site", who.Site), ("$name", who.Device));
                    return;
                }

                var since = before?.Hash == wish.Hash ? before.SinceMs : now;
                Database.Execute(
                    connection, """
                    insert into device_cfg (site, name, hash, since_ms, told_ms) values ($site, $name, $hash, $since, $now)
                      on conflict (site, name) do update set hash = excluded.hash, since_ms = excluded.since_ms, told_ms = excluded.told_ms
                    """,
                    ("$site", who.Site), ("$name", who.Device), ("$hash", wish.Hash), ("$since", since), ("$now", now));
            });
        }
        catch (DatabaseUnavailableException)
        {
            // Told and not remembered: it is told again, which changes nothing.
        }
    }

    private void Count(List<(string Site, string Device)> behind)
    {
        if (behind.Count != counts.ConfigurationsBehind && behind.Count > 0)
        {
            var first = string.Join(", ", behind.Take(5).Select(who => $"{who.Site}/{who.Device}"));
            LogBehind(behind.Count, first);
        }

        counts.ConfigurationsBehind = behind.Count;
    }

    private static Dictionary<(string Site, string Device), ToldConfiguration> Told(SqliteConnection reader)
    {
        using var command = Database.Command(
            reader, """
            select device_cfg.site, device_cfg.name, device_cfg.hash, device_cfg.since_ms, device_cfg.told_ms, device_birth.cfg, device_birth.device
              from device_cfg left join device on device.site = device_cfg.site and device.name = device_cfg.name and device.dialect = $fm1
              left join device_birth on device_birth.device = device.number
            """,
            ("$fm1", (int)Dialect.Fm1));
        using var rows = command.ExecuteReader();
        var told = new Dictionary<(string, string), ToldConfiguration>();
        while (rows.Read())
        {
            var hash = rows.GetString(2);
            // A device that never came says nothing about its configuration; that it is missing is another matter.
            var isBehind = !rows.IsDBNull(6) && (rows.IsDBNull(5) || rows.GetString(5) != hash);
            told[(rows.GetString(0), rows.GetString(1))] = new ToldConfiguration(hash, rows.GetInt64(3), rows.GetInt64(4), isBehind);
        }

        return told;
    }

    /// <summary>What the registry wants of a device, with the hash that names it.</summary>
    private sealed record Wish(DesiredConfiguration Desired, string Hash);

    /// <summary>What was told.</summary>
    /// <param name="Hash">What.</param>
    /// <param name="SinceMs">When it was told first.</param>
    /// <param name="ToldMs">When it was told last.</param>
    /// <param name="IsBehind">Whether the device runs something else, or does not say what.</param>
    private sealed record ToldConfiguration(string Hash, long SinceMs, long ToldMs, bool IsBehind);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} devices do not run the configuration that the registry wants: {First}")]
    private partial void LogBehind(int count, string first);

    [LoggerMessage(Level = LogLevel.Error, Message = "The broker refused {Topic}: {Reason}")]
    private partial void LogRefused(string topic, MqttReasonCode reason);
}
