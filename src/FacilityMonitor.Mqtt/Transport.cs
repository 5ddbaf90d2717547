using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace FacilityMonitor.Mqtt;

/// <summary>An open byte stream to the server, in the clear or encrypted.</summary>
internal sealed class Transport : IDisposable
{
    /// <summary>What Linux calls IPPROTO_TCP and TCP_MAXSEG (tcp(7)), and the least it accepts there.</summary>
    private const int TcpLevel = 6;
    private const int TcpMaximumSegment = 2;
    private const int LeastSegmentBytes = 88;

    private const int LoopbackSegmentBytes = 64 << 10;
    private const int SegmentsInWindow = 8;

    private readonly Socket? _socket;

    private Transport(Socket? socket, Stream stream)
    {
        _socket = socket;
        Stream = stream;
    }

    public Stream Stream { get; }

    public static async Task<Transport> OpenAsync(MqttClientOptions options, CancellationToken cancellationToken)
    {
        if (options.Network is { } network)
            return new Transport(socket: null, network());
        // Acknowledgements are small and must not wait for each other: no Nagle.
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            // Before connecting: the window scale is agreed in the handshake.
            if (options.SocketReceiveBufferBytes > 0)
                SetReceiveBuffer(socket, options.SocketReceiveBufferBytes);
            await socket.ConnectAsync(options.Host, options.Port, cancellationToken).ConfigureAwait(false);
            Stream stream = new NetworkStream(socket, ownsSocket: true);
            if (options.Tls is { } tls)
                stream = await EncryptAsync(stream, tls, options.Host, cancellationToken).ConfigureAwait(false);
            return new Transport(socket, stream);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Says that nothing more will come from us; what is under way still arrives.</summary>
    public void EndSending()
    {
        try
        {
            _socket?.Shutdown(SocketShutdown.Send);
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // The other side was faster.
        }
    }

    /// <summary>Ends pending reads and writes.</summary>
    public void Dispose()
    {
        _socket?.Dispose();
        Stream.Dispose();
    }

    /// <summary>
    /// On loopback a segment has 64 KiB. A window smaller than that never opens far enough for a whole one, and the sender waits
    /// for its probe timer, five times a second: so a small buffer asks for small segments.
    /// </summary>
    private static void SetReceiveBuffer(Socket socket, int bytes)
    {
        socket.ReceiveBufferSize = bytes;
        if (bytes < LoopbackSegmentBytes * SegmentsInWindow && OperatingSystem.IsLinux())
            socket.SetRawSocketOption(TcpLevel, TcpMaximumSegment, BitConverter.GetBytes(Math.Max(bytes / SegmentsInWindow, LeastSegmentBytes)));
    }

    private static async Task<SslStream> EncryptAsync(Stream stream, MqttTls tls, string host, CancellationToken cancellationToken)
    {
        var options = new SslClientAuthenticationOptions { TargetHost = tls.ServerName ?? host };
        if (tls.CaFile is not null)
            options.CertificateChainPolicy = Pin(tls.CaFile);
        using var certificate = tls.ClientCertificateFile is null ? null : X509Certificate2.CreateFromPemFile(tls.ClientCertificateFile, tls.ClientKeyFile);
        if (certificate is not null)
            options.ClientCertificateContext = SslStreamCertificateContext.Create(certificate, additionalCertificates: null, offline: true);

        var encrypted = new SslStream(stream);
        await encrypted.AuthenticateAsClientAsync(options, cancellationToken).ConfigureAwait(false);
        return encrypted;
    }

    private static X509ChainPolicy Pin(string caFile)
    {
        // A private authority publishes no revocation list; the pin itself is the protection.
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPemFile(caFile);
        return policy;
    }
}
