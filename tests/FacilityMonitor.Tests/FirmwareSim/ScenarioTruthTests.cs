using FirmwareSim.Scripting;

namespace FacilityMonitor.Tests.FirmwareSim;

/// <summary>Every named scenario: what its truth file says is what its messages show, and what they show is in the truth file.</summary>
public sealed class ScenarioTruthTests
{
    /// <summary>A value that a device told a little before or after: its period, a step of the world, and the meter's own error.</summary>
    private const double SlackPeriods = 3;

    /// <summary>These run long, or are what other tests run.</summary>
    private static readonly string[] Elsewhere = ["standard-month", "leads-past-piles", "quiet-night", "evening-peak", "load", "demo", "dialects", "district"];

    /// <summary>What one reading of the asset itself shows, by rule. Thresholds are those of the rules' defaults.</summary>
    private static readonly Dictionary<string, Func<Recording.Sample, bool>> Signs = new()
    {
        ["socket-overload"] = sample => sample["w"] > 1_000,
        ["welded-relay"] = sample => sample["relay"] == 0 && sample["w"] > 5,
        ["over-temperature"] = sample => sample["tc"] >= 65,
        ["circuit-tripped"] = sample => sample["v"] == 0,
        ["voltage-out-of-range"] = sample => sample["v"] is > 1 and (> 236 or < 197.5),
        ["smoke"] = sample => sample["smoke"] == 1,
        ["gas"] = sample => sample["h2_ppm"] > 50 || sample["co_ppm"] > 50,
        ["heat"] = sample => sample["tc"] > 56,
        ["water"] = sample => sample["water_cm"] >= 5,
        ["exit-blocked"] = sample => sample["exit_blocked"] == 1,
        ["stuck"] = sample => sample["occupied"] == 1 && Math.Abs(sample["pitch"]) >= 15 && sample["spm"] == 0,
        ["call-pressed"] = sample => sample.State == "calling",
        ["call-unanswered"] = sample => sample.State == "calling",
        ["e-bike-in-lift"] = sample => sample.State == "holding",
        ["noise-limit"] = sample => sample["laeq"] > 62,
        ["clock-off"] = sample => !sample.IsHistory && Math.Abs(sample.TsMs - sample.AtMs) > 60_000,
    };

    public static TheoryData<string> Named => [.. ScenarioReader.Shipped().Except(Elsewhere)];

    [Fact]
    public void There_are_25_named_faults_and_each_says_in_both_languages_what_it_is()
    {
        Assert.True(Named.Count >= 25, $"{Named.Count}");
        foreach (var name in ScenarioReader.Shipped())
        {
            var scenario = Scenes.Shipped(name);
            Assert.Equal(name, scenario.Name);
            Assert.True(scenario.AboutZh.Length >= 8, name);
            Assert.True(scenario.AboutEn.Length >= 15, name);
        }
    }

    [Fact]
    public void The_list_in_the_README_names_every_scenario()
    {
        var readme = File.ReadAllLines(Path.Combine(Conventions.SourceTree.Root, "firmware-sim", "README.md"));
        var listed = readme.SkipWhile(line => line != "<!-- scenarios -->").Skip(3).TakeWhile(line => line != "<!-- /scenarios -->");
        Assert.Equal(ScenarioReader.Shipped().Select(Scenes.Shipped).Select(scenario => $"| `{scenario.Name}` | {scenario.AboutZh} | {scenario.AboutEn} |"), listed);
    }

    [Theory]
    [MemberData(nameof(Named))]
    public void The_truth_is_what_the_messages_show_and_all_that_they_show(string name)
    {
        var recording = Recording.Of(name);
        EverythingToldIsShown(name, recording);
        EverythingShownIsTold(name, recording);
    }

    [Fact]
    public void A_quiet_night_has_nothing_that_must_be_found()
    {
        var scenario = Scenes.Shipped("quiet-night");
        var recording = Recording.Of(scenario with { DurationS = 3_600, StepS = 10, Sites = [.. scenario.Sites.Select(Slow)] });
        Assert.DoesNotContain(recording.Truths, truth => !truth.May && truth.Rule is not "observed");
        Assert.Equal(3, recording.Truths.Count(truth => truth.Rule == "observed"));

        static SiteSpec Slow(SiteSpec site) => site with { Devices = [.. site.Devices.Select(device => device with { PeriodS = 60 })] };
    }

