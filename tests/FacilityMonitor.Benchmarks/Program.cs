using FacilityMonitor.Benchmarks;

// dotnet run -c Release --project tests/FacilityMonitor.Benchmarks -- [--readme] [NAME …]
(string Name, bool IsInReadme, Func<Report, Task> Run)[] benchmarks =
[
    ("mqtt", true, MqttDrain.RunAsync),
    ("ingest-small", true, report => DurableIngest.RunAsync(report, DurableIngest.Small)),
    ("ingest", true, report => DurableIngest.RunAsync(report, DurableIngest.TenSockets)),
    ("alert", true, AlertLatency.RunAsync),
    ("hostile", true, HostileFlood.RunAsync),
    ("replay", true, RuleReplay.RunAsync),
    ("memory", true, DistrictMemory.RunAsync),
    ("restart", true, RestartTime.RunAsync),
    ("kill", true, KillLoss.RunAsync),
    ("store", true, StoreQueries.RunAsync),
    ("pages", true, LiveFanOut.RunAsync),
    ("influx", true, Shipping.RunAsync),
    // These take as long as all above together, so they are asked for by their name; until then their rows stay.
    ("simulator", false, SimulatorScale.RunAsync),
    // What the journal alone costs, step by step; a help in finding what became slower.
    ("journal", false, report => JournalThroughput.RunAsync(report.Output)),
];
if (args is [MeasuredService.Verb, var folder, var port])
{
    await MeasuredService.ServeAsync(folder, int.Parse(port, System.Globalization.CultureInfo.InvariantCulture));
    return 0;
}

if (args is [HostileFlood.Verb, var flooded])
{
    await HostileFlood.ServeAsync(int.Parse(flooded, System.Globalization.CultureInfo.InvariantCulture));
    return 0;
}

if (args is [LiveFanOut.Verb, var chunks, var bytes])
{
    await LiveFanOut.ServeBareAsync(int.Parse(chunks, System.Globalization.CultureInfo.InvariantCulture), int.Parse(bytes, System.Globalization.CultureInfo.InvariantCulture));
    return 0;
}

var isForReadme = args.Contains("--readme");
var wanted = args.Where(argument => argument != "--readme").ToHashSet(StringComparer.Ordinal);
if (wanted.Except(benchmarks.Select(benchmark => benchmark.Name)).FirstOrDefault() is { } unknown)
{
    await Console.Error.WriteLineAsync($"There is no benchmark '{unknown}'. There are: {string.Join(' ', benchmarks.Select(benchmark => benchmark.Name))}; and --readme, which writes the figures into the README.");
    return 2;
}

var report = new Report(Console.Out);
var failed = new List<string>();
foreach (var (name, isInReadme, run) in benchmarks)
{
    if (wanted.Count > 0 ? !wanted.Contains(name) : isForReadme && !isInReadme)
        continue;
    var began = TimeProvider.System.GetTimestamp();
    await report.Output.WriteLineAsync($"\n== {name} (load average {(await File.ReadAllTextAsync("/proc/loadavg")).Split(' ')[0]})");
    try
    {
        await run(report);
    }
    catch (Exception error)
    {
        // Ten minutes of the others must not be lost with it; its rows stay as they were, and the exit code says so.
        failed.Add(name);
        await Console.Error.WriteLineAsync($"{name} failed: {error}");
    }

    await report.Output.WriteLineAsync(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{name}: {TimeProvider.System.GetElapsedTime(began).TotalSeconds:F0} s"));
}

await report.PrintAsync();
if (isForReadme)
    await report.WriteReadmeAsync(isWhole: wanted.Count == 0 && failed.Count == 0);
if (failed.Count == 0)
    return 0;
await Console.Error.WriteLineAsync($"Failed: {string.Join(' ', failed)}");
return 1;
