using FacilityMonitor.Configuration;
using FacilityMonitor.Journal;
using FacilityMonitor.Monitoring;

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
internal sealed partial class CommandDesk(
    Database database, FacilitySource registry, MonitoringWorker monitoring, DeviceWords words, ControlCounts counts, TimeProvider time, ILogger<CommandDesk> log) : IDisposable
{
    private const long MinuteMs = 60_000;

    private readonly ILogger<CommandDesk> _log = log;

    /// <summary>Two orders at once must not both find the last free place of the rate.</summary>
    private readonly SemaphoreSlim _turn = new(1, 1);

    public void Dispose() => _turn.Dispose();

    /// <summary>Takes an order, or says why not.</summary>
    /// <exception cref="DatabaseUnavailableException">The disk did not take it: nothing was ordered.</exception>
    public async Task<OrderOutcome> OrderAsync(CommandOrder order)
    {
        await _turn.WaitAsync();
        try
        {
            return await JudgeAsync(order);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>How far a command is; null when nobody ordered it.</summary>
    public StoredCommand? Find(string id)
    {
        using var reader = database.OpenReader();
        return CommandBook.Find(reader, id);
    }

    private async Task<OrderOutcome> JudgeAsync(CommandOrder order)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        using var reader = database.OpenReader();
        if (CommandBook.Find(reader, order.Id) is { } known)
        {
            if (known.Order with { By = order.By, Why = order.Why, TtlS = order.TtlS, IsConfirmed = order.IsConfirmed } != order)
                return Refuse(order, new("id-taken", new("这个编号已用于另一条命令；请换一个", "this id is another command's; take another one")));
            counts.AddRepeated();
            return new OrderOutcome.Taken(known, IsNew: false);
        }

        if (CommandBook.DeviceNumber(reader, order.Device) is not { } device)
            return Refuse(order, new("unknown-device", new($"从未有设备 {order.Device.Site}/{order.Device.Name} 上报过；请核对编号", $"no device {order.Device.Site}/{order.Device.Name} ever spoke; check its id")));
        var (ofDevice, ofSite) = CommandBook.Since(reader, device, order.Device.Site!, order.Operation.IsProtective(), now - MinuteMs);
        var state = monitoring.State;
        var refusal = Interlocks.Judge(order, new CommandScene
        {
            NowMs = now,
            Registered = registry.Current.Find(order.Device),
            Abilities = CommandBook.Abilities(reader, device),
            OpenAlerts = state.Alerts,
            Seat = state.Seats.TryGetValue(order.Device, out var seat) ? seat : null,
            OfDeviceInAMinute = ofDevice,
            OfSiteInAMinute = ofSite,
        });
        return refusal is null ? await TakeAsync(order, device, now) : Refuse(order, refusal);
    }

    private async Task<OrderOutcome> TakeAsync(CommandOrder order, int device, long now)
    {
        var command = new StoredCommand
        {
            Order = order,
            Device = device,
            State = CommandState.Queued,
            CreatedMs = now,
            DueMs = now,
            ExpiresMs = now + (order.TtlS * 1000L),
            ChangedMs = now,
        };
        await database.CommitAsync(CommitPriority.Alerts, connection => CommandBook.Insert(connection, command));
        counts.AddOrdered();
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

    [LoggerMessage(Level = LogLevel.Warning, Message = "Refused: {Operation} to {Device}, ordered by {By}: {Reason}")]
    private partial void LogRefused(Operation operation, string device, string by, string reason);
}
