using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace FacilityMonitor.OnCall.Channels;

/// <summary>How a mail server is protected.</summary>
internal enum SmtpTls
{
    /// <summary>From the first byte, usually port 465.</summary>
    Implicit,

    /// <summary>After STARTTLS, usually port 587; a server that does not offer it is refused.</summary>
    StartTls,

    /// <summary>Not at all: only to a server on this machine.</summary>
    None,
}

/// <summary>Where mail is handed in.</summary>
/// <param name="Host">Name of the server, as in its certificate.</param>
/// <param name="Port">Its port.</param>
/// <param name="Tls">How it is protected.</param>
/// <param name="User">Name to sign in with; null: nobody signs in.</param>
/// <param name="Password">Its password.</param>
/// <param name="Authority">File with the authority of the certificate; null: those of the system.</param>
internal sealed record SmtpEndpoint(string Host, int Port, SmtpTls Tls, string? User, string? Password, string? Authority)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Host}:{Port}");
}

/// <summary>A server's answer to one command.</summary>
/// <param name="Code">Its code.</param>
/// <param name="Lines">What stands behind it.</param>
internal sealed record SmtpReply(int Code, IReadOnlyList<string> Lines)
{
    public bool IsTaken => Code is >= 200 and < 300;
}

/// <summary>One connection to a mail server (RFC 5321, 3207, 4954). The base library's client knows no implicit TLS; the library that does is not in every mirror.</summary>
internal sealed class SmtpSession(SmtpEndpoint endpoint, CancellationToken cancellationToken) : IAsyncDisposable
{
    /// <summary>RFC 5321 allows 512; some servers are longer.</summary>
    private const int LineBytesMax = 4_096;

    /// <summary>Lines of one reply.</summary>
    private const int LinesMax = 100;

    private readonly TcpClient _client = new();
    private readonly byte[] _buffer = new byte[LineBytesMax];
    private Stream _stream = Stream.Null;
    private int _start;
    private int _end;

    public async ValueTask DisposeAsync()
    {
        await _stream.DisposeAsync();
        _client.Dispose();
    }

    /// <summary>Connects, protects and signs in; null when the server is ready for mail, else where it refused.</summary>
    public async Task<(SmtpReply Reply, Fault Fault, string At)?> OpenAsync()
    {
        await _client.ConnectAsync(endpoint.Host, endpoint.Port, cancellationToken);
        _stream = _client.GetStream();
        if (endpoint.Tls == SmtpTls.Implicit)
            await ProtectAsync();
        if (await ReadAsync() is { IsTaken: false } greeting)
            return (greeting, Fault.Misconfigured, "greeting");
        var hello = await AskAsync("EHLO facility-monitor.invalid");
        if (!hello.IsTaken)
            return (hello, Fault.Misconfigured, "ehlo");
        if (endpoint.Tls == SmtpTls.StartTls)
        {
            if (!hello.Lines.Any(line => line.Equals("STARTTLS", StringComparison.OrdinalIgnoreCase)))
                return (new SmtpReply(502, []), Fault.Misconfigured, "starttls");
            if (await AskAsync("STARTTLS") is { IsTaken: false } refused)
                return (refused, Fault.Misconfigured, "starttls");
            // What came in the clear behind the answer is somebody else's.
            _start = _end = 0;
            await ProtectAsync();
            hello = await AskAsync("EHLO facility-monitor.invalid");
        }

        return await SignInAsync(hello);
    }

    /// <summary>Sends a command, or the content, and reads the answer.</summary>
    public async Task<SmtpReply> AskAsync(string line)
    {
        await _stream.WriteAsync(Encoding.UTF8.GetBytes(line + "\r\n"), cancellationToken);
        await _stream.FlushAsync(cancellationToken);
        return await ReadAsync();
    }

    /// <summary>Says good-bye. The mail is taken already: what goes wrong now is nobody's loss.</summary>
    public async Task QuitAsync()
    {
        try
        {
            await AskAsync("QUIT");
        }
        catch (IOException)
        {
            // The server was quicker.
        }
        catch (OperationCanceledException)
        {
            // It takes its time; closing says the same.
        }
    }

    private async Task<(SmtpReply Reply, Fault Fault, string At)?> SignInAsync(SmtpReply hello)
    {
        if (endpoint.User is not { } user)
            return null;
        var ways = hello.Lines.Where(line => line.StartsWith("AUTH", StringComparison.OrdinalIgnoreCase)).SelectMany(line => line.ToUpperInvariant().Split(' ', '=')).ToHashSet();
        var password = endpoint.Password ?? "";
        SmtpReply reply;
        if (ways.Contains("PLAIN"))
        {
            reply = await AskAsync("AUTH PLAIN " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"\0{user}\0{password}")));
        }
        else
        {
            reply = await AskAsync("AUTH LOGIN");
            if (reply.Code == 334)
                reply = await AskAsync(Convert.ToBase64String(Encoding.UTF8.GetBytes(user)));
            if (reply.Code == 334)
                reply = await AskAsync(Convert.ToBase64String(Encoding.UTF8.GetBytes(password)));
        }

        return reply.IsTaken ? null : (reply, Fault.Misconfigured, "auth");
    }

    private async Task ProtectAsync()
    {
        var secure = new SslStream(_stream);
        _stream = secure;
        var options = new SslClientAuthenticationOptions { TargetHost = endpoint.Host };
        if (endpoint.Authority is { } file)
        {
            options.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            options.CertificateChainPolicy.CustomTrustStore.ImportFromPemFile(file);
        }

        await secure.AuthenticateAsClientAsync(options, cancellationToken);
    }

    private async Task<SmtpReply> ReadAsync()
    {
        var lines = new List<string>();
        while (true)
        {
            var line = await LineAsync();
            if (line.Length < 3 || !int.TryParse(line.AsSpan(0, 3), NumberStyles.None, CultureInfo.InvariantCulture, out var code) || lines.Count >= LinesMax)
                throw new IOException("That is no mail server.");
            lines.Add(line.Length > 4 ? line[4..].TrimEnd() : "");
            if (line.Length == 3 || line[3] != '-')
                return new SmtpReply(code, lines);
        }
    }

    private async Task<string> LineAsync()
    {
        while (true)
        {
            var end = _buffer.AsSpan(_start, _end - _start).IndexOf((byte)'\n');
            if (end >= 0)
            {
                var line = Encoding.UTF8.GetString(_buffer, _start, end).TrimEnd('\r');
                _start += end + 1;
                return line;
            }

            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
            if (_end == _buffer.Length)
                throw new IOException("A line is too long.");
            var read = await _stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
            if (read == 0)
                throw new IOException("The server hung up.");
            _end += read;
        }
    }
}
