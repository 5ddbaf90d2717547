namespace FacilityMonitor.Tests.Storage;

/// <summary>How the n-th operation of a disk goes wrong, for stories that are told once for every n.</summary>
/// <param name="Fault">What it reports.</param>
/// <param name="Lasts">Whether every operation after it fails, too, until somebody sees to it.</param>
/// <param name="ReserveBytes">What the service holds back of the disk: with it a commit that found no room is made a second time at once.</param>
internal sealed record DiskTrouble(DiskFault Fault, bool Lasts, long ReserveBytes = 0)
{
    private static readonly Dictionary<string, DiskTrouble> Known = new()
    {
        ["full, but for the reserve"] = new(DiskFault.Full, Lasts: false, ReserveBytes: 4_096),
        // The error is the one of a device that writes nothing, and half a page is written besides.
        ["torn"] = new(DiskFault.Torn, Lasts: false),
        ["broken for good"] = new(DiskFault.Error, Lasts: true),
        ["killed"] = new(DiskFault.Killed, Lasts: true),
        ["power cut"] = new(DiskFault.PowerCut, Lasts: true),
        ["full"] = new(DiskFault.Full, Lasts: false),
        ["an error"] = new(DiskFault.Error, Lasts: false),
        ["full for good"] = new(DiskFault.Full, Lasts: true),
        ["torn for good"] = new(DiskFault.Torn, Lasts: true),
    };

    /// <summary>Those that differ most.</summary>
    public static TheoryData<string> Main => ["full, but for the reserve", "torn", "broken for good", "killed", "power cut"];

    /// <summary>Every way there is.</summary>
    public static TheoryData<string> All => [.. Known.Keys];

    /// <summary>Whether the operation is the last one of the process.</summary>
    public bool IsKill => Fault is DiskFault.Killed or DiskFault.PowerCut;

    /// <summary>By its name.</summary>
    public static DiskTrouble Of(string name) => Known[name];

    /// <summary>From now on it is the n-th operation.</summary>
    public void Arm(FaultyDisk disk, int failAt) => disk.Arm(failAt, Fault, Lasts);

    /// <summary>Tells a story with every operation failing in its turn, until there are not so many.</summary>
    /// <param name="story">Told which operation fails; whether one did.</param>
    /// <returns>How many operations there are.</returns>
    public static async Task<int> EveryOperationAsync(Func<int, Task<bool>> story)
    {
        var failAt = 1;
        try
        {
            while (await story(failAt))
                failAt++;
        }
        catch (Exception error)
        {
            throw new InvalidOperationException($"With operation {failAt} failing: {error.Message}", error);
        }

        Assert.InRange(failAt, 2, 2_000);
        return failAt - 1;
    }
}
