using System.Globalization;
using FacilityMonitor.Mqtt;

namespace FacilityMonitor.Tests.Mqtt.Conformance;

/// <summary>
/// The numbers of every normative statement of both specifications (appendix B of each), and for those no test is named
/// after, why. A statement about the server has a test nevertheless where the client notices that it is broken.
/// </summary>
internal static class NormativeStatements
{
    private const string Server = "Binds the server alone; nothing a client could do or notice.";
    private const string NotServer = "Binds a program that is a server as well; this is a client.";
    private const string Reading = "Speaks about what the server shall make of the packet; a client can neither do nor notice it.";
    private const string Qos2 = "The client refuses to publish with QoS 2: receivers know duplicates by boot and sequence number, so the second handshake buys nothing.";
    private const string NoAuthentication = "The client offers no Authentication Method, so no AUTH packet is exchanged; one that comes ends the connection (4.12.0-6).";
    private const string NoAlias = "The client offers no Topic Alias (Topic Alias Maximum 0), so there is none to accept; one that comes ends the connection (3.3.2-11).";
    private const string NoWebSocket = "The client speaks TCP and TLS, not WebSocket.";
    private const string Interoperability = "A claim about the whole: the tests against Mosquitto, RabbitMQ and foreign clients show it.";

    // Section, then the numbers in it.
    private static readonly (string Section, string Numbers)[] V311 =
    [
        ("1.5.3", "1-3"), ("2.2.2", "1-2"), ("2.3.1", "1-7"), ("3.1.0", "1-2"), ("3.1.2", "1-24"), ("3.1.3", "1-11"), ("3.1.4", "1-5"), ("3.2.0", "1"),
        ("3.2.2", "1-6"), ("3.3.1", "1-12"), ("3.3.2", "1-3"), ("3.3.4", "1"), ("3.3.5", "1-2"), ("3.6.1", "1"), ("3.8.1", "1"), ("3.8.3", "1-4"), ("3.8.4", "1-6"),
        ("3.9.3", "1-2"), ("3.10.1", "1"), ("3.10.3", "1-2"), ("3.10.4", "1-6"), ("3.12.4", "1"), ("3.14.1", "1"), ("3.14.4", "1-3"), ("4.1.0", "1-2"),
        ("4.3.1", "1"), ("4.3.2", "1-2"), ("4.3.3", "1-2"), ("4.4.0", "1"), ("4.5.0", "1-2"), ("4.6.0", "1-6"), ("4.7.1", "1-3"), ("4.7.2", "1"), ("4.7.3", "1-4"),
        ("4.8.0", "1-2"), ("6.0.0", "1-4"), ("7.0.0", "1-2"), ("7.1.1", "1"), ("7.1.2", "1"),
    ];

    private static readonly (string Section, string Numbers)[] V500 =
    [
        ("1.5.4", "1-3"), ("1.5.5", "1"), ("1.5.7", "1"), ("2.1.3", "1"), ("2.2.1", "2-6"), ("2.2.2", "1"), ("3.1.0", "1-2"), ("3.1.2", "1-30"), ("3.1.3", "1-12"),
        ("3.1.4", "1-6"), ("3.2.0", "1-2"), ("3.2.2", "1-22"), ("3.3.1", "1-13"), ("3.3.2", "1-20"), ("3.3.4", "1-10"), ("3.4.2", "1-3"), ("3.5.2", "1-3"),
        ("3.6.1", "1"), ("3.6.2", "1-3"), ("3.7.2", "1-3"), ("3.8.1", "1"), ("3.8.3", "1-5"), ("3.8.4", "1-8"), ("3.9.2", "1-2"), ("3.9.3", "1-2"), ("3.10.1", "1"),
        ("3.10.3", "1-2"), ("3.10.4", "1-6"), ("3.11.2", "1-2"), ("3.11.3", "1-2"), ("3.12.4", "1"), ("3.14.0", "1"), ("3.14.1", "1"), ("3.14.2", "1-4"),
        ("3.14.4", "1-3"), ("3.15.1", "1"), ("3.15.2", "1-3"), ("4.1.0", "1-2"), ("4.2.0", "1"), ("4.3.1", "1"), ("4.3.2", "1-5"), ("4.3.3", "1-13"), ("4.4.0", "1-2"),
        ("4.5.0", "1-2"), ("4.6.0", "1-6"), ("4.7.0", "1"), ("4.7.1", "1-2"), ("4.7.2", "1"), ("4.7.3", "1-4"), ("4.8.2", "1-6"), ("4.9.0", "1-3"), ("4.12.0", "1-7"),
        ("4.12.1", "1-2"), ("4.13.1", "1"), ("4.13.2", "1"), ("6.0.0", "1-4"),
    ];

