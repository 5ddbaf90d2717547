using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FacilityMonitor.Configuration;
using FacilityMonitor.Ingest;
using FacilityMonitor.Mqtt;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Accounts;

/// <summary>Speaks with Mosquitto's dynamic security plugin, which keeps the accounts: commands go to one topic, the answers come on another.</summary>
internal sealed class BrokerAdministration : IAsyncDisposable
{
    private const string CommandTopic = "$CONTROL/dynamic-security/v1";
    private const string ResponseTopic = CommandTopic + "/response";

    /// <summary>The answer to 500 accounts at once is about 100 KB; whoever sends more is not the plugin.</summary>
    private const int AnswerBytesMax = 1 << 20;

    private readonly MqttClient _client;
    private readonly BrokerSettings _broker;
    private readonly TimeSpan _patience;
    private readonly TimeProvider _time;
    private readonly string _session;
    private int _batches;

    private BrokerAdministration(MqttClient client, BrokerSettings broker, string session, TimeSpan patience, TimeProvider time) =>
        (_client, _broker, _session, _patience, _time) = (client, broker, session, patience, time);

    /// <summary>How long the broker may take to let us in, and again to answer. A person waits for it.</summary>
    public static TimeSpan PatienceDefault => TimeSpan.FromSeconds(10);

    /// <summary>Signs in as the administrator.</summary>
    /// <returns>The connection, or why there is none.</returns>
    public static async Task<(BrokerAdministration? Administration, LocalText? Why)> OpenAsync(
        BrokerSettings broker, string? password, TimeSpan patience, TimeProvider time, CancellationToken cancellationToken)
    {
        // Answers go to everybody who administers; ours are known by this.
        var session = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
        var client = new MqttClient(
            new MqttClientOptions
            {
                Host = broker.Host,
                Port = broker.Port,
                Version = broker.Version,
                Tls = broker.Tls,
                Username = broker.AdminUsername,
                Password = password,
                ClientId = "facility-monitor-admin-" + session,
                CleanStart = true,
                SessionExpiry = TimeSpan.Zero,
                ConnectTimeout = patience,
                AckTimeout = patience,
                MaximumPacketSize = AnswerBytesMax,
                Subscriptions = [new MqttSubscription(ResponseTopic)],
            },
            time);
        var administration = new BrokerAdministration(client, broker, session, patience, time);
        if (await administration.SignInAsync(cancellationToken) is not { } why)
            return (administration, null);
        await administration.DisposeAsync();
        return (null, why);
    }

    /// <summary>Has commands carried out, one after the other.</summary>
    /// <param name="commands">Each with its <c>command</c> and what that needs. They may hold a password, which goes nowhere else.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task<BrokerAnswer> AskAsync(IReadOnlyList<JsonObject> commands, CancellationToken cancellationToken)
    {
        var batch = string.Create(CultureInfo.InvariantCulture, $"{_session}-{++_batches}");
        foreach (var command in commands)
            command["correlationData"] = batch;
        var payload = JsonSerializer.SerializeToUtf8Bytes(new JsonObject { ["commands"] = new JsonArray([.. commands]) });
        using var deadline = new CancellationTokenSource(_patience, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            // MQTT 3.1.1 has no word for "not allowed": there the silence that follows says it.
            var reason = await _client.PublishAsync(CommandTopic, payload, MqttQos.AtLeastOnce, retain: false, cancellationToken: either.Token);
            if (reason >= MqttReasonCode.UnspecifiedError)
                return new BrokerAnswer.Failed(NotAllowed());
            while (await _client.ReceiveAsync(either.Token) is { } received)
            {
                using (received)
                {
                    await received.AcknowledgeAsync();
                    for (var index = 0; index < received.Count; index++)
                    {
                        if (Answers(received[index].PayloadMemory, batch) is { } answers && answers.Count == commands.Count)
                            return new BrokerAnswer.Answered(answers);
                    }
                }
            }
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
        }

        return new BrokerAnswer.Failed(new(
            $"消息代理 {_broker} 在 {_patience.TotalSeconds:0} 秒内没有回答管理命令。多半是没有加载动态安全插件：请在它的配置里写 plugin …/mosquitto_dynamic_security.so（见 src/deploy/README.md）；或者 {_broker.AdminUsername} 没有管理权限",
            $"The broker {_broker} did not answer an administration command within {_patience.TotalSeconds:0} s. Most likely the dynamic security plugin is not loaded: put plugin …/mosquitto_dynamic_security.so into its configuration (see src/deploy/README.md); or {_broker.AdminUsername} may not administer it"));
    }

    public async ValueTask DisposeAsync()
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(1), _time);
        await _client.StopAsync(deadline.Token);
        await _client.DisposeAsync();
    }

    /// <summary>Connects once. The client itself would try for ever; a person wants to know why it does not work.</summary>
    private async Task<LocalText?> SignInAsync(CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(_patience, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            await _client.StartAsync(either.Token);
            await foreach (var change in _client.WatchAsync(either.Token))
            {
                if (change.State == MqttConnectionState.Subscribed)
                    return change.Subscriptions.Any(subscription => subscription.Refused) ? NotAllowed() : null;
                if (change.State is MqttConnectionState.Waiting or MqttConnectionState.Stopped)
                    return Refused(change);
            }
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
        }

        return Unreachable($"no answer within {_patience.TotalSeconds:0} s");
    }

    private LocalText Refused(MqttConnectionChange change) => change.Loss == MqttLossReason.Refused
        ? new($"消息代理 {_broker} 不让 {_broker.AdminUsername ?? "匿名用户"} 登录（{change.ReasonCode}）；请核对 broker.admin-username 和 broker.admin-password-file",
            $"The broker {_broker} does not let {_broker.AdminUsername} in ({change.ReasonCode}); check broker.admin-username and broker.admin-password-file")
        : Unreachable(LossText.Of(change));

    private LocalText Unreachable(string detail) => new(
        $"连不上消息代理 {_broker}（{detail}）；它在运行吗？请核对 broker.host、broker.port 和 broker.tls",
        $"The broker {_broker} cannot be reached ({detail}); does it run? Check broker.host, broker.port and broker.tls");

    private LocalText NotAllowed() => new(
        $"{_broker.AdminUsername} 没有管理账号的权限（消息代理 {_broker}）；请核对 broker.admin-username，并确认已加载动态安全插件",
        $"{_broker.AdminUsername} may not administer the accounts of the broker {_broker}; check broker.admin-username, and that the dynamic security plugin is loaded");

    /// <summary>The answers in a message; null when it answers somebody else.</summary>
    private static List<CommandAnswer>? Answers(ReadOnlyMemory<byte> payload, string batch)
    {
        try
        {
            if (JsonNode.Parse(Encoding.UTF8.GetString(payload.Span)) is not JsonObject { } said || said["responses"] is not JsonArray responses)
                return null;
            return responses.All(response => response is JsonObject answer && answer["correlationData"] is JsonValue mark && mark.TryGetValue(out string? text) && text == batch)
                ? [.. responses.Select(response => new CommandAnswer(response!["error"]?.ToString(), response["data"]?.DeepClone()))]
                : null;
        }
        catch (JsonException)
        {
            // Whoever may write there may write anything; only the plugin's own form is an answer.
            return null;
        }
    }
}
