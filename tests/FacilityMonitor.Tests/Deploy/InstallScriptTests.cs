using FacilityMonitor.Tests.Conventions;
using FacilityMonitor.Tests.EndToEnd;

namespace FacilityMonitor.Tests.Deploy;

/// <summary>src/deploy/install.sh from its first line to its last, on a machine of its own: with the real broker, the real service, real accounts and files.</summary>
public sealed class InstallScriptTests : IDisposable
{
    /// <summary>Waits for the service as an administrator would, and says why it is not ready.</summary>
    private const string UntilReady = """
        for try in $(seq 240); do answer=$(curl -sS http://127.0.0.1:8080/readyz 2>&1) || true; [ "$answer" != ready ] || break; sleep 0.25; done
        echo "$answer"
        [ "$answer" = ready ] || { cat "$SCRATCH_STATE/facility-monitor.log" >&2; exit 1; }
        """;

    private const string Checksums = "cd / && sha256sum $(find etc/facility-monitor etc/mosquitto/conf.d -type f | sort) && grep -o '\"username\":[^,]*' var/lib/mosquitto/facility-monitor/accounts.json | tr -d '\\t ' | sort";

    private readonly ScratchMachine? _machine = ScratchMachine.TryMake();

    private ScratchMachine Machine => _machine!;

    private static string Install => ScratchMachine.Installer;

    public void Dispose() => _machine?.Dispose();

    [Theory]
    [InlineData("--help", 0)]
    [InlineData("-h", 0)]
    [InlineData("--uninstall", 2)]
    [InlineData("/opt", 2)]
    public async Task A_word_after_the_command_is_explained_or_refused_and_installs_nothing(string word, int expected)
    {
        var (code, output, errors) = await Terminal.RunAsync("bash", [Install, word], "/");

        Assert.Equal(expected, code);
        Assert.Contains("Usage: sudo src/deploy/install.sh", output + errors, StringComparison.Ordinal);
        Assert.Equal(expected != 0, errors.Contains($"Unknown option: {word}", StringComparison.Ordinal));
    }

    [InstallFact]
    public async Task A_machine_without_root_or_without_systemd_is_told_what_to_do_and_left_alone()
    {
        var (code, _, errors) = await Machine.RunAsync($"setpriv --reuid nobody --regid nogroup --clear-groups bash {Install}");
        Assert.Equal((1, "This needs root: sudo src/deploy/install.sh\n"), (code, errors));

        (code, _, errors) = await Machine.RunAsync($"mkdir /run/bin; for name in bash dirname id; do ln -s $(command -v $name) /run/bin/; done; PATH=/run/bin bash {Install}");
        Assert.Equal((1, "This installer needs systemd; elsewhere use src/run.sh.\n"), (code, errors));
        Assert.Empty(Machine.ToldSystemd);
    }

