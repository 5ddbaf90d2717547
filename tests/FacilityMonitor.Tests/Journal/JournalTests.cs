using System.Text;
using FacilityMonitor.Contract;
using FacilityMonitor.Control;
using FacilityMonitor.Journal;
using FacilityMonitor.Readings;
using FacilityMonitor.Tests.Conventions;
using FacilityMonitor.Tests.Storage;

namespace FacilityMonitor.Tests.Journal;

public sealed class JournalTests : IDisposable
{
    private const long At = 1_767_225_605_000;

    private readonly TemporaryFolder _folder = new();
    private readonly ManualTime _time = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_golden_payload_comes_back_from_the_journal_as_it_went_in()
    {
        var devices = new DeviceTable();
        var decoder = new MessageDecoder(devices);
        var message = new DeviceMessage();
        var writer = new JournalWriter();
        var written = new List<string>();
        foreach (var path in SourceTree.Files("tests/FacilityMonitor.Tests/Payloads", "*.payload"))
        {
            var topic = Encoding.UTF8.GetBytes(File.ReadAllText(path[..^".payload".Length] + ".topic").Trim());
            if (decoder.Decode(topic, File.ReadAllBytes(path), false, At + written.Count, message).Result != DecodeResult.Decoded)
                continue;
            writer.Message(message);
            written.Add(Text(message));
        }

        var records = new JournalRecords(devices);
        records.Open(new JournalEntry(1, writer.ToBody()));
        var read = new List<string>();
        while (records.TryRead(message, out var kind, out _, out _))
        {
            Assert.Equal(JournalRecordKind.Message, kind);
            read.Add(Text(message));
        }

        Assert.True(written.Count > 30);
        Assert.Equal(written, read);

        // Who passes over the readings comes to the same records, and to all of them but the readings.
        var plain = new JournalRecords(devices) { WithoutReadings = true };
        plain.Open(new JournalEntry(1, writer.ToBody()));
        records.Open(new JournalEntry(1, writer.ToBody()));
        var other = new DeviceMessage();
        for (var left = written.Count; left > 0; left--)
        {
            Assert.True(plain.TryRead(message, out _, out var atMs, out var device));
            Assert.True(records.TryRead(other, out _, out var sameMs, out var same));
            Assert.Equal((sameMs, same, other.Kind, other.HasEnvelope, other.HasEnvelope ? other.Envelope : default, other.ForeignHash, other.Events.Count), (atMs, device, message.Kind, message.HasEnvelope, message.HasEnvelope ? message.Envelope : default, message.ForeignHash, message.Events.Count));
            Assert.Equal(0, message.Readings.Count);
        }

        Assert.False(plain.TryRead(message, out _, out _, out _));
    }

    [Theory]
    [InlineData(0.1)]
    [InlineData(-0.0)]
    [InlineData(1e-9)]
    [InlineData(123456789.123456)]
    [InlineData(1e9)]
    [InlineData(-999999999.99999988)]
    [InlineData(double.Epsilon)]
    [InlineData(1.0 / 3)]
    public void A_number_comes_back_bit_for_bit(double value)
    {
        var devices = new DeviceTable();
        var message = new DeviceMessage { Device = devices.Resolve(Dialect.Fm1, "a"u8, "b"u8), ReceivedMs = At };
        message.Readings.Add();
        message.Readings.AddValue(Metric.W, value);
        var writer = new JournalWriter();
        writer.Message(message);
        var records = new JournalRecords(devices);
        records.Open(new JournalEntry(1, writer.ToBody()));

        Assert.True(records.TryRead(message, out _, out _, out _));

        Assert.True(message.Readings.TryGet(message.Readings.Readings[0], Metric.W, out var read));
        Assert.Equal(BitConverter.DoubleToInt64Bits(value), BitConverter.DoubleToInt64Bits(read));
    }