    private static void EverythingToldIsShown(string name, Recording recording)
    {
        Assert.Contains(recording.Truths, truth => truth.Rule is not "observed");
        foreach (var truth in recording.Truths.Where(truth => !truth.May && truth.Rule != "observed"))
            Assert.True(Shows(recording, truth), $"{name}: nothing shows {truth.Rule} at {truth.Asset} from {Clock(truth.FromMs)} to {Clock(truth.ToMs)}");
    }

    private static void EverythingShownIsTold(string name, Recording recording)
    {
        foreach (var (rule, sign) in Signs)
        {
            foreach (var (channel, samples) in recording.Channels)
            {
                var told = recording.Truths.Where(truth => (truth.Rule == rule || (truth.Rule == "supply-lost" && rule == "circuit-tripped")) && recording.AssetsOf(channel).Contains(truth.Asset)).ToList();
                var slackMs = SlackPeriods * PeriodMs(samples);
                // What came late, as a backlog, was measured when it says.
                var odd = samples.FirstOrDefault(sample => IsOf(rule, channel) && sign(sample)
                    && !told.Exists(truth => Measured(rule, sample) >= truth.FromMs - slackMs && Measured(rule, sample) <= truth.ToMs + slackMs));
                Assert.True(odd is null, $"{name}: {channel} shows {rule} at {Clock(odd?.AtMs ?? 0)}, and the truth does not say so");
            }
        }
    }

    private static bool Shows(Recording recording, Recording.TruthRow truth)
    {
        var within = recording.ChannelsOf(truth.Asset)
            .SelectMany(channel => channel.Value.Where(sample => IsWithin(sample.AtMs) || IsWithin(sample.TsMs))).ToList();
        bool IsWithin(long ms) => ms >= truth.FromMs - 60_000 && ms <= truth.ToMs + 120_000;
        if (Signs.TryGetValue(truth.Rule, out var sign))
            return within.Exists(sample => sign(sample));
        switch (truth.Rule)
        {
            case "thermal-runaway":
                return within.Exists(sample => new[] { Signs["gas"](sample), Signs["smoke"](sample), Signs["heat"](sample) }.Count(shown => shown) >= 2);
            case "offline":
                var device = string.Join('/', truth.Asset.Split('/')[0], truth.Asset.Split('/')[^1]);
                return recording.Of(device, "status").Any(message => message.Status == "offline" && message.AtMs >= truth.FromMs && message.AtMs <= truth.ToMs);
            case "circuit-overload":
                var rated = recording.Scenario.Sites.SelectMany(site => site.Circuits.Select(circuit => (Asset: $"{site.Id}/{circuit.Id}", circuit.RatedA)))
                    .Single(circuit => circuit.Asset == truth.Asset).RatedA!.Value;
                return within.Exists(sample => sample["a"] > 1.05 * rated) || within.Count(sample => sample["a"] > 0.75 * rated) > 10;
            case "charge-too-long" or "no-taper":
                // Eight hours or more in which nothing but a charging battery was told.
                var own = recording.ChannelsOf(truth.Asset).Single().Value;
                return own.Where(sample => sample.AtMs >= truth.ToMs - (8 * 3_600_000) && sample.AtMs <= truth.ToMs - 120_000).All(sample => sample["w"] > 15);
            case "socket-fuse":
                return within.TrueForAll(sample => sample["w"] < 7)
                    && recording.Messages.Sum(message => message.Events.Count(fact => fact.EndsWith(" session-start", StringComparison.Ordinal)
                        && recording.AssetsOf(fact.Split(' ')[0]).Contains(truth.Asset))) >= 3;
            case "reserved-socket-misuse":
                return within.Exists(sample => sample.State == "charging") && recording.Scenario.Sites.SelectMany(site => site.Devices)
                    .Any(spec => spec.Reserved.Contains(truth.Asset.Split('/')[^1]) && truth.Asset.Contains($"/{spec.Id}/", StringComparison.Ordinal));
            case "full-not-unplugged":
                return IsCrowded(recording, truth);
            case "implausible-energy":
                return within.Max(sample => sample["wh"]) - within.Min(sample => sample["wh"]) > 1_600;
            case "lamp-failure":
                return within.Count > 100 && within.TrueForAll(sample => sample["lamp"] == 0 || sample.AtMs < truth.FromMs || sample.AtMs > truth.ToMs);
            case "charger-on-public-circuit" or "unmetered-load":
                return Unmetered(recording, truth, truth.FromMs + 300_000, truth.FromMs + 1_500_000) - Unmetered(recording, truth, truth.FromMs - 1_080_000, truth.FromMs - 60_000) > 60;
            default:
                Assert.Fail($"no test knows how {truth.Rule} shows");
                return false;
        }
    }

