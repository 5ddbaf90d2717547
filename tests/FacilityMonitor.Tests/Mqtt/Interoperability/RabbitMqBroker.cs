namespace FacilityMonitor.Tests.Mqtt.Interoperability;

/// <summary>
/// One RabbitMQ with its MQTT plugin for all tests of a class, started by the first: everything it writes lies in a folder of
/// its own, it listens on loopback only, has a name and a port mapper of its own, and knows nothing of the system's service.
/// </summary>
public sealed class RabbitMqBroker : IAsyncLifetime
{
    /// <summary>Debian's command for everybody changes to the user rabbitmq; this is the program behind it.</summary>
    private const string Program = "/usr/lib/rabbitmq/bin/rabbitmq-server";

    private readonly Lock _gate = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("fm-rabbitmq-").FullName;
    private readonly List<ForeignProgram> _programs = [];
    private Task? _started;

    public int Port { get; private set; }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await StopAsync();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>Starts it if no test did before.</summary>
    public Task StartedAsync()
    {
        lock (_gate)
            return _started ??= StartAsync();
    }

    private async Task StartAsync()
    {
        // Between choosing a free port and listening on it somebody else may take it.
        for (var attempt = 1; ; attempt++)
        {
            var server = Launch(Path.Combine(_folder, $"{attempt}"));
            if (await ListensAsync(server))
                return;

            await StopAsync();
            if (attempt == 3)
                throw new InvalidOperationException($"RabbitMQ does not listen on port {Port}:\n{string.Join('\n', server.Lines.TakeLast(40))}");
        }
    }

    private ForeignProgram Launch(string folder)
    {
        if (!File.Exists(Program))
            throw new InvalidOperationException("rabbitmq-server is not installed, and FM_REQUIRE_SERVERS=1 asks for it.");

        Directory.CreateDirectory(folder);
        Port = LoopbackPort.Free();
        var mapperPort = $"{LoopbackPort.Free()}";
        File.WriteAllText(Path.Combine(folder, "enabled_plugins"), "[rabbitmq_mqtt].\n");
        File.WriteAllLines(
            Path.Combine(folder, "rabbitmq.conf"),
            ["listeners.tcp = none", $"mqtt.listeners.tcp.1 = 127.0.0.1:{Port}", "mqtt.allow_anonymous = true", "log.console = true", "log.file = false"]);
        var environment = new Dictionary<string, string>
        {
            ["HOME"] = folder,
            ["ERL_EPMD_PORT"] = mapperPort,
            ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
            ["RABBITMQ_CONF_ENV_FILE"] = "/dev/null",
            ["RABBITMQ_NODENAME"] = $"fm-{Guid.NewGuid():N}@localhost",
            ["RABBITMQ_MNESIA_BASE"] = Path.Combine(folder, "mnesia"),
            ["RABBITMQ_LOG_BASE"] = Path.Combine(folder, "log"),
            ["RABBITMQ_PID_FILE"] = Path.Combine(folder, "pid"),
            ["RABBITMQ_GENERATED_CONFIG_DIR"] = Path.Combine(folder, "generated"),
            ["RABBITMQ_SCHEMA_DIR"] = Path.Combine(folder, "schema"),
            ["RABBITMQ_ENABLED_PLUGINS_FILE"] = Path.Combine(folder, "enabled_plugins"),
            ["RABBITMQ_CONFIG_FILE"] = Path.Combine(folder, "rabbitmq"),
            ["RABBITMQ_DIST_PORT"] = $"{LoopbackPort.Free()}",
            ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] = "-kernel inet_dist_use_interface {127,0,0,1}",
        };
        _programs.Add(new ForeignProgram("epmd", ["-port", mapperPort, "-address", "127.0.0.1"]));
        _programs.Add(new ForeignProgram(Program, [], environment));
        return _programs[^1];
    }

    private async Task<bool> ListensAsync(ForeignProgram server)
    {
        var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2), WakingTime.Clock).Token;
        while (!server.HasExited && !patience.IsCancellationRequested)
        {
            if (LoopbackPort.IsListenedOnBy(Port, server.Id))
                return true;
            await Task.Delay(50, CancellationToken.None);
        }

        return false;
    }

    private async Task StopAsync()
    {
        foreach (var program in _programs)
            await program.DisposeAsync();
        _programs.Clear();
    }
}
