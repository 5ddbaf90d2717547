using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using FacilityMonitor.OnCall.Channels;

namespace FacilityMonitor.Tests.OnCall.Channels;

/// <summary>A client that is broken in one way, most of them seen in the field.</summary>
/// <param name="Name">What is broken.</param>
/// <param name="Word">Kind of the channel.</param>
/// <param name="Make">A bench with it, and another secret than the right one if one is given.</param>
internal sealed record BrokenClient(string Name, string Word, Func<string?, ChannelBench> Make);

/// <summary>Clients that the contract has to find out. Each stands between our client and the provider, and turns the one into the broken one.</summary>
internal static partial class BrokenClients
{
    public static IReadOnlyList<BrokenClient> All { get; } =
    [
        .. ((string[])["wecom-bot", "wecom-app", "dingtalk-bot", "dingtalk-app", "feishu-bot"]).Select(word => Said($"{word}: takes every 200 for success", word, TrustStatus)),
        .. ((string[])["aliyun-sms", "aliyun-voice", "tencent-sms", "tencent-voice"]).Select(word => Said($"{word}: takes every 200 for success", word, TrustStatus)),
        Says("every channel: calls an answer that never came a success", "wecom-bot", outcome => outcome is Outcome.Failed { Code: "timeout" } ? new Outcome.Accepted() : outcome),
        Says("every channel: calls a lost connection a success", "ntfy", outcome => outcome is Outcome.Failed { Code: "ResponseEnded" } ? new Outcome.Accepted() : outcome),
        Says("every channel: gives up at the first gateway error", "feishu-bot", outcome => outcome is Outcome.Failed { Fault: Fault.Passing } ? new Outcome.Failed(Fault.Unfit, "x") : outcome),
        Says("every channel: tries a wrong key for ever", "webhook", outcome => outcome is Outcome.Failed { Fault: Fault.Misconfigured } ? new Outcome.Failed(Fault.Passing, "x") : outcome),
        Says("every channel: blames the whole channel for one number", "aliyun-voice", outcome => outcome is Outcome.Failed { Fault: Fault.AddressLimited } ? new Outcome.Failed(Fault.Limited, "x") : outcome),
        Asks("dingtalk-bot: escapes the signature twice", "dingtalk-bot", request => Query(request, query => Sign().Replace(query, match => "sign=" + Uri.EscapeDataString(match.Groups[1].Value)))),
        Asks("dingtalk-bot: does not escape the signature", "dingtalk-bot", request => Query(request, query => Sign().Replace(query, match => "sign=" + Unescaped(match.Groups[1].Value)))),
        Asks("dingtalk-bot: gives the time in seconds", "dingtalk-bot", request => Query(request, query => Stamp().Replace(query, match => "timestamp=" + match.Groups[1].Value[..10]))),
        Once("dingtalk-bot: signs once for ever", "dingtalk-bot"),
        Body("feishu-bot: signs as DingTalk does", "feishu-bot", json =>
        {
            var text = json["timestamp"]!.GetValue<string>() + "\n" + FakeProviders.Secret;
            json["sign"] = Convert.ToBase64String(HMACSHA256.HashData(Encoding.UTF8.GetBytes(FakeProviders.Secret), Encoding.UTF8.GetBytes(text)));
        }),
        Body("feishu-bot: gives the time in milliseconds", "feishu-bot", json => json["timestamp"] = json["timestamp"]!.GetValue<string>() + "000"),
        Body("wecom-bot: does not cut", "wecom-bot", json => json["text"]!["content"] = json["text"]!["content"]!.GetValue<string>() + new string('x', 2_000)),
        Body("wecom-app: leaves cutting to WeCom", "wecom-app", json => json["text"]!["content"] = json["text"]!["content"]!.GetValue<string>().Replace("【P0】", "【P0】" + new string('棚', 700), StringComparison.Ordinal)),
        Body("wecom-bot: cuts from the end and loses the link", "wecom-bot", json => json["text"]!["content"] = json["text"]!["content"]!.GetValue<string>().Split("\nhttp")[0]),
        Body("wecom-bot: puts the link in front", "wecom-bot", json => json["text"]!["content"] = ChannelBench.Link + json["text"]!["content"]!.GetValue<string>().Replace(ChannelBench.Link, "", StringComparison.Ordinal)),
        Body("ntfy: does not cut", "ntfy", json => json["message"] = json["message"]!.GetValue<string>() + new string('x', 4_000)),
        Body("dingtalk-bot: does not mark a drill", "dingtalk-bot", json => json["text"]!["content"] = json["text"]!["content"]!.GetValue<string>().Replace("【演练】", "", StringComparison.Ordinal)),
        Body("wecom-app: does not ask for the duplicate check", "wecom-app", json => json["enable_duplicate_check"] = 0),
        Body("wecom-app: says something else at each attempt", "wecom-app", json => json["text"]!["content"] = json["text"]!["content"]!.GetValue<string>() + Guid.NewGuid()),
        Body("wecom-app: says the same at every step of an alert", "wecom-app", json => json["text"]!["content"] = Reference().Replace(json["text"]!["content"]!.GetValue<string>(), "")),
        Once("wecom-app: never renews its token", "wecom-app"),
        Once("dingtalk-app: never renews its token", "dingtalk-app"),
        Body("dingtalk-app: sends JSON where a text of JSON is wanted", "dingtalk-app", json => json["msgParam"] = JsonNode.Parse(json["msgParam"]?.GetValue<string>() ?? "{}")),
        Says("dingtalk-app: does not look whom it was not sent to", "dingtalk-app", outcome => outcome is Outcome.Failed { Code: "invalidStaffIdList" } ? new Outcome.Accepted("q") : outcome),
        Says("wecom-app: does not look whom it was not sent to", "wecom-app", outcome => outcome is Outcome.Failed { Code: "invaliduser" } ? new Outcome.Accepted("m") : outcome),
        Body("tencent-voice: signs another body than it sends", "tencent-voice", json => json["PlayTimes"] = 3),
        Body("tencent-sms: leaves out the country", "tencent-sms", json => json["PhoneNumberSet"]![0] = json["PhoneNumberSet"]![0]!.GetValue<string>()[3..]),
        Once("aliyun-sms: uses its nonce twice", "aliyun-sms"),
        Asks("webhook: gives every attempt another key", "webhook", request =>
        {
            request.Headers.Remove("Idempotency-Key");
            request.Headers.Add("Idempotency-Key", Guid.NewGuid().ToString());
        }),
        Asks("webhook: does not sign", "webhook", request => request.Headers.Remove("Facility-Signature")),
        Says("webhook: says its secret in the reason", "webhook", outcome => outcome is Outcome.Failed { Fault: Fault.Misconfigured } ? new Outcome.Failed(Fault.Misconfigured, "another-secret-77 refused") : outcome),
    ];

