using FacilityMonitor.Commands;
using FacilityMonitor.Contract;
using FacilityMonitor.Journal;
using FacilityMonitor.Tests.Storage;

namespace FacilityMonitor.Tests.Journal;

public sealed class DeadLettersTests
{
    [Theory]
    [InlineData(3_006, 0)]
    [InlineData(3_005, 1)]
    [InlineData(1_002, 2)]
    [InlineData(1_001, 3)]
    public async Task The_oldest_beyond_the_bytes_that_are_kept_go_first(long bytesMax, int excess)
    {
        await using var data = new StoreFixture();
        await data.StartAsync();
        var writer = new JournalWriter();
        for (var letter = 0; letter < 3; letter++)
            writer.DeadLetter("t"u8, new byte[1_000], RejectReason.BadJson, "x", 1, null);
        await data.Journal.AppendAsync(writer);

        using var reader = data.Database.OpenReader();
        Assert.Equal(excess, DeadLetters.Excess(reader, bytesMax));
        var pruned = 0;
        await data.Database.CommitAsync(CommitPriority.Housekeeping, connection => pruned = (int)DeadLetters.Prune(connection, excess, 20, 1 << 20).Letters);
        Assert.Equal(excess, pruned);
        Assert.Equal(3 - excess, DeadLetters.Read(reader).Count());
    }

    [Fact]
    public async Task What_is_kept_of_a_letter_counts_whole_whatever_its_topic_and_reason_are_made_of()
    {
        await using var data = new StoreFixture();
        await data.StartAsync();
        var writer = new JournalWriter();
        for (var letter = 0; letter < 100; letter++)
            writer.DeadLetter(System.Text.Encoding.UTF8.GetBytes(new string('长', 20_000)), [], RejectReason.UnknownTopic, new string('因', 40), 1, null);
        await data.Journal.AppendAsync(writer);

        // 255 bytes of whole characters, how long it was, and the reason.
        var bytes = 255 + "… (cut, it had 60000 bytes)".Length + 2 + 120;
        using var reader = data.Database.OpenReader();
        Assert.Equal(0, DeadLetters.Excess(reader, 100 * bytes));
        Assert.Equal(1, DeadLetters.Excess(reader, (100 * bytes) - 1));
        var kept = DeadLetters.Read(reader).First().Topic;
        Assert.Equal(new string('长', 85) + "… (cut, it had 60000 bytes)", kept);
        Assert.True(DeadLetters.IsCut(kept));
    }

    [Theory]
    [InlineData(256, false)]
    [InlineData(257, true)]
    public void A_topic_of_256_bytes_is_kept_whole(int length, bool isCut)
    {
        var topic = System.Text.Encoding.ASCII.GetBytes(new string('a', length));
        var stored = System.Text.Encoding.UTF8.GetString(DeadLetters.Stored(topic));

        Assert.Equal((isCut, !isCut), (DeadLetters.IsCut(stored), stored.Length == length));
    }

