using FacilityMonitor.Journal;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.Control;

/// <summary>What became of an order.</summary>
internal abstract record OrderOutcome
{
    private OrderOutcome()
    {
    }

    /// <summary>It is on disk and will be sent, or was before.</summary>
    /// <param name="Command">How far it is.</param>
    /// <param name="IsNew">False: this id was ordered before, and nothing is done twice.</param>
    public sealed record Taken(StoredCommand Command, bool IsNew) : OrderOutcome;

    /// <summary>Something stands in the way; nothing was kept.</summary>
    public sealed record Refused(CommandRefusal Refusal) : OrderOutcome;
}

/// <summary>Takes orders: judges each by the interlocks, one after the other, and puts it into the book.</summary>
/// <remarks>What a danger needs (<see cref="Operations.IsProtective"/>) does not wait for a disk that refuses or hangs: it goes out from memory, and the book has it as soon as the disk takes it.</remarks>
internal sealed partial class CommandDesk(
    Database database, CommandScenes scenes, DeviceTable devices, DeviceWords words, UnwrittenCommands unwritten, UnwrittenCommandWorker sender, ControlCounts counts,
    TimeProvider time, ILogger<CommandDesk> log) : IDisposable
{
    private const long MinuteMs = 60_000;

    /// <summary>How long the disk may take with what a danger needs.</summary>
    private static readonly TimeSpan UnwrittenAfter = TimeSpan.FromSeconds(1);

    private readonly ILogger<CommandDesk> _log = log;

    /// <summary>Two orders at once must not both find the last free place of the rate.</summary>
    private readonly SemaphoreSlim _turn = new(1, 1);

    public void Dispose() => _turn.Dispose();

    /// <summary>Takes an order, or says why not.</summary>
    /// <exception cref="DatabaseUnavailableException">The disk did not take it: nothing was ordered.</exception>
    public async Task<OrderOutcome> OrderAsync(CommandOrder order)
    {
        // Its life begins when it is ordered: whoever ordered it looks away while it waits for its turn or for the disk.
        var orderedMs = NowMs;
        if (!order.Operation.IsProtective())
            return await InTurnAsync(order, orderedMs);
        // Not on the caller's thread: a disk may hang with what is read, too.
        var taking = Task.Run(() => InTurnAsync(order, orderedMs));
        try
        {
            return await taking.WaitAsync(UnwrittenAfter, time);
        }
        catch (Exception error) when (error is TimeoutException or DatabaseUnavailableException or SqliteException)
        {
            // What comes of it later is the same command under the same id, and nothing is done twice.
            _ = taking.ContinueWith(late => late.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            return await UnwrittenAsync(order, error);
        }
    }

    /// <summary>How far a command is; null when nobody ordered it.</summary>
    public StoredCommand? Find(string id)
    {
        using var reader = database.OpenReader();
        return CommandBook.Find(reader, id) ?? unwritten.Find(id);
    }

    private async Task<OrderOutcome> InTurnAsync(CommandOrder order, long orderedMs)
    {
        await _turn.WaitAsync();
        try
        {
            return await JudgeAsync(order, orderedMs);
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task<OrderOutcome> JudgeAsync(CommandOrder order, long orderedMs)
    {
        using var reader = database.OpenReader();
        if (CommandBook.Find(reader, order.Id) is { } known)
            return Repeated(order, known);
        if (unwritten.Find(order.Id) is { } sent)
        {
            // It went out before the disk took it. Whoever asks again rests on it, so it is in the book first.
            await database.CommitAsync(CommitPriority.Alerts, connection => unwritten.Book(connection, sent.Device));
            return Repeated(order, sent);
        }

        if (Known(reader, order.Device) is not { } about)
            return Refuse(order, new("unknown-device", new($"从未有设备 {order.Device.Site}/{order.Device.Name} 上报过；请核对编号", $"no device {order.Device.Site}/{order.Device.Name} ever spoke; check its id")));
        var now = NowMs;
        if (now >= orderedMs + (order.TtlS * 1000L))
            return Refuse(order, new("late", new("磁盘太慢，轮到它时已过有效期，没有下发；请重新下令", "the disk was slow, and its time was over before its turn came; nothing was sent. Order it again")));
        return Refusal(order, about, CommandBook.Since(reader, about.Device, order.Device.Site!, order.Operation.IsProtective(), now - MinuteMs), now, reader) is { } refusal
            ? Refuse(order, refusal)
            : await TakeAsync(Command(order, about.Device, orderedMs));
    }

    /// <summary>Sends from memory what may go, by what can be read of the device and, where nothing can, by what the registry says of a siren.</summary>
    private async Task<OrderOutcome> UnwrittenAsync(CommandOrder order, Exception fault)
    {
        if (unwritten.Find(order.Id) is { } sent)
            return Repeated(order, sent);
        (int Device, DeviceAbilities? Abilities)? about;
        try
        {
            about = await Task.Run(() =>
            {
                using var reader = database.OpenReader();
                return Known(reader, order.Device);
            }).WaitAsync(UnwrittenAfter, time);
        }
        catch (Exception error) when (error is TimeoutException or DatabaseUnavailableException or SqliteException)
        {
            about = null;
        }

        if (about is null && order.Operation == Operation.Siren && scenes.Registry().Find(order.Device)?.Entry.Kind == DeviceKind.Siren
            && devices.All.FirstOrDefault(device => device.Id == order.Device) is { } siren)
            about = (siren.Number, new DeviceAbilities(["siren", "off"], [], CarriesPeople: false));
        if (about is not { } known)
            throw new DatabaseUnavailableException("The disk did not take the order, and nothing is known of the device", fault);
        var now = NowMs;
        if (Refusal(order, known, (0, 0), now, reader: null) is { } refusal)
            return Refuse(order, refusal);
        var command = Command(order, known.Device, now) with { SentMs = now, EndsItself = known.Abilities is { HasSockets: true } };
        if (!sender.TrySend(command))
            throw new DatabaseUnavailableException("The disk did not take the order, and too many went out without it", fault);
        counts.AddOrdered();
        var (id, operation, name) = (order.Id, order.Operation, Name(order));
        LogUnwritten(id, operation, name, order.By, order.Why, fault.Message);
        // The book has it as soon as the disk takes it.
        words.Announce();
        return new OrderOutcome.Taken(command, IsNew: true);
    }

    private long NowMs => time.GetUtcNow().ToUnixTimeMilliseconds();

    private static (int Device, DeviceAbilities? Abilities)? Known(SqliteConnection reader, DeviceId id) =>
        CommandBook.DeviceNumber(reader, id) is { } device ? (device, CommandBook.Abilities(reader, device)) : null;

    private OrderOutcome Repeated(CommandOrder order, StoredCommand known)
    {
        if (known.Order with { By = order.By, Why = order.Why, TtlS = order.TtlS, IsConfirmed = order.IsConfirmed } != order)
            return Refuse(order, new("id-taken", new("这个编号已用于另一条命令；请换一个", "this id is another command's; take another one")));
        counts.AddRepeated();
        return new OrderOutcome.Taken(known, IsNew: false);
    }

    private CommandRefusal? Refusal(CommandOrder order, (int Device, DeviceAbilities? Abilities) known, (int OfDevice, int OfSite) booked, long now, SqliteConnection? reader)
    {
        // A disk that is full but for orders has them in the book and here: each counts once, and the end of a siren with its siren.
        var sent = unwritten.Waiting.Where(command => command.Ends is null && command.CreatedMs > now - MinuteMs && command.Order.Operation.IsProtective() == order.Operation.IsProtective()
            && (reader is null || CommandBook.Find(reader, command.Order.Id) is null)).ToList();
        return Interlocks.Judge(order, scenes.Of(order.Device, known.Abilities, now) with
        {
            OfDeviceInAMinute = booked.OfDevice + sent.Where(command => command.Device == known.Device).Sum(command => CommandLimits.IdsOf(command.Order.Operation)),
            OfSiteInAMinute = booked.OfSite + sent.Count(command => command.Order.Device.Site == order.Device.Site),
        });
    }

    private static StoredCommand Command(CommandOrder order, int device, long now) => new()
    {
        Order = order,
        Device = device,
        State = CommandState.Queued,
        CreatedMs = now,
        DueMs = now,
        ExpiresMs = now + (order.TtlS * 1000L),
        ChangedMs = now,
    };

    private async Task<OrderOutcome> TakeAsync(StoredCommand command)
    {
        // What went out from memory before this was ordered is older; what goes out while this waits for the disk was ordered later, though the disk takes it first.
        var before = unwritten.Waiting.Select(one => one.Order.Id).ToHashSet(StringComparer.Ordinal);
        await database.CommitAsync(CommitPriority.Alerts, connection =>
        {
            unwritten.Book(connection, command.Device);
            var since = unwritten.Waiting.Where(one => !before.Contains(one.Order.Id));
            if (CommandBook.Insert(connection, command) && since.FirstOrDefault(one => (one with { CreatedMs = long.MaxValue }).Replaces(command)) is { } later)
                CommandBook.Happened(connection, command.Order.Id, command.Device, CommandEvent.NotSent, NowMs, CommandBook.ReplacedBy(later.Order.Id));
        });
        counts.AddOrdered();
        var order = command.Order;
        var (id, operation, name) = (order.Id, order.Operation, Name(order));
        LogOrdered(id, operation, name, order.By, order.Why);
        words.Announce();
        return new OrderOutcome.Taken(command, IsNew: true);
    }

    private OrderOutcome.Refused Refuse(CommandOrder order, CommandRefusal refusal)
    {
        counts.AddRefused(refusal.Reason);
        var (operation, name) = (order.Operation, Name(order));
        LogRefused(operation, name, order.By, refusal.Reason);
        return new OrderOutcome.Refused(refusal);
    }

    private static string Name(CommandOrder order) => $"{order.Device.Site}/{order.Device.Name}{(order.Channel is { } channel ? $"/{channel}" : "")}";

    [LoggerMessage(Level = LogLevel.Information, Message = "Command {Id}: {Operation} to {Device}, ordered by {By}: {Why}")]
    private partial void LogOrdered(string id, Operation operation, string device, string by, string why);

    [LoggerMessage(Level = LogLevel.Error, Message = "Command {Id}: {Operation} to {Device}, ordered by {By}: {Why}. It goes out without the disk, which did not take it: {Fault}")]
    private partial void LogUnwritten(string id, Operation operation, string device, string by, string why, string fault);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Refused: {Operation} to {Device}, ordered by {By}: {Reason}")]
    private partial void LogRefused(Operation operation, string device, string by, string reason);
}