    [InstallFact]
    public async Task Installed_it_is_ready_its_secrets_are_kept_and_only_who_has_an_account_is_heard()
    {
        // Not even an administrator whose own files are secret by default makes the program unreadable for the service.
        var (code, output, errors) = await Machine.RunAsync($$"""
            umask 077
            {{Install}} || exit 9
            {{UntilReady}}
            pid=$(cat /run/scratch-facility-monitor.pid)
            echo "runs as $(stat -c %U /proc/$pid) in $(readlink /proc/$pid/cwd), may $(sed -n 's/^CapBnd:\t//p' /proc/$pid/status)"
            cd / && stat -c '%a %U:%G %n' etc/facility-monitor etc/facility-monitor/* var/lib/facility-monitor opt/facility-monitor opt/facility-monitor/facility-monitor opt/facility-monitor/README.md \
                var/lib/mosquitto/facility-monitor var/lib/mosquitto/facility-monitor/accounts.json etc/mosquitto/conf.d/facility-monitor* etc/systemd/system/facility-monitor.service
            echo "account: $(getent passwd facility-monitor | cut -d: -f6,7)"
            ls -d /opt/facility-monitor*
            ! setpriv --reuid facility-monitor --regid facility-monitor --clear-groups cat /etc/facility-monitor/admin.password /etc/facility-monitor/plug.password
            mosquitto_pub -V 5 -q 1 -t tele/x/LWT -m Online 2>&1
            mosquitto_pub -V 5 -q 1 -u plug -P "$(cat /etc/facility-monitor/plug.password)" -t tele/my-plug/LWT -m Online && echo the plug is heard
            /opt/facility-monitor/facility-monitor device add --config /etc/facility-monitor lane/pile-01
            """);

        Assert.True(code == 0, output + errors);
        Assert.Contains("Installed. Page: http://127.0.0.1:8080, user manager, password in /etc/facility-monitor/sign-in.password.", output, StringComparison.Ordinal);
        Assert.Contains("\nready", output, StringComparison.Ordinal);
        Assert.Contains("runs as facility-monitor in /, may 0000000000000000", output, StringComparison.Ordinal);
        string[] files =
        [
            "750 root:facility-monitor etc/facility-monitor", "600 root:root etc/facility-monitor/admin.password", "640 root:facility-monitor etc/facility-monitor/broker.password",
            "644 root:root etc/facility-monitor/facility.yaml", "600 root:root etc/facility-monitor/plug.password", "644 root:root etc/facility-monitor/settings.yaml",
            "640 root:facility-monitor etc/facility-monitor/sign-in.password", "750 facility-monitor:facility-monitor var/lib/facility-monitor", "755 root:root opt/facility-monitor",
            "755 root:root opt/facility-monitor/facility-monitor", "644 root:root opt/facility-monitor/README.md", "700 mosquitto:mosquitto var/lib/mosquitto/facility-monitor",
            "600 mosquitto:mosquitto var/lib/mosquitto/facility-monitor/accounts.json", "644 root:root etc/mosquitto/conf.d/facility-monitor-listener.conf",
            "644 root:root etc/mosquitto/conf.d/facility-monitor.conf", "644 root:root etc/systemd/system/facility-monitor.service",
        ];
        foreach (var file in files)
            Assert.Contains("\n" + file + "\n", output, StringComparison.Ordinal);
        Assert.Contains("account: /var/lib/facility-monitor:/usr/sbin/nologin\n/opt/facility-monitor\n", output, StringComparison.Ordinal);
        Assert.Equal(2, errors.Split("Permission denied").Length - 1);
        Assert.Contains("Not authorized", output, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("the plug is heard\n", output, StringComparison.Ordinal);
        Assert.Contains("lane/pile-01", output, StringComparison.Ordinal);
        Assert.Equal(
            ["stop mosquitto", "enable mosquitto", "restart mosquitto", "is-active --quiet facility-monitor", "daemon-reload", "enable facility-monitor", "restart facility-monitor"],
            Machine.ToldSystemd);
    }

    [InstallFact]
    public async Task A_second_run_changes_nothing_that_was_written_and_the_service_comes_back_with_its_data()
    {
        await InstalledAsync();
        var before = await OutputAsync($$"""
            echo '# my own words' >>/etc/facility-monitor/facility.yaml
            echo '# my own words' >>/etc/facility-monitor/settings.yaml
            echo '# my own words' >>/etc/mosquitto/conf.d/facility-monitor-listener.conf
            systemctl start mosquitto
            for try in $(seq 50); do /opt/facility-monitor/facility-monitor device add --config /etc/facility-monitor lane/pile-01 >/dev/null 2>&1 && break; sleep 0.1; done
            systemctl stop mosquitto
            touch /opt/facility-monitor/of-the-old-version
            {{Checksums}}
            """);
        Assert.Contains("lane/pile-01", before, StringComparison.Ordinal);
        var database = await OutputAsync("stat -c %i /var/lib/facility-monitor/facility-monitor.db");
        Machine.ForgetLogs();

        var (code, output, errors) = await Machine.RunAsync($"systemctl start mosquitto; systemctl start facility-monitor; {Install} >/dev/null || exit 9\n{UntilReady}");

        Assert.True((code, errors) == (0, ""), output + errors);
        Assert.StartsWith("ready", output, StringComparison.Ordinal);
        Assert.Equal(before, await OutputAsync(Checksums));
        Assert.Equal(database, await OutputAsync("stat -c %i /var/lib/facility-monitor/facility-monitor.db"));
        // Nothing of the old version is left to be loaded, and it was not running while it was replaced.
        Assert.Equal("/opt/facility-monitor\n", await OutputAsync("ls -d /opt/facility-monitor*; ls /opt/facility-monitor | grep of-the-old-version || true"));
        Assert.Contains("stop facility-monitor", Machine.ToldSystemd);
    }

    [InstallFact]
    public async Task An_installation_from_before_the_accounts_keeps_its_passwords_and_is_told_the_line_it_lacks()
    {
        await OutputAsync("""
            mkdir -p /etc/facility-monitor && cd /etc/facility-monitor
            printf 'broker:\n  host: 127.0.0.1\n  username: monitor\n  password-file: /etc/facility-monitor/broker.password\ndata:\n  directory: /var/lib/facility-monitor\n' >settings.yaml
            echo 'sites: []' >facility.yaml
            printf old-secret >broker.password
            touch /etc/mosquitto/facility-monitor.passwords
            mosquitto_passwd -b /etc/mosquitto/facility-monitor.passwords devices shared-secret
            chmod 644 /etc/mosquitto/facility-monitor.passwords
            echo 'topic readwrite #' >/etc/mosquitto/facility-monitor.acl
            printf 'listener 1883 127.0.0.1\npassword_file /etc/mosquitto/facility-monitor.passwords\nacl_file /etc/mosquitto/facility-monitor.acl\n' >/etc/mosquitto/conf.d/facility-monitor-listener.conf
            """);

        var (code, output, errors) = await Machine.RunAsync($$"""
            {{Install}} || exit 9
            {{UntilReady}}
            cat /etc/mosquitto/conf.d/facility-monitor-listener.conf /etc/facility-monitor/broker.password
            ls /etc/mosquitto
            mosquitto_pub -V 5 -q 1 -u devices -P shared-secret -t fm/1/lane/pile-01/status -m '{"s":"online","bd":1}' && echo heard
            """);

        Assert.True(code == 0, output + errors);
        Assert.Contains("add to broker: in /etc/facility-monitor/settings.yaml the line  admin-password-file: /etc/facility-monitor/admin.password", output, StringComparison.Ordinal);
        Assert.Contains("\nready\nlistener 1883 127.0.0.1\nold-secret", output, StringComparison.Ordinal);
        Assert.DoesNotContain("facility-monitor.acl", output, StringComparison.Ordinal);
        Assert.EndsWith("heard\n", output, StringComparison.Ordinal);
    }

    [InstallFact]
    public async Task What_cannot_be_installed_leaves_what_runs_and_says_what_to_mend()
    {
        await InstalledAsync();
        Machine.ForgetLogs();

        // The registry names a site twice: the new program refuses it while the old one goes on, and the broker is back.
        var (code, output, errors) = await Machine.RunAsync($$"""
            systemctl start mosquitto; systemctl start facility-monitor
            {{UntilReady}}
            pid=$(cat /run/scratch-facility-monitor.pid)
            touch /opt/facility-monitor/of-the-old-version
            printf 'sites:\n  - {id: lane, name: Lane}\n  - {id: lane, name: Lane}\n' >/etc/facility-monitor/facility.yaml
            {{Install}}
            echo " exit $?"
            [ "$pid" = "$(cat /run/scratch-facility-monitor.pid)" ] && kill -0 "$pid" && ls /opt/facility-monitor/of-the-old-version
            mosquitto_pub -V 5 -q 1 -u plug -P "$(cat /etc/facility-monitor/plug.password)" -t tele/my-plug/LWT -m Online && echo heard
            """);
        Assert.True(code == 0, output + errors);
        Assert.StartsWith("ready", output, StringComparison.Ordinal);
        Assert.EndsWith(" exit 1\n/opt/facility-monitor/of-the-old-version\nheard\n", output, StringComparison.Ordinal);
        Assert.Contains("lane", errors, StringComparison.Ordinal);
        Assert.Contains("Not installed. What ran before runs on; mend what is said above and run this again.", errors, StringComparison.Ordinal);

        // What cannot even be built or run touches nothing at all.
        Machine.ForgetLogs();
        (code, _, errors) = await Machine.RunAsync($"printf '#!/bin/sh\\necho You must install .NET >&2; exit 131\\n' >/run/broken; export SCRATCH_PROGRAM=/run/program; mkdir /run/program; install -m 755 /run/broken /run/program/facility-monitor; {Install}");
        Assert.Equal(1, code);
        Assert.Contains("You must install .NET\nThe account facility-monitor cannot run the program. Most often .NET lies in a home directory", errors, StringComparison.Ordinal);
        Machine.BreakTheBuild();
        (code, _, errors) = await Machine.RunAsync(Install);
        Assert.Equal((1, "error: the build fails\n"), (code, errors));
        Assert.Empty(Machine.ToldSystemd);
    }

    [RealServerFact("systemd-analyze")]
    public async Task The_unit_is_one_that_systemd_understands_and_calls_well_confined()
    {
        var unit = Path.Combine(SourceTree.Root, "src/deploy/facility-monitor.service");
        using var folder = new TemporaryFolder();
        // Where nothing is installed, its program is not there; that is the only thing that may be wrong.
        var copy = Path.Combine(folder.Path, "facility-monitor.service");
        await File.WriteAllTextAsync(copy, (await File.ReadAllTextAsync(unit)).Replace("/opt/facility-monitor/facility-monitor", "/bin/true", StringComparison.Ordinal));

        var (code, output, errors) = await Terminal.RunAsync("systemd-analyze", ["verify", "--man=no", copy], folder.Path);
        Assert.Equal((0, ""), (code, string.Join('\n', (output + errors).Split('\n').Where(line => line.Contains("facility-monitor", StringComparison.Ordinal)))));

        // Of a hundred tenths, as systemd counts; a plain service has about 96.
        (code, output, errors) = await Terminal.RunAsync("systemd-analyze", ["security", "--offline=true", "--threshold=60", copy], folder.Path);
        Assert.True(code == 0, output + errors);
    }

    private async Task InstalledAsync()
    {
        var (code, output, errors) = await Machine.RunAsync($"{Install} || exit 9\n{UntilReady}\nsystemctl stop facility-monitor; systemctl stop mosquitto");
        Assert.True(code == 0, output + errors);
    }

    private async Task<string> OutputAsync(string script)
    {
        var (code, output, errors) = await Machine.RunAsync(script);
        Assert.True(code == 0, output + errors);
        return output;
    }
}