    private static readonly (string Section, string Numbers, string Reason)[] UntestedV311 =
    [
        ("2.3.1", "4", Server), ("2.3.1", "7", Server), ("3.1.0", "2", Server), ("3.1.2", "1-3", Server), ("3.1.2", "5", Server), ("3.1.2", "7-8", Server),
        ("3.1.2", "10", Server), ("3.1.2", "12", Server), ("3.1.2", "16-17", Reading), ("3.1.2", "24", Server), ("3.1.3", "5-6", Server), ("3.1.3", "8-9", Server),
        ("3.1.4", "1-5", Server), ("3.2.2", "2-3", Server), ("3.2.2", "5-6", Server), ("3.3.1", "5-12", Reading), ("3.3.2", "3", Server), ("3.3.5", "1-2", Server),
        ("3.8.3", "2", Server), ("3.8.4", "1", Server), ("3.8.4", "3-4", Reading), ("3.8.4", "6", Server), ("3.10.4", "1-3", Server),
        ("3.10.4", "5-6", Server), ("3.14.1", "1", Server), ("3.14.4", "3", Server), ("4.3.3", "1", Qos2), ("4.5.0", "1", Server), ("4.6.0", "5-6", Server),
        ("4.7.2", "1", Server), ("4.7.3", "4", Server), ("6.0.0", "1-4", NoWebSocket), ("7.0.0", "1", NotServer), ("7.0.0", "2", Interoperability), ("7.1.1", "1", NotServer),
    ];

    private static readonly (string Section, string Numbers, string Reason)[] UntestedV500 =
    [
        ("2.2.1", "4", Server), ("2.2.1", "6", Server), ("3.1.0", "2", Server), ("3.1.2", "2-3", Server), ("3.1.2", "5-8", Server), ("3.1.2", "10", Server),
        ("3.1.2", "14-15", Reading), ("3.1.2", "22", Server), ("3.1.2", "25-29", Server), ("3.1.2", "30", NoAuthentication), ("3.1.3", "5-10", Server),
        ("3.1.4", "1-6", Server), ("3.2.2", "3", Server), ("3.2.2", "7-10", Server), ("3.2.2", "12-13", Server), ("3.2.2", "16", Server), ("3.2.2", "19-20", Server),
        ("3.2.2", "22", Server), ("3.3.1", "5-13", Reading), ("3.3.2", "3-6", Server), ("3.3.2", "10", NoAlias), ("3.3.2", "12", Server), ("3.3.2", "15-18", Server),
        ("3.3.2", "20", Server), ("3.3.4", "2-5", Server), ("3.3.4", "10", Server), ("3.8.3", "3", Reading), ("3.8.4", "1", Server), ("3.8.4", "3-5", Reading),
        ("3.8.4", "7-8", Server), ("3.9.2", "1-2", Server), ("3.10.4", "1-4", Server), ("3.10.4", "6", Server),
        ("3.11.2", "1-2", Server), ("3.11.3", "2", Server), ("3.14.4", "3", Server), ("3.15.2", "1-3", NoAuthentication), ("4.1.0", "2", Server),
        ("4.3.3", "1-3", Qos2), ("4.3.3", "5-7", Qos2), ("4.5.0", "1", Server), ("4.6.0", "5-6", Server), ("4.7.2", "1", Server), ("4.7.3", "4", Server),
        ("4.8.2", "3-6", Server), ("4.12.0", "1-2", Server), ("4.12.0", "3-5", NoAuthentication), ("4.12.1", "1-2", NoAuthentication), ("6.0.0", "1-4", NoWebSocket),
    ];

    public static IReadOnlyList<string> All(MqttVersion version) =>
        [.. (version == MqttVersion.V311 ? V311 : V500).SelectMany(entry => Expand(entry.Section, entry.Numbers))];

    /// <summary>Statements no test is named after, each with the reason.</summary>
    public static IReadOnlyList<(string Statement, string Reason)> Untested(MqttVersion version) =>
        [.. (version == MqttVersion.V311 ? UntestedV311 : UntestedV500).SelectMany(entry => Expand(entry.Section, entry.Numbers).Select(statement => (statement, entry.Reason)))];

    private static IEnumerable<string> Expand(string section, string numbers)
    {
        var edges = numbers.Split('-').Select(edge => int.Parse(edge, CultureInfo.InvariantCulture)).ToList();
        return Enumerable.Range(edges[0], edges[^1] - edges[0] + 1).Select(number => $"{section}-{number}");
    }
}
