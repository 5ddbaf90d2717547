using System.Globalization;
using FacilityMonitor.Contract;
using FacilityMonitor.Journal;
using FacilityMonitor.Readings;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.Control;

/// <summary>The commands on disk. Everything that writes runs inside a commit on the database's one writer, so two words about one command never cross.</summary>
internal static class CommandBook
{
    private const string Columns = """
        command.id, command.device, command.channel, command.operation, command.watts, command.seconds, command.issuer, command.why, command.ttl_s, command.confirmed,
        command.created_ms, command.due_ms, command.expires_ms, command.state, command.changed_ms, command.sent_ms, command.accepted_ms, command.done_ms, command.ended_ms,
        command.result, command.ends, device.dialect, device.site, device.name
        """;

    /// <summary>Ends the name of the command that ends a siren, behind the name of the siren's.</summary>
    public const string EndSuffix = "-end";

    private const string From = "from command join device on device.number = command.device";

    /// <summary>Takes in an order. An <c>off</c> ends what it replaces at once, sent or not: whoever orders it does not want the older command any more, also where it comes too late itself.</summary>
    /// <returns>False when there is one of this id already: nothing is changed then.</returns>
    public static bool Insert(SqliteConnection connection, StoredCommand command)
    {
        // Two of one millisecond, or of a clock that was set back, stay in the order in which they came: an "on" must not take the "off" after it for an older one.
        command = command with { CreatedMs = Math.Max(command.CreatedMs, LastOpenMs(connection, command.Device) + 1) };
        if (!Add(connection, command))
            return false;
        if (command.Order.Operation == Operation.Off)
            EndReplaced(connection, command, command.CreatedMs);
        return true;
    }

    private static long LastOpenMs(SqliteConnection connection, int device)
    {
        using var command = Database.Command(connection, "select coalesce(max(created_ms), 0) from command where device = $device and ended_ms is null", ("$device", device));
        return (long)command.ExecuteScalar()!;
    }

    private static bool Add(SqliteConnection connection, StoredCommand command) => Database.Execute(
        connection, """
        insert or ignore into command (id, device, site, channel, operation, watts, seconds, issuer, why, ttl_s, confirmed, created_ms, due_ms, expires_ms, state, changed_ms, ends)
          values ($id, $device, $site, $channel, $operation, $watts, $seconds, $issuer, $why, $ttl, $confirmed, $created, $due, $expires, $state, $created, $ends)
        """,
        ("$id", command.Order.Id), ("$device", command.Device), ("$site", command.Order.Device.Site), ("$channel", command.Order.Channel is { } channel ? channel.Code : default(int?)),
        ("$operation", (int)command.Order.Operation), ("$watts", command.Order.Watts), ("$seconds", command.Order.Seconds), ("$issuer", command.Order.By), ("$why", command.Order.Why),
        ("$ttl", command.Order.TtlS), ("$confirmed", command.Order.IsConfirmed ? 1 : 0), ("$created", command.CreatedMs), ("$due", command.DueMs), ("$expires", command.ExpiresMs),
        ("$state", (int)command.State), ("$ends", command.Ends)) == 1;

    /// <summary>Takes in an order that went out before it could be written, as it was. One that is in the book already only goes on.</summary>
    /// <returns>Whether that it went out is news.</returns>
    public static bool InsertSent(SqliteConnection connection, StoredCommand command)
    {
        Insert(connection, command with { State = CommandState.Queued });
        return Sent(connection, command, command.SentMs!.Value);
    }

    /// <summary>It goes out, and ends what it replaces; but what may energise is judged once more after this commit, and ends an <c>off</c> only when it really goes (<see cref="EndReplaced"/>). The end of a siren is in the book before the siren sounds: whoever crashes, hangs or walks away, it goes out. Not to a device with sockets.</summary>
    /// <returns>Whether it was still to be sent.</returns>
    public static bool Sent(SqliteConnection connection, StoredCommand command, long atMs)
    {
        if (Happened(connection, command.Order.Id, command.Device, CommandEvent.Sent, atMs, null) != true)
            return false;
        if (command.Order.Operation == Operation.Siren)
        {
            DropEnds(connection, command.Device, atMs);
            // A pile's buzzer ends by itself: an "off" for the whole pile might cut off everybody who charges there.
            if (Abilities(connection, command.Device) is not { HasSockets: true })
                Insert(connection, EndOf(command, atMs));
        }

        if (!command.Order.Operation.MayEnergise())
            EndReplaced(connection, command, atMs);
        return true;
    }

