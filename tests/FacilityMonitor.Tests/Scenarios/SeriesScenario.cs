using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using FacilityMonitor.Alerts;
using FacilityMonitor.Contract;
using FacilityMonitor.Monitoring;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Rules;

namespace FacilityMonitor.Tests.Scenarios;

/// <summary>A setting at the edge of what a scenario shows: with one value it comes out one way, with the next value another.</summary>
/// <param name="Setting">Its name.</param>
/// <param name="At">One value.</param>
/// <param name="Beyond">The next.</param>
/// <param name="InNumbers">The setting is no threshold but changes the numbers that are told.</param>
internal sealed record Edge(string Setting, double At, double Beyond, bool InNumbers);

/// <summary>A scenario written as series of values. The form is told in Rules/README.md of the source.</summary>
internal sealed partial class SeriesScenario
{
    private static readonly string[] Keywords = ["start", "every", "until", "restart", "period", "boot", "edge", "shows", "expect"];

    private readonly List<(long ArrivesMs, int Order, Action<Player> Act)> _acts = [];
    private readonly SortedDictionary<(long ArrivesMs, long SentMs, string Device, MessageKind Kind, bool Again), List<Action<DeviceMessage>>> _messages = [];
    private long _startMs = 1_795_168_800_000;
    private long _everyMs = 10_000;
    private long _untilMs;

    public List<Edge> Edges { get; } = [];

    public List<string> Expected { get; } = [];

    /// <summary>What stands above <c>expect</c>, to write the file anew.</summary>
    public string Head { get; private set; } = "";

    public static SeriesScenario Read(string file)
    {
        var scenario = new SeriesScenario();
        var number = 0;
        var expecting = false;
        foreach (var raw in File.ReadLines(file))
        {
            number++;
            if (!expecting)
                scenario.Head += raw + "\n";
            var line = raw.Split('#')[0].Trim();
            if (line.Length == 0)
                continue;
            try
            {
                if (expecting)
                    scenario.Expected.Add(line);
                else if (line == "expect")
                    expecting = true;
                else
                    scenario.ReadLine(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
            }
            catch (Exception error) when (error is FormatException or ArgumentException or IndexOutOfRangeException)
            {
                throw new FormatException($"{file}:{number}: {error.Message}", error);
            }
        }

        scenario.Group();
        return scenario;
    }

    /// <summary>Plays it.</summary>
    /// <param name="facility">The registry.</param>
    /// <param name="rule">The rule whose steps are wanted.</param>
    /// <param name="restartEvery">After so many messages the engine is saved and restored; 0: only where the scenario says so.</param>
    /// <param name="twice">Whether every message arrives twice.</param>
    /// <param name="numbers">Whether the numbers behind each step are wanted too.</param>
    public List<string> Play(Facility facility, string rule, int restartEvery = 0, bool twice = false, bool numbers = false) =>
    [
        .. Steps(facility, rule, restartEvery, twice).Select(step => $"{Offset(step.AtMs - _startMs)} {TransitionJson.State(step.Condition)} {step.Priority} {step.Asset}"
            + (numbers ? string.Concat(step.Evidence.Select(pair => string.Create(CultureInfo.InvariantCulture, $" {pair.Key}={pair.Value}"))) : "")),
    ];

    /// <summary>The steps themselves.</summary>
    /// <inheritdoc cref="Play" path="/param"/>
    public IEnumerable<AlertTransition> Steps(Facility facility, string rule, int restartEvery = 0, bool twice = false)
    {
        var player = new Player(facility, _startMs);
        var count = 0;
        foreach (var (arrivesMs, _, act) in _acts)
        {
            player.Advance(_startMs + arrivesMs);
            act(player);
            if (twice)
                act(player);
            if (restartEvery > 0 && ++count % restartEvery == 0)
                player.Restart();
        }

        player.Advance(_startMs + Math.Max(_untilMs, _acts.Count == 0 ? 0 : _acts[^1].ArrivesMs));
        return player.Steps.Where(step => step.Rule == rule);
    }

    /// <summary>A time as scenarios write it: <c>1h2m3s</c>.</summary>
    private static string Offset(long ms)
    {
        var text = new StringBuilder(ms < 0 ? "-" : "");
        ms = Math.Abs(ms);
        if (ms >= 3_600_000)
            text.Append(CultureInfo.InvariantCulture, $"{ms / 3_600_000}h");
        if (ms / 60_000 % 60 > 0)
            text.Append(CultureInfo.InvariantCulture, $"{ms / 60_000 % 60}m");
        if (ms % 60_000 > 0 || ms < 60_000)
            text.Append(CultureInfo.InvariantCulture, $"{ms % 60_000 / 1000.0}s");
        return text.ToString();
    }

    private static long Duration(string text)
    {
        var match = DurationForm().Match(text);
        if (!match.Success || text.Length == 0)
            throw new FormatException($"'{text}' is no duration; write 90s, 5m, 1h30m");
        double Part(string name) => match.Groups[name].Success ? double.Parse(match.Groups[name].Value, CultureInfo.InvariantCulture) : 0;
        var ms = (long)Math.Round(((Part("d") * 86_400) + (Part("h") * 3600) + (Part("m") * 60) + Part("s")) * 1000);
        return text[0] == '-' ? -ms : ms;
    }

    private static double Number(string text) => double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);

