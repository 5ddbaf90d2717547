using Microsoft.Data.Sqlite;

namespace FacilityMonitor.Control;

/// <summary>Protective commands (<c>siren</c>, <c>off</c>) that went out though the disk did not take them. They live here until they are in the book. Safe from any thread.</summary>
/// <remarks>
/// A siren does not wait for a disk. The device knows a command by its id, so whatever is sent once more, from here, from the book or after a restart, is done once.
/// Killed before the disk takes it, its line in the book is lost; the service's log has it.
/// </remarks>
internal sealed class UnwrittenCommands
{
    /// <summary>Commands that may wait. Beyond it the one that has been over for longest gives its place, and a siren takes that of the oldest <c>off</c>; else an order is not taken, as it would be without this.</summary>
    public const int WaitingMax = 256;

    private readonly Lock _gate = new();
    private readonly List<StoredCommand> _waiting = [];

    /// <summary>What is not in the book yet, in the order in which it went out.</summary>
    public IReadOnlyList<StoredCommand> Waiting
    {
        get
        {
            lock (_gate)
                return [.. _waiting];
        }
    }

    /// <summary>Takes one in that goes out now.</summary>
    /// <returns>False: too many wait.</returns>
    public bool TryAdd(StoredCommand command)
    {
        lock (_gate)
        {
            if (_waiting.Count >= WaitingMax && !HasGivenWay(command))
                return false;
            _waiting.Add(command);
            return true;
        }
    }

    /// <summary>A full disk takes none for hours. What is over needs no more than its line in the book, which the log has too.</summary>
    private bool HasGivenWay(StoredCommand command)
    {
        var place = _waiting.FindIndex(one => one.ExpiresMs + (CommandLimits.SirenMaxS * 1000L) < command.SentMs);
        if (place < 0 && command.Order.Operation == Operation.Siren)
            place = _waiting.FindIndex(one => one.Order.Operation == Operation.Off);
        if (place >= 0)
            _waiting.RemoveAt(place);
        return place >= 0;
    }

    /// <summary>The command of this id, if it waits here.</summary>
    public StoredCommand? Find(string id)
    {
        lock (_gate)
            return _waiting.Find(command => command.Order.Id == id);
    }

    /// <summary>Whether what is not in the book yet replaces a command of it. Beside what may energise it counts as newer, whatever a clock says that was set back: until it is in the book nothing is switched on against it.</summary>
    public bool Replaces(StoredCommand other)
    {
        lock (_gate)
            return _waiting.Exists(command => (other.Order.Operation.MayEnergise() ? command with { CreatedMs = long.MaxValue } : command).Replaces(other));
    }

    /// <summary>Puts what a device was sent into the book, as it was, within a commit that rests on it.</summary>
    public void Book(SqliteConnection connection, int device)
    {
        foreach (var command in Waiting.Where(command => command.Device == device))
            CommandBook.InsertSent(connection, command);
    }

    /// <summary>It is in the book, and on disk.</summary>
    public void Booked(string id)
    {
        lock (_gate)
            _waiting.RemoveAll(command => command.Order.Id == id);
    }
}
