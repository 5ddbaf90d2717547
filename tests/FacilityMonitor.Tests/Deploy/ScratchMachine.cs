using System.Text;
using FacilityMonitor.Tests.Conventions;
using FacilityMonitor.Tests.EndToEnd;

namespace FacilityMonitor.Tests.Deploy;

/// <summary>A machine of its own to install on: a copy of this one that keeps what is changed on it, with its own network. See ScratchMachine/enter.sh.</summary>
internal sealed class ScratchMachine : IDisposable
{
    /// <summary>The service holds a part of its disk back for alerts, and wants some of it free.</summary>
    private const int DiskMebibytes = 4_000;

    private readonly SmallDisk _disk;

    private ScratchMachine(SmallDisk disk) => _disk = disk;

    public static string Installer => Path.Combine(SourceTree.Root, "src/deploy/install.sh");

    /// <summary>What systemd was told, in order.</summary>
    public string[] ToldSystemd => File.Exists(Log("systemctl")) ? File.ReadAllLines(Log("systemctl")) : [];

    /// <summary>Makes one; null where that is not allowed.</summary>
    public static ScratchMachine? TryMake() => SmallDisk.TryMount(DiskMebibytes) is { } disk ? new ScratchMachine(disk) : null;

    /// <summary>Runs a script as root of that machine. Whatever it leaves running ends with it.</summary>
    public Task<(int Code, string Output, string Errors)> RunAsync(string script, params (string Name, string Value)[] environment) => Terminal.RunAsync(
        "unshare", ["--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", Path.Combine(Folder, "enter.sh"), _disk.Path, AppContext.BaseDirectory, "bash", "-c", script],
        "/", environment);

    /// <summary>From here on nothing can be built.</summary>
    public void BreakTheBuild() => File.WriteAllText(Path.Combine(_disk.Path, "build-fails"), "");

    public void ForgetLogs() => File.Delete(Log("systemctl"));

    public void Dispose() => _disk.Dispose();

    private static string Folder => Path.Combine(SourceTree.Root, "tests/FacilityMonitor.Tests/Deploy/ScratchMachine");

    private string Log(string program) => Path.Combine(_disk.Path, program + ".log");
}

/// <summary>A test that installs for real. It needs root, for namespaces and mounts, and the programs of an installation.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class InstallFactAttribute : FactAttribute
{
    private static readonly CompositeFormat Missing = CompositeFormat.Parse("{0} is not installed; set FM_REQUIRE_SERVERS=1 to make this a failure.");

    private static readonly Lazy<string?> Obstacle = new(() =>
    {
        foreach (var program in (string[])["mosquitto", "node", "npm", "unshare", "ip", "setpriv"])
        {
            if (RealServerFactAttribute.WhyNot(program) is not null)
                return string.Format(System.Globalization.CultureInfo.InvariantCulture, Missing, program);
        }

        using var machine = ScratchMachine.TryMake();
        return machine is not null && machine.RunAsync("true").GetAwaiter().GetResult().Code == 0
            ? null
            : "A machine of its own cannot be made here (unshare, mount -t overlay); run the tests as root.";
    });

    public InstallFactAttribute() => Skip = Obstacle.Value;
}