    [Fact]
    public async Task Nothing_that_a_device_wrote_moves_the_cursor_of_a_terminal()
    {
        await using var data = new StoreFixture();
        await data.StartAsync();
        var writer = new JournalWriter();
        writer.DeadLetter("fm/1/\u001b[2J\u009b2J\u202eabc"u8, "x"u8, RejectReason.BadId, "site: \u001b]0;mine\u0007\r\nnext", 1, null);
        await data.Journal.AppendAsync(writer);

        using var output = new StringWriter();
        Assert.Equal(0, DeadLetterCommand.List(data.Directory, output));

        var line = output.ToString().TrimEnd('\r', '\n');
        Assert.DoesNotContain(line, letter => (char.IsControl(letter) && letter != '\t') || letter == '\u202e');
        Assert.Contains("next", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(100, 10_000, 50)]
    [InlineData(7, 10_000, 7)]
    [InlineData(100, 3_006, 3)]
    [InlineData(100, 3_005, 2)]
    [InlineData(100, 1, 1)]
    public async Task A_step_deletes_so_many_or_so_many_bytes_but_one_at_least(int most, long bytesMost, int expected)
    {
        await using var data = new StoreFixture();
        await data.StartAsync();
        var writer = new JournalWriter();
        for (var letter = 0; letter < 50; letter++)
            writer.DeadLetter("t"u8, new byte[bytesMost > 5_000 ? 10 : 1_000], RejectReason.BadJson, "x", 1, null);
        await data.Journal.AppendAsync(writer);

        var gone = default(LetterSums);
        await data.Database.CommitAsync(CommitPriority.Housekeeping, connection => gone = DeadLetters.Prune(connection, 50, most, bytesMost));

        using var reader = data.Database.OpenReader();
        Assert.Equal((expected, 50 - expected), (gone.Letters, DeadLetters.Read(reader).Count()));
        Assert.Equal(DeadLetters.Measure(reader).Bytes * expected, gone.Bytes * (50 - expected));
    }

    [Theory]
    [InlineData(3, 1_000_000, 3)]
    [InlineData(1_000, 3_006, 3)]
    [InlineData(1_000, 3_005, 2)]
    public async Task Beyond_the_room_letters_are_counted_and_not_stored_until_some_are_pruned(int lettersMax, long bytesMax, int stored)
    {
        await using var data = new StoreFixture();
        await data.StartAsync();
        var journal = new MessageJournal(data.Database, data.Devices) { Letters = new DeadLetterRoom(lettersMax, bytesMax) };
        for (var batch = 0; batch < 5; batch++)
            await journal.AppendAsync(OneLetter());

        using (var reader = data.Database.OpenReader())
            Assert.Equal(stored, DeadLetters.Read(reader).Count());
        Assert.Equal(5 - stored, journal.Letters.NotKept);

        await data.Database.CommitAsync(CommitPriority.Housekeeping, connection => journal.Letters.Gone(DeadLetters.Prune(connection, upTo: 1, most: 10, bytesMost: 1)));
        await journal.AppendAsync(OneLetter());
        await journal.AppendAsync(OneLetter());
        using var after = data.Database.OpenReader();
        Assert.Equal(stored, DeadLetters.Read(after).Count());
        Assert.Equal((1, 6 - stored), (journal.Letters.Pruned, journal.Letters.NotKept));
    }

    [Theory]
    [InlineData(8, 1_000_000)]
    [InlineData(1_000, 8 * 1_002)]
    public async Task A_flood_of_strangers_leaves_a_quarter_of_the_room_to_registered_devices(int lettersMax, long bytesMax)
    {
        await using var data = new StoreFixture();
        await data.StartAsync();
        var journal = new MessageJournal(data.Database, data.Devices) { Letters = new DeadLetterRoom(lettersMax, bytesMax) };
        for (var letter = 0; letter < 20; letter++)
            await journal.AppendAsync(OneLetter(isStranger: true));
        for (var letter = 0; letter < 3; letter++)
            await journal.AppendAsync(OneLetter());

        using var reader = data.Database.OpenReader();
        Assert.Equal(new LetterSums(8, 8 * 1_002, 6, 6 * 1_002), DeadLetters.Measure(reader));
        Assert.Equal(15, journal.Letters.NotKept);
    }

    [Fact]
    public async Task Of_what_is_kept_a_flood_of_strangers_pushes_out_no_letter_of_a_registered_device()
    {
        await using var data = new StoreFixture();
        await data.StartAsync();
        await data.Journal.AppendAsync(OneLetter());
        for (var letter = 0; letter < 5; letter++)
            await data.Journal.AppendAsync(OneLetter(isStranger: true));
        using var reader = data.Database.OpenReader();

        var excess = DeadLetters.Excess(reader, lettersMax: 2, ofStrangers: true);
        Assert.Equal(excess, DeadLetters.Excess(reader, bytesMax: 2 * 1_002, ofStrangers: true));
        var gone = default(LetterSums);
        await data.Database.CommitAsync(CommitPriority.Housekeeping, connection => gone = DeadLetters.Prune(connection, excess, 20, 1 << 20, ofStrangers: true));

        Assert.Equal(new LetterSums(3, 3 * 1_002, 3, 3 * 1_002), gone);
        Assert.Equal([1, 5, 6], DeadLetters.Read(reader).Select(letter => letter.Id));
        // What is counted are the letters that are there, not their numbers.
        Assert.Equal(0, DeadLetters.Excess(reader, lettersMax: 3));
    }

    private static JournalWriter OneLetter(bool isStranger = false)
    {
        var writer = new JournalWriter();
        writer.DeadLetter("t"u8, new byte[1_000], RejectReason.BadJson, "x", 1, null, isStranger);
        return writer;
    }
}
