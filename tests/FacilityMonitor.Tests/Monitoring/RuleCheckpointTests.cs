using System.Buffers;
using System.Text;
using FacilityMonitor.Alerts;
using FacilityMonitor.Commands;
using FacilityMonitor.Configuration;
using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Rules;

namespace FacilityMonitor.Tests.Monitoring;

/// <summary>A snapshot whose sites are of different moments gives back the very memory, byte for byte.</summary>
public sealed class RuleCheckpointTests
{
    private readonly FacilityIndex _index = new(FacilityLoader.Load(Path.Combine(AppContext.BaseDirectory, "demo"), RunCommand.Rules).Facility!);
    private readonly DeviceTable _devices = new();

    [Theory]
    [InlineData(1, 0)]
    [InlineData(3, 0)]
    [InlineData(5, 0)]
    [InlineData(7, 0)]
    [InlineData(1, 1)]
    [InlineData(1, 4)]
    [InlineData(3, 2)]
    [InlineData(5, 13)]
    public void Sites_saved_at_different_moments_come_back_as_they_are_now(int entriesBetweenSteps, int entriesUntilTaken)
    {
        var engine = new RuleEngine(_index, _devices);
        var saved = new Dictionary<string, (long Position, byte[] Body)>();
        var checkpoint = default(RuleCheckpoint);
        var ahead = 0;
        var (steps, refusals) = (0, 0);
        (string Site, int Position, byte[] Body, RuleCheckpoint Checkpoint)? underway = null;
        for (var position = 1; position <= EveningOfTroubles.Entries.Count; position++)
        {
            Feed(engine, position);
            if (underway is null && position % entriesBetweenSteps == 0 && engine.Unsaved is [var site, ..])
            {
                underway = (site, position, Body(engine, site), engine.CheckpointAfter(new HashSet<string> { site }));
                engine.MarkSaving(site);
            }

            // The disk takes its time, and the rules go on meanwhile; of a slow one every third is refused in the end.
            if (underway is { } row && position >= row.Position + entriesUntilTaken)
            {
                underway = null;
                if (entriesUntilTaken > 0 && ++steps % 3 == 0)
                {
                    refusals++;
                    engine.MarkNotSaved(row.Site);
                }
                else
                {
                    engine.MarkSaved(row.Site);
                    (saved[row.Site], checkpoint) = ((row.Position, row.Body), row.Checkpoint);
                }
            }

            ahead += saved.Values.Count(row => row.Position > checkpoint.Position);
            var restored = Restore(saved, checkpoint);
            for (var again = checkpoint.Position + 1; again <= position; again++)
                Feed(restored, (int)again);

            Assert.Equal(engine.OpenAlerts.Order(), restored.OpenAlerts.Order());
            foreach (var name in (string[])["huaihai", "elsewhere", .. position > 51 ? ["panyu-road"] : Array.Empty<string>()])
                Assert.True(Body(engine, name).AsSpan().SequenceEqual(Body(restored, name)), $"{name} at {position} from {checkpoint.Position}");
        }

        Assert.True(ahead > 10, $"only {ahead} sites were ever ahead of the checkpoint");
        Assert.Equal(entriesUntilTaken > 0, refusals > 0);
    }

    private static byte[] Body(RuleEngine engine, string site)
    {
        var output = new ArrayBufferWriter<byte>();
        engine.SaveSite(site, output);
        return output.WrittenSpan.ToArray();
    }

    private RuleEngine Restore(Dictionary<string, (long Position, byte[] Body)> saved, RuleCheckpoint checkpoint)
    {
        var engine = new RuleEngine(_index, _devices);
        engine.Restore(checkpoint);
        foreach (var (site, row) in saved)
            engine.RestoreSite(site, row.Position, row.Body);
        return engine;
    }

    private void Feed(RuleEngine engine, int position)
    {
        var entry = EveningOfTroubles.Entries[position - 1];
        var decoder = new MessageDecoder(_devices);
        var message = new DeviceMessage();
        var steps = new List<AlertTransition>();
        var start = MonitoringFixture.Start.ToUnixTimeMilliseconds();
        engine.Begin(position);
        if (position == 1)
            engine.Started(start);
        foreach (var (topic, payload) in entry.Messages)
        {
            decoder.Decode(Encoding.UTF8.GetBytes(topic), Encoding.UTF8.GetBytes(payload), false, start + (long)(entry.AtS * 1000), message);
            engine.Observe(message, steps);
        }

        foreach (var tick in entry.Ticks)
            engine.Tick(start + (tick * 1000), steps);
    }
}