    private static BrokenClient Asks(string name, string word, Action<HttpRequestMessage> change) => new(name, word, secret => new ChannelBench(word, new Between { Request = change }, secret));

    private static BrokenClient Body(string name, string word, Action<JsonNode> change) => new(name, word, secret => new ChannelBench(word, new Between { Body = change }, secret));

    private static BrokenClient Said(string name, string word, Func<HttpResponseMessage, string, HttpResponseMessage> change) =>
        new(name, word, secret => new ChannelBench(word, new Between { Answer = change }, secret));

    private static BrokenClient Once(string name, string word) => new(name, word, secret => new ChannelBench(word, new Between { IsFirstForEver = true }, secret));

    private static BrokenClient Says(string name, string word, Func<Outcome, Outcome> change) => new(name, word, secret =>
    {
        var bench = new ChannelBench(word, secret: secret);
        bench.Notifier = new Liar(bench.Notifier, change);
        return bench;
    });

    /// <summary>Reads no further than the status: what the provider says in the body is turned into praise.</summary>
    private static HttpResponseMessage TrustStatus(HttpResponseMessage answer, string path) => answer.StatusCode != HttpStatusCode.OK || path.Contains("token", StringComparison.OrdinalIgnoreCase)
        ? answer
        : new HttpResponseMessage(HttpStatusCode.OK)
        {
            Content = new StringContent("""
                {"errcode":0,"code":0,"processQueryKey":"x","Code":"OK","BizId":"x","CallId":"x","Response":{"SendStatusSet":[{"Code":"Ok","SerialNo":"x"}],"SendStatus":{"CallId":"x"}}}
                """),
        };

