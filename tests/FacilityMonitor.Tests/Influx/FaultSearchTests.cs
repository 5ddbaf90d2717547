using FacilityMonitor.Influx;
using FsCheck;

namespace FacilityMonitor.Tests.Influx;

/// <summary>Lines at fault are found by asking for parts of the batch.</summary>
public sealed class FaultSearchTests
{
    [Fact]
    public void Exactly_the_lines_at_fault_are_found_and_all_others_are_taken_once() => Prop.ForAll<byte[], byte>((marks, size) =>
    {
        var lines = size + 1;
        var bad = marks.Select(mark => mark % lines).Append(lines - 1).ToHashSet();
        var (search, taken, _) = Run(lines, bad.Contains, _ => null);
        return search.Faults.Select(fault => fault.Line).Order().SequenceEqual(bad.Order())
            && taken.Order().SequenceEqual(Enumerable.Range(0, lines).Except(bad));
    }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 3)]
    [InlineData(5_000, 27)]
    public void One_fault_takes_twice_the_depth_in_requests(int lines, int most)
    {
        var (search, _, requests) = Run(lines, line => line == lines / 2, _ => null);
        Assert.Equal(lines / 2, Assert.Single(search.Faults).Line);
        Assert.InRange(requests, 1, most);
    }

    [Fact]
    public void What_the_database_says_it_left_out_is_believed_when_it_is_all_of_a_part()
    {
        var (search, taken, requests) = Run(64, line => line >= 32, range => range.GetOffsetAndLength(64).Length);
        Assert.Equal(Enumerable.Range(32, 32), search.Faults.Select(fault => fault.Line));
        Assert.Equal(Enumerable.Range(0, 32), taken);
        // The whole, its first half, its second half.
        Assert.Equal(3, requests);
    }

    private static (FaultSearch Search, List<int> Taken, int Requests) Run(int lines, Func<int, bool> isBad, Func<Range, int?> dropped)
    {
        var (search, taken, requests) = (new FaultSearch(lines), new List<int>(), 0);
        while (search.Next is { } range)
        {
            requests++;
            var (from, count) = range.GetOffsetAndLength(lines);
            var part = Enumerable.Range(from, count).ToArray();
            if (part.Any(isBad))
            {
                search.Refused("bad", part.All(isBad) ? dropped(range) : null);
                continue;
            }

            taken.AddRange(part);
            search.Taken();
        }

        return (search, taken, requests);
    }
}