    /// <summary>Whether at some moment every socket of a place was taken, and one of them had been held for two hours by a battery that takes next to nothing.</summary>
    private static bool IsCrowded(Recording recording, Recording.TruthRow truth)
    {
        var (site, place) = (truth.Asset.Split('/')[0], truth.Asset.Split('/')[1]);
        var piles = recording.Scenario.Sites.Single(one => one.Id == site).Devices.Where(device => device.Place == place && device.Sockets > 0).ToList();
        var sockets = recording.Channels.Where(channel => piles.Exists(pile => channel.Key.StartsWith($"{site}/{pile.Id}/", StringComparison.Ordinal))).Select(channel => channel.Value).ToList();
        Assert.Equal(piles.Sum(pile => pile.Sockets), sockets.Count);
        for (var atMs = truth.FromMs; atMs <= truth.ToMs; atMs += 300_000)
        {
            var isTaken = sockets.TrueForAll(samples => samples.LastOrDefault(sample => sample.TsMs <= atMs) is { State: not "idle" });
            if (isTaken && sockets.Exists(samples => samples.Where(sample => sample.TsMs <= atMs && sample.TsMs > atMs - 7_200_000).ToList() is { Count: > 10 } late
                && late.TrueForAll(sample => sample["w"] < 18 && sample.State != "idle")))
                return true;
        }

        return false;
    }

    /// <summary>When it was measured: as the device says, unless its clock is what is wrong.</summary>
    private static long Measured(string rule, Recording.Sample sample) => rule == "clock-off" || sample.TsMs > sample.AtMs || sample.AtMs - sample.TsMs > 86_400_000 ? sample.AtMs : sample.TsMs;

    /// <summary>Mean of a circuit's power less that of the sockets on it, W.</summary>
    private static double Unmetered(Recording recording, Recording.TruthRow truth, long fromMs, long toMs)
    {
        double Mean(IEnumerable<Recording.Sample> samples) => samples.Where(sample => sample.TsMs >= fromMs && sample.TsMs <= toMs).Average(sample => sample["w"]);
        var site = recording.Scenario.Sites.Single(site => site.Id == truth.Asset.Split('/')[0]);
        var piles = site.Devices.Where(device => device.Sockets > 0 && device.Circuit == truth.Asset.Split('/')[1]).Select(device => $"{site.Id}/{device.Id}/").ToList();
        return recording.ChannelsOf(truth.Asset).Sum(phase => Mean(phase.Value))
            - recording.Channels.Where(channel => piles.Exists(pile => channel.Key.StartsWith(pile, StringComparison.Ordinal))).Sum(socket => Mean(socket.Value));
    }

    /// <summary>A temperature is a contact's on a socket and the air's in a shed; power is a socket's.</summary>
    private static bool IsOf(string rule, string channel)
    {
        var leaf = channel.Split('/')[2];
        return rule switch
        {
            "socket-overload" or "welded-relay" or "over-temperature" => leaf[0] is 's' or 'k',
            "heat" => leaf == "main",
            "circuit-tripped" or "voltage-out-of-range" => channel.Contains("/meter-", StringComparison.Ordinal) && leaf is "main" or "l1",
            _ => true,
        };
    }

    private static double PeriodMs(List<Recording.Sample> samples) => samples.Count < 2 ? 60_000 : Math.Max(10_000, samples.Zip(samples.Skip(1), (one, next) => next.TsMs - one.TsMs).Order().ElementAt(samples.Count / 2));

    private static string Clock(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms).ToString("HH:mm:ss", System.Globalization.CultureInfo.InvariantCulture);
}
