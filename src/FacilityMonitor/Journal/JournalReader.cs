using Microsoft.Data.Sqlite;

namespace FacilityMonitor.Journal;

/// <summary>Reads the journal in order, from memory where it is recent and from disk where it is not. One thread at a time; nobody waits for it.</summary>
internal sealed class JournalReader(MessageJournal journal, Database database, long after) : IDisposable
{
    private readonly Queue<JournalEntry> _ahead = new();
    private SqliteConnection? _connection;
    private int _rescues;

    /// <summary>The position read last.</summary>
    public long Position { get; private set; } = after;

    /// <summary>The next commit; waits until there is one.</summary>
    public async ValueTask<JournalEntry> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (TryRead(out var entry, out var grown))
                return entry!;
            await grown.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The next commit if there is one already.</summary>
    /// <param name="entry">The commit.</param>
    /// <param name="grown">Completes when there may be one.</param>
    public bool TryRead(out JournalEntry? entry, out Task grown)
    {
        grown = Task.CompletedTask;
        if (!_ahead.TryDequeue(out entry) && !journal.TryRecent(Position, out entry, out grown))
            entry = FromDisk();
        if (entry is null)
            return false;
        Position = entry.Position;
        return true;
    }

    public void Dispose()
    {
        journal.Leave(this);
        _connection?.Dispose();
    }

    private JournalEntry? FromDisk()
    {
        // One damaged entry must not stop its readers for ever, nor the service from starting: it is passed over, and counted.
        while (ReadAhead() && _ahead.Count == 0)
        {
        }

        return _ahead.TryDequeue(out var entry) ? entry : null;
    }

    /// <summary>False when there is nothing more on disk.</summary>
    private bool ReadAhead()
    {
        const int Ahead = 16;
        if (_rescues != database.Rescues)
        {
            _connection?.Dispose();
            (_connection, _rescues) = (null, database.Rescues);
        }

        _connection ??= database.OpenReader();
        using var command = Database.Command(_connection, "select position, body from journal where position > $after order by position limit $ahead", ("$after", Position), ("$ahead", Ahead));
        using var rows = command.ExecuteReader();
        var any = false;
        while (rows.Read())
        {
            any = true;
            var (position, body) = (rows.GetInt64(0), (byte[])rows[1]);
            if (JournalFormat.IsWhole(body))
            {
                _ahead.Enqueue(new JournalEntry(position, body));
                continue;
            }

            journal.CountDamaged(position);
            if (_ahead.Count == 0)
                Position = position;
        }

        return any;
    }
}