    [Theory]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    [InlineData(double.NaN)]
    [InlineData(1e39)]
    public void A_number_that_is_none_in_the_journal_of_an_older_version_is_left_out(double value)
    {
        // A third has no short decimal, so it stands there in its eight bytes: these are exchanged.
        var devices = new DeviceTable();
        var message = new DeviceMessage { Device = devices.Resolve(Dialect.Fm1, "a"u8, "b"u8), ReceivedMs = At };
        message.Readings.Add();
        message.Readings.AddValue(Metric.V, 230);
        message.Readings.AddValue(Metric.W, 1.0 / 3);
        var writer = new JournalWriter();
        writer.Message(message);
        var body = writer.ToBody();
        var at = body.AsSpan().IndexOf(BitConverter.GetBytes(1.0 / 3));
        BitConverter.GetBytes(value).CopyTo(body, at);
        JournalFormat.Seal(body);
        var records = new JournalRecords(devices);
        records.Open(new JournalEntry(1, body));

        Assert.True(records.TryRead(message, out _, out _, out _));

        Assert.Equal([new MetricValue(Metric.V, 230)], message.Readings.ValuesOf(message.Readings.Readings[0]).ToArray());
        Assert.Equal(1, message.Readings.Refused);
    }

    [Fact]
    public void A_duplicate_and_a_dead_letter_leave_their_device_in_the_journal()
    {
        var devices = new DeviceTable();
        var pile = devices.Resolve(Dialect.Fm1, "a"u8, "b"u8)!;
        var writer = new JournalWriter();
        writer.Duplicate(pile, At);
        writer.DeadLetter("x"u8, "y"u8, RejectReason.UnknownTopic, "", At + 5, device: null);
        var records = new JournalRecords(devices);
        records.Open(new JournalEntry(1, writer.ToBody()));
        var message = new DeviceMessage();

        Assert.True(records.TryRead(message, out var first, out var firstMs, out var firstDevice));
        Assert.True(records.TryRead(message, out var second, out var secondMs, out var secondDevice));

        Assert.Equal((JournalRecordKind.Duplicate, At, pile.Number), (first, firstMs, firstDevice));
        Assert.Equal((JournalRecordKind.DeadLetter, At + 5, HourBook.NobodysDevice), (second, secondMs, secondDevice));
        Assert.False(records.TryRead(message, out _, out _, out _));
    }

    [Fact]
    public void A_command_and_the_configuration_a_device_runs_come_back_from_the_journal()
    {
        var devices = new DeviceTable();
        var decoder = new MessageDecoder(devices);
        var message = new DeviceMessage();
        var writer = new JournalWriter();
        byte[][] said =
        [
            [.. """{"v":1,"boot":"b","bd":1,"ts":1767225600000,"model":"m","fw":"1","clk":"ntp","channels":{},"cfg":"0123456789abcdef"}"""u8],
            [.. """{"s":"online","bd":1,"boot":"b","ts":1767225600000,"cfg":"fedcba9876543210"}"""u8],
            [.. """{"s":"offline","bd":1,"boot":"b"}"""u8],
        ];
        foreach (var (body, kind) in said.Zip(["birth", "status", "status"]))
        {
            Assert.Equal(DecodeResult.Decoded, decoder.Decode(Encoding.UTF8.GetBytes($"fm/1/a/b/{kind}"), body, true, At, message).Result);
            Assert.Equal(0, message.UnknownFields);
            writer.Message(message);
        }

        var notice = new CommandNotice(message.Device!, "c-1", Operation.Siren, ChannelId.Socket(7), At + 20_000, IsVoid: true);
        writer.Command(notice, At + 5);
        var end = notice with { Id = "c-1-end", Operation = Operation.Off, IsVoid = false, IsEnd = true };
        writer.Command(end, At + 5);
        writer.Tick(At + 6);
        var records = new JournalRecords(devices);
        records.Open(new JournalEntry(1, writer.ToBody()));

        Assert.True(records.TryRead(message, out _, out _, out _));
        Assert.Equal("0123456789abcdef", message.Birth!.Cfg);
        Assert.True(records.TryRead(message, out _, out _, out _));
        Assert.Equal("fedcba9876543210", message.Status!.Cfg);
        Assert.True(records.TryRead(message, out _, out _, out _));
        Assert.Null(message.Status!.Cfg);
        Assert.True(records.TryRead(message, out var kind4, out var atMs, out var device));
        Assert.Equal((JournalRecordKind.Command, At + 5, notice.Device.Number, notice), (kind4, atMs, device, records.Command));
        Assert.True(records.TryRead(message, out _, out _, out _));
        Assert.Equal(end, records.Command);
        Assert.True(records.TryRead(message, out var kind5, out _, out _));
        Assert.Equal(JournalRecordKind.Tick, kind5);
    }

