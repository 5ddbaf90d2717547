using System.Globalization;
using System.Text;

namespace FacilityMonitor.Benchmarks;

/// <summary>A registered neighbourhood of any size, and what its piles say. A site has 20 piles of 10 sockets on two circuits.</summary>
internal sealed class Neighbourhood(int piles)
{
    private const int PilesASite = 20;
    private static readonly CultureInfo Text = CultureInfo.InvariantCulture;

    public int Piles { get; } = piles;

    public string Site(int pile) => $"site-{pile / PilesASite}";

    public string Topic(int pile, string kind) => $"fm/1/{Site(pile)}/pile-{pile}/{kind}";

    /// <summary>Writes the registry and the settings of a service that listens nowhere but here.</summary>
    public void Write(string folder, Uri? webhook = null)
    {
        Directory.CreateDirectory(folder);
        var yaml = new StringBuilder("sites:\n");
        for (var site = 0; site * PilesASite < Piles; site++)
        {
            yaml.Append(Text, $"  - id: site-{site}\n    name: {{zh: 小区 {site}, en: Site {site}}}\n    circuits:\n");
            for (var circuit = 0; circuit < 2; circuit++)
                yaml.Append(Text, $"      - {{id: c-{circuit}, kind: charging, name: {{zh: 回路 {circuit}, en: Circuit {circuit}}}, rated-a: 630, curve: C, phases: 1, phase: 1}}\n");
            yaml.Append("    devices:\n");
            for (var pile = site * PilesASite; pile < Math.Min(Piles, (site + 1) * PilesASite); pile++)
                yaml.Append(Text, $"      - {{id: pile-{pile}, kind: pile, name: {{zh: 桩 {pile}, en: Pile {pile}}}, circuit: c-{pile % 2}, sockets: 10, period-s: 60}}\n");
        }

        File.WriteAllText(Path.Combine(folder, "facility.yaml"), yaml.ToString());
        var hook = webhook is null ? "" : $", webhook: \"{webhook}\"";
        File.WriteAllText(Path.Combine(folder, "people.yaml"), $"contacts:\n  - {{id: guard, name: {{zh: 门岗, en: Guard}}{hook}}}\n");
        File.WriteAllText(Path.Combine(folder, "settings.yaml"), "language: zh\n");
    }

    /// <summary>About 1 KB: ten sockets with all they measure.</summary>
    public static byte[] TenSockets(long seq, long atMs, Random random)
    {
        var body = new StringBuilder(1100);
        body.Append(Text, $"{{\"v\":1,\"boot\":\"c41-7f3a9e02\",\"seq\":{seq},\"ts\":{atMs},\"clk\":\"ntp\",\"r\":[");
        for (var socket = 1; socket <= 10; socket++)
        {
            body.Append(Text, $"{(socket > 1 ? "," : "")}{{\"dt\":0,\"ch\":\"s{socket}\",\"w\":{130 + random.Next(40) / 10.0:0.0},\"v\":{226 + random.Next(30) / 10.0:0.0},\"a\":{60 + random.Next(5)}e-2,");
            body.Append(Text, $"\"wh\":{10_000 + (seq / 10.0):0.0},\"tc\":{25 + random.Next(10) / 10.0:0.0},\"relay\":true,\"st\":\"charging\"}}");
        }

        return Encoding.ASCII.GetBytes(body.Append("]}").ToString());
    }

    /// <summary>About 200 bytes with its topic: one reading.</summary>
    public static byte[] OneSocket(long seq, long atMs, Random random) => Encoding.ASCII.GetBytes(string.Create(
        Text, $"{{\"v\":1,\"boot\":\"c41-7f3a9e02\",\"seq\":{seq},\"ts\":{atMs},\"clk\":\"ntp\",\"r\":[{{\"dt\":0,\"ch\":\"s1\",\"w\":{130 + random.Next(40) / 10.0:0.0},\"v\":{226 + random.Next(30) / 10.0:0.0},\"wh\":{10_000 + (seq / 10.0):0.0},\"relay\":true,\"st\":\"charging\"}}]}}"));

    /// <summary>Nearly the 16 KB of a message: one sensor at 300 instants of the last half minute, among those it told of before.</summary>
    public static byte[] LastHalfMinute(long seq, long atMs)
    {
        const int Instants = 300;
        var body = new StringBuilder(16_000);
        body.Append(Text, $"{{\"v\":1,\"boot\":\"c41-7f3a9e02\",\"seq\":{seq},\"ts\":{atMs},\"clk\":\"ntp\",\"r\":[");
        for (var instant = 0; instant < Instants; instant++)
            body.Append(Text, $"{(instant > 0 ? "," : "")}{{\"dt\":{(instant * 99) - 29_900},\"ch\":\"main\",\"tc\":{30 + (instant % 2)}}}");
        return Encoding.ASCII.GetBytes(body.Append("]}").ToString());
    }

    public static byte[] Overload(long seq, long atMs, double watts) => Encoding.ASCII.GetBytes(string.Create(
        Text, $"{{\"v\":1,\"boot\":\"c41-7f3a9e02\",\"seq\":{seq},\"ts\":{atMs},\"clk\":\"ntp\",\"r\":[{{\"dt\":0,\"ch\":\"s1\",\"w\":{watts:0}}}]}}"));
}
