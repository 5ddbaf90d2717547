using FacilityMonitor.Journal;

namespace FacilityMonitor.Tests.Storage;

/// <summary>Whoever writes to a disk that may fail.</summary>
internal static class PersistentWriter
{
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
}