    [Fact]
    public void Nonsense_under_a_checksum_that_fits_is_refused_and_nothing_worse()
    {
        var devices = new DeviceTable();
        devices.Resolve(Dialect.Fm1, "a"u8, "b"u8);
        var random = new Random(5);
        var refused = 0;
        for (var round = 0; round < 20_000; round++)
        {
            var body = new byte[JournalFormat.HeaderBytes + random.Next(60)];
            random.NextBytes(body);
            body.AsSpan(JournalFormat.HeaderBytes)[..Math.Min(2, body.Length - JournalFormat.HeaderBytes)].Fill(1);
            JournalFormat.Seal(body);
            var records = new JournalRecords(devices);
            records.Open(new JournalEntry(1, body));
            Read(records);
        }

        void Read(JournalRecords records)
        {
            try
            {
                while (records.TryRead(new DeviceMessage(), out _, out _, out _))
                {
                }
            }
            catch (InvalidDataException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 10_000, 20_000);
    }

    [Fact]
    public async Task What_the_disk_refuses_is_given_to_the_rules_once_and_known_again_when_it_is_in_the_journal()
    {
        await using var data = new StoreFixture();
        await data.StartAsync();
        var writer = new JournalWriter();
        var (first, second) = (Ahead(Filled(writer)), Ahead(Filled(writer)));
        Assert.False(data.Journal.TryAhead(data.Journal.Last, out _));
        await LimitAsync(data, 1);
        await Assert.ThrowsAsync<DatabaseUnavailableException>(() => data.Journal.AppendAsync(Filled(writer)));
        Assert.False(data.Journal.TryAhead(data.Journal.Last, out _));
        await Assert.ThrowsAsync<DatabaseUnavailableException>(() => data.Journal.AppendAsync(first));
        await Assert.ThrowsAsync<DatabaseUnavailableException>(() => data.Journal.AppendAsync(second));

        Assert.True(data.Journal.TryAhead(data.Journal.Last, out var judged));
        Assert.True(judged!.IsAhead);
        Assert.Equal((true, 1), (data.Journal.IsRefused, data.Journal.JudgedAhead));
        // Refused again, it is not given again.
        await Assert.ThrowsAsync<DatabaseUnavailableException>(() => data.Journal.AppendAsync(first));
        await LimitAsync(data, 1_000_000);
        var positions = new[] { await data.Journal.AppendAsync(second), await data.Journal.AppendAsync(first) };

        Assert.False(data.Journal.TryAhead(data.Journal.Last, out _));
        Assert.Equal(1, data.Journal.JudgedAhead);
        Assert.Equal([false, true, false], [data.Journal.TakeJudged(positions[0]), data.Journal.TakeJudged(positions[1]), data.Journal.TakeJudged(positions[1])]);
        Assert.Equal(0, data.Journal.JudgedAhead);
    }

    [Fact]
    public async Task What_everybody_has_read_is_in_memory_no_more_and_is_read_from_disk_by_who_comes_late()
    {
        await using var database = Database.Open(_folder.Path, _time);
        var journal = new MessageJournal(database, new DeviceTable());
        using var quick = journal.OpenReader(0);
        var slow = journal.OpenReader(0);
        var writer = new JournalWriter();
        for (var entry = 0; entry < 10; entry++)
        {
            await AppendAsync();
            Assert.True(quick.TryRead(out _, out _));
        }

        var one = journal.RecentBytes / 10;
        for (var entry = 0; entry < 4; entry++)
            Assert.True(slow.TryRead(out _, out _));
        await AppendAsync();
        Assert.Equal(7 * one, journal.RecentBytes);

        slow.Dispose();
        await AppendAsync();
        // The one that is new, and the one before it that the quick one has not read.
        Assert.Equal(2 * one, journal.RecentBytes);
        using var late = journal.OpenReader(0);
        for (var position = 1; position <= 12; position++)
        {
            Assert.True(late.TryRead(out var entry, out _));
            Assert.Equal(position, entry!.Position);
        }

        Task<long> AppendAsync()
        {
            writer.Clear();
            writer.Tick(At);
            return journal.AppendAsync(writer);
        }
    }

    [Fact]
    public async Task What_a_slow_disk_keeps_waiting_is_given_to_the_rules_after_two_seconds_and_not_before()
    {
        await using var database = Database.Open(_folder.Path, _time);
        var journal = new MessageJournal(database, new DeviceTable());
        using var slow = new ManualResetEventSlim();
        var busy = database.CommitAsync(CommitPriority.Alerts, _ => slow.Wait());
        var writer = new JournalWriter();
        writer.Tick(At);
        var append = journal.AppendAsync(Ahead(new JournalBatch(writer)));
        var last = journal.AppendAsync(new JournalBatch(writer));

        _time.Advance(MessageJournal.JudgeAheadAfter - TimeSpan.FromTicks(1));
        Assert.False(journal.TryAhead(journal.Last, out _));
        _time.Advance(TimeSpan.FromTicks(1));
        Assert.True(journal.TryAhead(journal.Last, out _));
        // The other is not appended again when it is refused: it may never be.
        Assert.False(journal.TryAhead(journal.Last, out _));
        Assert.False(journal.IsRefused);

        slow.Set();
        await busy;
        Assert.True(journal.TakeJudged(await append));
        Assert.False(journal.TakeJudged(await last));
    }

    [Fact]
    public async Task What_is_known_of_messages_is_not_saved_while_the_disk_refuses_one_of_them()
    {
        await using var data = new StoreFixture();
        await data.StartAsync();
        var writer = new JournalWriter();
        writer.Tick(At);
        var (before, refused, after) = (new JournalBatch(writer), Filled(writer), Filled(writer));
        await data.Journal.AppendAsync(before, (_, _) => Assert.True(data.Journal.IsInOrder(before)));

        await LimitAsync(data, 1);
        await Assert.ThrowsAsync<DatabaseUnavailableException>(() => data.Journal.AppendAsync(refused));
        await LimitAsync(data, 1_000_000);
        await data.Journal.AppendAsync(after, (_, _) => Assert.False(data.Journal.IsInOrder(after)));
        await data.Journal.AppendAsync(refused, (_, _) => Assert.False(data.Journal.IsInOrder(refused)));

        await data.Journal.AppendAsync(after, (_, _) => Assert.True(data.Journal.IsInOrder(after)));
    }

    [Fact]
    public async Task The_journal_knows_how_much_it_holds_before_and_after_a_restart()
    {
        using var folder = new TemporaryFolder();
        var writer = new JournalWriter();
        long bytes;
        await using (var first = new StoreFixture(folder.Path))
        {
            await first.StartAsync();
            Assert.Equal(0, first.Journal.Bytes);
            await first.Journal.AppendAsync(Filled(writer));
            await first.Journal.AppendAsync(Filled(writer));
            bytes = first.Journal.Bytes;
            Assert.InRange(bytes, 40_000, 1_000_000);
        }

        await using var second = new StoreFixture(folder.Path);
        await second.StartAsync();
        Assert.Equal(bytes, second.Journal.Bytes);
        await second.Database.CommitAsync(CommitPriority.Alerts, connection => second.Journal.SetCursor(connection, "store", second.Journal.Last));
        Assert.False(await second.Journal.TrimAsync(20));

        Assert.Equal(0, second.Journal.Bytes);
    }

    /// <summary>Too large for the pages a database has free.</summary>
    private static JournalBatch Ahead(JournalBatch batch)
    {
        var writer = new JournalWriter();
        for (var tick = 0; tick < Math.Max(1, batch.Body.Length); tick++)
            writer.Tick(At);
        return new JournalBatch(writer) { MayBeJudgedAhead = true };
    }

    private static JournalBatch Filled(JournalWriter writer)
    {
        for (var tick = 0; tick < 20_000; tick++)
            writer.Tick(At);
        return new JournalBatch(writer);
    }

    private static Task LimitAsync(StoreFixture data, int pages) =>
        data.Database.CommitAsync(CommitPriority.Alerts, connection => Database.Execute(connection, $"pragma max_page_count = {pages}"));

    [Fact]
    public void A_flipped_bit_anywhere_is_noticed()
    {
        var writer = new JournalWriter();
        writer.Tick(At);
        var body = writer.ToBody();
        for (var bit = 0; bit < body.Length * 8; bit++)
        {
            var damaged = body.ToArray();
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.Throws<InvalidDataException>(() => new JournalRecords(new DeviceTable()).Open(new JournalEntry(1, damaged)));
        }
    }

    [Fact]
    public void A_record_that_goes_on_behind_the_body_is_noticed_though_its_array_goes_on()
    {
        var devices = new DeviceTable();
        var message = new DeviceMessage { Device = devices.Resolve(Dialect.Fm1, "a"u8, "b"u8), ReceivedMs = At };
        message.Readings.Add();
        message.Readings.AddValue(Metric.W, 1234.5);
        var writer = new JournalWriter();
        writer.Message(message);
        var whole = writer.ToBody().ToArray();
        for (var cut = JournalFormat.HeaderBytes + 1; cut < whole.Length; cut++)
        {
            var array = whole.Concat(whole).ToArray();
            JournalFormat.Seal(array.AsSpan(0, cut));
            foreach (var records in (JournalRecords[])[new(devices), new(devices) { WithoutReadings = true }])
            {
                records.Open(new JournalEntry(1, array.AsMemory(0, cut)));
                Assert.Throws<InvalidDataException>(() => records.TryRead(message, out _, out _, out _));
            }
        }
    }

    [Fact]
    public void Writing_and_reading_a_message_allocates_nothing()
    {
        var devices = new DeviceTable();
        var message = new DeviceMessage();
        var payload = File.ReadAllBytes(Path.Combine(SourceTree.Root, "tests/FacilityMonitor.Tests/Payloads/fm1/two-sockets.payload"));
        new MessageDecoder(devices).Decode("fm/1/huaihai/pile-01/data"u8, payload, false, At, message);
        var writer = new JournalWriter();
        for (var round = 0; round < 2_000; round++)
            writer.Message(message);
        var entry = new JournalEntry(1, writer.ToBody());
        var records = new JournalRecords(devices);
        var target = new DeviceMessage();
        ReadAll();
        writer.Clear();

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var round = 0; round < 1_000; round++)
            writer.Message(message);
        var written = GC.GetAllocatedBytesForCurrentThread();
        ReadAll();

        Assert.Equal((0, 0), (written - before, GC.GetAllocatedBytesForCurrentThread() - written));

        void ReadAll()
        {
            records.Open(entry);
            while (records.TryRead(target, out _, out _, out _))
            {
            }
        }
    }

