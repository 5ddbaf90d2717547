using System.Net;
using System.Text;

namespace FacilityMonitor.OnCall;

/// <summary>Posts a notification as JSON. The idempotency key lets a receiver drop what a crash made us send twice.</summary>
internal sealed class WebhookNotifier(HttpClient client)
{
    public async Task<Delivery> SendAsync(Uri address, string payload, string key, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new StringContent(payload, Encoding.UTF8, "application/json") };
        request.Headers.Add("Idempotency-Key", key);
        try
        {
            using var answer = await client.SendAsync(request, cancellationToken);
            if (answer.IsSuccessStatusCode)
                return new Delivery.Sent();
            var reason = $"HTTP {(int)answer.StatusCode}";
            var isPassing = answer.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout || (int)answer.StatusCode >= 500;
            return isPassing ? new Delivery.RetryAfter(answer.Headers.RetryAfter?.Delta, reason) : new Delivery.Refused(reason);
        }
        catch (HttpRequestException error)
        {
            // The address holds a key: only the kind of error is told.
            return new Delivery.RetryAfter(null, error.HttpRequestError.ToString());
        }
        catch (TaskCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new Delivery.RetryAfter(null, "time-out");
        }
    }
}