    /// <summary>Why a command ended that another one replaces.</summary>
    public static string ReplacedBy(string id) => $"replaced by {id} · 已被 {id} 取代";

    /// <summary>Ends every older command that one replaces, so that it is not sent again behind it. One that went out may have been done: that is not proven.</summary>
    public static void EndReplaced(SqliteConnection connection, StoredCommand newer, long atMs)
    {
        foreach (var older in Open(connection).Where(newer.Replaces))
        {
            var happened = older.State == CommandState.Queued ? CommandEvent.NotSent : CommandEvent.NothingHeard;
            Happened(connection, older.Order.Id, older.Device, happened, atMs, ReplacedBy(newer.Order.Id));
        }
    }

    /// <summary>The command that ends a siren.</summary>
    public static StoredCommand EndOf(StoredCommand siren, long sentMs)
    {
        var due = sentMs + ((siren.Order.Seconds ?? CommandLimits.SirenDefaultS) * 1000L) + CommandWorker.SirenEndAfterMs;
        return new StoredCommand
        {
            Order = siren.Order with { Id = siren.Order.Id + EndSuffix, Operation = Operation.Off, Seconds = null, By = "facility-monitor", Why = "the time of the siren is over", TtlS = CommandLimits.SirenEndTtlS },
            Device = siren.Device,
            State = CommandState.Queued,
            CreatedMs = sentMs,
            DueMs = due,
            ExpiresMs = due + (CommandLimits.SirenEndTtlS * 1000L),
            ChangedMs = sentMs,
            Ends = siren.Order.Id,
        };
    }

    /// <summary>Something happened to a command.</summary>
    /// <returns>Whether its state changed; false when it says nothing new, and null when nobody knows the id or it is another device's.</returns>
    public static bool? Happened(SqliteConnection connection, string id, int? device, CommandEvent happened, long atMs, string? result)
    {
        using var read = Database.Command(connection, "select state, operation, device from command where id = $id", ("$id", id));
        using (var rows = read.ExecuteReader())
        {
            if (!rows.Read() || (device is not null && rows.GetInt32(2) != device))
                return null;
            var before = (CommandState)rows.GetInt32(0);
            var operation = (Operation)rows.GetInt32(1);
            var after = CommandLife.Next(before, happened, operation);
            if (after == before)
                return false;
            rows.Close();
            Write(connection, id, after, operation, atMs, result);
        }

        return true;
    }

    /// <summary>What a device said.</summary>
    /// <returns>For an answer: as <see cref="Happened"/>; null also for one to a request to resend, see <paramref name="isOurs"/>.</returns>
    public static bool? Take(SqliteConnection connection, DeviceWord word, out bool isOurs)
    {
        isOurs = word.Ack is null || !word.Ack.Id.StartsWith(Fm1Downlink.ResendIdPrefix, StringComparison.Ordinal);
        if (word.Abilities is { } abilities)
        {
            Restarted(connection, word);
            Database.Execute(
                connection, """
                insert into device_birth (device, received_ms, operations, channels, carries_people, boot, cfg, cfg_ms) values ($device, $at, $operations, $channels, $carries, $boot, $cfg, $at)
                  on conflict (device) do update set received_ms = excluded.received_ms, operations = excluded.operations, channels = excluded.channels,
                    carries_people = excluded.carries_people, boot = excluded.boot, cfg = excluded.cfg, cfg_ms = excluded.cfg_ms
                """,
                ("$device", word.Device), ("$at", word.AtMs), ("$operations", string.Join(' ', abilities.Operations)), ("$channels", string.Join(' ', abilities.Channels)),
                ("$carries", abilities.CarriesPeople ? 1 : 0), ("$boot", word.Boot ?? ""), ("$cfg", word.Cfg));
        }
        else if (word.Cfg is { } cfg)
            Database.Execute(connection, "update device_birth set cfg = $cfg, cfg_ms = $at where device = $device", ("$cfg", cfg), ("$at", word.AtMs), ("$device", word.Device));
        return word.Ack is { } ack && isOurs ? Happened(connection, ack.Id, word.Device, CommandLife.EventOf(ack.Result), word.AtMs, Said(ack)) : null;
    }