    private void ReadLine(string[] words)
    {
        switch (words[0])
        {
            case "start":
                _startMs = DateTimeOffset.Parse(words[1], CultureInfo.InvariantCulture).ToUnixTimeMilliseconds();
                break;
            case "every":
                _everyMs = Duration(words[1]);
                break;
            case "until":
                _untilMs = Duration(words[1]);
                break;
            case "restart":
                Act(Duration(words[1]), player => player.Restart());
                break;
            case "period":
                var (device, period) = (words[1], Duration(words[2]));
                Act(0, player => player.Birth(device, period));
                break;
            case "boot":
                Act(Duration(words[2]), player => player.Boot(words[1]));
                break;
            case "edge":
                Edges.Add(new Edge(words[1], Number(words[2]), Number(words[3]), InNumbers: false));
                break;
            case "shows":
                Edges.Add(new Edge(words[1], Number(words[2]), Number(words[3]), InNumbers: true));
                break;
            default:
                ReadSeries(words);
                break;
        }
    }

    private void ReadSeries(string[] words)
    {
        var isStatus = words[1] == "status";
        var (device, what) = (words[0], isStatus ? "status" : words[2]);
        var channel = ChannelId.Main;
        if (!isStatus && !ChannelId.TryParse(words[1], out channel))
            throw new FormatException($"'{words[0]}' begins no line: write {string.Join(", ", Keywords)}, or DEVICE CHANNEL METRIC VALUES");
        var (everyMs, atMs, skewMs, kind) = (_everyMs, 0L, 0L, MessageKind.Data);
        var last = 0.0;
        foreach (var word in words[(isStatus ? 2 : 3)..])
        {
            if (word.StartsWith("every:", StringComparison.Ordinal))
                everyMs = Duration(word[6..]);
            else if (word.StartsWith("from:", StringComparison.Ordinal))
                atMs = Duration(word[5..]);
            else if (word.StartsWith("skew:", StringComparison.Ordinal))
                skewMs = Duration(word[5..]);
            else if (word == "hist")
                kind = MessageKind.Hist;
            else
                ReadValues(word, (value, text, flags) =>
                {
                    if (text != "_")
                        Put(device, channel, what, value ?? last, value is null ? text : null, atMs, skewMs, kind, flags);
                    last = value ?? last;
                    atMs += everyMs;
                });
        }
    }

    private static void ReadValues(string word, Action<double?, string, string[]> take)
    {
        var parts = word.Split('@');
        var match = ValueForm().Match(parts[0]);
        if (!match.Success)
            throw new FormatException($"'{word}' is no value; write 100, 100x5, 0+10x5, _x3, stale, or a word such as session-start{{session=a}}");
        var times = match.Groups["times"].Success ? int.Parse(match.Groups["times"].Value, CultureInfo.InvariantCulture) : 1;
        var step = match.Groups["step"].Success ? Number(match.Groups["step"].Value) : 0;
        for (var index = 0; index < times; index++)
        {
            double? value = match.Groups["number"].Success ? Number(match.Groups["number"].Value) + (index * step) : null;
            take(value, match.Groups["word"].Value, parts[1..]);
        }
    }

