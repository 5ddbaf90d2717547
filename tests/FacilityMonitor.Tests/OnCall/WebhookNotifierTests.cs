using System.Globalization;
using System.Text;
using FacilityMonitor.OnCall;
using Microsoft.AspNetCore.Http;

namespace FacilityMonitor.Tests.OnCall;

/// <summary>What an answer of a webhook means, over real HTTP.</summary>
public sealed class WebhookNotifierTests
{
    private readonly ManualTime _time = new();

    [Theory]
    [InlineData(200)]
    [InlineData(202)]
    [InlineData(204)]
    public async Task An_answer_of_200_to_299_means_that_it_was_taken(int status)
    {
        await using var receiver = await WebhookReceiver.StartAsync(Answer(status));

        Assert.Equal(new Delivery.Sent(), await SendAsync(receiver.Address));

        var told = Assert.Single(receiver.Told);
        Assert.Equal(("the-key", """{"text":"过载"}"""), (told.Key, told.Body));
    }

    [Theory]
    [InlineData(400)]
    [InlineData(401)]
    [InlineData(403)]
    [InlineData(404)]
    [InlineData(410)]
    [InlineData(413)]
    [InlineData(422)]
    [InlineData(499)]
    public async Task What_will_never_be_taken_is_refused_for_good(int status)
    {
        await using var receiver = await WebhookReceiver.StartAsync(Answer(status));

        Assert.Equal(new Delivery.Refused($"HTTP {status}"), await SendAsync(receiver.Address));
    }

    [Theory]
    [InlineData(408)]
    [InlineData(425)]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(502)]
    [InlineData(503)]
    public async Task What_may_pass_is_tried_again(int status)
    {
        await using var receiver = await WebhookReceiver.StartAsync(Answer(status));

        Assert.Equal(new Delivery.RetryAfter(null, $"HTTP {status}"), await SendAsync(receiver.Address));
    }

    [Theory]
    [InlineData(301)]
    [InlineData(302)]
    [InlineData(307)]
    public async Task The_redirect_of_a_captive_portal_does_not_count_as_taken(int status)
    {
        await using var portal = await WebhookReceiver.StartAsync();
        await using var receiver = await WebhookReceiver.StartAsync(context =>
        {
            context.Response.StatusCode = status;
            context.Response.Headers.Location = portal.Address.ToString();
            return Task.CompletedTask;
        });

        Assert.Equal(new Delivery.RetryAfter(null, $"HTTP {status}, which is not followed"), await SendAsync(receiver.Address));
        Assert.Empty(portal.Told);
    }

    [Fact]
    public async Task A_receiver_can_ask_for_a_pause_in_seconds()
    {
        await using var receiver = await WebhookReceiver.StartAsync(Answer(429, "90"));

        Assert.Equal(new Delivery.RetryAfter(TimeSpan.FromSeconds(90), "HTTP 429"), await SendAsync(receiver.Address));
    }

    [Fact]
    public async Task A_receiver_can_ask_for_a_pause_until_a_date()
    {
        await using var receiver = await WebhookReceiver.StartAsync(Answer(503, _time.GetUtcNow().AddMinutes(5).ToString("R", CultureInfo.InvariantCulture)));

        Assert.Equal(new Delivery.RetryAfter(TimeSpan.FromMinutes(5), "HTTP 503"), await SendAsync(receiver.Address));
    }

    [Theory]
    [InlineData("Fri, 20 Nov 2026 09:59:59 GMT")]
    [InlineData("Fri, 20 Nov 2026 10:00:00 GMT")]
    [InlineData("0")]
    [InlineData("soon")]
    public async Task A_pause_that_is_over_or_makes_no_sense_is_none(string retryAfter)
    {
        await using var receiver = await WebhookReceiver.StartAsync(Answer(503, retryAfter));

        Assert.Equal(new Delivery.RetryAfter(null, "HTTP 503"), await SendAsync(receiver.Address));
    }

    [Fact]
    public async Task Name_and_password_in_the_address_are_sent_as_such_and_not_as_part_of_it()
    {
        await using var receiver = await WebhookReceiver.StartAsync();

        Assert.Equal(new Delivery.Sent(), await SendAsync(new UriBuilder(receiver.Address) { UserName = "bot", Password = "p%40ss", Path = "hook" }.Uri));
        Assert.Equal(new Delivery.Sent(), await SendAsync(new UriBuilder(receiver.Address) { UserName = "token" }.Uri));

        Assert.Equal(
            [("/hook", "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("bot:p@ss"))), ("/", "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("token:")))],
            receiver.Told.Select(told => (told.Path, told.Authorization!)));
    }

    [Fact]
    public async Task Nobody_listening_is_tried_again_and_the_reason_does_not_hold_the_address()
    {
        var receiver = await WebhookReceiver.StartAsync();
        var address = new UriBuilder(receiver.Address) { Query = "key=very-secret" }.Uri;
        await receiver.DisposeAsync();

        Assert.Equal(new Delivery.RetryAfter(null, "ConnectionError"), await SendAsync(address));
    }

    [Fact]
    public async Task A_receiver_that_never_answers_is_given_up_after_its_time()
    {
        await using var receiver = await WebhookReceiver.StartAsync(context => Task.Delay(Timeout.Infinite, context.RequestAborted));

        var sending = SendAsync(receiver.Address);
        await Mqtt.Until.TrueAsync(() => receiver.Told.Count == 1, "it was asked");
        _time.Advance(TimeSpan.FromSeconds(9.9));
        Assert.False(sending.IsCompleted);

        _time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Equal(new Delivery.RetryAfter(null, "no answer in time"), await sending);
    }

    [Fact]
    public async Task An_answer_that_never_ends_is_not_waited_for()
    {
        await using var receiver = await WebhookReceiver.StartAsync(async context =>
        {
            var page = new byte[64 * 1024];
            while (!context.RequestAborted.IsCancellationRequested)
                await context.Response.Body.WriteAsync(page, context.RequestAborted);
        });

        Assert.Equal(new Delivery.Sent(), await SendAsync(receiver.Address));
    }

    [Fact]
    public async Task Our_own_stop_is_not_the_receivers_fault()
    {
        using var stop = new CancellationTokenSource();
        await using var receiver = await WebhookReceiver.StartAsync(context => Task.Delay(Timeout.Infinite, context.RequestAborted));
        var sending = SendAsync(receiver.Address, stop.Token);
        await Mqtt.Until.TrueAsync(() => receiver.Told.Count == 1, "it was asked");

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
    }

    private async Task<Delivery> SendAsync(Uri address, CancellationToken cancellationToken = default)
    {
        using var client = new HttpMessageInvoker(WebhookNotifier.Handler());
        return await new WebhookNotifier(client, TimeSpan.FromSeconds(10), _time).SendAsync(address, """{"text":"过载"}""", "the-key", cancellationToken);
    }

    private static Func<HttpContext, Task> Answer(int status, string? retryAfter = null) => context =>
    {
        context.Response.StatusCode = status;
        if (retryAfter is not null)
            context.Response.Headers.RetryAfter = retryAfter;
        return Task.CompletedTask;
    };
}
