using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace FacilityMonitor.Response;

/// <summary>How facts are written: words for kinds, so that whoever opens the table reads them.</summary>
internal static class ResponseJson
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower) },
    };

    public static string Write(ResponseEvent fact) => JsonSerializer.Serialize(fact, Options);

    public static string WriteEvidence(IReadOnlyDictionary<string, object> evidence) => JsonSerializer.Serialize(evidence, Options);

    public static IReadOnlyDictionary<string, object> ReadEvidence(string json) => JsonSerializer.Deserialize<Dictionary<string, object>>(json, Options) ?? throw new JsonException("null is no evidence.");

    /// <exception cref="JsonException">It is no fact of ours.</exception>
    public static ResponseEvent Read(string json) => JsonSerializer.Deserialize<ResponseEvent>(json, Options) ?? throw new JsonException("null is no fact.");
}