    /// <summary>A birth of another boot is what a reset looks like from outside.</summary>
    private static void Restarted(SqliteConnection connection, DeviceWord word)
    {
        using var asked = Database.Command(
            connection, """
            select id from command join device_birth using (device) where device = $device and operation = $reset and command.ended_ms is null and sent_ms is not null and boot <> $boot
            """,
            ("$device", word.Device), ("$reset", (int)Operation.Reset), ("$boot", word.Boot ?? ""));
        var ids = new List<string>();
        using (var rows = asked.ExecuteReader())
        {
            while (rows.Read())
                ids.Add(rows.GetString(0));
        }

        foreach (var id in ids)
            Happened(connection, id, word.Device, CommandEvent.EffectSeen, word.AtMs, "restarted");
    }

    /// <summary>Number of a device that ever spoke; null for one that never did.</summary>
    public static int? DeviceNumber(SqliteConnection connection, DeviceId device)
    {
        using var command = Database.Command(
            connection, "select number from device where site = $site and name = $name and dialect = $dialect", ("$site", device.Site), ("$name", device.Name), ("$dialect", (int)device.Dialect));
        return command.ExecuteScalar() is long number ? (int)number : null;
    }

    /// <summary>Ends of sirens that wait, or would be sent again: a new sounding has an end of its own.</summary>
    private static void DropEnds(SqliteConnection connection, int device, long atMs) => Database.Execute(
        connection, "update command set state = $expired, changed_ms = $at, ended_ms = $at, result = 'replaced' where device = $device and ends is not null and state in ($queued, $sent)",
        ("$expired", (int)CommandState.Expired), ("$at", atMs), ("$device", device), ("$queued", (int)CommandState.Queued), ("$sent", (int)CommandState.Sent));

    /// <summary>The command of this id; null when there is none.</summary>
    public static StoredCommand? Find(SqliteConnection connection, string id)
    {
        using var command = Database.Command(connection, $"select {Columns} {From} where id = $id", ("$id", id));
        return Read(command).FirstOrDefault();
    }

    /// <summary>Every command that somebody still waits for, the oldest first.</summary>
    public static List<StoredCommand> Open(SqliteConnection connection)
    {
        using var command = Database.Command(connection, $"select {Columns} {From} where command.ended_ms is null order by command.due_ms, command.id");
        return Read(command);
    }

    /// <summary>What a device said in its birth; null when it never said one.</summary>
    public static DeviceAbilities? Abilities(SqliteConnection connection, int device)
    {
        using var command = Database.Command(connection, "select operations, channels, carries_people from device_birth where device = $device", ("$device", device));
        using var rows = command.ExecuteReader();
        if (!rows.Read())
            return null;
        var channels = rows.GetString(1).Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(text => ChannelId.TryParse(text, out var channel) ? channel : throw new FormatException($"'{text}' is no channel."));
        return new DeviceAbilities(rows.GetString(0).Split(' ', StringSplitOptions.RemoveEmptyEntries), [.. channels], rows.GetInt32(2) != 0);
    }

