using System.Text.Json;
using FacilityMonitor.OnCall.Channels;

namespace FacilityMonitor.OnCall.Answers;

/// <summary>A frame of DingTalk's Stream mode: JSON, with the data as text inside it.</summary>
/// <remarks>Source: the open SDKs of DingTalk Stream, <c>payload/data_frame.go</c>, <c>payload/utils.go</c> and <c>chatbot/model.go</c> of the one for Go, <c>frames.py</c> of the one for Python; 2026-07.</remarks>
/// <param name="Type"><c>SYSTEM</c>, <c>CALLBACK</c> or <c>EVENT</c>.</param>
/// <param name="Topic">What it is about.</param>
/// <param name="MessageId">The same when it comes again because it was not acknowledged.</param>
/// <param name="Data">JSON of its own.</param>
internal sealed record DingTalkFrame(string Type, string Topic, string MessageId, string Data)
{
    /// <summary>The frame in a text message of the socket; null: it is none.</summary>
    public static DingTalkFrame? Read(ReadOnlyMemory<byte> message)
    {
        try
        {
            using var document = JsonDocument.Parse(message);
            var json = document.RootElement;
            if (json.ValueKind != JsonValueKind.Object || ProviderAnswer.Text(json, "type") is not { } type || !json.TryGetProperty("headers", out var headers)
                || ProviderAnswer.Text(headers, "topic") is not { } topic)
                return null;
            return new DingTalkFrame(type, topic, ProviderAnswer.Text(headers, "messageId") ?? "", ProviderAnswer.Text(json, "data") ?? "");
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>What says that a frame was taken, or not: one that was not comes again.</summary>
    /// <param name="code">200: taken; 404: nobody here wants such; 500: not now.</param>
    /// <param name="data">JSON.</param>
    public byte[] Acknowledge(int code, string data) => ProviderHttp.Write(json =>
    {
        json.WriteNumber("code"u8, code);
        json.WriteStartObject("headers"u8);
        json.WriteString("contentType"u8, "application/json"u8);
        json.WriteString("messageId"u8, MessageId);
        json.WriteEndObject();
        json.WriteString("message"u8, code == 200 ? "OK"u8 : "not taken"u8);
        json.WriteString("data"u8, data);
    });
}

/// <summary>What a person wrote to the bot.</summary>
/// <param name="Staff">Their userId; null: they are of another organisation.</param>
/// <param name="Text">What.</param>
/// <param name="ReplyTo">Where a reply is posted; it holds a secret.</param>
/// <param name="ReplyUntilMs">Until when.</param>
internal sealed record DingTalkMessage(string? Staff, string Text, Uri? ReplyTo, long ReplyUntilMs)
{
    /// <summary>The message in the data of a frame; null: it is no text.</summary>
    public static DingTalkMessage? Read(string data)
    {
        try
        {
            using var document = JsonDocument.Parse(data);
            var json = document.RootElement;
            if (json.ValueKind != JsonValueKind.Object || !json.TryGetProperty("text", out var text) || ProviderAnswer.Text(text, "content") is not { } content)
                return null;
            var staff = ProviderAnswer.Text(json, "senderStaffId");
            Uri.TryCreate(ProviderAnswer.Text(json, "sessionWebhook"), UriKind.Absolute, out var replyTo);
            var until = json.TryGetProperty("sessionWebhookExpiredTime", out var written) && written.TryGetInt64(out var untilMs) ? untilMs : 0;
            return new DingTalkMessage(staff is { Length: > 0 } ? staff : null, content, replyTo, until);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
