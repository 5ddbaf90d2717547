using System.Text;
using FacilityMonitor.Ingest;
using FacilityMonitor.Journal;
using FacilityMonitor.Readings;

namespace FacilityMonitor.Tests.Ingest;

/// <summary>The bytes of the newest messages: bounded, and without a word of strangers.</summary>
public sealed class LastMessagesTests
{
    private const int Room = 8_192;

    [Fact]
    public void A_device_s_newest_twenty_are_told_the_newest_first()
    {
        var last = new LastMessages();
        for (var number = 0; number < 50; number++)
            last.Keep(number % 2, "t"u8, Encoding.UTF8.GetBytes($"word {number}"), number, MessageFate.Journaled);

        var told = last.Of(1);

        Assert.Equal(Enumerable.Range(0, LastMessages.Most).Select(back => $"word {49 - (2 * back)}"), told.Select(one => Encoding.UTF8.GetString(one.Payload)));
        Assert.Equal((49, MessageFate.Journaled, 7), (told[0].ReceivedMs, told[0].Fate, told[0].Length));
        Assert.Empty(last.Of(2));
    }

    [Fact]
    public void Of_a_long_one_the_begin_is_kept_and_its_length()
    {
        var last = new LastMessages(Room);
        last.Keep(1, Encoding.UTF8.GetBytes(new string('t', 70_000)), new byte[100_000], 1, MessageFate.DeadLetter);

        var told = Assert.Single(last.Of(1));

        Assert.Equal((LastMessages.PayloadMax, 100_000), (told.Payload.Length, told.Length));
        Assert.InRange(told.Topic.Length, 1, 1_000);
    }

    [Fact]
    public void The_oldest_make_room_whatever_lengths_come_and_what_is_told_is_what_came()
    {
        var (dice, last, kept) = (new Random(20261122), new LastMessages(Room), new List<(int Device, long AtMs, byte[] Payload)>());
        for (var number = 0; number < 5_000; number++)
        {
            var payload = new byte[dice.Next(0, number % 50 == 0 ? LastMessages.PayloadMax : 300)];
            dice.NextBytes(payload);
            var device = dice.Next(3);
            last.Keep(device, "topic"u8, payload, number, MessageFate.Journaled);
            kept.Add((device, number, payload));
            var of = dice.Next(3);
            var told = last.Of(of);
            Assert.Equal(kept.Where(one => one.Device == of).Reverse().Take(told.Count).Select(one => one.AtMs), told.Select(one => one.ReceivedMs));
            Assert.All(told, one => Assert.Equal(kept[(int)one.ReceivedMs].Payload, one.Payload));
            // What was kept last is there, and half of the room at least is used.
            if (of == device)
                Assert.Equal(number, told[0].ReceivedMs);
        }

        Assert.InRange(Enumerable.Range(0, 3).Sum(device => last.Of(device).Count), 20, 60);
    }

    [Fact]
    public void To_keep_a_message_allocates_nothing()
    {
        var (last, payload) = (new LastMessages(Room), new byte[200]);
        last.Keep(1, "topic"u8, payload, 0, MessageFate.Journaled);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var number = 0; number < 1_000; number++)
            last.Keep(1, "topic"u8, payload, number, MessageFate.Journaled);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void What_a_registered_device_says_is_kept_as_it_came_and_what_strangers_say_or_a_gateway_of_several_is_not()
    {
        var (devices, last) = (new DeviceTable(), new LastMessages());
        devices.Use(device => device.Name != "stranger");
        var pipeline = new IngestPipeline(devices, new IngestBooks(), new DeviceLedger()) { Last = last };
        Take("fm/1/a/known/data", Data(0));
        Take("fm/1/a/known/data", Data(0));
        Take("fm/1/a/known/data", """{"v":1,"boot":"x1","seq":1,"ts":1767225600000,"clk":"ntp","r":[{"ch":"nowhere"}]}""");
        Take("fm/1/a/stranger/data", Data(0));
        Take("v1/gateway/telemetry", """{"one":[{"ts":1767225600000,"values":{"w":1}}],"two":[{"ts":1767225600000,"values":{"w":2}}]}""");

        var told = devices.All.ToDictionary(device => device.Id.Name, device => last.Of(device.Number));

        Assert.Equal([MessageFate.DeadLetter, MessageFate.Duplicate, MessageFate.Journaled], told["known"].Select(one => one.Fate));
        Assert.Equal(("fm/1/a/known/data", Data(0)), (Encoding.UTF8.GetString(told["known"][2].Topic), Encoding.UTF8.GetString(told["known"][2].Payload)));
        Assert.Equal(["known", "one", "stranger", "two"], told.Keys.Order(StringComparer.Ordinal));
        Assert.All((string[])["stranger", "one", "two"], name => Assert.Empty(told[name]));

        void Take(string topic, string payload) =>
            pipeline.Take(Encoding.UTF8.GetBytes(topic), Encoding.UTF8.GetBytes(payload), retained: false, dup: false, 1_767_225_605_000, position: 0, new JournalWriter());
    }

    private static string Data(int seq) => $$"""{"v":1,"boot":"x1","seq":{{seq}},"ts":1767225600000,"clk":"ntp","r":[{"ch":"s1","w":5}]}""";
}