    [Fact]
    public async Task What_was_appended_is_there_after_a_restart_with_its_devices_and_dead_letters()
    {
        await using (var database = Database.Open(_folder.Path, _time))
        {
            var devices = new DeviceTable();
            var journal = new MessageJournal(database, devices);
            var writer = new JournalWriter();
            writer.Message(new DeviceMessage { Device = devices.Resolve(Dialect.Fm1, "a"u8, "b"u8), ReceivedMs = At });
            writer.DeadLetter("x/y"u8, "{"u8, RejectReason.BadJson, "cut off", At, null);
            Assert.Equal(1, await journal.AppendAsync(writer));
            writer.Clear();
            writer.Tick(At + 1);
            Assert.Equal(2, await journal.AppendAsync(writer));
        }

        await using (var database = Database.Open(_folder.Path, _time))
        {
            var devices = new DeviceTable();
            var journal = new MessageJournal(database, devices);
            Assert.Equal(2, journal.Last);
            Assert.Equal("a/b", devices.Find(1)!.Id.ToString());
            using var reader = journal.OpenReader(0);
            Assert.Equal(1, (await reader.ReadAsync(default)).Position);
            Assert.Equal(2, (await reader.ReadAsync(default)).Position);
            using var connection = database.OpenReader();
            Assert.Equal("bad-json", Assert.Single(DeadLetters.Read(connection)).Reason);
        }
    }

