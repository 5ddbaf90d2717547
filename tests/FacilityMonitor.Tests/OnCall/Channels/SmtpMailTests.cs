using System.Net;
using System.Net.Mail;
using System.Net.Sockets;
using System.Text;
using FacilityMonitor.OnCall.Channels;
using FacilityMonitor.Tests.Mqtt;

namespace FacilityMonitor.Tests.OnCall.Channels;

/// <summary>Mail, handed in at a real server.</summary>
public sealed class SmtpMailTests
{
    private const string From = "monitor@example.org";

    [RealServerFact(MailServer.Python, MailServer.Library)]
    public Task A_mail_arrives_whole_over_TLS_from_the_first_byte() => Arrives(SmtpTls.Implicit);

    [RealServerFact(MailServer.Python, MailServer.Library)]
    public Task A_mail_arrives_whole_after_STARTTLS() => Arrives(SmtpTls.StartTls);

    [RealServerFact(MailServer.Python, MailServer.Library)]
    public async Task A_refusal_is_classed_by_where_it_came()
    {
        await using var server = await MailServer.StartAsync(SmtpTls.Implicit);

        Assert.Equal(new Outcome.Failed(Fault.WrongAddress, "550-to"), await SendAsync(server.Endpoint(SmtpTls.Implicit), "nobody@example.org"));
        Assert.Equal(new Outcome.Failed(Fault.Passing, "452-to"), await SendAsync(server.Endpoint(SmtpTls.Implicit), "full@example.org"));
        Assert.Equal(new Outcome.Failed(Fault.Unfit, "554-content"), await SendAsync(server.Endpoint(SmtpTls.Implicit), "spam@example.org"));
        Assert.Equal(new Outcome.Failed(Fault.Misconfigured, "535-auth"), await SendAsync(server.Endpoint(SmtpTls.Implicit, password: "wrong"), "a@example.org"));
        Assert.Equal(new Outcome.Failed(Fault.Misconfigured, "tls-certificate"), await SendAsync(server.Endpoint(SmtpTls.Implicit, authority: "other-ca.pem"), "a@example.org"));
        Assert.Empty(server.Mails);
        Assert.IsType<Outcome.Accepted>(await Mail(server.Endpoint(SmtpTls.Implicit)).ProbeAsync(CancellationToken.None));
    }

    [RealServerFact(MailServer.Python, MailServer.Library)]
    public async Task A_server_that_offers_no_STARTTLS_gets_neither_password_nor_mail()
    {
        await using var server = await MailServer.StartAsync(SmtpTls.None);

        Assert.Equal(new Outcome.Failed(Fault.Misconfigured, "502-starttls"), await SendAsync(server.Endpoint(SmtpTls.StartTls), "a@example.org"));
        Assert.Empty(server.Mails);
    }

    [Fact]
    public async Task A_server_that_hangs_up_or_is_not_there_is_tried_again()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var sending = SendAsync(new SmtpEndpoint("127.0.0.1", port, SmtpTls.None, null, null, null), "a@example.org");
        using (var client = await listener.AcceptTcpClientAsync())
            await client.GetStream().WriteAsync("220 hello\r\n"u8.ToArray());
        Assert.Equal(Fault.Passing, Assert.IsType<Outcome.Failed>(await sending).Fault);
        listener.Stop();

        Assert.Equal(new Outcome.Failed(Fault.Passing, "ConnectionRefused"), await SendAsync(new SmtpEndpoint("127.0.0.1", port, SmtpTls.None, null, null, null), "a@example.org"));
    }

    [Fact]
    public async Task A_server_that_is_silent_is_given_up_after_the_timeout()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var time = new ManualTime();
        var mail = new SmtpMail(new SmtpEndpoint("127.0.0.1", ((IPEndPoint)listener.LocalEndpoint).Port, SmtpTls.None, null, null, null), From, TimeSpan.FromSeconds(10), time);
        var sending = mail.SendAsync(ChannelBench.Message(), "a@example.org", CancellationToken.None);
        using var client = await listener.AcceptTcpClientAsync();
        time.Advance(TimeSpan.FromSeconds(9.9));
        Assert.False(sending.IsCompleted);

        time.Advance(TimeSpan.FromSeconds(0.2));

        Assert.Equal(new Outcome.Failed(Fault.Passing, "timeout"), await sending);
    }

    private static async Task Arrives(SmtpTls tls)
    {
        await using var server = await MailServer.StartAsync(tls);
        var message = ChannelBench.Message() with { Language = ChannelMessage.Both };

        Assert.IsType<Outcome.Accepted>(await Mail(server.Endpoint(tls)).SendAsync(message, "zhang@example.org", CancellationToken.None));
        Assert.IsType<Outcome.Accepted>(await Mail(server.Endpoint(tls)).SendAsync(message, "zhang@example.org", CancellationToken.None));

        // The server says yes to the sender before it tells us.
        await Until.TrueAsync(() => server.Mails.Count == 2, "the server has told of both mails");
        var mail = server.Mails[0];
        Assert.Equal((From, "zhang@example.org", true, "monitor"), (mail.GetProperty("from").GetString(), mail.GetProperty("to")[0].GetString(), mail.GetProperty("tls").GetBoolean(), mail.GetProperty("user").GetString()));
        var content = mail.GetProperty("content").GetString()!;
        var (head, body) = (content[..content.IndexOf("\r\n\r\n", StringComparison.Ordinal)], content[(content.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..]);
        Assert.Equal(message.Body(8_000).Replace("\n", "\r\n", StringComparison.Ordinal), Encoding.UTF8.GetString(Convert.FromBase64String(body)));
        Assert.All(head.Split("\r\n"), line => Assert.InRange(line.Length, 1, 120));
        // The base library's own reader of encoded words comes to the same subject.
        var subject = head[(head.IndexOf("Subject: ", StringComparison.Ordinal) + 9)..head.IndexOf("\r\nDate:", StringComparison.Ordinal)];
        Assert.Equal(message.Title(200), string.Concat(subject.Split("\r\n ").Select(word => Attachment.CreateAttachmentFromString("", word).Name)));
        // The same notice has the same id, so that a mailbox can tell what came twice.
        Assert.Equal(Id(content), Id(server.Mails[1].GetProperty("content").GetString()!));

        static string Id(string mail) => mail.Split("\r\n").Single(line => line.StartsWith("Message-ID: ", StringComparison.Ordinal));
    }

    private static SmtpMail Mail(SmtpEndpoint endpoint) => new(endpoint, From, TimeSpan.FromSeconds(20), TimeProvider.System);

    private static Task<Outcome> SendAsync(SmtpEndpoint endpoint, string to) => Mail(endpoint).SendAsync(ChannelBench.Message(), to, CancellationToken.None);
}
