using System.Buffers;
using System.Text;
using FacilityMonitor.Contract;
using FsCheck;
using Random = System.Random;

namespace FacilityMonitor.Tests.Contract;

public sealed class SequenceTrackerTests
{
    private const long Start = 1_767_225_600_000;
    private const int HeardInAnHour = 60;

    private static readonly BootId A = Boot("a1");
    private static readonly BootId B = Boot("b2");

    [Fact]
    public void Messages_in_order_move_the_receipt()
    {
        var tracker = new SequenceTracker();

        for (var seq = 0; seq < 10; seq++)
            Assert.Equal(SequenceVerdict.New, tracker.Observe(A, seq, Start));

        Assert.Equal(new Watermark(A, 9), tracker.Current);
        Assert.False(tracker.HasGaps);
    }

    [Fact]
    public void A_message_seen_again_is_a_duplicate()
    {
        var tracker = new SequenceTracker();
        tracker.Observe(A, 0, Start);

        Assert.Equal(SequenceVerdict.Duplicate, tracker.Observe(A, 0, Start));
    }

    [Fact]
    public void A_device_first_heard_in_the_middle_owes_what_came_before()
    {
        var tracker = new SequenceTracker();

        tracker.Observe(A, 500, Start);

        Assert.Equal(new Watermark(A, -1), tracker.Current);
        Assert.Equal([new ResendRequest(A, 0, 499)], Resends(tracker, Start + 5_000));
    }

    [Fact]
    public void A_gap_is_asked_for_after_five_seconds_and_not_before()
    {
        var tracker = new SequenceTracker();
        tracker.Observe(A, 0, Start);
        tracker.Observe(A, 3, Start);

        Assert.Empty(Resends(tracker, Start + 4_999));
        Assert.Equal([new ResendRequest(A, 1, 2)], Resends(tracker, Start + 5_000));
        Assert.Empty(Resends(tracker, Start + 5_001));
    }

    [Fact]
    public void A_resent_message_closes_its_gap_and_moves_the_receipt()
    {
        var tracker = new SequenceTracker();
        tracker.Observe(A, 0, Start);
        tracker.Observe(A, 2, Start);
        Assert.Equal(new Watermark(A, 0), tracker.Current);

        Assert.Equal(SequenceVerdict.New, tracker.Observe(A, 1, Start + 6_000));

        Assert.Equal(new Watermark(A, 2), tracker.Current);
    }

    [Fact]
    public void What_never_comes_is_booked_lost_after_three_requests()
    {
        var tracker = new SequenceTracker();
        tracker.Observe(A, 0, Start);
        tracker.Observe(A, 4, Start);

        var asked = AnHour(tracker, heard: true);

        Assert.Equal(SequenceTracker.AttemptsMax, asked);
        Assert.Equal(3, tracker.Lost);
        Assert.Equal(4, tracker.SettledOf(A)!.Value.Seq - HeardInAnHour);
    }

    [Fact]
    public void A_device_that_claims_the_largest_number_with_every_boot_never_makes_the_count_of_lost_messages_negative()
    {
        var tracker = new SequenceTracker();

        for (var boot = 0; boot < 2_000; boot++)
        {
            Assert.Equal(SequenceVerdict.New, tracker.Observe(Boot($"b{boot}"), 1L << 53, Start));
            Assert.InRange(tracker.Lost, 1, SequenceTracker.LostMax);
        }

        var book = new ArrayBufferWriter<byte>();
        tracker.Write(book);
        Assert.Equal(SequenceTracker.LostMax, SequenceTracker.Read(book.WrittenSpan).Lost);
        Assert.InRange(book.WrittenCount, 1, 1_024);
    }

    [Fact]
    public void Nothing_is_given_up_of_a_device_that_is_away()
    {
        var tracker = new SequenceTracker();
        tracker.Observe(A, 0, Start);
        tracker.Observe(A, 4, Start);

        Assert.Equal(1, AnHour(tracker, heard: false));
        Assert.Equal(0, tracker.Lost);
        Assert.Equal(new Watermark(A, 0), tracker.Current);

        // It is back, and is asked again at once.
        tracker.Observe(A, 5, Start + 3_600_000);
        Assert.Equal([new ResendRequest(A, 1, 3)], Resends(tracker, Start + 3_600_000));
    }

