namespace FacilityMonitor.Registry;

/// <summary>A text in both languages of the product. Chinese is the default; a missing English falls back to it.</summary>
/// <param name="Zh">Simplified Chinese.</param>
/// <param name="En">English.</param>
public sealed record LocalText(string Zh, string En)
{
    /// <summary>The text in a language: <c>en</c>, else Chinese.</summary>
    public string In(string language) => language == "en" ? En : Zh;
}