    private void Put(string device, ChannelId channel, string what, double value, string? word, long atMs, long skewMs, MessageKind kind, string[] flags)
    {
        var lateMs = flags.Where(flag => flag.StartsWith("late:", StringComparison.Ordinal)).Sum(flag => Duration(flag[5..]));
        var quality = word is "stale" || flags.Contains("stale") ? Quality.Stale : word is "bad" || flags.Contains("bad") ? Quality.Bad : flags.Contains("clock") ? Quality.Clock : Quality.Good;
        if (what == "status")
        {
            var presence = Enum.Parse<Presence>(word!, ignoreCase: true);
            Act(atMs + lateMs, player => player.Status(device, presence));
            return;
        }

        if (flags.Contains("lost"))
        {
            Act(atMs, player => player.Lose(device));
            return;
        }

        if (what == "event")
        {
            Act(atMs + lateMs, player => player.Event(device, Fact(channel, word!, _startMs + atMs + skewMs)));
            return;
        }

        var metric = Metric.W;
        if (what != "st" && !MetricKeys.TryParse(what, out metric))
            throw new FormatException($"there is no metric '{what}'");
        foreach (var again in flags.Contains("dup") ? new[] { false, true } : [false])
        {
            var key = (atMs + lateMs, atMs + skewMs, device, kind, again);
            if (!_messages.TryGetValue(key, out var parts))
                _messages[key] = parts = [];
            parts.Add(message => Add(message, channel, _startMs + atMs + skewMs, quality, what == "st" ? word : null, metric, value));
        }
    }

    /// <summary>What one device sent at one instant is one message, and one reading a channel.</summary>
    private void Group()
    {
        foreach (var ((arrivesMs, sentMs, device, kind, _), parts) in _messages)
            Act(arrivesMs, player => player.Say(device, kind, _startMs + sentMs, parts));
        _acts.Sort((left, right) => left.ArrivesMs != right.ArrivesMs ? left.ArrivesMs.CompareTo(right.ArrivesMs) : left.Order.CompareTo(right.Order));
    }

    private void Act(long arrivesMs, Action<Player> act) => _acts.Add((arrivesMs, _acts.Count, act));

    private static void Add(DeviceMessage message, ChannelId channel, long atMs, Quality quality, string? state, Metric metric, double value)
    {
        var readings = message.Readings.Readings;
        if (readings.Length == 0 || readings[^1].Channel != channel)
        {
            ref var reading = ref message.Readings.Add();
            (reading.Channel, reading.AtMs, reading.DeviceMs, reading.Quality) = (channel, atMs, atMs, quality);
        }

        ref var last = ref message.Readings.Readings[^1];
        last.Quality = (Quality)Math.Max((byte)last.Quality, (byte)quality);
        if (state is not null)
            last.State = state;
        else
            message.Readings.AddValue(metric, value);
    }

    /// <summary><c>session-stop{reason=full,session=a,user=h:1,wh=800,on=true}</c>.</summary>
    private static DeviceEvent Fact(ChannelId channel, string word, long atMs)
    {
        var brace = word.IndexOf('{', StringComparison.Ordinal);
        var fields = brace < 0 ? [] : word[(brace + 1)..^1].Split(',').Select(field => field.Split('=')).ToDictionary(field => field[0], field => field[1]);
        return new DeviceEvent
        {
            Kind = Parse<EventKind>(brace < 0 ? word : word[..brace]),
            Channel = channel,
            AtMs = atMs,
            DeviceMs = atMs,
            Reason = fields.TryGetValue("reason", out var reason) ? Parse<StopReason>(reason) : null,
            Session = fields.GetValueOrDefault("session"),
            User = fields.GetValueOrDefault("user"),
            Wh = fields.TryGetValue("wh", out var wh) ? Number(wh) : null,
            On = fields.TryGetValue("on", out var on) ? on == "true" : null,
        };

        static T Parse<T>(string text)
            where T : struct, Enum => Enum.Parse<T>(text.Replace("-", "", StringComparison.Ordinal), ignoreCase: true);
    }