    [Fact]
    public async Task A_reader_that_came_late_reads_from_disk_and_then_along()
    {
        await using var database = Database.Open(_folder.Path, _time);
        var journal = new MessageJournal(database, new DeviceTable());
        var writer = new JournalWriter();
        writer.Tick(At);
        for (var entry = 0; entry < 40; entry++)
            await journal.AppendAsync(writer);
        using var reader = journal.OpenReader(0);
        for (var position = 1; position <= 40; position++)
            Assert.Equal(position, (await reader.ReadAsync(default)).Position);

        var next = reader.ReadAsync(default).AsTask();
        Assert.False(next.IsCompleted);
        await journal.AppendAsync(writer);

        Assert.Equal(41, (await next).Position);
    }

    [Fact]
    public async Task The_journal_is_trimmed_behind_its_slowest_reader_and_never_counts_from_one_again()
    {
        await using (var database = Database.Open(_folder.Path, _time))
        {
            var journal = new MessageJournal(database, new DeviceTable());
            await journal.RegisterAsync("fast");
            await journal.RegisterAsync("slow");
            var writer = new JournalWriter();
            writer.Tick(At);
            for (var entry = 0; entry < 10; entry++)
                await journal.AppendAsync(writer);
            await database.CommitAsync(CommitPriority.Alerts, connection => journal.SetCursor(connection, "fast", 10));
            await database.CommitAsync(CommitPriority.Alerts, connection => journal.SetCursor(connection, "slow", 4));

            while (await journal.TrimAsync(3))
            {
            }

            using var connection = database.OpenReader();
            using var command = Database.Command(connection, "select min(position) from journal");
            Assert.Equal(5L, command.ExecuteScalar());
            await database.CommitAsync(CommitPriority.Alerts, connection => journal.SetCursor(connection, "slow", 10));
            await journal.TrimAsync(100);
        }

        await using var again = Database.Open(_folder.Path, _time);
        Assert.Equal(10, new MessageJournal(again, new DeviceTable()).Last);
    }

