using FacilityMonitor.Contract;
using FacilityMonitor.Journal;
using FacilityMonitor.Readings;
using FacilityMonitor.Rules;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.Monitoring;

/// <summary>Charging sessions on disk. Written twice, nothing changes: a replay after a crash comes to the same facts.</summary>
internal static class SessionLog
{
    /// <summary>Writes a session, or what a late settlement adds to one.</summary>
    public static void Write(SqliteConnection connection, SessionFact fact)
    {
        switch (fact)
        {
            case ChargingSession session:
                Insert(connection, session);
                break;
            case SessionAmendment amendment:
                Amend(connection, amendment);
                break;
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    /// <summary>The sessions that ended in a time, oldest end first.</summary>
    /// <param name="connection">A reader.</param>
    /// <param name="devices">The devices.</param>
    /// <param name="fromMs">Begin, included; ms since 1970-01-01 UTC.</param>
    /// <param name="toMs">End, excluded.</param>
    public static IEnumerable<ChargingSession> Read(SqliteConnection connection, DeviceTable devices, long fromMs, long toMs)
    {
        using var command = Database.Command(
            connection, """
            select device, channel, opened_ms, start_ms, end_ms, whole, name, user, reason, started_by, ended_by, wh, energy_from, settled_wh, peak_w, shape, packs,
              constant_ms, taper_ms, tail_ms, full_ms, restarts, unseen_ms
            from session where end_ms >= $from and end_ms < $to order by end_ms, device, channel, opened_ms
            """,
            ("$from", fromMs), ("$to", toMs));
        using var rows = command.ExecuteReader();
        while (rows.Read())
        {
            if (devices.Find(rows.GetInt32(0)) is not { } device)
                continue;
            yield return new ChargingSession(device, ChannelId.FromCode((ushort)rows.GetInt32(1)), rows.GetInt64(2))
            {
                StartMs = rows.GetInt64(3),
                EndMs = rows.GetInt64(4),
                IsWhole = rows.GetInt64(5) != 0,
                Name = rows.IsDBNull(6) ? null : rows.GetString(6),
                User = rows.IsDBNull(7) ? null : rows.GetString(7),
                Reason = rows.IsDBNull(8) ? null : (StopReason)rows.GetInt32(8),
                StartedBy = (SessionSigns)rows.GetInt32(9),
                EndedBy = (SessionSigns)rows.GetInt32(10),
                Wh = rows.IsDBNull(11) ? null : rows.GetDouble(11),
                EnergyFrom = (EnergySource)rows.GetInt32(12),
                SettledWh = rows.IsDBNull(13) ? null : rows.GetDouble(13),
                PeakW = rows.GetDouble(14),
                Shape = (CurveShape)rows.GetInt32(15),
                Packs = rows.GetInt32(16),
                ConstantMs = rows.GetInt64(17),
                TaperMs = rows.GetInt64(18),
                TailMs = rows.GetInt64(19),
                FullMs = rows.IsDBNull(20) ? null : rows.GetInt64(20),
                Restarts = rows.GetInt32(21),
                UnseenMs = rows.GetInt64(22),
            };
        }
    }

    /// <summary>Deletes the next sessions that ended before a time.</summary>
    /// <returns>How many.</returns>
    public static int Prune(SqliteConnection connection, long beforeMs, int most) => Database.Execute(
        connection, "delete from session where (device, channel, opened_ms) in (select device, channel, opened_ms from session where end_ms < $before order by end_ms limit $most)",
        ("$before", beforeMs), ("$most", most));

    // What is there already may have been amended since: the same session again says nothing new.
    private static void Insert(SqliteConnection connection, ChargingSession session) => Database.Execute(
        connection, """
        insert or ignore into session (device, channel, opened_ms, start_ms, end_ms, whole, name, user, reason, started_by, ended_by, wh, energy_from, settled_wh, peak_w, shape, packs,
            constant_ms, taper_ms, tail_ms, full_ms, restarts, unseen_ms)
          values ($device, $channel, $opened, $start, $end, $whole, $name, $user, $reason, $startedBy, $endedBy, $wh, $energyFrom, $settled, $peak, $shape, $packs,
            $constant, $taper, $tail, $full, $restarts, $unseen)
        """,
        ("$device", session.Device.Number), ("$channel", (int)session.Channel.Code), ("$opened", session.OpenedMs), ("$start", session.StartMs), ("$end", session.EndMs),
        ("$whole", session.IsWhole ? 1 : 0), ("$name", session.Name), ("$user", session.User), ("$reason", (int?)session.Reason), ("$startedBy", (int)session.StartedBy),
        ("$endedBy", (int)session.EndedBy), ("$wh", session.Wh), ("$energyFrom", (int)session.EnergyFrom), ("$settled", session.SettledWh), ("$peak", session.PeakW),
        ("$shape", (int)session.Shape), ("$packs", session.Packs), ("$constant", session.ConstantMs), ("$taper", session.TaperMs), ("$tail", session.TailMs),
        ("$full", session.FullMs), ("$restarts", session.Restarts), ("$unseen", session.UnseenMs));

    // A counter is better than any settlement; a settlement is better than power that was added up.
    private static void Amend(SqliteConnection connection, SessionAmendment amendment) => Database.Execute(
        connection, """
        update session set name = coalesce(name, $name), user = coalesce(user, $user), reason = coalesce($reason, reason), settled_wh = coalesce($settled, settled_wh),
            wh = case when energy_from <> $counter and $settled is not null then $settled else wh end,
            energy_from = case when energy_from <> $counter and $settled is not null then $settlement else energy_from end,
            ended_by = case when $reason is null and $settled is null then ended_by else ended_by | $told end
          where device = $device and channel = $channel and opened_ms = $opened
        """,
        ("$name", amendment.Name), ("$user", amendment.User), ("$reason", (int?)amendment.Reason), ("$settled", amendment.SettledWh), ("$counter", (int)EnergySource.Counter),
        ("$settlement", (int)EnergySource.Settlement), ("$told", (int)SessionSigns.Told), ("$device", amendment.Device.Number), ("$channel", (int)amendment.Channel.Code),
        ("$opened", amendment.OpenedMs));
}
