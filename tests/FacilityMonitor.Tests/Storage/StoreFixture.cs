using FacilityMonitor.Contract;
using FacilityMonitor.Journal;
using FacilityMonitor.Readings;
using FacilityMonitor.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace FacilityMonitor.Tests.Storage;

/// <summary>Database, journal and store in a folder of their own; can be closed and opened again on the same folder.</summary>
public sealed class StoreFixture : IAsyncDisposable
{
    private readonly TemporaryFolder? _own;
    private readonly string _directory;
    private readonly JournalWriter _writer = new();

    public StoreFixture()
    {
        _own = new TemporaryFolder();
        _directory = _own.Path;
    }

    public StoreFixture(string directory) => _directory = directory;

    internal StorageOptions Options { get; init; } = new();

    internal string Directory => _directory;

    internal long ReserveBytes { get; init; }

    internal ManualTime Time { get; } = new();

    internal DeviceTable Devices { get; } = new();

    internal Database Database { get; private set; } = null!;

    internal MessageJournal Journal { get; private set; } = null!;

    internal EmbeddedStore Store { get; private set; } = null!;

    internal BlockMerger Merger { get; private set; } = null!;

    internal StoreWorker Worker { get; private set; } = null!;

    internal JournalReader Reader { get; private set; } = null!;

    public async Task StartAsync()
    {
        Database = Database.Open(_directory, Time, ReserveBytes);
        Journal = new MessageJournal(Database, Devices);
        Store = new EmbeddedStore(Database, Devices, NullLogger<EmbeddedStore>.Instance);
        Merger = new BlockMerger(Database, Store, Options, Time);
        Worker = new StoreWorker(Database, Journal, Store, Devices, Time, NullLogger<StoreWorker>.Instance, Options);
        Reader = await Worker.OpenAsync();
    }

    internal Task AppendAsync(DeviceMessage message)
    {
        _writer.Clear();
        _writer.Message(message);
        return Journal.AppendAsync(_writer);
    }

    internal long Count(string sql)
    {
        using var reader = Database.OpenReader();
        return BlockTable.Number(reader, sql) ?? 0;
    }

    public async ValueTask DisposeAsync()
    {
        Reader.Dispose();
        await Database.DisposeAsync();
        _own?.Dispose();
    }
}