    [Fact]
    public async Task A_job_that_fails_is_undone_and_its_neighbours_are_not()
    {
        await using var database = Database.Open(_folder.Path, _time);
        var good = database.CommitAsync(CommitPriority.Alerts, connection => Database.Execute(connection, "insert into cursor (name, position) values ('a', 1)"));
        var bad = database.CommitAsync(CommitPriority.Alerts, connection =>
        {
            Database.Execute(connection, "insert into cursor (name, position) values ('b', 1)");
            throw new InvalidOperationException("mine");
        });

        await good;
        Assert.Equal("mine", (await Assert.ThrowsAsync<InvalidOperationException>(() => bad)).Message);
        using var connection = database.OpenReader();
        using var command = Database.Command(connection, "select group_concat(name) from cursor");
        Assert.Equal("a", command.ExecuteScalar());
    }

    [Fact]
    public async Task A_full_disk_is_told_and_the_same_batch_goes_in_when_there_is_room_again()
    {
        await using var database = Database.Open(_folder.Path, _time);
        var journal = new MessageJournal(database, new DeviceTable());
        await database.CommitAsync(CommitPriority.Alerts, connection => Database.Execute(connection, "pragma max_page_count = 64"));
        var writer = new JournalWriter();
        for (var letter = 0; letter < 100; letter++)
            writer.DeadLetter("t"u8, new byte[8_000], RejectReason.BadJson, "x", At, null);
        var batch = new JournalBatch(writer);

        await Assert.ThrowsAsync<DatabaseUnavailableException>(() => journal.AppendAsync(batch));
        Assert.NotNull(database.State.Error);
        await database.CommitAsync(CommitPriority.Alerts, connection => Database.Execute(connection, "pragma max_page_count = 100000"));
        await journal.AppendAsync(batch);

        Assert.Null(database.State.Error);
        using var connection = database.OpenReader();
        Assert.Equal(100, DeadLetters.Read(connection).Count());
    }

