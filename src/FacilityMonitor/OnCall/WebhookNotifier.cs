using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace FacilityMonitor.OnCall;

/// <summary>Posts a notification as JSON. The idempotency key lets a receiver drop what a crash made us send twice.</summary>
/// <remarks>
/// Taken: 2xx, whatever the body. Again later: 408, 425, 429, 5xx, no connection, no answer in time, and 3xx, which is never followed: a redirect
/// turns a POST into a GET, and the page of a captive portal would count as taken. Refused for good: every other 4xx.
/// A name and password in the address travel as Basic authentication.
/// </remarks>
internal sealed class WebhookNotifier(HttpMessageInvoker client, TimeSpan timeout, TimeProvider time)
{
    /// <summary>How a connection is made: no redirects, no cookies, and never older than two minutes, so that a changed DNS entry is followed.</summary>
    public static HttpMessageHandler Handler() => new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        PooledConnectionLifetime = TimeSpan.FromMinutes(2),
        MaxResponseHeadersLength = 16,
    };

    /// <summary>Tries once.</summary>
    /// <exception cref="OperationCanceledException">We are stopping; whether it was taken is not known.</exception>
    public async Task<Delivery> SendAsync(Uri address, string body, string key, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, WithoutUser(address)) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Add("Idempotency-Key", key);
        if (address.UserInfo.Length > 0)
            request.Headers.Authorization = Basic(address.UserInfo);
        using var late = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            // The invoker hands over the answer at its headers: a body that never ends costs nothing.
            using var answer = await client.SendAsync(request, either.Token);
            return Judge(answer);
        }
        catch (HttpRequestException error)
        {
            // Its message holds the address.
            return new Delivery.RetryAfter(null, error.HttpRequestError.ToString());
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new Delivery.RetryAfter(null, "no answer in time");
        }
    }

    private Delivery Judge(HttpResponseMessage answer)
    {
        if (answer.IsSuccessStatusCode)
            return new Delivery.Sent();
        var status = (int)answer.StatusCode;
        var isPassing = status >= 500 || answer.StatusCode is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or (HttpStatusCode)425;
        if (isPassing)
            return new Delivery.RetryAfter(WaitAskedFor(answer, time), $"HTTP {status}");
        return status is >= 400 and < 500 ? new Delivery.Refused($"HTTP {status}") : new Delivery.RetryAfter(null, $"HTTP {status}, which is not followed");
    }

    /// <summary>How long <c>Retry-After</c> asks us to wait; null when it does not, or asks for a time that is over.</summary>
    internal static TimeSpan? WaitAskedFor(HttpResponseMessage answer, TimeProvider time)
    {
        var wait = answer.Headers.RetryAfter?.Delta ?? (answer.Headers.RetryAfter?.Date - time.GetUtcNow());
        return wait is { } told && told > TimeSpan.Zero ? told : null;
    }

    private static AuthenticationHeaderValue Basic(string userInfo)
    {
        var both = Uri.UnescapeDataString(userInfo.Contains(':', StringComparison.Ordinal) ? userInfo : userInfo + ":");
        return new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(both)));
    }

    private static Uri WithoutUser(Uri address) => address.UserInfo.Length == 0 ? address : new UriBuilder(address) { UserName = "", Password = "" }.Uri;
}
