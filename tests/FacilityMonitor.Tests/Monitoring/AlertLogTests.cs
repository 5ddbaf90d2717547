using FacilityMonitor.Alerts;
using FacilityMonitor.Journal;
using FacilityMonitor.Monitoring;
using FacilityMonitor.Tests.OnCall;

namespace FacilityMonitor.Tests.Monitoring;

/// <summary>An alert is what its last step says, in whatever order the steps come to the disk.</summary>
public sealed class AlertLogTests
{
    [Fact]
    public async Task An_older_step_never_overwrites_a_newer_one_and_is_no_news()
    {
        using var folder = new TemporaryFolder();
        await using var database = Database.Open(folder.Path, new ManualTime());
        AlertTransition[] steps =
        [
            ResponseFixture.Step("a", Condition.Pending, Priority.P2, number: 0), ResponseFixture.Step("a", Condition.Active, Priority.P2, number: 1),
            ResponseFixture.Step("a", Condition.Active, Priority.P1, number: 2), ResponseFixture.Step("a", Condition.Cleared, Priority.P1, number: 3),
        ];
        var orders = Orders([0, 1, 2, 3]).ToList();
        Assert.Equal(24, orders.Count);
        foreach (var order in orders)
        {
            var name = string.Concat(order);
            var newest = -1;
            foreach (var number in order)
            {
                var step = steps[number] with { AlertId = name, AtMs = steps[number].AtMs + number };
                var isNews = false;
                await database.CommitAsync(CommitPriority.Alerts, connection => isNews = AlertLog.Write(connection, step));
                Assert.Equal(number > newest, isNews);
                newest = Math.Max(newest, number);
                // The same once more says nothing.
                await database.CommitAsync(CommitPriority.Alerts, connection => isNews = AlertLog.Write(connection, step));
                Assert.False(isNews);
                using var reader = database.OpenReader();
                using var command = Database.Command(
                    reader, "select condition || ' ' || priority || ' ' || changed_ms || ' ' || (select count(*) from alert_transition where alert = id) from alert where id = $id", ("$id", name));
                var last = steps[newest];
                Assert.Equal(FormattableString.Invariant($"{(int)last.Condition} {(int)last.Priority} {last.AtMs + newest} {Array.IndexOf(order, number) + 1}"), command.ExecuteScalar());
            }
        }
    }

    private static IEnumerable<int[]> Orders(int[] numbers) => numbers.Length == 0
        ? [[]]
        : numbers.SelectMany(first => Orders([.. numbers.Where(number => number != first)]).Select(rest => (int[])[first, .. rest]));
}
