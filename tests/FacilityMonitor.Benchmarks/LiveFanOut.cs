using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using FacilityMonitor.Web;

namespace FacilityMonitor.Benchmarks;

/// <summary>
/// A thousand open live pages on a compound whose piles report as they do: what telling them costs the service. The pages are plain sockets in this process, the service is one of its own, and the processor
/// time is the service's alone, less what it needs for the same messages when nobody looks.
/// </summary>
internal static class LiveFanOut
{
    /// <summary>First argument of the process that <see cref="ServeBareAsync"/> runs in.</summary>
    public const string Verb = "serve-bare-pages";

    private const int Piles = 24;
    private const int Pages = LiveFeed.ViewersMax;

    /// <summary>Each pile of ten sockets reports every ten seconds: with people plugging in and out a busy evening.</summary>
    private static readonly TimeSpan EachPileEvery = TimeSpan.FromSeconds(10);

    /// <summary>How long each part is measured: several rounds of all piles.</summary>
    private static readonly TimeSpan Measured = TimeSpan.FromSeconds(30);

    /// <summary>Code is compiled anew as it turns out to be hot, which takes longer than all else in the first minutes and nothing afterwards. It is over when this long less than a four-hundredth of a core compiled.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan SettlingMax = TimeSpan.FromMinutes(10);

