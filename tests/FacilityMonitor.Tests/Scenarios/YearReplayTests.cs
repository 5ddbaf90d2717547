using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using FacilityMonitor.Commands;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Tests.Scenarios;

/// <summary>A compound of 250 sockets, day after day: evenings that fill up, chargers that climb and taper, meters, a storm of overloads now and then, words that get lost.</summary>
public sealed class YearReplayTests
{
    private const int Piles = 25;
    private const int SocketsEach = 10;
    private const int Circuits = 5;
    private const int PeriodS = 300;

    [Fact]
    public void A_replay_gives_the_same_output_twice_byte_for_byte() => Twice(days: 2);

    /// <summary>Some minutes each time.</summary>
    [Fact]
    [Trait("length", "long")]
    public void A_year_gives_the_same_output_twice_byte_for_byte() => Twice(days: 365);

    private static void Twice(int days)
    {
        var (first, rules) = Replay(days);
        var (second, _) = Replay(days);

        Assert.Equal(first, second);
        Assert.Contains("circuit-overload", rules);
        Assert.Contains("socket-overload", rules);
        Assert.Contains("silent", rules);
    }

    private static (string Hash, SortedSet<string> Rules) Replay(int days)
    {
        using var hash = SHA256.Create();
        using var output = new Told(hash);
        using var input = new Year(days);
        Assert.Equal(0, ReplayCommand.Run(Compound(), input, null, output, TextWriter.Null));
        hash.TransformFinalBlock([], 0, 0);
        return (Convert.ToHexString(hash.Hash!), output.Rules);
    }

    private static Facility Compound() => new()
    {
        Version = "year",
        Contacts = [],
        Sites =
        [
            new Site
            {
                Id = "estate",
                Name = new LocalText("小区", "Estate"),
                Circuits =
                [
                    .. Enumerable.Range(0, Circuits).Select(number => new Circuit
                    {
                        Id = $"c-{number}", Name = new LocalText($"回路 {number}", $"Circuit {number}"), Kind = CircuitKind.Charging, RatedA = 32, Meter = $"meter-{number}",
                    }),
                ],
                Devices =
                [
                    .. Enumerable.Range(0, Circuits).Select(number => new DeviceEntry
                    {
                        Id = $"meter-{number}", Name = new LocalText("电表", "Meter"), Kind = DeviceKind.Meter, PeriodS = PeriodS,
                    }),
                    .. Enumerable.Range(0, Piles).Select(number => new DeviceEntry
                    {
                        Id = $"pile-{number}", Name = new LocalText("桩", "Pile"), Kind = DeviceKind.Pile, Circuit = $"c-{number % Circuits}", Sockets = SocketsEach, PeriodS = PeriodS,
                    }),
                ],
            },
        ],
    };

    /// <summary>Hashes what is told and notes which rules spoke; a year of it is not kept.</summary>
    private sealed class Told(HashAlgorithm hash) : StringWriter
    {
        public SortedSet<string> Rules { get; } = new(StringComparer.Ordinal);

        public override void WriteLine(string? value)
        {
            var bytes = Encoding.UTF8.GetBytes(value + "\n");
            hash.TransformBlock(bytes, 0, bytes.Length, null, 0);
            const string Key = "\"rule\":\"";
            var begin = value!.IndexOf(Key, StringComparison.Ordinal) + Key.Length;
            Rules.Add(value[begin..value.IndexOf('"', begin)]);
        }
    }

    /// <summary>The messages, made line by line from one seed.</summary>
    private sealed class Year(int days) : TextReader
    {
        private const long StartMs = 1_767_196_800_000;

        private readonly Random _random = new(7);
        private readonly (int Left, double Watts)[] _charges = new (int, double)[Piles * SocketsEach];
        private readonly double[] _circuitWatts = new double[Circuits];
        private readonly StringBuilder _line = new();
        private int _round;
        private int _device;
        private long _seq;

        public override string? ReadLine()
        {
            while (true)
            {
                if (_device == Piles + Circuits)
                {
                    (_device, _round) = (0, _round + 1);
                    Array.Clear(_circuitWatts);
                }

                if (_round * (long)PeriodS >= days * 86_400L)
                    return null;
                var line = _device < Piles ? Pile(_device) : Meter(_device - Piles);
                _device++;
                // Now and then a word is lost, and once in a while a device falls silent for an hour.
                if (_random.Next(500) != 0 && (_round / 12 * 31 + _device) % 977 != 0)
                    return line;
            }
        }

        private string Pile(int pile)
        {
            var hour = (_round * PeriodS / 3600 + 8) % 24;
            Begin($"pile-{pile}");
            for (var socket = 0; socket < SocketsEach; socket++)
            {
                ref var charge = ref _charges[(pile * SocketsEach) + socket];
                if (charge.Left == 0 && _random.Next(hour is >= 18 and <= 22 ? 40 : 400) == 0)
                    charge = (40 + _random.Next(60), _random.Next(300) == 0 ? 1150 : 110 + _random.Next(250));
                var watts = charge.Left == 0 ? 0 : charge.Left < 15 ? charge.Watts * charge.Left / 15 : charge.Watts * (1 + ((100 - charge.Left) * 0.0005));
                charge.Left = Math.Max(0, charge.Left - 1);
                _circuitWatts[pile % Circuits] += watts;
                _line.Append(CultureInfo.InvariantCulture, $"{(socket > 0 ? "," : "")}{{\"dt\":0,\"ch\":\"s{socket + 1}\",\"w\":{watts:0.0},\"relay\":{(watts > 0 ? "true" : "false")}}}");
            }

            return _line.Append("]}}").ToString();
        }

        private string Meter(int circuit)
        {
            Begin($"meter-{circuit}");
            var storm = _round / 288 % 30 == 3 ? 15 : 0;
            return _line.Append(CultureInfo.InvariantCulture, $"{{\"dt\":0,\"ch\":\"main\",\"a\":{(_circuitWatts[circuit] / 225) + storm:0.00},\"v\":{222 + (_random.Next(60) / 10.0):0.0}}}]}}}}").ToString();
        }

        private void Begin(string device)
        {
            var atMs = StartMs + (_round * PeriodS * 1000L) + (_device * 37);
            _line.Clear().Append(CultureInfo.InvariantCulture, $"{{\"at\":{atMs},\"topic\":\"fm/1/estate/{device}/data\",\"payload\":{{\"v\":1,\"boot\":\"b1\",\"seq\":{_seq++},\"ts\":{atMs},\"clk\":\"ntp\",\"r\":[");
        }
    }
}
