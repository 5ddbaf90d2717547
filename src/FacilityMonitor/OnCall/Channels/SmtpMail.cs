using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace FacilityMonitor.OnCall.Channels;

/// <summary>Mail to one person. Only the reply to the end of the content is success; every refusal before it is classed by where it came.</summary>
internal sealed class SmtpMail(SmtpEndpoint endpoint, string from, TimeSpan timeout, TimeProvider time) : INotifier
{
    /// <summary>Bytes of UTF-8: more than a screen is not read.</summary>
    public const int TextBytesMax = 8_000;

    private const int SubjectBytesMax = 200;

    public Task<Outcome> SendAsync(ChannelMessage message, string address, CancellationToken cancellationToken) => TryAsync(
        session => DeliverAsync(session, message, address), cancellationToken);

    /// <summary>Connects and signs in.</summary>
    public async Task<Outcome?> ProbeAsync(CancellationToken cancellationToken) => await TryAsync(_ => Task.FromResult<Outcome>(new Outcome.Accepted()), cancellationToken);

    /// <summary>The mail: both languages never mix in one header line, and base64 leaves nothing for a relay to change.</summary>
    public static string Compose(ChannelMessage message, string from, string to, DateTimeOffset now)
    {
        var host = from[(from.IndexOf('@', StringComparison.Ordinal) + 1)..];
        var id = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{message.Key}|{to}"))[..16]);
        return string.Join("\r\n", [
            $"From: <{from}>",
            $"To: <{to}>",
            $"Subject: {EncodedWords(message.Title(SubjectBytesMax))}",
            $"Date: {now.ToString("ddd, dd MMM yyyy HH:mm:ss +0000", CultureInfo.InvariantCulture)}",
            // The same for every attempt: a mailbox that got it twice can tell.
            $"Message-ID: <{id}@{host}>",
            "MIME-Version: 1.0",
            "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: base64",
            "Auto-Submitted: auto-generated",
            .. message.Priority <= Alerts.Priority.P1 ? (string[])["Importance: high"] : [],
            "",
            Convert.ToBase64String(Encoding.UTF8.GetBytes(message.Body(TextBytesMax).Replace("\n", "\r\n", StringComparison.Ordinal)), Base64FormattingOptions.InsertLineBreaks),
            "",
        ]);
    }

    /// <summary>A header's text as words of at most 75 characters (RFC 2047), cut between characters.</summary>
    internal static string EncodedWords(string text)
    {
        const int BytesOfAWord = 45;
        var words = new List<string>();
        var word = new List<byte>();
        Span<byte> bytes = stackalloc byte[4];
        foreach (var rune in text.EnumerateRunes())
        {
            var length = rune.EncodeToUtf8(bytes);
            if (word.Count + length > BytesOfAWord)
            {
                words.Add(Convert.ToBase64String([.. word]));
                word.Clear();
            }

            word.AddRange(bytes[..length]);
        }

        words.Add(Convert.ToBase64String([.. word]));
        return string.Join("\r\n ", words.Select(encoded => $"=?utf-8?B?{encoded}?="));
    }

    private async Task<Outcome> DeliverAsync(SmtpSession session, ChannelMessage message, string to)
    {
        if (await session.AskAsync($"MAIL FROM:<{from}>") is { IsTaken: false } sender)
            return Refused(sender, Fault.Misconfigured, "from");
        if (await session.AskAsync($"RCPT TO:<{to}>") is { IsTaken: false } recipient)
            return Refused(recipient, Fault.WrongAddress, "to");
        if (await session.AskAsync("DATA") is { Code: not 354 } start)
            return Refused(start, Fault.Unfit, "data");
        var end = await session.AskAsync(Compose(message, from, to, time.GetUtcNow()) + "\r\n.");
        return end.IsTaken ? new Outcome.Accepted() : Refused(end, Fault.Unfit, "content");
    }

    private async Task<Outcome> TryAsync(Func<SmtpSession, Task<Outcome>> work, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            await using var session = new SmtpSession(endpoint, either.Token);
            if (await session.OpenAsync() is { } refusal)
                return Refused(refusal.Reply, refusal.Fault, refusal.At);
            var outcome = await work(session);
            await session.QuitAsync();
            return outcome;
        }
        catch (System.Security.Authentication.AuthenticationException)
        {
            // An attacker in between, or a certificate that nobody renewed: never sent in the clear instead.
            return new Outcome.Failed(Fault.Misconfigured, "tls-certificate");
        }
        catch (Exception error) when (error is IOException or System.Net.Sockets.SocketException)
        {
            return new Outcome.Failed(Fault.Passing, error is System.Net.Sockets.SocketException socket ? socket.SocketErrorCode.ToString() : "connection-lost");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new Outcome.Failed(Fault.Passing, "timeout");
        }
    }

    /// <summary>4xx passes by its nature; 5xx is final, and means what was asked.</summary>
    private static Outcome.Failed Refused(SmtpReply reply, Fault final, string at) => reply.Code switch
    {
        450 or 451 or 452 when at == "content" => new(Fault.Passing, $"{reply.Code}-{at}"),
        421 or (>= 400 and < 500) => new(Fault.Passing, $"{reply.Code}-{at}"),
        _ => new(final, $"{reply.Code}-{at}"),
    };
}