    [Fact]
    public void History_of_a_boot_that_ended_does_not_count_as_the_one_that_runs()
    {
        var tracker = new SequenceTracker();
        tracker.Observe(A, 0, Start);

        tracker.Observe(B, 7, Start, live: false);

        Assert.Equal(new Watermark(A, 0), tracker.Current);
        Assert.Equal(new Watermark(B, -1), tracker.SettledOf(B));
    }

    [Fact]
    public void History_of_a_forgotten_boot_pushes_out_nobody_and_is_taken_as_late()
    {
        var tracker = new SequenceTracker();
        for (var boot = 0; boot <= SequenceTracker.BootsMax; boot++)
            tracker.Observe(Boot($"b{boot}"), 0, Start);

        Assert.Equal(SequenceVerdict.Late, tracker.Observe(Boot("b0"), 1, Start, live: false));

        Assert.NotNull(tracker.SettledOf(Boot("b1")));
        Assert.Null(tracker.SettledOf(Boot("b0")));
    }

    [Fact]
    public void A_boot_that_speaks_again_is_the_one_that_runs()
    {
        var tracker = new SequenceTracker();
        tracker.Observe(A, 0, Start);
        tracker.Observe(B, 0, Start);

        tracker.Observe(A, 1, Start);

        Assert.Equal(new Watermark(A, 1), tracker.Current);
    }

    [Fact]
    public void Below_what_is_no_longer_known_a_straggler_is_late_and_not_a_duplicate()
    {
        var tracker = new SequenceTracker();
        // Every second message never comes, and more of them are given up than are remembered.
        for (var seq = 0L; seq < 1_000; seq += 2)
            tracker.Observe(A, seq, Start);

        Assert.Equal(SequenceVerdict.Late, tracker.Observe(A, 1, Start));
    }

    [Fact]
    public void A_straggler_booked_lost_is_taken_and_no_longer_counted_lost()
    {
        var tracker = new SequenceTracker();
        tracker.Observe(A, 0, Start);
        tracker.Observe(A, 4, Start);
        AnHour(tracker, heard: true);

        Assert.Equal(SequenceVerdict.Late, tracker.Observe(A, 2, Start + 4_000_000));
        Assert.Equal(2, tracker.Lost);
        Assert.Equal(SequenceVerdict.Duplicate, tracker.Observe(A, 2, Start + 4_000_000));
    }

    [Theory]
    [InlineData(0, SequenceVerdict.Duplicate)]
    [InlineData(1, SequenceVerdict.Late)]
    public void Duplicates_are_known_down_to_the_edge_of_the_window(long beyond, SequenceVerdict expected)
    {
        var tracker = new SequenceTracker();
        for (var seq = 0L; seq < 10; seq++)
            tracker.Observe(A, seq, Start);
        for (var seq = 10L; seq <= SequenceTracker.Window + 4 + beyond; seq++)
            tracker.Observe(A, seq, Start);

        Assert.Equal(expected, tracker.Observe(A, 5, Start));
    }

    [Fact]
    public void A_new_boot_counts_from_zero_and_the_old_one_is_still_known()
    {
        var tracker = new SequenceTracker();
        tracker.Observe(A, 0, Start);
        tracker.Observe(A, 1, Start);

        Assert.Equal(SequenceVerdict.New, tracker.Observe(B, 0, Start));

        Assert.Equal(new Watermark(B, 0), tracker.Current);
        Assert.Equal(new Watermark(A, 1), tracker.SettledOf(A));
        Assert.Equal(SequenceVerdict.Duplicate, tracker.Observe(A, 1, Start));
        Assert.Equal(0, tracker.Lost);
    }

