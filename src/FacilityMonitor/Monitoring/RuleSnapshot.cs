using System.Buffers;
using System.Buffers.Binary;
using FacilityMonitor.Journal;
using FacilityMonitor.Rules;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.Monitoring;

/// <summary>The rules' memory on disk: one row a site, written when the site changed, and one row for what all sites share. Each step is one commit with the cursor.</summary>
internal sealed class RuleSnapshot(Database database, MessageJournal journal, RuleEngine engine, int stepBytes = RuleSnapshot.StepBytesMax)
{
    /// <summary>Name of the cursor: with the snapshot, the journal after it is the whole memory of the rules.</summary>
    public const string Cursor = "monitoring";

    /// <summary>What one step writes: about 2 ms of the writer's time. A site that is larger is a step of its own.</summary>
    public const int StepBytesMax = 256 * 1024;

    private const string Shared = "rules";
    private const string SitePrefix = "rules/";
    private const byte Format = 1;
    private const int SharedBytes = 1 + (2 * sizeof(long));

    private readonly Queue<string> _round = new();
    private readonly ArrayBufferWriter<byte> _bytes = new(stepBytes);
    private readonly List<(string Site, Range Bytes)> _rows = [];

    /// <summary>Sites of the current round that are still to be written.</summary>
    public int Waiting => _round.Count;

    /// <summary>Sites written since the start.</summary>
    public long SitesWritten { get; private set; }

    /// <summary>What is on its way to disk; null: nothing.</summary>
    public Task? Underway { get; private set; }

    /// <summary>Whether the disk took what ended last.</summary>
    public bool IsTaken { get; private set; }

    /// <summary>Begins a round: every site that changed since it was written will be written once.</summary>
    public void BeginRound()
    {
        _round.Clear();
        foreach (var site in engine.Unsaved)
            _round.Enqueue(site);
    }

    /// <summary>Begins to write the next sites of the round, and to move the cursor as far as what is on disk then allows. The rules may go on meanwhile; what they
    /// change is not in it. Nothing else is begun before <see cref="EndAsync"/>.</summary>
    /// <param name="position">Up to where the rules have judged.</param>
    public void Begin(long position)
    {
        _rows.Clear();
        _bytes.ResetWrittenCount();
        while (_bytes.WrittenCount < stepBytes && _round.TryDequeue(out var site))
        {
            var start = _bytes.WrittenCount;
            engine.SaveSite(site, _bytes);
            engine.MarkSaving(site);
            _rows.Add((site, start.._bytes.WrittenCount));
        }

        var checkpoint = engine.CheckpointAfter(_rows.Select(row => row.Site).ToHashSet(StringComparer.Ordinal));
        Underway = database.CommitAsync(CommitPriority.Alerts, connection =>
        {
            foreach (var (site, bytes) in _rows)
                Write(connection, SitePrefix + site, position, _bytes.WrittenMemory[bytes]);
            Write(connection, Shared, checkpoint.Position, Bytes(checkpoint));
            journal.SetCursor(connection, Cursor, checkpoint.Position);
        });
    }

    /// <summary>Takes note of what became of what was begun. A refusal changes nothing: the last snapshot still stands, and the journal behind it too.</summary>
    public async Task EndAsync()
    {
        IsTaken = false;
        try
        {
            await Underway!;
            IsTaken = true;
            foreach (var (site, _) in _rows)
                engine.MarkSaved(site);
            SitesWritten += _rows.Count;
        }
        catch (DatabaseUnavailableException)
        {
            // Whoever wanted this commit most has told of it.
            foreach (var (site, _) in _rows)
                engine.MarkNotSaved(site);
        }

        Underway = null;
    }

    /// <summary>Gives the engine back what is on disk.</summary>
    /// <param name="connection">A reader.</param>
    /// <param name="position">The cursor.</param>
    /// <returns>Sites whose row is damaged, with the reason: nothing is known of them.</returns>
    public List<(string Site, string Reason)> Restore(SqliteConnection connection, long position)
    {
        var damaged = new List<(string, string)>();
        using (var shared = Database.Command(connection, "select body from snapshot where name = $name", ("$name", Shared)))
            engine.Restore(Checkpoint(shared.ExecuteScalar() as byte[], position));
        using var sites = Database.Command(connection, "select name, position, body from snapshot where name glob $sites order by name", ("$sites", SitePrefix + "*"));
        using var rows = sites.ExecuteReader();
        while (rows.Read())
        {
            var site = rows.GetString(0)[SitePrefix.Length..];
            try
            {
                engine.RestoreSite(site, rows.GetInt64(1), (byte[])rows[2]);
            }
            catch (InvalidDataException error)
            {
                damaged.Add((site, error.Message));
            }
        }

        return damaged;
    }

    private static void Write(SqliteConnection connection, string name, long position, ReadOnlyMemory<byte> body) => Database.Execute(
        connection, "insert into snapshot (name, position, body) values ($name, $position, $body) on conflict (name) do update set position = excluded.position, body = excluded.body",
        ("$name", name), ("$position", position), ("$body", body));

    private static byte[] Bytes(in RuleCheckpoint checkpoint)
    {
        var bytes = new byte[SharedBytes];
        bytes[0] = Format;
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(1), checkpoint.StartedMs);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(1 + sizeof(long)), checkpoint.TickMs);
        return bytes;
    }

    private static RuleCheckpoint Checkpoint(byte[]? bytes, long position) => bytes is { Length: SharedBytes } && bytes[0] == Format
        ? new RuleCheckpoint(position, BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(1)), BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(1 + sizeof(long))))
        : new RuleCheckpoint(position, 0, 0);
}