    /// <summary>
    /// How many ids of a class went to a device since a moment, and how many commands to its site. The end of a siren counts with it (<see cref="CommandLimits.IdsOf"/>), and by itself
    /// where it goes out after the siren's own minute.
    /// </summary>
    public static (int OfDevice, int OfSite) Since(SqliteConnection connection, int device, string site, bool protective, long sinceMs)
    {
        // By when it was due, which is when it was ordered: behind a clock that was set back created_ms runs ahead of it (Insert), and is there for the index.
        const string Class = "and ends is null and (operation in (0, 7)) = $protective and created_ms > $since and due_ms > $since";
        using var ofDevice = Database.Command(
            connection, $"""
            select coalesce(sum(case operation when {(int)Operation.Siren} then {CommandLimits.IdsOf(Operation.Siren)} else 1 end), 0)
              + (select count(*) from command as later join command as siren on siren.id = later.ends
                where $protective and later.device = $device and siren.due_ms <= $since and (later.ended_ms is null or later.sent_ms > $since))
              from command where device = $device {Class}
            """,
            ("$device", device), ("$protective", protective ? 1 : 0), ("$since", sinceMs));
        using var ofSite = Database.Command(
            connection, "select count(*) from command where site = $site " + Class, ("$site", site), ("$protective", protective ? 1 : 0), ("$since", sinceMs));
        return (Convert.ToInt32(ofDevice.ExecuteScalar(), CultureInfo.InvariantCulture), Convert.ToInt32(ofSite.ExecuteScalar(), CultureInfo.InvariantCulture));
    }

    /// <summary>Deletes the next commands that were ordered before a time and are over.</summary>
    /// <returns>How many.</returns>
    public static int Prune(SqliteConnection connection, long beforeMs, int most) => Database.Execute(
        connection, "delete from command where id in (select id from command where created_ms < $before and ended_ms is not null order by created_ms limit $most)",
        ("$before", beforeMs), ("$most", most));

    private static void Write(SqliteConnection connection, string id, CommandState state, Operation operation, long atMs, string? result) => Database.Execute(
        connection, """
        update command set state = $state, changed_ms = $at, result = coalesce($result, result),
          sent_ms = case when $state = 1 then $at else sent_ms end, accepted_ms = case when $state = 2 then $at else accepted_ms end,
          done_ms = case when $state = 3 then $at else done_ms end, ended_ms = case when $ended then $at else ended_ms end
          where id = $id
        """,
        ("$state", (int)state), ("$at", atMs), ("$result", result), ("$ended", CommandLife.IsOpen(state, operation) ? 0 : 1), ("$id", id));

    private static string Said(CommandAck ack) => ack.Reason is null ? Fm1Words.CommandResults[(int)ack.Result] : $"{Fm1Words.CommandResults[(int)ack.Result]}: {ack.Reason}";

    private static List<StoredCommand> Read(SqliteCommand command)
    {
        using var rows = command.ExecuteReader();
        var read = new List<StoredCommand>();
        while (rows.Read())
        {
            long? Time(int column) => rows.IsDBNull(column) ? null : rows.GetInt64(column);
            read.Add(new StoredCommand
            {
                Order = new CommandOrder
                {
                    Id = rows.GetString(0),
                    Device = new DeviceId((Dialect)rows.GetInt32(21), rows.IsDBNull(22) ? null : rows.GetString(22), rows.GetString(23)),
                    Channel = rows.IsDBNull(2) ? null : ChannelId.FromCode((ushort)rows.GetInt32(2)),
                    Operation = (Operation)rows.GetInt32(3),
                    Watts = rows.IsDBNull(4) ? null : rows.GetDouble(4),
                    Seconds = rows.IsDBNull(5) ? null : rows.GetInt32(5),
                    By = rows.GetString(6),
                    Why = rows.GetString(7),
                    TtlS = rows.GetInt32(8),
                    IsConfirmed = rows.GetInt32(9) != 0,
                },
                Device = rows.GetInt32(1),
                CreatedMs = rows.GetInt64(10),
                DueMs = rows.GetInt64(11),
                ExpiresMs = rows.GetInt64(12),
                State = (CommandState)rows.GetInt32(13),
                ChangedMs = rows.GetInt64(14),
                SentMs = Time(15),
                AcceptedMs = Time(16),
                DoneMs = Time(17),
                EndedMs = Time(18),
                Result = rows.IsDBNull(19) ? null : rows.GetString(19),
                Ends = rows.IsDBNull(20) ? null : rows.GetString(20),
            });
        }

        return read;
    }
}
