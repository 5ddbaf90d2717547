using FacilityMonitor.Benchmarks;

// dotnet run -c Release --project tests/FacilityMonitor.Benchmarks -- [--readme] [NAME …]
(string Name, Func<Report, Task> Run)[] benchmarks =
[
    ("mqtt", MqttDrain.RunAsync),
    ("ingest-small", report => DurableIngest.RunAsync(report, DurableIngest.Small)),
    ("ingest", report => DurableIngest.RunAsync(report, DurableIngest.TenSockets)),
    ("alert", AlertLatency.RunAsync),
    ("hostile", HostileFlood.RunAsync),
    ("replay", RuleReplay.RunAsync),
    ("memory", DistrictMemory.RunAsync),
    ("restart", RestartTime.RunAsync),
    ("kill", KillLoss.RunAsync),
    ("store", StoreQueries.RunAsync),
    ("influx", Shipping.RunAsync),
    ("simulator", SimulatorScale.RunAsync),
    ("journal", report => JournalThroughput.RunAsync(report.Output)),
];
if (args is [MeasuredService.Verb, var folder, var port])
{
    await MeasuredService.ServeAsync(folder, int.Parse(port, System.Globalization.CultureInfo.InvariantCulture));
    return 0;
}

var wanted = args.Where(argument => argument != "--readme").ToHashSet(StringComparer.Ordinal);
if (wanted.Except(benchmarks.Select(benchmark => benchmark.Name)).FirstOrDefault() is { } unknown)
{
    await Console.Error.WriteLineAsync($"There is no benchmark '{unknown}'. There are: {string.Join(' ', benchmarks.Select(benchmark => benchmark.Name))}");
    return 2;
}

var report = new Report(Console.Out);
foreach (var (name, run) in benchmarks)
{
    if (wanted.Count > 0 && !wanted.Contains(name))
        continue;
    await report.Output.WriteLineAsync($"\n== {name} (load average {(await File.ReadAllTextAsync("/proc/loadavg")).Split(' ')[0]})");
    await run(report);
}

await report.PrintAsync();
if (args.Contains("--readme"))
    await report.WriteReadmeAsync(isWhole: wanted.Count == 0);
return 0;