    [Fact]
    public async Task A_file_that_was_deleted_is_put_back_for_whoever_reads_or_writes_next()
    {
        await using (var database = Database.Open(_folder.Path, _time))
        {
            var journal = new MessageJournal(database, new DeviceTable());
            var writer = new JournalWriter();
            writer.Tick(At);
            await journal.AppendAsync(writer);
            // Its connection is kept open for the next reader; the file behind it is gone with the others.
            Assert.Equal(1L, Entries(database));
            foreach (var file in Directory.GetFiles(_folder.Path, Database.FileName + "*"))
                File.Delete(file);
            Assert.Equal(1L, Entries(database));
            await journal.AppendAsync(writer);

            Assert.Equal(2L, Entries(database));
            Assert.Equal(1, database.Rescues);
        }

        await using var again = Database.Open(_folder.Path, _time);
        Assert.Equal(2, new MessageJournal(again, new DeviceTable()).Last);
    }

    private static long? Entries(Database database)
    {
        using var reader = database.OpenReader();
        return FacilityMonitor.Storage.BlockTable.Number(reader, "select count(*) from journal");
    }

    [Fact]
    public async Task After_a_stop_everything_is_in_the_one_file_though_readers_kept_their_connections()
    {
        await using (var database = Database.Open(_folder.Path, _time))
        {
            var writer = new JournalWriter();
            writer.Tick(At);
            await new MessageJournal(database, new DeviceTable()).AppendAsync(writer);
            Assert.Equal(1L, Entries(database));
        }

        Assert.Equal([Database.FileName], Directory.GetFiles(_folder.Path, Database.FileName + "*").Select(file => Path.GetFileName(file)));
    }

    [Fact]
    public async Task A_second_service_on_the_same_data_is_refused_with_a_clear_word()
    {
        await using var database = Database.Open(_folder.Path, _time);

        var error = Assert.Throws<IOException>(() => Database.Open(_folder.Path, _time));

        Assert.Contains("in use by another", error.Message, StringComparison.Ordinal);
    }

    private static string Text(DeviceMessage message)
    {
        var text = new StringBuilder();
        text.Append(message.Kind).Append(message.Device).Append(message.HasEnvelope ? message.Envelope.ToString() : "-").Append(message.ReceivedMs).Append(message.Retained);
        foreach (ref var reading in message.Readings.Readings)
        {
            text.Append(reading.ToString()).Append(' ');
            foreach (ref readonly var value in message.Readings.ValuesOf(reading))
                text.Append(value.ToString());
        }

        text.AppendJoin(',', message.Events).Append(message.Status).Append(message.CommandAck);
        if (message.Birth is { } birth)
            text.Append(birth with { Channels = [], Ops = [] }).AppendJoin(',', birth.Channels.Select(channel => $"{channel.Channel}{channel.RatedA}{string.Join('|', channel.Metrics)}")).AppendJoin(',', birth.Ops);
        return text.ToString();
    }
}
