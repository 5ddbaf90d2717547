using System.Text.RegularExpressions;

namespace FacilityMonitor.Tests.Web;

/// <summary>A user in a browser of his own, whose redirects are not followed.</summary>
internal sealed partial class UserUnderTest(Uri url) : IDisposable
{
    private readonly HttpClientHandler _handler = new() { AllowAutoRedirect = false };
    private HttpClient? _client;

    public HttpClient Client => _client ??= new HttpClient(_handler) { BaseAddress = url, Timeout = Mqtt.Until.RequestDeadline };

    public System.Net.CookieCollection Cookies => _handler.CookieContainer.GetCookies(url);

    /// <summary>The proof that a page puts into its forms.</summary>
    public static string ProofOf(string html) => Proof().Match(html).Groups["value"].Value;

    public async Task<string> TextAsync(string path) => await Client.GetStringAsync(new Uri(path, UriKind.Relative));

    public Task<HttpResponseMessage> GetAsync(string path) => Client.GetAsync(new Uri(path, UriKind.Relative));

    public async Task<HttpResponseMessage> SignInAsync(string name, string password) => await PostAsync("/sign-in", await TextAsync("/sign-in"), ("user", name), ("password", password));

    /// <summary>Sends a form.</summary>
    /// <param name="path">Where.</param>
    /// <param name="html">A page of ours with the proof, and with what its form says that it was about; null: without.</param>
    /// <param name="fields">Its fields.</param>
    public async Task<HttpResponseMessage> PostAsync(string path, string? html, params (string Name, string Value)[] fields)
    {
        var shown = Shown().Matches(html ?? "").Select(match => KeyValuePair.Create("shown", match.Groups["value"].Value));
        using var body = new FormUrlEncodedContent([.. fields.Select(field => KeyValuePair.Create(field.Name, field.Value)), .. shown, KeyValuePair.Create("__RequestVerificationToken", html is null ? "" : ProofOf(html))]);
        return await Client.PostAsync(new Uri(path, UriKind.Relative), body);
    }

    public void Dispose()
    {
        _client?.Dispose();
        _handler.Dispose();
    }

    [GeneratedRegex("name=\"__RequestVerificationToken\" value=\"(?<value>[^\"]+)\"")]
    private static partial Regex Proof();

    [GeneratedRegex("<input type=\"hidden\" name=\"shown\" value=\"(?<value>[^\"]+)\"")]
    private static partial Regex Shown();
}
