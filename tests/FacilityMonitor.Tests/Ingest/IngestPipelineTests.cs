using System.Text;
using FacilityMonitor.Contract;
using FacilityMonitor.Ingest;
using FacilityMonitor.Journal;
using FacilityMonitor.Mqtt;
using FacilityMonitor.Readings;

namespace FacilityMonitor.Tests.Ingest;

public sealed class IngestPipelineTests
{
    private const long Start = 1_767_225_605_000;

    private readonly DeviceTable _devices = new();
    private readonly IngestBooks _books = new();
    private readonly DeviceLedger _ledger = new();
    private readonly JournalWriter _writer = new();
    private readonly IngestPipeline _pipeline;

    public IngestPipelineTests() => _pipeline = new IngestPipeline(_devices, _books, _ledger);

    [Fact]
    public void A_message_told_twice_is_journaled_once()
    {
        Take("fm/1/a/b/data", Data(0));
        Take("fm/1/a/b/hist", Data(0));

        Assert.Equal(1, _writer.Messages);
        Assert.Equal(1, _books.Duplicates);
        AssertBalanced();
    }

    [Fact]
    public void What_is_given_up_at_once_because_the_gap_is_too_wide_is_counted_as_lost()
    {
        Take("fm/1/a/b/data", Data(0));
        Take("fm/1/a/b/data", Data((int)SequenceTracker.Window + 10));

        // Numbers 1 to 9 can no longer be told from duplicates; for the others it is waited.
        Assert.Equal(9, _books.Lost);
        Take("fm/1/a/b/data", Data((int)SequenceTracker.Window + 10));
        Assert.Equal(9, _books.Lost);
        Assert.Equal(0, _ledger.TakeLost());
    }

    [Fact]
    public void A_message_that_cannot_be_used_is_set_aside_once_and_its_number_is_settled()
    {
        const string Broken = """{"v":1,"boot":"x1","seq":0,"ts":1767225600000,"clk":"ntp","r":[{"ch":"nowhere"}]}""";

        Assert.Equal(MqttReasonCode.PayloadFormatInvalid, Take("fm/1/a/b/data", Broken));
        Assert.Equal(MqttReasonCode.Success, Take("fm/1/a/b/data", Broken));
        Take("fm/1/a/b/data", Data(1));

        Assert.False(Assert.Single(_writer.DeadLetters).IsStranger);
        Assert.Equal(1, Receipt().Seq);
        AssertBalanced();
    }

    [Theory]
    [InlineData("fm/1/a/b/data", false)]
    [InlineData("fm/1/a/c/data", true)]
    [InlineData("nothing/we/know", true)]
    public void A_dead_letter_of_nobody_in_the_registry_is_a_strangers(string topic, bool isStranger)
    {
        _devices.Use(device => device.Name == "b");

        Take(topic, "{");

        Assert.Equal(isStranger, Assert.Single(_writer.DeadLetters).IsStranger);
    }

    [Fact]
    public void Of_a_message_that_was_too_large_to_be_received_the_begin_is_set_aside_and_nothing_is_read()
    {
        var begin = Encoding.UTF8.GetBytes(Data(0));

        Assert.Equal(MqttReasonCode.PayloadFormatInvalid, _pipeline.TakeBegin("fm/1/a/b/data"u8, begin, missing: 2_000_000, Start, position: 0, _writer));

        var letter = Assert.Single(_writer.DeadLetters);
        Assert.Equal(("too-large", $"payload: {begin.Length + 2_000_000} bytes, more than is received; the first {begin.Length} are kept"), (letter.Reason, letter.Detail));
        Assert.Equal(begin, letter.Payload);
        Assert.Equal((1, 0), (_books.DeadLettered(RejectReason.TooLarge), _books.Journaled));
        Assert.Empty(_devices.All);
        AssertBalanced();
    }

    [Fact]
    public void A_plug_may_say_the_same_thing_twice_but_the_broker_may_not()
    {
        const string Same = """{"power":0,"state":"OFF"}""";
        Take("zigbee2mqtt/plug", Same);
        Take("zigbee2mqtt/plug", Same);
        Assert.Equal(2, _writer.Messages);

        Take("zigbee2mqtt/plug", Same, dup: true);

        Assert.Equal(2, _writer.Messages);
        Assert.Equal(1, _books.Duplicates);
        AssertBalanced();
    }

    [Fact]
    public void What_a_gateway_says_of_three_devices_is_booked_for_each_of_them()
    {
        const string Three = """{"A":[{"values":{"power":1}}],"B":[{"values":{"power":2}},{"ts":1767225604000,"values":{"power":3}}],"C":{"temperature":20},"D":[{"values":{"colour":"red"}}]}""";

        Assert.Equal(MqttReasonCode.Success, Take("v1/gateway/telemetry", Three));

        Assert.Equal(3, _writer.Messages);
        Assert.Equal((3, 3, 4), (_books.Received, _books.Journaled, _books.Readings));
        Assert.Equal(["thingsboard:A", "thingsboard:B", "thingsboard:C"], _devices.All.OrderBy(device => device.Number).Select(device => device.Id.ToString()));
        AssertBalanced();

        Take("v1/gateway/telemetry", Three, dup: true);

        Assert.Equal((3, 3), (_writer.Messages, _books.Duplicates));
        AssertBalanced();
    }