    [GeneratedRegex(@"^-?((?<d>[\d.]+)d)?((?<h>[\d.]+)h)?((?<m>[\d.]+)m)?((?<s>[\d.]+)s)?$", RegexOptions.ExplicitCapture)]
    private static partial Regex DurationForm();

    [GeneratedRegex(@"^((?<number>-?\d+(\.\d+)?)(?<step>[+-]\d+(\.\d+)?)?|(?<word>_|[a-z][a-z-]*(\{[^}]*\})?))(x(?<times>\d+))?$", RegexOptions.ExplicitCapture)]
    private static partial Regex ValueForm();

    /// <summary>An engine with its clock.</summary>
    private sealed class Player
    {
        private readonly FacilityIndex _index;
        private readonly DeviceTable _devices = new();
        private readonly Dictionary<string, long> _sequences = [];
        private readonly Dictionary<string, BootId> _boots = [];
        private readonly Dictionary<string, byte[]> _disk = [];
        private RuleEngine _engine;
        private long _nowMs;

        public Player(Facility facility, long startMs)
        {
            _index = new FacilityIndex(facility);
            _engine = new RuleEngine(_index, _devices);
            _engine.Started(startMs - SiteEngine.GraceMs);
            _nowMs = startMs;
        }

        public List<AlertTransition> Steps { get; } = [];

        public void Advance(long toMs)
        {
            for (var second = (_nowMs / 1000) + 1; second * 1000 <= toMs; second++)
                _engine.Tick(second * 1000, Steps);
            _nowMs = Math.Max(_nowMs, toMs);
        }

        public void Restart()
        {
            // A site that nothing touched since is not saved again: what was saved last is the truth.
            foreach (var site in _engine.Unsaved)
            {
                var bytes = new ArrayBufferWriter<byte>();
                _engine.SaveSite(site, bytes);
                _disk[site] = bytes.WrittenSpan.ToArray();
            }

            var next = new RuleEngine(_index, _devices);
            next.Restore(_engine.CheckpointAfter(_disk.Keys.ToHashSet()));
            foreach (var (site, bytes) in _disk)
                next.RestoreSite(site, 0, bytes);
            _engine = next;
        }

        public void Birth(string device, long periodMs) => Observe(new DeviceMessage
        {
            Kind = MessageKind.Birth,
            Birth = new Birth { Boot = _boots.GetValueOrDefault(device), Bd = 1, TsMs = _nowMs, Model = "TEST", Firmware = "1", Clock = ClockSource.Ntp, PeriodS = periodMs / 1000.0, Channels = [] },
        }, device);

        /// <summary>It begins anew.</summary>
        public void Boot(string device)
        {
            // The same birth may come twice.
            Assert.True(BootId.TryParse(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"boot-{_nowMs}")), out var boot));
            _boots[device] = boot;
            Birth(device, 0);
        }

        public void Status(string device, Presence presence) =>
            Observe(new DeviceMessage { Kind = MessageKind.Status, Status = new DeviceStatus { Presence = presence, Bd = 1, Boot = default } }, device);

        public void Event(string device, DeviceEvent fact)
        {
            var message = new DeviceMessage { Kind = MessageKind.Event };
            message.Events.Add(fact);
            Observe(message, device);
        }

        /// <summary>A message takes its number and never arrives.</summary>
        public void Lose(string device) => _sequences[device] = _sequences.GetValueOrDefault(device) + 1;

        public void Say(string device, MessageKind kind, long sentMs, List<Action<DeviceMessage>> parts)
        {
            var sequence = _sequences[device] = _sequences.GetValueOrDefault(device) + 1;
            var message = new DeviceMessage { Kind = kind, HasEnvelope = true, Envelope = new Envelope(default, sequence, sentMs, null, ClockSource.Ntp) };
            foreach (var part in parts)
                part(message);
            Observe(message, device);
        }

        private void Observe(DeviceMessage message, string device)
        {
            var slash = device.IndexOf('/', StringComparison.Ordinal);
            var (site, name) = slash < 0 ? ("lane", device) : (device[..slash], device[(slash + 1)..]);
            message.Device = _devices.Resolve(Dialect.Fm1, Encoding.UTF8.GetBytes(site), Encoding.UTF8.GetBytes(name))!;
            message.ReceivedMs = _nowMs;
            _engine.Observe(message, Steps);
        }
    }
}
