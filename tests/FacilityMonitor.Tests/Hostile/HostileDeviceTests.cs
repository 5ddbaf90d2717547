using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using FacilityMonitor.Contract;
using FacilityMonitor.Mqtt;
using FacilityMonitor.Readings;

namespace FacilityMonitor.Tests.Hostile;

/// <summary>What one device, or whoever calls himself one, can do to all others: nothing, and it is counted.</summary>
[Collection(nameof(AloneInTheProcess))]
public sealed class HostileDeviceTests
{
    /// <summary>What the flood may leave in memory: 10,000 strangers, each with a site of its own, an engine, a book and what it said last. It was 72 MiB.</summary>
    private const long FloodBytesMax = 120L << 20;

    /// <summary>One that is registered and one that is not.</summary>
    private static readonly string[] Hostile = ["pile-03", "ghost"];

    private static readonly string[] Kinds = ["data", "hist", "event"];

    [Fact]
    public async Task The_evening_has_something_to_lose()
    {
        await using var street = await Street.OpenAsync();
        await Evening.LiveAsync(street, (_, _) => { });

        Assert.Equal(
            ["circuit-overload active", "offline active", "socket-overload active", "socket-overload recovering", "socket-overload recovering"],
            street.Told(Evening.IsOther).Select(step => JsonNode.Parse(step[step.IndexOf('{', StringComparison.Ordinal)..])!).Select(step => $"{step["rule"]} {step["state"]}").Where(step => !step.EndsWith("pending", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_thousand_new_devices_a_second_find_no_room_beyond_the_limit_and_nobody_else_notices()
    {
        var quiet = await Evening.QuietAsync();
        await using var street = await Street.OpenAsync();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var invented = 0;

        var evening = await Evening.LiveAsync(street, (_, second) =>
        {
            // Each on a site of its own, too: an engine, a snapshot and an hour's book for each.
            for (var i = 0; i < 500 && second < 120; i++)
                street.Take($"fm/1/site-{invented}/pile-{invented++}/data", Reading(street.NowMs, seq: 0, "\"w\":90"));
        });

        Assert.Equal(quiet.Others, evening.Others);
        Assert.Equal(DeviceTable.UnregisteredMax, street.Devices.Unregistered);
        Assert.Equal(DeviceTable.UnregisteredMax + 3, street.Number("select count(*) from device"));
        Assert.Equal(120_000 - DeviceTable.UnregisteredMax, street.Books.DeadLettered(RejectReason.TooManyDevices));
        Assert.InRange(street.Number("select count(*) from dead_letter"), 1, 100_000);
        Assert.Contains("not registered", Detail(street), StringComparison.Ordinal);
        var memory = GC.GetTotalMemory(forceFullCollection: true) - before;
        Assert.True(memory < FloodBytesMax, $"{memory >> 20} MiB");

        // There is room for whom the registry names, also when it has never been heard, and from the moment it is named.
        Assert.Equal(MqttReasonCode.Success, street.Take("fm/1/jiugeng/pile-g1/data", Reading(street.NowMs, 0, "\"w\":90")));
        Assert.Equal(MqttReasonCode.PayloadFormatInvalid, street.Take("fm/1/huaihai/pile-99/data", Reading(street.NowMs, 0, "\"w\":90")));
        street.Register(new DeviceId(Dialect.Fm1, "huaihai", "pile-99"));
        Assert.Equal(MqttReasonCode.Success, street.Take("fm/1/huaihai/pile-99/data", Reading(street.NowMs, 0, "\"w\":90")));
    }

    [Fact]
    public async Task A_stranger_behind_a_gateway_for_whom_there_is_no_room_does_not_silence_its_neighbours()
    {
        await using var street = await Street.OpenAsync();
        street.Register(new DeviceId(Dialect.ThingsBoard, null, "known"));
        for (var i = 0; i < DeviceTable.UnregisteredMax; i++)
            street.Take($"fm/1/x/pile-{i}/status", """{"s":"online"}""");

        Assert.Equal(MqttReasonCode.QuotaExceeded, street.Take("v1/gateway/telemetry", """{"stranger":[{"values":{"power":1}}],"known":[{"values":{"power":2}}]}"""));
        Assert.Equal(MqttReasonCode.PayloadFormatInvalid, street.Take("v1/gateway/telemetry", """{"stranger":[{"values":{"power":1}}]}"""));
        await street.SecondAsync();

        Assert.Equal(["thingsboard:known"], street.Devices.All.Where(device => device.Id.Dialect == Dialect.ThingsBoard).Select(device => device.Id.ToString()));
        Assert.Equal(2, street.Books.DeadLettered(RejectReason.TooManyDevices));
        Assert.Equal(street.Books.Received, street.Books.Journaled + street.Books.Duplicates + street.Books.DeadLetteredTotal);
    }

    [Fact]
    public async Task A_device_whose_clock_says_anything_at_all_moves_nobody_elses()
    {
        var quiet = await Evening.QuietAsync();
        await using var street = await Street.OpenAsync();
        var seq = 0;

        var evening = await Evening.LiveAsync(street, (_, second) =>
        {
            string[] times =
            [
                "0", "1", "-1", "1577836799999", "1577836800000", "9007199254740992", "9007199254740993", "1e300", "NaN", "null", "\"now\"", Text(street.NowMs),
                Text(street.NowMs + 59_999), Text(street.NowMs + 60_001), Text(street.NowMs + 31_536_000_000), Text(street.NowMs - 86_399_000), Text(street.NowMs - 86_401_000),
            ];
            // Live and as history; by its clock, by its uptime, and by offsets of a year.
            foreach (var device in Hostile)
            {
                foreach (var kind in Kinds)
                {
                    var time = times[(second + seq) % times.Length];
                    var clock = (second % 3) switch { 0 => "ntp", 1 => "none", _ => "rtc" };
                    var up = (seq / 2 % 3) switch { 0 => "0", 1 => "9007199254740992", _ => "4294967295" };
                    var dt = (second / 3 % 4) switch { 0 => "-31622400000", 1 => "31622400000", _ => "0" };
                    var reading = kind == "event" ? "\"ch\":\"s1\",\"ev\":\"session-start\"" : "\"ch\":\"s1\",\"w\":3000";
                    street.Take($"fm/1/huaihai/{device}/{kind}", $$"""{"v":1,"boot":"bad","seq":{{seq++}},"ts":{{time}},"up":{{up}},"clk":"{{clock}}","r":[{"dt":{{dt}},{{reading}}}]}""");
                }

                street.Take($"fm/1/huaihai/{device}/birth", $$"""{"v":1,"boot":"bad","bd":{{second}},"ts":{{times[second % times.Length]}},"model":"X","fw":"1","clk":"ntp","channels":{} }""");
            }

            street.Take("tele/ghost/SENSOR", """{"Time":"2099-01-01T00:00:00","ENERGY":{"Power":3000}}""");
            street.Take("tele/ghost/SENSOR", """{"Time":"1970-01-01T00:00:00","ENERGY":{"Power":3000}}""");
        });

        Assert.Equal(quiet.Others, evening.Others);
        Assert.InRange(street.Books.DeadLettered(RejectReason.BadField), 500, 2_000);
        Assert.InRange(street.Books.DeadLettered(RejectReason.BadJson), 100, 500);
        // What was believed or corrected lies where a measurement can lie, and the rest is set aside.
        var stored = await street.StoredAsync("huaihai", "pile-03");
        Assert.True(stored.Count > 200);
        foreach (var line in stored.Where(line => line.StartsWith("s1 ", StringComparison.Ordinal)))
            Assert.InRange(long.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture), ClockCorrection.EarliestMs, street.NowMs + ClockCorrection.AheadMaxMs);
        Assert.Contains(stored, line => line.Contains(" Clock ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_device_that_speaks_with_the_time_and_the_number_of_another_changes_nothing_of_it()
    {
        var quiet = await Evening.QuietAsync();
        await using var street = await Street.OpenAsync();

        var evening = await Evening.LiveAsync(street, (_, second) =>
        {
            // Boot, number and time are the neighbour's: only the topic says whose they are, and who may publish there is the broker's to keep.
            street.Take("fm/1/huaihai/pile-03/data", $$"""{"v":1,"boot":"good","seq":{{second + 1}},"ts":{{street.NowMs}},"clk":"ntp","r":[{"ch":"s7","w":0}]}""");
            street.Take("fm/1/jiugeng/pile-02/data", $$"""{"v":1,"boot":"good","seq":{{second + 1}},"ts":{{street.NowMs}},"clk":"ntp","r":[{"ch":"s7","w":0}]}""");
        });

        Assert.Equal(quiet.Others, evening.Others);
    }

    [Fact]
    public async Task Numbers_that_jump_to_the_end_and_back_and_repeat_cost_a_bounded_book_and_a_count_that_never_turns_negative()
    {
        var quiet = await Evening.QuietAsync();
        await using var street = await Street.OpenAsync();
        var boot = 0;

        var evening = await Evening.LiveAsync(street, (_, second) =>
        {
            // The largest number there is, with a new boot each time; zero again and again; gaps everywhere; a number that is none.
            for (var i = 0; i < 8; i++)
            {
                street.Take("fm/1/huaihai/pile-03/data", Reading(street.NowMs, 9_007_199_254_740_992, "\"w\":9", $"b{boot++}"));
                street.Take("fm/1/huaihai/pile-03/data", Reading(street.NowMs, 0, "\"w\":9", "zero"));
                street.Take("fm/1/huaihai/ghost/data", Reading(street.NowMs, ((second * 8) + i) * 3L, "\"w\":9", "holes"));
                street.Take("fm/1/huaihai/ghost/hist", Reading(street.NowMs, (long)second << 40, "\"w\":9", "steps"));
                street.Take("fm/1/huaihai/ghost/data", Reading(street.NowMs, -1, "\"w\":9"));
            }
        });

        Assert.Equal(quiet.Others, evening.Others);
        Assert.InRange(street.LargestBook, 1, 4_096);
        Assert.InRange(street.Books.Lost, 0, SequenceTracker.LostMax);
        Assert.True(street.Books.Duplicates > 1_900);
        // Receipts at most every ten seconds a boot, requests at most three a gap.
        Assert.InRange(street.Asked, 1, Evening.Seconds * 100);
        Assert.Equal(0, street.Number("select count(*) from book where received < 0 or duplicates < 0 or dead_letters < 0 or stored < 0"));
    }

    [Fact]
    public async Task Old_retained_messages_raise_nothing_hide_nothing_and_are_counted()
    {
        var quiet = await Evening.QuietAsync();
        await using var street = await Street.OpenAsync();
        var huge = Encoding.UTF8.GetBytes("{\"v\":1,\"pad\":\"" + new string('x', 1 << 20) + "\"}");

        var evening = await Evening.LiveAsync(street, (_, second) =>
        {
            // What a broker tells whoever subscribes: at the start, and again in the middle, when the connection was lost.
            if (second is not (0 or 150))
                return;
            for (var i = 0; i < 5_000; i++)
            {
                street.Take($"fm/1/huaihai/pile-{(i % 2) + 1:00}/data", Reading(street.NowMs - 60_000, i, "\"w\":3000", "old"), retained: true);
                street.Take($"tele/plug-{i}/SENSOR", """{"Time":"2026-11-19T10:00:00","ENERGY":{"Power":3000}}""", retained: true);
                street.Take($"zigbee2mqtt/plug-{i}", "not json", retained: true);
            }

            for (var i = 0; i < 20; i++)
                street.Take($"fm/1/huaihai/pile-01/event", huge, retained: true);
            // Its death of last week: the birth after it says so.
            street.Take("fm/1/huaihai/pile-01/status", """{"s":"offline","bd":0,"boot":"older"}""", retained: true);
        });

        Assert.Equal(quiet.Others, evening.Others);
        Assert.Empty(street.Told(asset => asset.Contains("plug-", StringComparison.Ordinal)));
        Assert.Equal(4 * (5_000 + 20), street.Books.DeadLettered(RejectReason.RetainedData));
        Assert.InRange(street.Number("select coalesce(sum(length(payload)), 0) from dead_letter"), 1, 256L << 20);
    }

    /// <summary>Every second, live and as history, as data, events, births and answers, and in the dialects of others.</summary>
    [Theory]
    [InlineData("nesting", RejectReason.BadJson)]
    [InlineData("long texts", RejectReason.TooLarge)]
    [InlineData("keys told twice", RejectReason.UnsupportedVersion)]
    [InlineData("no UTF-8", RejectReason.BadUtf8)]
    [InlineData("huge numbers", RejectReason.BadField)]
    public async Task What_is_written_to_hurt_its_reader_is_set_aside_and_nobody_else_notices(string attack, RejectReason reason)
    {
        var quiet = await Evening.QuietAsync();
        await using var street = await Street.OpenAsync();
        var bodies = Bodies(attack);
        string[] topics =
        [
            .. from device in Hostile from kind in Kinds.Concat(["birth", "status", "ack"]) select $"fm/1/huaihai/{device}/{kind}",
            "tele/ghost/SENSOR", "zigbee2mqtt/ghost", "ghost/status/switch:0", "v1/gateway/telemetry",
        ];
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var sent = 0;

        var evening = await Evening.LiveAsync(street, (_, second) =>
        {
            foreach (var topic in topics)
            {
                var body = bodies[(sent + second) % bodies.Count];
                // Twenty megabytes in some of the seconds are enough.
                if (body.Length < 100_000 || second % 8 == 0)
                    street.Take(topic, body);
                sent++;
            }
        });

        Assert.Equal(quiet.Others, evening.Others);
        Assert.InRange(street.Books.DeadLettered(reason), 50, sent);
        Assert.InRange(street.Number("select coalesce(sum(length(payload)), 0) from dead_letter"), 1, 256L << 20);
        var memory = GC.GetTotalMemory(forceFullCollection: true) - before;
        Assert.True(memory < FloodBytesMax, $"{memory >> 20} MiB");
        // It is heard again with the first thing that makes sense.
        Assert.Equal(MqttReasonCode.Success, street.Take("fm/1/huaihai/pile-03/data", Reading(street.NowMs, 0, "\"w\":90", "sober")));
    }

    private static List<byte[]> Bodies(string attack)
    {
        const int Mega = 1_000_000;
        static string Envelope(string rest) => $$"""{"v":1,"boot":"bad","seq":1,"ts":1795168801000,"clk":"ntp",{{rest}}}""";
        static string Nested(char open, int depth) => string.Concat(Enumerable.Repeat(open == '[' ? "[" : "{\"a\":", depth));
        string[] texts = attack switch
        {
            "nesting" =>
            [
                Nested('[', 16_000), Nested('{', 3_000), Nested('[', Mega), Nested('{', Mega / 5), Nested('[', 8_000) + new string(']', 8_000),
                Envelope($"\"r\":{Nested('[', 9)}{new string(']', 9)}"), Envelope($"\"x\":{Nested('{', 12)}1{new string('}', 12)},\"r\":[]"),
            ],
            "long texts" =>
            [
                $"{{\"v\":1,\"boot\":\"{new string('x', Mega)}\"}}", $"{{\"{new string('k', Mega)}\":1}}", new string(' ', Mega), new string('9', Mega), $"\"{new string('\\', Mega)}\"",
                Envelope($"\"r\":[{string.Join(',', Enumerable.Repeat("{\"ch\":\"s1\",\"w\":1}", Mega / 20))}]"), Envelope($"\"r\":[{{\"ch\":\"{new string('通', 5_000)}\",\"w\":1}}]"),
            ],
            "keys told twice" =>
            [
                Envelope("\"v\":2,\"r\":[]"), Envelope("\"r\":[{\"ch\":\"s1\",\"w\":1}],\"r\":[{\"ch\":\"s1\",\"w\":2}],\"v\":3"),
                Envelope($"\"r\":[{{\"ch\":\"s1\",{string.Join(',', Enumerable.Repeat("\"w\":1", 2_000))}}}],\"v\":9"), Envelope("\"seq\":2,\"seq\":null,\"r\":[]"),
                Envelope($"{string.Join(',', Enumerable.Repeat("\"boot\":\"b\"", 1_200))},\"r\":[]"), "{\"power\":1,\"power\":2,\"power\":{\"power\":3,\"power\":[]}}",
            ],
            "no UTF-8" => ["""{"v":1,"boot":"\ud800"}""", """{"v":1,"boot":"\udc00\ud800"}""", "\ufeff{}", "{\"v\":1,\"boot\":\"\0\"}"],
            "huge numbers" =>
            [
                Envelope("\"r\":[{\"ch\":\"s1\",\"w\":1e309}]"), Envelope("\"r\":[{\"ch\":\"s1\",\"w\":-1e308}]"), Envelope($"\"r\":[{{\"ch\":\"s1\",\"w\":{new string('9', 10_000)}}}]"),
                Envelope($"\"r\":[{{\"ch\":\"s1\",\"w\":0.{new string('0', 10_000)}1}}]"), Envelope("\"r\":[{\"ch\":\"s1\",\"w\":1e-99999999999}]"), Envelope("\"seq\":99999999999999999999999,\"r\":[]"),
                Envelope("\"ts\":1e400,\"r\":[]"), Envelope("\"r\":[{\"dt\":-9223372036854775809,\"ch\":\"s1\",\"w\":1}]"), Envelope("\"r\":[{\"ch\":\"s99999999999999999999\",\"w\":1}]"),
                """{"ENERGY":{"Power":1e999,"Total":-1e999}}""",
            ],
            _ => throw new ArgumentOutOfRangeException(nameof(attack)),
        };
        var bodies = texts.Select(Encoding.UTF8.GetBytes).ToList();
        if (attack == "no UTF-8")
            bodies.AddRange([[0xff, 0xfe, 0x7b, 0x00], [.. "{\"v\":1,\"boot\":\""u8, 0xc0, 0xaf, .. "\"}"u8], [.. "{\"v\":1,\"boot\":\""u8, 0xed, 0xa0, 0x80, .. "\"}"u8], [.. "{\"v\":1,\"boot\":\""u8, 0xe9, 0x80]]);
        return bodies;
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Reading(long atMs, long seq, string values, string boot = "x1") =>
        string.Create(CultureInfo.InvariantCulture, $$"""{"v":1,"boot":"{{boot}}","seq":{{seq}},"ts":{{atMs}},"clk":"ntp","r":[{"ch":"s1",{{values}}}]}""");

    private static string Detail(Street street) => street.Number("select count(*) from dead_letter where detail like '%that are not registered%'") > 0 ? "not registered" : "";
}
