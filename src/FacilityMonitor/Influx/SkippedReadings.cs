using FacilityMonitor.Contract;
using FacilityMonitor.Journal;
using FacilityMonitor.Readings;
using FacilityMonitor.Storage;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.Influx;

/// <summary>
/// Writes down what is left out of the shipping: the hours of the readings themselves, not of their receipt, because by those the embedded store finds them again; a message
/// of last week may have come today. Where the embedded store keeps no readings they are put into it now, or they would be nowhere once the journal is trimmed.
/// </summary>
/// <param name="journal">Where they are.</param>
/// <param name="devices">Who they are of.</param>
/// <param name="putAway">Whether the embedded store keeps no readings.</param>
internal sealed class SkippedReadings(MessageJournal journal, DeviceTable devices, bool putAway)
{
    /// <summary>More gaps than these become one: readings that lie so far apart are found by one long look as well as by a thousand.</summary>
    private const int GapsMax = 1_000;

    /// <summary>Memory of readings at which they are put away.</summary>
    private const long BytesMax = 16L << 20;

    private readonly SortedSet<long> _hours = [];
    private readonly OpenBlocks _open = new();
    private readonly BlockCodec _codec = new();

    /// <summary>Writes down the entries after one position up to another.</summary>
    /// <param name="after">The position before the first.</param>
    /// <param name="until">The last.</param>
    /// <param name="commit">Commits; a disk that refuses is asked until it takes it.</param>
    /// <param name="cancellation">Ends it; what was written down stands, and is met again.</param>
    public async Task NoteAsync(long after, long until, Func<Action<SqliteConnection>, CancellationToken, Task> commit, CancellationToken cancellation)
    {
        using var reader = journal.OpenReader(after);
        var (records, message, latest) = (new JournalRecords(devices), new DeviceMessage(), new LatestTable());
        while (reader.Position < until && reader.TryRead(out var entry, out _))
        {
            cancellation.ThrowIfCancellationRequested();
            try
            {
                records.Open(entry!);
                while (records.TryRead(message, out var kind, out _, out _))
                {
                    if (kind == JournalRecordKind.Message && message.Readings.Count > 0)
                        Take(message, latest);
                }
            }
            catch (InvalidDataException)
            {
                // The store's own reader counts it and says so.
            }

            if (_open.Bytes >= BytesMax)
                await PutAwayAsync(commit, cancellation);
        }

        await PutAwayAsync(commit, cancellation);
    }

    private void Take(DeviceMessage message, LatestTable latest)
    {
        foreach (ref readonly var reading in message.Readings.Readings)
            _hours.Add(HourlyRollup.HourOf(reading.AtMs));
        if (putAway)
            _open.Add(message, latest);
    }

    private async Task PutAwayAsync(Func<Action<SqliteConnection>, CancellationToken, Task> commit, CancellationToken cancellation)
    {
        // The gap goes first: what lies in none is dropped at the next turn. And once more at the end: somebody may just be filling it.
        var gaps = Gaps();
        await commit(connection => gaps.ForEach(gap => ShippingGaps.Add(connection, gap.FromMs, gap.ToMs)), cancellation);
        _hours.Clear();
        var (bytes, blocks) = (new ByteBuffer(), new List<EncodedBlock>());
        for (var part = 0; part < OpenBlocks.Parts; part++)
        {
            _open.Encode(part, _codec, bytes, blocks);
            if (blocks.Count == 0 || (blocks.Count < StoreWorker.StepBlocks && part < OpenBlocks.Parts - 1))
                continue;
            await commit(connection => blocks.ForEach(block => BlockTable.Insert(connection, block, generation: 0)), cancellation);
            blocks.Clear();
            bytes.Clear();
        }

        for (var part = 0; part < OpenBlocks.Parts; part++)
            _open.Clear(part);
        if (putAway)
            await commit(connection => gaps.ForEach(gap => ShippingGaps.Add(connection, gap.FromMs, gap.ToMs)), cancellation);
    }

    /// <summary>The hours as times, those that follow each other as one.</summary>
    private List<ShippingGap> Gaps()
    {
        var gaps = new List<ShippingGap>();
        foreach (var hour in _hours)
        {
            var (fromMs, toMs) = (hour * HourlyRollup.HourMs, (hour + 1) * HourlyRollup.HourMs);
            if (gaps.Count > 0 && (gaps[^1].ToMs == fromMs || gaps.Count == GapsMax))
                gaps[^1] = gaps[^1] with { ToMs = toMs };
            else
                gaps.Add(new ShippingGap(fromMs, toMs));
        }

        return gaps;
    }
}
