using System.Text.Encodings.Web;
using System.Text.Json;

namespace FirmwareSim;

internal static class Json
{
    /// <summary>Chinese stays readable, and every property keeps the place it has in the record.</summary>
    public static JsonSerializerOptions Relaxed { get; } = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
    };
}
