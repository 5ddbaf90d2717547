using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace FacilityMonitor.Tests;

/// <summary>Ports of 127.0.0.1 for programs that must be told theirs, and who listens there.</summary>
/// <remarks>
/// A port that the system hands out (bind to 0) comes from the range that it also takes for outgoing connections. While a server is stopped, a client that
/// tries again and again may then get the server's own port as its own, and even connect to itself; and between choosing and listening, anybody may. So the
/// ports here lie below that range, none is handed out twice by one test run, and whoever waits for a server asks whose the listening socket is.
/// </remarks>
internal static class LoopbackPort
{
    /// <summary>Below stand the well-known services of a machine.</summary>
    private const int First = 10_000;

    private const string Listening = "0A";

    private static readonly int End = EphemeralStart();
    private static readonly ConcurrentDictionary<int, bool> HandedOut = new();

    /// <summary>A port on which nobody listens. Another test run may still take it first: see <see cref="IsListenedOnBy"/>.</summary>
    public static int Free()
    {
        while (true)
        {
            var port = Random.Shared.Next(First, End);
            if (HandedOut.TryAdd(port, true) && IsFree(port))
                return port;
        }
    }

    /// <summary>Whether a process, or one that it started, is the one that listens on the port.</summary>
    public static bool IsListenedOnBy(int port, int process)
    {
        var sockets = ListeningSockets(port);
        return sockets.Count > 0 && WithDescendants(process).Any(id => OpenFiles(id).Any(sockets.Contains));
    }

    private static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static int EphemeralStart()
    {
        var range = File.ReadAllText("/proc/sys/net/ipv4/ip_local_port_range").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        var start = int.Parse(range[0], CultureInfo.InvariantCulture);
        // Where the system takes nearly everything for itself there is no place below; then chance and the question of ownership must do.
        return start > First + 1_000 ? start : ushort.MaxValue;
    }

    /// <summary>As the links in /proc/[pid]/fd name them.</summary>
    private static HashSet<string> ListeningSockets(int port)
    {
        var suffix = ":" + port.ToString("X4", CultureInfo.InvariantCulture);
        var sockets = new HashSet<string>(StringComparer.Ordinal);
        foreach (var line in File.ReadLines("/proc/net/tcp").Concat(File.Exists("/proc/net/tcp6") ? File.ReadLines("/proc/net/tcp6") : []))
        {
            // sl, local address, remote address, state, queues, timer, retransmits, user, timeout, inode
            var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length > 9 && fields[3] == Listening && fields[1].EndsWith(suffix, StringComparison.Ordinal))
                sockets.Add($"socket:[{fields[9]}]");
        }

        return sockets;
    }

    private static IEnumerable<string> OpenFiles(int process)
    {
        try
        {
            return [.. Directory.EnumerateFileSystemEntries($"/proc/{process}/fd").Select(file => new FileInfo(file).LinkTarget).OfType<string>()];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // It ended while we looked, or is somebody else's: in either case not the one we wait for.
            return [];
        }
    }

    private static HashSet<int> WithDescendants(int process)
    {
        var parents = new Dictionary<int, int>();
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var id) && Parent(folder) is { } parent)
                parents[id] = parent;
        }

        var family = new HashSet<int> { process };
        while (parents.Any(pair => family.Contains(pair.Value) && family.Add(pair.Key)))
        {
            // Until nobody is found any more.
        }

        return family;
    }

    private static int? Parent(string folder)
    {
        try
        {
            // "pid (name) state parent …", and a name may hold anything.
            var stat = File.ReadAllText(Path.Combine(folder, "stat"));
            return int.Parse(stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return null;
        }
    }
}
