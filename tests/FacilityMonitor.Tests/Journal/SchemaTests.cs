using System.Buffers;
using FacilityMonitor.Contract;
using FacilityMonitor.Ingest;
using FacilityMonitor.Journal;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.Tests.Journal;

public sealed class SchemaTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_database_of_the_first_version_keeps_what_its_devices_said()
    {
        Assert.True(BootId.TryParse("x1"u8, out var boot));
        var book = new SequenceTracker();
        book.Observe(boot, 0, 1);
        var bytes = new ArrayBufferWriter<byte>();
        book.Write(bytes);
        Make(version: 1, connection =>
        {
            foreach (var statement in Schema.Versions[0])
                Database.Execute(connection, statement);
            Database.Execute(connection, "insert into ingest_state (device, book) values (7, $book)", ("$book", bytes.WrittenSpan.ToArray()));
        });

        await using var database = Database.Open(_folder.Path, TimeProvider.System);

        var ledger = new DeviceLedger();
        using var reader = database.OpenReader();
        ledger.Load(reader);
        Assert.Equal(SequenceVerdict.Duplicate, ledger.Observe(7, new Envelope(boot, 0, 0, null, ClockSource.Ntp), 2, 0));
        Assert.Empty(HourBook.Sums(reader, 0));
    }

    [Fact]
    public void A_database_of_a_newer_service_is_left_alone_and_says_so()
    {
        Make(version: 999, _ => { });

        var error = Assert.Throws<IOException>(() => Database.Open(_folder.Path, TimeProvider.System));

        Assert.Contains("version 999", error.Message, StringComparison.Ordinal);
    }

    private void Make(int version, Action<SqliteConnection> fill)
    {
        SqliteLibrary.Use();
        using var connection = new SqliteConnection($"Data Source={Path.Combine(_folder.Path, Database.FileName)};Pooling=false");
        connection.Open();
        fill(connection);
        Database.Execute(connection, $"pragma user_version = {version}");
    }
}