    [Fact]
    public void Only_the_last_four_boots_are_remembered_and_what_the_others_owe_is_lost()
    {
        var tracker = new SequenceTracker();
        tracker.Observe(Boot("b0"), 2, Start);
        for (var boot = 1; boot <= SequenceTracker.BootsMax; boot++)
            tracker.Observe(Boot($"b{boot}"), 0, Start);

        Assert.Null(tracker.SettledOf(Boot("b0")));
        Assert.Equal(2, tracker.Lost);
    }

    [Fact]
    public void A_thousand_orders_and_repetitions_end_in_one_state()
    {
        var messages = Enumerable.Range(0, 40).Select(seq => (A, (long)seq)).Concat(Enumerable.Range(0, 20).Select(seq => (B, (long)seq))).ToArray();
        for (var seed = 0; seed < 1_000; seed++)
        {
            var random = new Random(seed);
            var order = messages.Concat(messages.Where(_ => random.Next(4) == 0)).ToArray();
            random.Shuffle(order);
            var tracker = new SequenceTracker();

            var taken = order.Count(message => tracker.Observe(message.Item1, message.Item2, Start) != SequenceVerdict.Duplicate);

            Assert.Equal(messages.Length, taken);
            Assert.Equal(new Watermark(A, 39), tracker.SettledOf(A));
            Assert.Equal(new Watermark(B, 19), tracker.SettledOf(B));
            Assert.False(tracker.HasGaps);
            Assert.Equal(0, tracker.Lost);
        }
    }