    [Fact]
    public void Of_a_gateway_message_with_one_broken_device_the_others_are_taken_and_it_is_one_dead_letter()
    {
        const string Broken = """{"A":[{"values":{"power":1}}],"B":7}""";

        Assert.Equal(MqttReasonCode.PayloadFormatInvalid, Take("v1/gateway/telemetry", Broken));

        Assert.Equal(1, _writer.Messages);
        Assert.Equal(["A"], _devices.All.Select(device => device.Id.Name));
        Assert.Single(_writer.DeadLetters);
        AssertBalanced();
    }

    [Theory]
    [InlineData("A", false)]
    [InlineData("nobody", true)]
    public void What_is_left_out_of_the_message_of_a_registered_gateway_is_no_strangers(string registered, bool isStranger)
    {
        _devices.Use(device => device.Name == registered);

        Take("v1/gateway/telemetry", """{"A":[{"values":{"power":1}}],"B":5}""");

        Assert.Equal(isStranger, Assert.Single(_writer.DeadLetters).IsStranger);
    }

    [Fact]
    public void A_gateway_message_that_is_no_JSON_to_its_end_makes_nobody_known()
    {
        Assert.Equal(MqttReasonCode.PayloadFormatInvalid, Take("v1/gateway/telemetry", """{"A":[{"values":{"power":1}}],"B":"""));

        Assert.Equal((0, 0), (_writer.Messages, _devices.Count));
        Assert.Single(_writer.DeadLetters);
        AssertBalanced();
    }

    [Fact]
    public void A_gateways_device_goes_offline_and_comes_back()
    {
        Take("v1/gateway/connect", """{"device":"A"}""");
        Take("v1/gateway/disconnect", """{"device":"A"}""");

        Assert.Equal(2, _writer.Messages);
        AssertBalanced();
    }

    [Fact]
    public void A_mapping_holds_from_the_next_message_on()
    {
        Assert.Equal(MqttReasonCode.PayloadFormatInvalid, Take("JUY/D2S/1/88/DEV", """{"voltage":2291}"""));
        _pipeline.Use(Contract.ShippedMappings.All);

        Assert.Equal(MqttReasonCode.Success, Take("JUY/D2S/1/88/DEV", """{"voltage":2291}"""));

        Assert.Equal("mapped:juy/1", Assert.Single(_devices.All).Id.ToString());
        AssertBalanced();
    }

    [Fact]
    public void A_retained_birth_that_comes_with_every_subscription_counts_once()
    {
        const string Birth = """{"v":1,"boot":"x1","bd":7,"ts":1767225600000,"model":"PILE-10","fw":"1","clk":"ntp","channels":{}}""";

        Take("fm/1/a/b/birth", Birth);
        Take("fm/1/a/b/birth", Birth);
        Take("fm/1/a/b/birth", Birth.Replace("\"bd\":7", "\"bd\":8", StringComparison.Ordinal));

        Assert.Equal(2, _writer.Messages);
        AssertBalanced();
    }

    [Fact]
    public void A_device_gets_a_receipt_at_most_every_ten_seconds_and_at_once_when_a_gap_closed()
    {
        Take("fm/1/a/b/data", Data(0));
        Assert.Equal(0, Receipt().Seq);
        Take("fm/1/a/b/data", Data(1));
        Assert.Empty(Receipts(Start + 9_999));
        Assert.Equal(1, Assert.Single(Receipts(Start + 10_000)).Settled.Seq);

        Take("fm/1/a/b/data", Data(3));
        Assert.Equal(1, Assert.Single(Receipts(Start + 20_000)).Settled.Seq);
        Take("fm/1/a/b/hist", Data(2));

        Assert.Equal(3, Assert.Single(Receipts(Start + 20_001)).Settled.Seq);
    }

    [Fact]
    public void After_a_crash_the_books_come_back_from_what_was_saved_and_the_rest_of_the_journal()
    {
        for (var seq = 0; seq < 10; seq++)
            Take("fm/1/a/b/data", Data(seq), position: seq);
        var saved = _ledger.TakeUnsaved(10);
        Assert.Equal(20, _ledger.SafeCursor(20));
        Take("fm/1/a/b/data", Data(10), position: 15);
        Assert.Equal(15, _ledger.SafeCursor(20));

        var restored = new DeviceLedger();
        foreach (var book in saved)
            restored.Load(book, position: 12);

        Assert.True(BootId.TryParse("x1"u8, out var boot));
        Assert.Equal(SequenceVerdict.Duplicate, restored.Observe(1, new Envelope(boot, 9, 0, null, ClockSource.Ntp), Start, 0));
        Assert.True(restored.IsSaved(1, 12));
        Assert.False(restored.IsSaved(1, 13));
        Assert.Equal(SequenceVerdict.New, restored.Observe(1, new Envelope(boot, 10, 0, null, ClockSource.Ntp), Start, 0));
    }

