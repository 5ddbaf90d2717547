using System.Net;
using System.Text;
using FacilityMonitor.Journal;
using FacilityMonitor.OnCall.Notices;
using FacilityMonitor.Tests.OnCall.Channels;
using FacilityMonitor.Tests.Web;

namespace FacilityMonitor.Tests.OnCall.Notices;

/// <summary>What a provider posts to the running service.</summary>
public sealed class ReportEndpointTests
{
    private const string Pressed = """{"voicekey_callback":{"call_from":"","callid":"c1","keypress":"1","mobile":"13800138000","nationcode":"86"}}""";

    [Fact]
    public async Task A_key_pressed_on_the_telephone_reaches_the_notice_it_answers_and_nobody_else_s_word_does()
    {
        using var folder = new TemporaryFolder();
        var voice = ChannelBench.Definition("tencent-voice");
        voice = voice with { Secrets = new Dictionary<string, string>(voice.Secrets) { ["callback-secret"] = "known-to-tencent" } };
        await using var page = await PageUnderTest.StartAsync(folder.Path, channels: [voice, ChannelBench.Definition("wecom-bot")]);
        // As the worker leaves it when the call was taken; the way itself goes to nobody here.
        await page.Database.CommitAsync(CommitPriority.Alerts, connection =>
        {
            NoticeBook.Enqueue(connection, NoticeFixture.Notice(ways: [("tencent-voice", ChannelBench.Phone)]), page.NowMs, []);
            Database.Execute(connection, "update notice_way set state = 2, receipt = 'c1'");
            Database.Execute(connection, "update notice set state = 1");
        });

        Assert.Equal(HttpStatusCode.NotFound, (await PostAsync(page, "/reports/tencent-voice/guessed", Pressed)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await PostAsync(page, "/reports/wecom-bot/known-to-tencent", Pressed)).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await PostAsync(page, "/reports/tencent-voice/known-to-tencent", "{}")).Status);
        Assert.Equal(1L, State(page));

        var (status, body) = await PostAsync(page, "/reports/tencent-voice/known-to-tencent", Pressed);

        Assert.Equal((HttpStatusCode.OK, """{"result":0,"errmsg":"OK"}"""), (status, body));
        Assert.Equal((long)NoticeState.Delivered, State(page));
    }

    private static long State(PageUnderTest page)
    {
        using var connection = page.Database.OpenReader();
        using var command = Database.Command(connection, "select state from notice");
        return (long)command.ExecuteScalar()!;
    }

    private static async Task<(HttpStatusCode Status, string Body)> PostAsync(PageUnderTest page, string path, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await page.Client.PostAsync(new Uri(path, UriKind.Relative), content);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }
}