    [Fact]
    public void The_receipt_never_covers_what_did_not_come()
    {
        // A plain set beside the tracker: everything up to the receipt was seen or is booked lost.
        Prop.ForAll<int[]>(numbers =>
        {
            var tracker = new SequenceTracker();
            var seen = new HashSet<long>();
            var now = Start;
            foreach (var number in numbers)
            {
                var seq = Math.Abs((long)number) % 300;
                var verdict = tracker.Observe(A, seq, now);
                if (seen.Add(seq) == (verdict == SequenceVerdict.Duplicate))
                    return false;
                now += 1_000;
                Resends(tracker, now);
            }

            var settled = tracker.Current?.Seq ?? -1;
            var missing = Enumerable.Range(0, (int)settled + 1).Count(seq => !seen.Contains(seq));
            return missing <= tracker.Lost;
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void A_book_survives_being_written_and_read_at_any_point()
    {
        var random = new Random(7);
        var tracker = new SequenceTracker();
        for (var step = 0; step < 500; step++)
        {
            tracker.Observe(random.Next(8) == 0 ? B : A, random.Next(400), Start + step);
            Resends(tracker, Start + (step * 400L));
            var output = new ArrayBufferWriter<byte>();
            tracker.Write(output);
            var restored = SequenceTracker.Read(output.WrittenSpan);
            var again = new ArrayBufferWriter<byte>();
            restored.Write(again);
            Assert.Equal(output.WrittenSpan.ToArray(), again.WrittenSpan.ToArray());
            tracker = restored;
        }
    }

    [Fact]
    public void A_device_with_ever_more_gaps_costs_no_more_memory()
    {
        var tracker = new SequenceTracker();
        for (var seq = 0L; seq < 100_000; seq += 2)
            tracker.Observe(A, seq, Start);

        var output = new ArrayBufferWriter<byte>();
        tracker.Write(output);

        Assert.InRange(output.WrittenCount, 1, 4_096);
        Assert.Equal(50_000 - 1 - SequenceTracker.GapsMax, tracker.Lost);
    }

    [Fact]
    public void A_gap_that_is_filled_in_splinters_costs_no_more_memory_and_asks_for_no_more()
    {
        var tracker = new SequenceTracker();
        for (var boot = 0; boot < SequenceTracker.BootsMax; boot++)
        {
            var id = Boot($"x{boot}");
            tracker.Observe(id, SequenceTracker.Window, Start);
            for (var seq = 1L; seq < SequenceTracker.Window; seq += 2)
                Assert.Equal(SequenceVerdict.New, tracker.Observe(id, seq, Start));
        }

        Assert.InRange(Resends(tracker, Start + SequenceTracker.PatienceMs).Count, 1, SequenceTracker.BootsMax * SequenceTracker.GapsMax);
        Assert.InRange(Written(tracker).Length, 1, 16_384);
        Assert.Equal(SequenceTracker.BootsMax * ((SequenceTracker.Window / 2) - SequenceTracker.GapsMax), tracker.Lost);
        // The receipt covers what was booked lost, and what comes of it after all is not thrown away.
        Assert.Equal(SequenceTracker.Window - (2 * SequenceTracker.GapsMax) - 1, tracker.Current!.Value.Seq);
        Assert.Equal(SequenceVerdict.Late, tracker.Observe(Boot("x3"), 0, Start));
        Assert.Equal(SequenceVerdict.New, tracker.Observe(Boot("x3"), SequenceTracker.Window - 2, Start));
    }

    [Fact]
    public void Lost_ranges_that_are_filled_in_splinters_cost_no_more_memory()
    {
        var tracker = new SequenceTracker();
        tracker.Observe(A, 0, Start);
        tracker.Observe(A, 2_001, Start);
        AnHour(tracker, heard: false);
        tracker.Observe(A, 2_002, Start + 3_600_000);
        for (var attempt = 0; attempt < 9; attempt++)
        {
            Resends(tracker, Start + 7_200_000 + (attempt * 7_200_000L));
            tracker.Observe(A, 2_003 + attempt, Start + 7_200_001 + (attempt * 7_200_000L));
        }

        Assert.Equal(2_000, tracker.Lost);
        for (var seq = 2L; seq < 2_000; seq += 2)
            Assert.Equal(SequenceVerdict.Late, tracker.Observe(A, seq, Start));

        Assert.InRange(Written(tracker).Length, 1, 512);
        Assert.False(tracker.HasGaps);
    }

    [Fact]
    public void A_book_that_an_older_version_let_grow_is_cut_to_size_when_it_is_read()
    {
        const int Splinters = 30_000;
        var book = new List<byte>();
        void Put(ulong value)
        {
            for (; value >= 0x80; value >>= 7)
                book.Add((byte)(value | 0x80));
            book.Add((byte)value);
        }

        // Format, lost, forgotten, boots; the boot's name, highest and floor; gaps, lost ranges.
        foreach (var value in (ulong[])[2, 0, 0, 1, 2])
            Put(value);
        book.AddRange("a1"u8.ToArray());
        Put((2 * Splinters) + 1);
        Put(0);
        Put(Splinters);
        for (var gap = 0UL; gap < Splinters; gap++)
        {
            foreach (var value in (ulong[])[2 * gap, 2 * gap, 0, Start])
                Put(value);
        }

        Put(0);

        var tracker = SequenceTracker.Read(book.ToArray());

        Assert.InRange(Written(tracker).Length, 1, 4_096);
        Assert.Equal(Splinters - SequenceTracker.GapsMax, tracker.Lost);
        Assert.Equal(2 * (Splinters - SequenceTracker.GapsMax) - 1, tracker.Current!.Value.Seq);
    }

    private static byte[] Written(SequenceTracker tracker)
    {
        var output = new ArrayBufferWriter<byte>();
        tracker.Write(output);
        return output.WrittenSpan.ToArray();
    }

    private static BootId Boot(string text) => BootId.TryParse(Encoding.ASCII.GetBytes(text), out var boot) ? boot : throw new ArgumentException(text);

    /// <summary>An hour second by second; a device that is heard goes on from number 5, once a minute.</summary>
    /// <returns>How often it was asked.</returns>
    private static int AnHour(SequenceTracker tracker, bool heard)
    {
        var asked = 0;
        for (var seconds = 0; seconds < 3_600; seconds++)
        {
            if (heard && seconds % 60 == 0)
                tracker.Observe(A, 5 + (seconds / 60), Start + (seconds * 1_000L));
            asked += Resends(tracker, Start + (seconds * 1_000L)).Count;
        }

        return asked;
    }

    private static List<ResendRequest> Resends(SequenceTracker tracker, long nowMs)
    {
        var requests = new List<ResendRequest>();
        tracker.CollectResends(nowMs, requests);
        return requests;
    }
}