    [Fact]
    public void Every_message_is_counted_in_the_hour_it_came()
    {
        Take("fm/1/a/b/data", Data(0));
        Take("fm/1/a/b/hist", Data(0));
        Take("fm/1/a/b/data", "{");
        Take("not/ours/at-all", "{}");

        var books = _ledger.TakeUnsaved(10);
        Assert.Equal([1, HourBook.NobodysDevice], books.Select(book => book.Device));
        Assert.Equal(new DeviceLedger.HourCount(Start / HourBook.HourMs, Received: 3, Duplicates: 1, DeadLetters: 1), books[0].Count);
        Assert.Equal(new DeviceLedger.HourCount(Start / HourBook.HourMs, Received: 1, Duplicates: 0, DeadLetters: 1), books[1].Count);
        Assert.All(books, book => Assert.Empty(book.Ended));
    }

    [Fact]
    public void An_hour_that_ended_before_it_was_saved_is_saved_with_the_next()
    {
        Take("fm/1/a/b/data", Data(0));
        _ledger.Book(1, MessageFate.Journaled, Start + HourBook.HourMs, 5);

        var book = Assert.Single(_ledger.TakeUnsaved(10));
        Assert.Equal((Start / HourBook.HourMs) + 1, book.Count.Hour);
        Assert.Equal(new DeviceLedger.HourCount(Start / HourBook.HourMs, 1, 0, 0), Assert.Single(book.Ended));
    }

    [Fact]
    public void Books_that_could_not_be_saved_are_saved_later_and_the_journal_is_kept_for_them()
    {
        Take("fm/1/a/b/data", Data(0), position: 3);
        var refused = _ledger.TakeUnsaved(10);
        Take("fm/1/a/c/data", Data(0), position: 7);
        _ledger.Book(1, MessageFate.Journaled, Start + HourBook.HourMs, 8);
        Assert.Equal(7, _ledger.SafeCursor(20));

        _ledger.PutBack(refused);

        Assert.Equal(3, _ledger.SafeCursor(20));
        var books = _ledger.TakeUnsaved(10);
        Assert.Equal([1, 2], books.Select(book => book.Device).Order());
        Assert.Equal([Start / HourBook.HourMs], books.Single(book => book.Device == 1).Ended.Select(count => count.Hour));
    }

    [Fact]
    public void A_foreign_message_delivered_again_after_our_crash_counts_once()
    {
        const string Same = """{"power":0,"state":"OFF"}""";
        Take("zigbee2mqtt/plug", Same);
        var records = new JournalRecords(_devices);
        records.Open(new JournalEntry(1, _writer.ToBody()));
        var message = new DeviceMessage();
        Assert.True(records.TryRead(message, out _, out var atMs, out _));

        var restarted = new IngestPipeline(_devices, _books, new DeviceLedger());
        restarted.Remember(message.ForeignHash!.Value, atMs);
        restarted.Take("zigbee2mqtt/plug"u8, Encoding.UTF8.GetBytes(Same), false, dup: true, Start, 0, _writer);

        Assert.Equal(1, _books.Duplicates);
        Assert.Equal(1, _writer.Messages);
    }

    [Fact]
    public void Received_is_always_journaled_and_duplicates_and_dead_letters()
    {
        var random = new Random(11);
        for (var round = 0; round < 5_000; round++)
        {
            var payload = Data(random.Next(60));
            if (random.Next(5) == 0)
                payload = payload[..random.Next(payload.Length)];
            Take(random.Next(3) switch { 0 => "fm/1/a/b/data", 1 => "fm/1/a/c/hist", _ => "fm/1/a/d/cmd" }, payload);
            AssertBalanced();
        }

        Assert.True(_books.Ignored > 1_000 && _books.DeadLetteredTotal > 250 && _books.Duplicates > 500);
    }

    private static string Data(int seq) => $$"""{"v":1,"boot":"x1","seq":{{seq}},"ts":1767225600000,"clk":"ntp","r":[{"ch":"s1","w":1}]}""";

    private MqttReasonCode Take(string topic, string payload, bool dup = false, long position = 0) =>
        _pipeline.Take(Encoding.UTF8.GetBytes(topic), Encoding.UTF8.GetBytes(payload), false, dup, Start, position, _writer);

    private Watermark Receipt() => Assert.Single(Receipts(Start)).Settled;

    private List<(int Device, Watermark Settled)> Receipts(long nowMs)
    {
        var receipts = new List<(int, Watermark)>();
        _ledger.CollectReceipts(nowMs, receipts);
        return receipts;
    }

    private void AssertBalanced() => Assert.Equal(_books.Received, _books.Journaled + _books.Duplicates + _books.DeadLetteredTotal);
}
