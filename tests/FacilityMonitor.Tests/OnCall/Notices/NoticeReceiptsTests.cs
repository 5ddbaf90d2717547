using System.Text;
using FacilityMonitor.Journal;
using FacilityMonitor.OnCall.Channels;
using FacilityMonitor.OnCall.Notices;
using FacilityMonitor.Tests.OnCall.Channels;

namespace FacilityMonitor.Tests.OnCall.Notices;

/// <summary>What providers say later: answered, pressed a key, never arrived. In any order, and more than once.</summary>
public sealed class NoticeReceiptsTests
{
    private static readonly (string, string) Call = ("tencent-voice", ChannelBench.Phone);
    private static readonly (string, string) Sms = ("aliyun-sms", ChannelBench.Phone);

    [Fact]
    public async Task A_key_that_is_pressed_acknowledges_once_however_often_it_is_reported()
    {
        await using var fixture = await CalledAsync();
        var (notice, receipt) = Only(fixture);
        var pressed = new ProviderReport(receipt, true, "1", "key");

        Assert.True(await BookAsync(fixture, pressed));
        Assert.True(await BookAsync(fixture, pressed));
        Assert.True(await BookAsync(fixture, new ProviderReport(receipt, false, null, "result-1")));

        Assert.Equal(["guard 1 Accepted tencent-voice", "guard 1 Acknowledged tencent-voice 1"], fixture.Timeline());
        Assert.Equal(NoticeState.Delivered, fixture.StateOf(notice));
    }

    [Fact]
    public async Task A_call_that_nobody_answers_brings_the_next_way()
    {
        await using var fixture = await CalledAsync();
        var (notice, receipt) = Only(fixture);

        await BookAsync(fixture, new ProviderReport(receipt, false, null, "result-1"));
        fixture.Worker.Announce();
        await fixture.AdvanceUntilAsync(() => fixture.Provider.Ledger.Count == 2, "the short message");
        await fixture.AdvanceUntilAsync(() => fixture.StateOf(notice) == NoticeState.Accepted, "it is booked");

        Assert.Equal("aliyun-sms", fixture.Provider.Ledger[1].Provider);
        Assert.Equal(
            ["guard 1 Accepted tencent-voice", "guard 1 Failed tencent-voice result-1", "guard 1 FailedOver aliyun-sms", "guard 1 Accepted aliyun-sms"], fixture.Timeline());
    }

    [Fact]
    public async Task A_call_that_nobody_answers_after_its_time_changes_nothing_more()
    {
        await using var fixture = await CalledAsync();
        var (notice, receipt) = Only(fixture);
        await fixture.PassAsync(TimeSpan.FromMinutes(11), stepS: 10);

        await BookAsync(fixture, new ProviderReport(receipt, false, null, "result-1"));
        await fixture.PassAsync(TimeSpan.FromSeconds(5));

        Assert.Single(fixture.Provider.Ledger);
        Assert.Equal(NoticeState.Accepted, fixture.StateOf(notice));
    }

    [Fact]
    public async Task The_report_of_somebody_else_s_message_is_nobody_s()
    {
        await using var fixture = await CalledAsync();

        Assert.False(await BookAsync(fixture, new ProviderReport("another", true, "1", "key")));
        Assert.Single(fixture.Timeline());
    }

    [Fact]
    public void Reports_are_read_as_the_providers_document_them()
    {
        Assert.Equal(
            [new ProviderReport("c1", true, "1", "key")],
            Read(ChannelKind.TencentVoice, """{"voicekey_callback":{"call_from":"","callid":"c1","keypress":"1","mobile":"13800138000","nationcode":"86"}}"""));
        Assert.Equal(
            [new ProviderReport("c1", false, null, "result-1")],
            Read(ChannelKind.TencentVoice, """{"voiceprompt_callback":{"result":"1","accept_time":"0","call_from":"","callid":"c1","end_calltime":"1470197221","fee":"0","mobile":"13800138000"}}"""));
        Assert.Equal(
            [new ProviderReport("c1", false, null, "failure-8")],
            Read(ChannelKind.TencentVoice, """{"voice_failure_callback":{"call_from":"0755","callid":"c1","failure_code":8,"failure_reason":"空号","mobile":"13800138000"}}"""));
        Assert.Equal(
            [new ProviderReport("1^2", true, "1", "200003"), new ProviderReport("1^3", false, null, "200002"), new ProviderReport("1^4", null, null, "200101")],
            Read(ChannelKind.AliyunVoice, """
                [{"status_code":"200003","callee":"130","duration":"10","end_time":"2021-04-28 10:03:40","call_id":"1^2","dtmf":"21"},
                 {"status_code":"200002","duration":"0","end_time":"2021-04-28 10:03:40","call_id":"1^3"},
                 {"status_code":"200101","status_time":"2021-04-28 09:55:02","call_id":"1^4"}]
                """));
        Assert.Equal(
            [new ProviderReport("b1", true, null, "DELIVERED"), new ProviderReport("b2", false, null, "MN:0001")],
            Read(ChannelKind.AliyunSms, """[{"phone_number":"138","success":true,"err_code":"DELIVERED","biz_id":"b1"},{"success":false,"err_code":"MN:0001","biz_id":"b2"}]"""));
        Assert.Equal(
            [new ProviderReport("s1", true, null, "DELIVRD")],
            Read(ChannelKind.TencentSms, """[{"user_receive_time":"2015-10-17 08:03:04","nationcode":"86","mobile":"138","report_status":"SUCCESS","errmsg":"DELIVRD","sid":"s1"}]"""));
    }

    [Fact]
    public void What_is_no_report_is_refused()
    {
        Assert.Null(Read(ChannelKind.TencentVoice, "[]"));
        Assert.Null(Read(ChannelKind.TencentVoice, """{"voicekey_callback":3}"""));
        Assert.Null(Read(ChannelKind.AliyunVoice, "{}"));
        Assert.Null(Read(ChannelKind.AliyunVoice, "not json"));
        Assert.Null(Read(ChannelKind.WeComBot, "[]"));
    }

    private static IReadOnlyList<ProviderReport>? Read(ChannelKind kind, string body) => ProviderReports.Read(kind, Encoding.UTF8.GetBytes(body));

    private static async Task<NoticeFixture> CalledAsync()
    {
        var fixture = new NoticeFixture("tencent-voice", "aliyun-sms");
        await fixture.StartAsync();
        await fixture.PutAsync(NoticeFixture.Notice(ways: [Call, Sms]));
        await fixture.AdvanceUntilAsync(() => fixture.Count("select count(*) from notice where state = 1") == 1, "the call is taken");
        return fixture;
    }

    private static (Notice Notice, string Receipt) Only(NoticeFixture fixture) => (NoticeFixture.Notice(), (string)fixture.Scalar("select receipt from notice_way where ordinal = 0")!);

    private static async Task<bool> BookAsync(NoticeFixture fixture, ProviderReport report)
    {
        var isOurs = false;
        var now = fixture.Time.GetUtcNow().ToUnixTimeMilliseconds();
        await fixture.Database.CommitAsync(CommitPriority.Alerts, connection => isOurs = NoticeReceipts.Book(connection, "tencent-voice", report, now, [fixture]));
        return isOurs;
    }
}
