using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;
using FacilityMonitor.Ingest;

namespace FacilityMonitor.Web;

/// <summary>A message of a device as a person reads it: text, never markup, and without what is nobody's business.</summary>
/// <param name="Message">What came.</param>
/// <param name="Topic">Its topic.</param>
/// <param name="Text">Its payload, a line a part where it is JSON.</param>
internal sealed partial record ShownMessage(LastMessage Message, string Topic, string Text)
{
    /// <summary>Characters of a payload that are shown: to write it a part a line makes it longer.</summary>
    public const int TextMax = 8_192;

    private static readonly JsonWriterOptions Options = new() { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Whether only its begin is here.</summary>
    public bool IsCut => Message.Length > Message.Payload.Length || Text.Length > TextMax;

    /// <summary>The text of what became of it.</summary>
    public string FateKey => Message.Fate switch
    {
        MessageFate.Journaled => "message-taken",
        MessageFate.Duplicate => "message-again",
        MessageFate.DeadLetter => "message-set-aside",
    };

    /// <summary>Makes it readable.</summary>
    public static ShownMessage Of(LastMessage message, KnownSecrets secrets)
    {
        var text = secrets.Without(Pretty(message));
        return new ShownMessage(message, Plain(secrets.Without(Encoding.UTF8.GetString(message.Topic))), text.Length > TextMax ? text[..TextMax] + "…" : text);
    }

    private static string Pretty(LastMessage message)
    {
        try
        {
            using var json = JsonDocument.Parse(message.Payload);
            var output = new ArrayBufferWriter<byte>(2 * message.Payload.Length);
            using (var writer = new Utf8JsonWriter(output, Options))
                Write(json.RootElement, writer);
            return Plain(Encoding.UTF8.GetString(output.WrittenSpan));
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or ArgumentException)
        {
            // No JSON, half of one, or one that holds half a character: as it is, but for what stands behind such a name.
            return PrivateText().Replace(Plain(Encoding.UTF8.GetString(message.Payload)), "$1" + $"\"{KnownSecrets.Hidden}\"");
        }
    }

    /// <summary>Writes it again without all that stands below a name that is private, lists and objects too.</summary>
    private static void Write(JsonElement element, Utf8JsonWriter writer)
    {
        if (element.ValueKind == JsonValueKind.Object)
        {
            writer.WriteStartObject();
            foreach (var property in element.EnumerateObject())
            {
                writer.WritePropertyName(property.Name);
                if (Private().IsMatch(property.Name))
                    writer.WriteStringValue(KnownSecrets.Hidden);
                else
                    Write(property.Value, writer);
            }

            writer.WriteEndObject();
        }
        else if (element.ValueKind == JsonValueKind.Array)
        {
            writer.WriteStartArray();
            foreach (var item in element.EnumerateArray())
                Write(item, writer);
            writer.WriteEndArray();
        }
        else
        {
            element.WriteTo(writer);
        }
    }

    /// <summary>Without what would turn the line around or make it invisible.</summary>
    private static string Plain(string text) => Unseen().Replace(text, "·");

    [GeneratedRegex(@"[\p{Cc}\p{Cf}\p{Co}\p{Cn}-[\n]]")]
    private static partial Regex Unseen();

    private const string PrivateNames = "user|uid|openid|pass|pwd|token|secret|key|card|phone|mobile|account|idtag|ssid|(?<![a-z])tel(?![a-z])|用户|姓名|卡号|手机|电话|账号|密码|密钥";

    /// <summary>Who charged with which card, and keys: their names are enough to find a fault.</summary>
    [GeneratedRegex(PrivateNames, RegexOptions.IgnoreCase)]
    private static partial Regex Private();

    [GeneratedRegex("(\"[^\"\\n]*(?:" + PrivateNames + ")[^\"\\n]*\"\\s*:\\s*)(\"(?:[^\"\\\\]|\\\\.)*\"?|-?[0-9][0-9.eE+-]*)", RegexOptions.IgnoreCase)]
    private static partial Regex PrivateText();
}
