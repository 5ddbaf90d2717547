using System.Buffers;
using FacilityMonitor.Contract;
using FacilityMonitor.Control;
using FacilityMonitor.Ingest;
using FacilityMonitor.Journal;
using FacilityMonitor.Readings;
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
        ledger.Load(reader, (device, reason) => Assert.Fail($"{device} {reason}"));
        Assert.Equal(SequenceVerdict.Duplicate, ledger.Observe(7, new Envelope(boot, 0, 0, null, ClockSource.Ntp), 2, 0));
        Assert.Empty(HourBook.Sums(reader, 0));
    }

    [Fact]
    public async Task A_damaged_book_begins_anew_and_is_told_and_the_others_are_read()
    {
        Assert.True(BootId.TryParse("b-1"u8, out var boot));
        await using var database = Database.Open(_folder.Path, TimeProvider.System);
        await database.CommitAsync(CommitPriority.Housekeeping, connection =>
        {
            foreach (var device in (int[])[7, 8])
            {
                var bytes = new System.Buffers.ArrayBufferWriter<byte>();
                var tracker = new SequenceTracker();
                tracker.Observe(boot, 0, 1);
                tracker.Write(bytes);
                Database.Execute(connection, "insert into ingest_state (device, book) values ($device, $book)", ("$device", device), ("$book", device == 7 ? [9] : bytes.WrittenSpan.ToArray()));
            }
        });
        var ledger = new DeviceLedger();
        var told = new List<int>();
        using var reader = database.OpenReader();

        ledger.Load(reader, (device, _) => told.Add(device));

        Assert.Equal([7], told);
        Assert.Equal(SequenceVerdict.New, ledger.Observe(7, new Envelope(boot, 0, 0, null, ClockSource.Ntp), 2, 0));
        Assert.Equal(SequenceVerdict.Duplicate, ledger.Observe(8, new Envelope(boot, 0, 0, null, ClockSource.Ntp), 2, 0));
    }

    [Fact]
    public void A_file_that_is_no_database_is_told_in_words()
    {
        File.WriteAllText(Path.Combine(_folder.Path, Database.FileName), new string('x', 10_000));

        var error = Assert.Throws<IOException>(() => Database.Open(_folder.Path, TimeProvider.System));

        Assert.Contains("cannot be opened", error.Message, StringComparison.Ordinal);
        Assert.Contains("backup", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_of_the_third_version_keeps_its_alerts_and_can_take_commands()
    {
        Make(version: 3, connection =>
        {
            foreach (var statement in Schema.Versions.Take(3).SelectMany(version => version))
                Database.Execute(connection, statement);
            Database.Execute(connection, "insert into device (number, dialect, site, name) values (7, 0, 'lane', 'pile-01')");
            Database.Execute(
                connection, "insert into alert (id, rule, asset, site, priority, condition, onset_ms, changed_ms, body) values ('a', 'silent', 'lane/pile-01', 'lane', 2, 2, 1, 1, '{}')");
        });

        await using var database = Database.Open(_folder.Path, TimeProvider.System);

        using var reader = database.OpenReader();
        using var alerts = Database.Command(reader, "select count(*) from alert");
        Assert.Equal(1L, alerts.ExecuteScalar());
        Assert.Equal(7, CommandBook.DeviceNumber(reader, new DeviceId(Dialect.Fm1, "lane", "pile-01")));
        Assert.Null(CommandBook.Abilities(reader, 7));
        Assert.Empty(CommandBook.Open(reader));
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
