using System.Text.Json;
using FacilityMonitor.OnCall.Channels;

namespace FacilityMonitor.OnCall.Notices;

/// <summary>Reads what providers post to us. Sources: 阿里云, VoiceReport and SmsReport by HTTP batch push; 腾讯云, 语音消息回调 (51534, 51535) and 短信下发状态通知 (5807). None of them was seen with a real account.</summary>
internal static class ProviderReports
{
    /// <summary>Most reports of one post.</summary>
    public const int Max = 1_000;

    /// <summary>The reports in a body; null: it is none that this kind of channel sends.</summary>
    public static IReadOnlyList<ProviderReport>? Read(ChannelKind kind, ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            var root = document.RootElement;
            return kind switch
            {
                ChannelKind.AliyunVoice => Each(root, AliyunCall),
                ChannelKind.AliyunSms => Each(root, AliyunMessage),
                ChannelKind.TencentSms => Each(root, TencentMessage),
                ChannelKind.TencentVoice => TencentCall(root) is { } report ? [report] : null,
                _ => null,
            };
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>What the provider wants to hear.</summary>
    public static string Thanks(ChannelKind kind) => kind is ChannelKind.AliyunVoice or ChannelKind.AliyunSms ? """{"code":0,"msg":"ok"}""" : """{"result":0,"errmsg":"OK"}""";

    private static List<ProviderReport>? Each(JsonElement root, Func<JsonElement, ProviderReport?> read)
    {
        if (root.ValueKind != JsonValueKind.Array || root.GetArrayLength() > Max)
            return null;
        return [.. root.EnumerateArray().Select(read).OfType<ProviderReport>()];
    }

    /// <summary>200000 to 200004 are calls that were put through; 2001xx are stages of a call, of which nothing follows yet. 200003 is "answered".</summary>
    private static ProviderReport? AliyunCall(JsonElement json)
    {
        if (ProviderAnswer.Text(json, "call_id") is not { Length: > 0 } call)
            return null;
        var code = ProviderAnswer.Text(json, "status_code") ?? "";
        var isEnd = ProviderAnswer.Text(json, "end_time") is not null || ProviderAnswer.Text(json, "duration") is not null;
        var isAnswered = ProviderAnswer.Text(json, "duration") is { } duration && duration != "0";
        return new ProviderReport(call, isEnd ? isAnswered : null, Key(ProviderAnswer.Text(json, "dtmf")), code);
    }

    private static ProviderReport? AliyunMessage(JsonElement json)
    {
        if (ProviderAnswer.Text(json, "biz_id") is not { Length: > 0 } message)
            return null;
        var isDelivered = json.TryGetProperty("success", out var success) && success.ValueKind == JsonValueKind.True;
        return new ProviderReport(message, isDelivered, null, ProviderAnswer.Text(json, "err_code") ?? "");
    }

    private static ProviderReport? TencentMessage(JsonElement json) => ProviderAnswer.Text(json, "sid") is { Length: > 0 } message
        ? new ProviderReport(message, ProviderAnswer.Text(json, "report_status") == "SUCCESS", null, ProviderAnswer.Text(json, "errmsg") ?? "")
        : null;

    private static ProviderReport? TencentCall(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object)
            return null;
        foreach (var part in root.EnumerateObject())
        {
            if (ProviderAnswer.Text(part.Value, "callid") is not { Length: > 0 } call)
                continue;
            switch (part.Name)
            {
                case "voicekey_callback":
                    return new ProviderReport(call, true, Key(ProviderAnswer.Text(part.Value, "keypress")), "key");
                case "voiceprompt_callback":
                    var result = ProviderAnswer.Text(part.Value, "result") ?? "";
                    return new ProviderReport(call, result == "0", null, "result-" + result);
                case "voice_failure_callback":
                    return new ProviderReport(call, false, null, "failure-" + ProviderAnswer.Text(part.Value, "failure_code"));
                default:
                    continue;
            }
        }

        return null;
    }

    /// <summary>The last of the keys that were pressed: who pressed a wrong one first presses another.</summary>
    private static string? Key(string? keys) => keys is { Length: > 0 } && keys[^1] is (>= '0' and <= '9') or '*' or '#' ? keys[^1..] : null;
}
