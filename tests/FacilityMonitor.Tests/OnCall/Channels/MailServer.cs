using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using FacilityMonitor.OnCall.Channels;
using FacilityMonitor.Tests.Conventions;
using FacilityMonitor.Tests.Mqtt;

namespace FacilityMonitor.Tests.OnCall.Channels;

/// <summary>A real mail server, Debian's aiosmtpd, with what it took.</summary>
internal sealed class MailServer : IAsyncDisposable
{
    public const string Python = "/usr/bin/python3";
    public const string Library = "/usr/lib/python3/dist-packages/aiosmtpd/smtp.py";

    private readonly TemporaryFolder _folder = new();
    private readonly ConcurrentQueue<string> _lines = new();
    private Process? _process;
    private int _port;

    private MailServer() => TestCertificates.WriteTo(_folder.Path);

    public IReadOnlyList<JsonElement> Mails => [.. _lines.Where(line => line.StartsWith('{')).Select(line => JsonDocument.Parse(line).RootElement)];

    public static async Task<MailServer> StartAsync(SmtpTls tls)
    {
        var server = new MailServer();
        for (var attempt = 1; ; attempt++)
        {
            server._port = LoopbackPort.Free();
            try
            {
                await server.StartOnceAsync(tls);
                return server;
            }
            catch (InvalidOperationException) when (attempt < 5)
            {
                // Somebody else took the port.
                server.Kill();
            }
        }
    }

    public SmtpEndpoint Endpoint(SmtpTls tls, string? user = "monitor", string? password = "密码 1", string authority = "ca.pem") =>
        new("127.0.0.1", _port, tls, user, password, Path.Combine(_folder.Path, authority));

    public ValueTask DisposeAsync()
    {
        Kill();
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task StartOnceAsync(SmtpTls tls)
    {
        var script = Path.Combine(SourceTree.Root, "tests/FacilityMonitor.Tests/OnCall/Channels/mail_server.py");
        var mode = tls switch { SmtpTls.Implicit => "implicit", SmtpTls.StartTls => "starttls", SmtpTls.None => "none" };
        string[] arguments = [script, _port.ToString(CultureInfo.InvariantCulture), mode, Path.Combine(_folder.Path, "server.pem"), Path.Combine(_folder.Path, "server.key")];
        _process = new Process { StartInfo = new ProcessStartInfo(Python, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true } };
        _process.OutputDataReceived += (_, line) =>
        {
            if (line.Data is not null)
                _lines.Enqueue(line.Data);
        };
        _process.ErrorDataReceived += (_, _) => { };
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        await Until.TrueAsync(() => _process.HasExited || _lines.Contains("ready"), "the mail server is ready");
        if (_process.HasExited)
            throw new InvalidOperationException("The mail server does not start.");
    }

    private void Kill()
    {
        if (_process is null)
            return;
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        _process = null;
    }
}
