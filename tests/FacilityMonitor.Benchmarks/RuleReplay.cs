using System.Text;
using FacilityMonitor.Alerts;
using FacilityMonitor.Commands;
using FacilityMonitor.Configuration;
using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Rules;

namespace FacilityMonitor.Benchmarks;

/// <summary>Bytes to alerts on one thread: decode and every rule.</summary>
internal static class RuleReplay
{
    private const int Piles = 200;
    private const int Rounds = 200;
    private const int Plays = 7;

    public static Task RunAsync(Report report)
    {
        var folder = Directory.CreateTempSubdirectory("fm-benchmark-").FullName;
        new Neighbourhood(Piles).Write(folder);
        var facility = FacilityLoader.Load(folder, RunCommand.Rules).Facility!;
        Directory.Delete(folder, recursive: true);
        var place = new Neighbourhood(Piles);
        var random = new Random(1);
        var topics = Enumerable.Range(0, Piles).Select(pile => Encoding.ASCII.GetBytes(place.Topic(pile, "data"))).ToArray();
        const long Start = 1_767_225_600_000;
        var payloads = Enumerable.Range(0, Rounds * Piles).Select(index => Neighbourhood.TenSockets(index / Piles, Start + (index / Piles * 10_000L), random)).ToArray();
        // Half a million readings do not bring all code to its last compilation; a replay of a year does.
        for (var warming = 0; warming < 3; warming++)
            Play(facility, topics, payloads, Start);

        // Processor time: what a core does, also where others use it as well.
        var plays = new List<double>();
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        for (var play = 0; play < Plays; play++)
            plays.Add(CpuS(() => Play(facility, topics, payloads, Start)));
        var perMessage = (GC.GetAllocatedBytesForCurrentThread() - allocated) / (double)payloads.Length / Plays;
        var seconds = plays.Order().ElementAt(Plays / 2);
        var target = new byte[2048];
        var copySeconds = CpuS(() =>
        {
            for (var round = 0; round < 10; round++)
            {
                foreach (var payload in payloads)
                    payload.CopyTo(target, 0);
            }
        }) / 10;
        report.Add(
            "重放：解码 + 全部规则，一个核", "replay: decode and all rules, one core",
            $"{Report.Number(payloads.Length * 10 / seconds)} 读数 readings/s, {Report.Number(perMessage)} B/msg", "≥ 1,000,000 /s", payloads.Length * 10 / seconds >= 1_000_000,
            $"{Report.Number(seconds / copySeconds)} × 复制同样字节的时间 the time to copy the same bytes");
        return Task.CompletedTask;
    }

    private static double CpuS(Action work)
    {
        var cpu = Environment.CpuUsage.TotalTime;
        work();
        return (Environment.CpuUsage.TotalTime - cpu).TotalSeconds;
    }

    private static void Play(Facility facility, byte[][] topics, byte[][] payloads, long startMs)
    {
        var devices = new DeviceTable();
        var decoder = new MessageDecoder(devices);
        var engine = new RuleEngine(new FacilityIndex(facility), devices);
        var message = new DeviceMessage();
        var steps = new List<AlertTransition>();
        engine.Started(startMs);
        for (var index = 0; index < payloads.Length; index++)
        {
            var nowMs = startMs + (index / topics.Length * 10_000L);
            if (index % topics.Length == 0)
            {
                for (var second = 9; second >= 0; second--)
                    engine.Tick(nowMs - (second * 1_000), steps);
            }

            if (decoder.Decode(topics[index % topics.Length], payloads[index], false, nowMs, message).Result == DecodeResult.Rejected)
                throw new InvalidOperationException("A message of the benchmark is refused.");
            engine.Observe(message, steps);
            steps.Clear();
            engine.Sessions.Clear();
        }
    }
}
