using FacilityMonitor.Journal;
using FacilityMonitor.Readings;
using FacilityMonitor.Tests.Web;
using Microsoft.Extensions.DependencyInjection;

namespace FacilityMonitor.Tests.EndToEnd;

/// <summary>Markup in every text that a device can say, on every page, in a real browser.</summary>
public sealed class HostileTextTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [RealServerFact(BrowserUnderTest.Program)]
    public async Task Whatever_a_device_calls_itself_is_text_on_every_page_and_never_markup()
    {
        await using var service = await PageUnderTest.StartAsync(_folder.Path);
        await SayAllAsync(service);
        service.Ring("00000000000000a1", "huaihai", "huaihai/shed-1/pile-01/s1");
        await service.UntilAsync(() => service.Channel($"tasmota:{HostileDeviceText.Markup}", "main") is not null && service.Channel("huaihai/pile-01", "s1") is not null, "what they say");
        await using var chromium = await BrowserUnderTest.StartAsync();
        var page = await chromium.OpenAsync();
        await page.GotoAsync(new Uri(service.Url, "/sign-in").ToString());
        await BrowserUnderTest.SignInAsync(page, PageUnderTest.Password);
        await page.WaitForURLAsync(service.Url.ToString());
        var pages = PageList.Of(service, new Dictionary<string, string>
        {
            ["{site}"] = "huaihai",
            ["{device}"] = "pile-01",
            ["{circuit}"] = "c-shed",
            ["{alert}"] = "00000000000000a1",
            ["{name}"] = "manager",
            ["{person}"] = "guard-a",
            ["{what}"] = "stand-in",
        });
        Assert.True(pages.Count >= 12, string.Join(' ', pages));
        pages = [.. pages, "/site/jiugeng", "/device/jiugeng/climber-1", "/climbers/jiugeng/climber-1"];

        var shown = 0;
        // The live page draws itself anew from the stream; the others are the server's words.
        foreach (var path in pages)
        {
            await page.GotoAsync(new Uri(service.Url, path).ToString());
            if (path == "/")
                await page.GetByTestId("health").WaitForAsync();
            Assert.Equal("undefined", await page.EvaluateAsync<string>("typeof window.pwned"));
            Assert.Equal(0, await page.Locator("img[src=x]").CountAsync());
            if ((await page.EvaluateAsync<string>("document.body.textContent")).Contains(HostileDeviceText.Markup, StringComparison.Ordinal))
                shown++;
        }

        // It was there to be read: start page, device, site, the climber on four pages; and no policy had to stop what a page let through.
        Assert.True(shown >= 6, $"{shown} pages show it");
        Assert.DoesNotContain(chromium.Errors, error => error.Contains("Content Security Policy", StringComparison.Ordinal));
    }

    /// <summary>By the parser, into the journal: the way of every message.</summary>
    private static async Task SayAllAsync(PageUnderTest service)
    {
        var devices = service.Services.GetRequiredService<DeviceTable>();
        // What a stair-climber says of where it is stands on a page of its own.
        var climber = HostileDeviceText.All.Single(one => one.Text == "Readings.State");
        climber = climber with { Topic = climber.Topic.Replace("huaihai/pile-01", "jiugeng/climber-1", StringComparison.Ordinal), Payload = climber.Payload.Replace("\"s1\"", "\"main\"", StringComparison.Ordinal) };
        foreach (var one in HostileDeviceText.All.Append(climber))
        {
            if (one.Decode(devices, service.NowMs) is not { } message)
                continue;
            var writer = new JournalWriter();
            writer.Message(message);
            await service.Services.GetRequiredService<MessageJournal>().AppendAsync(writer);
        }
    }
}