    private static void Query(HttpRequestMessage request, Func<string, string> change) =>
        request.RequestUri = new Uri(request.RequestUri!.GetLeftPart(UriPartial.Path) + change(request.RequestUri.Query));

    /// <summary>As a server reads what was not escaped: a plus is a blank.</summary>
    private static string Unescaped(string value) => Uri.UnescapeDataString(value).Replace("+", "%20", StringComparison.Ordinal).Replace("=", "", StringComparison.Ordinal);

    [GeneratedRegex("sign=([^&]*)")]
    private static partial Regex Sign();

    [GeneratedRegex("timestamp=([0-9]*)")]
    private static partial Regex Stamp();

    [GeneratedRegex("\n#.*")]
    private static partial Regex Reference();

    private sealed class Liar(INotifier inner, Func<Outcome, Outcome> change) : INotifier
    {
        public async Task<Outcome> SendAsync(ChannelMessage message, string address, CancellationToken cancellationToken) => change(await inner.SendAsync(message, address, cancellationToken));
    }

    private sealed class Between : DelegatingHandler
    {
        private readonly Dictionary<string, (Uri Url, List<KeyValuePair<string, IEnumerable<string>>> Headers)> _first = [];
        private HttpResponseMessage? _token;

        public Action<HttpRequestMessage>? Request { get; init; }

        public Action<JsonNode>? Body { get; init; }

        public Func<HttpResponseMessage, string, HttpResponseMessage>? Answer { get; init; }

        /// <summary>Address and headers of the first request serve for all that follow.</summary>
        public bool IsFirstForEver { get; init; }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var path = request.RequestUri!.AbsolutePath;
            Request?.Invoke(request);
            if (Body is not null && request.Content is not null)
                await RewriteAsync(request, cancellationToken);
            if (IsFirstForEver)
                await RepeatAsync(request, path);
            if (IsFirstForEver && path.Contains("token", StringComparison.OrdinalIgnoreCase) && _token is not null)
                return await CopyAsync(_token, cancellationToken);
            var answer = await base.SendAsync(request, cancellationToken);
            if (path.Contains("token", StringComparison.OrdinalIgnoreCase))
                _token = await CopyAsync(answer, cancellationToken);
            return Answer is null ? answer : Answer(answer, path);
        }

        private static async Task<HttpResponseMessage> CopyAsync(HttpResponseMessage answer, CancellationToken cancellationToken) =>
            new(answer.StatusCode) { Content = new StringContent(await answer.Content.ReadAsStringAsync(cancellationToken), Encoding.UTF8, "application/json") };

        private async Task RewriteAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var json = JsonNode.Parse(await request.Content!.ReadAsStringAsync(cancellationToken))!;
            var type = request.Content.Headers.ContentType;
            if (json.AsObject().Count > 0)
                Body!(json);
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(json.ToJsonString(new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping })));
            request.Content.Headers.ContentType = type;
        }

        private Task RepeatAsync(HttpRequestMessage request, string path)
        {
            if (!_first.TryGetValue(path, out var first))
            {
                _first[path] = (request.RequestUri!, [.. request.Headers]);
                return Task.CompletedTask;
            }

            request.RequestUri = first.Url;
            request.Headers.Clear();
            foreach (var (name, values) in first.Headers)
                request.Headers.TryAddWithoutValidation(name, values);
            return Task.CompletedTask;
        }
    }
}