    public static async Task RunAsync(Report report)
    {
        var folder = Directory.CreateTempSubdirectory("fm-benchmark-").FullName;
        try
        {
            var place = new Neighbourhood(Piles);
            place.Write(folder);
            await using var broker = await Broker.StartAsync();
            await using var service = await MeasuredService.StartAsync(folder, broker.Port);
            await using var publisher = await Publisher.StartAsync(broker.Port);
            using var stop = new CancellationTokenSource();
            var publishing = PublishAsync(publisher, place, stop.Token);
            var key = ControlKey.Read(Path.Combine(folder, "data")) ?? throw new InvalidOperationException("The service has left no key.");
            var pages = await ViewersAsync(new Uri(key.Url), $"GET /events HTTP/1.1\r\nHost: {new Uri(key.Url).Authority}\r\nAccept-Encoding: gzip, deflate, br\r\nAuthorization: Bearer {key.Secret}\r\n\r\n");
            var watched = await CpuAsync(service, pages);
            var alive = pages.Alive;
            // Last, when nothing is compiled any more: what that costs would else be taken off the pages.
            await pages.DisposeAsync();
            var alone = await CpuAsync(service, null);
            await stop.CancelAsync();
            await publishing;
            var bare = await BareAsync(pages.ChunksASecond, pages.BytesASecond);
            var share = watched - alone;
            report.Add(
                "1,000 个打开的实时页面，24 台十口桩每 10 秒各报一次：服务多用的处理器", "1,000 open live pages, 24 ten-socket piles that report every 10 s each: processor time it adds to the service",
                $"{Report.Number(share * 100, "F1")} % 核 core ({Report.Number(watched * 100, "F1")} − {Report.Number(alone * 100, "F1")}), {alive} 页连着 pages connected, {Report.Number(pages.BytesASecond / 1024)} KiB/s, {Report.Number(pages.ChunksASecond / Pages, "F1")} 次/s 每页 writes/s a page",
                "≤ 5 % 核 core", share <= 0.05, $"{Report.Number(share / bare, "F1")} × 裸套接字写同样多次、同样多字节 a bare socket server that writes as often and as much ({Report.Number(bare * 100, "F1")} %)");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>The least that telling so many can cost: one call of the system for each page and time. Serves until its input ends, and says what processor time it took.</summary>
    public static async Task ServeBareAsync(int chunksASecond, int bytesAChunk)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start(Pages);
        await Console.Out.WriteLineAsync(((IPEndPoint)listener.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture));
        var sockets = new List<Socket>();
        while (sockets.Count < Pages)
        {
            var socket = await listener.AcceptSocketAsync();
            socket.NoDelay = true;
            sockets.Add(socket);
        }

        var bytes = new byte[bytesAChunk];
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / chunksASecond));
        var from = Environment.CpuUsage.TotalTime;
        var began = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(began) < Measured)
        {
            await timer.WaitForNextTickAsync();
            foreach (var socket in sockets)
                socket.Send(bytes);
        }

        var used = (Environment.CpuUsage.TotalTime - from) / TimeProvider.System.GetElapsedTime(began);
        await Console.Out.WriteLineAsync(used.ToString(CultureInfo.InvariantCulture));
        foreach (var socket in sockets)
            socket.Dispose();
    }

    /// <summary>Cores that the service uses, measured once all is warm.</summary>
    private static async Task<double> CpuAsync(MeasuredService service, Viewers? pages)
    {
        await SettleAsync(service);
        var before = await service.FiguresAsync();
        pages?.Begin();
        var began = TimeProvider.System.GetTimestamp();
        await Task.Delay(Measured);
        var elapsed = TimeProvider.System.GetElapsedTime(began);
        pages?.End(elapsed);
        var after = await service.FiguresAsync();
        return (after.CpuUs - before.CpuUs) / elapsed.TotalMicroseconds;
    }

    private static async Task SettleAsync(MeasuredService service)
    {
        var began = TimeProvider.System.GetTimestamp();
        for (var before = await service.FiguresAsync(); ;)
        {
            await Task.Delay(Settling);
            var now = await service.FiguresAsync();
            if (now.CompilingUs - before.CompilingUs < Settling.TotalMicroseconds / 400)
                return;
            if (TimeProvider.System.GetElapsedTime(began) > SettlingMax)
                throw new InvalidOperationException($"After {SettlingMax.TotalMinutes} minutes code is compiled still.");
            before = now;
        }
    }

    private static async Task PublishAsync(Publisher publisher, Neighbourhood place, CancellationToken stop)
    {
        var random = new Random(1);
        using var timer = new PeriodicTimer(EachPileEvery / place.Piles);
        try
        {
            for (long message = 0; ; message++)
            {
                var pile = (int)(message % place.Piles);
                await publisher.PublishAsync(place.Topic(pile, "data"), Neighbourhood.TenSockets(message / place.Piles, TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds(), random));
                await timer.WaitForNextTickAsync(stop);
            }
        }
        catch (OperationCanceledException)
        {
            // All is measured.
        }
    }

    private static async Task<Viewers> ViewersAsync(Uri url, string request)
    {
        var viewers = new Viewers();
        await viewers.OpenAsync(url.Port, Encoding.ASCII.GetBytes(request));
        return viewers;
    }

    private static async Task<double> BareAsync(double chunksASecond, double bytesASecond)
    {
        var perPage = Math.Max(1, (int)Math.Round(chunksASecond / Pages));
        var start = new ProcessStartInfo(
            "dotnet", [typeof(LiveFanOut).Assembly.Location, Verb, perPage.ToString(CultureInfo.InvariantCulture), ((int)(bytesASecond / Pages / perPage)).ToString(CultureInfo.InvariantCulture)])
        {
            RedirectStandardOutput = true,
        };
        using var process = Process.Start(start)!;
        var port = int.Parse((await process.StandardOutput.ReadLineAsync())!, CultureInfo.InvariantCulture);
        await using var viewers = new Viewers();
        await viewers.OpenAsync(port, []);
        var used = double.Parse((await process.StandardOutput.ReadLineAsync())!, CultureInfo.InvariantCulture);
        await process.WaitForExitAsync();
        return used;
    }

    /// <summary>As many open pages, each a socket that reads what it is sent and counts it.</summary>
    private sealed class Viewers : IAsyncDisposable
    {
        private readonly List<Socket> _sockets = [];
        private readonly List<Task> _reading = [];
        private long _bytes;
        private long _chunks;
        private int _alive;
        private (long Bytes, long Chunks) _from;

        /// <summary>Pages that are still connected.</summary>
        public int Alive => Volatile.Read(ref _alive);

        public double BytesASecond { get; private set; }

        /// <summary>Reads that found something: at a rate of a few a second each is one write of the service.</summary>
        public double ChunksASecond { get; private set; }

        public async Task OpenAsync(int port, byte[] request)
        {
            for (var page = 0; page < Pages; page++)
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync(IPAddress.Loopback, port);
                if (request.Length > 0)
                    await socket.SendAsync(request);
                _sockets.Add(socket);
                Interlocked.Increment(ref _alive);
                _reading.Add(ReadAsync(socket, request.Length > 0));
            }
        }

        public void Begin() => _from = (Interlocked.Read(ref _bytes), Interlocked.Read(ref _chunks));

        public void End(TimeSpan elapsed)
        {
            (BytesASecond, ChunksASecond) = ((Interlocked.Read(ref _bytes) - _from.Bytes) / elapsed.TotalSeconds, (Interlocked.Read(ref _chunks) - _from.Chunks) / elapsed.TotalSeconds);
            if (Alive < Pages)
                throw new InvalidOperationException($"Only {Alive} of {Pages} pages are still connected.");
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var socket in _sockets)
                socket.Dispose();
            await Task.WhenAll(_reading);
        }

        private async Task ReadAsync(Socket socket, bool isAnswered)
        {
            var buffer = new byte[64 * 1024];
            try
            {
                var read = await socket.ReceiveAsync(buffer);
                if (isAnswered && !buffer.AsSpan(0, read).StartsWith("HTTP/1.1 200"u8))
                    throw new InvalidOperationException($"A page is refused: {Encoding.ASCII.GetString(buffer, 0, Math.Min(read, 100))}");
                while (read > 0)
                {
                    Interlocked.Add(ref _bytes, read);
                    Interlocked.Increment(ref _chunks);
                    read = await socket.ReceiveAsync(buffer);
                }
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException)
            {
                // Its end, or ours.
            }
            finally
            {
                Interlocked.Decrement(ref _alive);
            }
        }
    }
}
