using FacilityMonitor.Journal;

namespace FacilityMonitor.Tests.Storage;

/// <summary>Whoever writes to a disk that may fail.</summary>
internal static class PersistentWriter
{
    /// <summary>Looks at what workers do between two steps of their clock.</summary>
    private const int LooksPerStep = 5;

    /// <summary>Steps of the clock over a disk that goes on refusing, before somebody repairs it: some attempts of whoever tries once a second.</summary>
    private const int StepsUntilRepair = 12;

    /// <summary>Once more, until the disk takes it. A fault that lasts is repaired after the second refusal.</summary>
    public static async Task InsistAsync(this FaultyDisk disk, Func<Task> write)
    {
        for (var refusals = 0; ; refusals++)
        {
            try
            {
                await write();
                return;
            }
            catch (DatabaseUnavailableException) when (refusals < 5)
            {
                if (refusals == 1)
                    disk.Heal();
            }
        }
    }

    /// <summary>Writes once.</summary>
    /// <returns>Whether the disk took it.</returns>
    public static async Task<bool> TryAsync(Func<Task> write)
    {
        try
        {
            await write();
            return true;
        }
        catch (DatabaseUnavailableException)
        {
            return false;
        }
    }

    /// <summary>Waits for workers that write to it. Their clock goes on meanwhile, and somebody repairs the disk after a while.</summary>
    /// <param name="disk">The disk.</param>
    /// <param name="condition">What is waited for.</param>
    /// <param name="goOn">Moves the clock by a step.</param>
    /// <param name="what">The condition in words.</param>
    public static Task UntilAsync(this FaultyDisk disk, Func<bool> condition, Action goOn, string what)
    {
        var (looks, steps) = (0, 0);
        return Mqtt.Until.TrueAsync(
            () =>
            {
                if (condition())
                    return true;
                if (++looks % LooksPerStep != 0)
                    return false;
                if (disk.HasFailed && ++steps > StepsUntilRepair)
                    disk.Heal();
                goOn();
                return false;
            },
            what, lookEveryMs: 1);
    }
}
