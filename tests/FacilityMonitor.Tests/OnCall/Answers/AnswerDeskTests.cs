using FacilityMonitor.Alerts;
using FacilityMonitor.Journal;
using FacilityMonitor.OnCall.Answers;
using FacilityMonitor.OnCall.Channels;
using FacilityMonitor.Response;

namespace FacilityMonitor.Tests.OnCall.Answers;

/// <summary>What a person answers in a chat, and what becomes of it.</summary>
public sealed class AnswerDeskTests
{
    [Theory]
    [InlineData("确认 1234", "1234")]
    [InlineData("确认1234", "1234")]
    [InlineData("  确认　１２３４。", "1234")]
    [InlineData("收到", "")]
    [InlineData("我来处理", "")]
    [InlineData("ACK #8C1F20-1", "8c1f20-1")]
    [InlineData("ok 0042.", "0042")]
    public void People_write_in_many_ways_that_they_take_care_of_it(string text, string code) => Assert.Equal(code, AnswerPhrase.Read(text)?.Code);

    [Theory]
    [InlineData("")]
    [InlineData("是什么情况？")]
    [InlineData("不确认 1234")]
    [InlineData("确认 1234 吗")]
    [InlineData("确认确认")]
    [InlineData("确认                                                            1234")]
    public void What_may_mean_something_else_acknowledges_nothing(string text) => Assert.Null(AnswerPhrase.Read(text));

    [Fact]
    public async Task Whoever_was_told_and_answers_with_the_code_has_acknowledged_and_is_told_what_is_missing()
    {
        await using var fixture = new ResponseFixture();
        await fixture.RaiseAsync(ResponseFixture.Step("fire", Condition.Active, Priority.P0, "smoke", "huaihai/far-01"));
        await ToldAsync(fixture);

        var first = await AnswerAsync(fixture, "guard", "确认 " + AnswerCode.Of("fire"));
        var second = await AnswerAsync(fixture, "fire", "确认 " + AnswerCode.Of("fire"));
        var again = await AnswerAsync(fixture, "guard", "确认 " + AnswerCode.Of("fire"));

        Assert.Equal((AnswerKind.Done, "已记下，由你处理：过载，huaihai/far-01：fire。还需要另一个人确认，会继续呼叫。"), (first.Kind, first.Text.Zh));
        Assert.Equal("已记下，由你处理：过载，huaihai/far-01：fire。不再呼叫其他人。请到现场后在页面上说明情况。", second.Text.Zh);
        Assert.StartsWith("你已经确认过：", again.Text.Zh, StringComparison.Ordinal);
        Assert.Equal(
            [("guard", "app"), ("fire", "app")],
            fixture.Timeline("fire").Select(entry => entry.Fact).OfType<ResponseEvent.Acknowledged>().Select(fact => (fact.By!.Person, fact.By.Via)));
    }

    [Fact]
    public async Task Nobody_acknowledges_what_they_were_not_told_of()
    {
        await using var fixture = new ResponseFixture();
        await fixture.RaiseAsync(ResponseFixture.Step("fire", Condition.Active, Priority.P0, "smoke", "huaihai/far-01"));
        await fixture.CommitAsync(connection => Database.Execute(connection, "update notice set state = 1 where person = 'guard'"));

        // The manager overheard the code; the other one of the fire station was called, and no provider took it yet.
        foreach (var person in (string[])["manager", "fire"])
        {
            var reply = await AnswerAsync(fixture, person, "确认 " + AnswerCode.Of("fire"));
            Assert.Equal(AnswerKind.NotDone, reply.Kind);
            Assert.Contains($"没有用 {AnswerCode.Of("fire")} 通知过你", reply.Text.Zh, StringComparison.Ordinal);
        }

        Assert.Empty(fixture.State("fire").Acknowledgements);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("nobody")]
    public async Task Somebody_who_is_not_registered_does_nothing_and_is_told_so(string? address)
    {
        await using var fixture = new ResponseFixture();
        await fixture.RaiseAsync(ResponseFixture.Step("fire", Condition.Active, Priority.P0, "smoke", "huaihai/far-01"));
        await ToldAsync(fixture);

        Assert.Equal(AnswerKind.Stranger, (await AnswerAsync(fixture, address, "确认 " + AnswerCode.Of("fire"))).Kind);
        // The guard's address on another channel is not the guard here.
        var other = await Desk(fixture).AnswerAsync(new ChatAnswer("another-app", "guard", "确认"));
        Assert.Equal(AnswerKind.Stranger, other.Kind);
        Assert.Empty(fixture.State("fire").Acknowledgements);
    }

    [Fact]
    public async Task Without_a_code_the_one_that_waits_is_meant_and_of_several_the_person_has_to_say_which()
    {
        await using var fixture = new ResponseFixture();
        Assert.Equal("现在没有等你确认的告警。", (await AnswerAsync(fixture, "guard", "收到")).Text.Zh);
        await fixture.RaiseAsync(
            ResponseFixture.Step("fire1", Condition.Active, Priority.P0, "smoke", "huaihai/far-01"), ResponseFixture.Step("fire2", Condition.Active, Priority.P0, "smoke", "huaihai/far-02"));
        await ToldAsync(fixture);

        var which = await AnswerAsync(fixture, "guard", "收到");
        Assert.Equal(AnswerKind.NotDone, which.Kind);
        Assert.Contains($"确认 {AnswerCode.Of("fire1")}: 过载，huaihai/far-01", which.Text.Zh, StringComparison.Ordinal);
        Assert.Contains($"ack {AnswerCode.Of("fire2")}: Overload, huaihai/far-02", which.Text.En, StringComparison.Ordinal);
        Assert.Empty(fixture.State("fire1").Acknowledgements);

        await AnswerAsync(fixture, "guard", "确认 " + AnswerCode.Of("fire1"));
        await AnswerAsync(fixture, "fire", "确认 " + AnswerCode.Of("fire1"));
        // The first needs nobody any more: now there is one.
        Assert.Equal(AnswerKind.Done, (await AnswerAsync(fixture, "guard", "收到")).Kind);
        Assert.Single(fixture.State("fire2").Acknowledgements);
    }

    [Fact]
    public async Task Two_alerts_of_the_same_four_digits_are_told_apart_by_their_names()
    {
        var (one, other) = SameCode();
        await using var fixture = new ResponseFixture();
        await fixture.RaiseAsync(
            ResponseFixture.Step(one, Condition.Active, Priority.P0, "smoke", "huaihai/far-01"), ResponseFixture.Step(other, Condition.Active, Priority.P0, "smoke", "huaihai/far-02"));
        await ToldAsync(fixture);

        var which = await AnswerAsync(fixture, "guard", "确认 " + AnswerCode.Of(one));
        Assert.Equal(AnswerKind.NotDone, which.Kind);
        Assert.Contains("确认 " + ChannelMessage.ShortName(one), which.Text.Zh, StringComparison.Ordinal);

        Assert.Equal(AnswerKind.Done, (await AnswerAsync(fixture, "guard", "确认 " + ChannelMessage.ShortName(one) + "-1")).Kind);
        Assert.Single(fixture.State(one).Acknowledgements);
        Assert.Empty(fixture.State(other).Acknowledgements);
    }

    [Fact]
    public async Task Who_answers_a_message_that_tells_of_several_means_all_of_them()
    {
        await using var fixture = new ResponseFixture();
        await fixture.RaiseAsync(ResponseFixture.Step("lead", Condition.Active, asset: "huaihai/pile-01"), ResponseFixture.Step("member", Condition.Active, asset: "huaihai/pile-02"));
        await fixture.PassAsync(6);
        await ToldAsync(fixture);
        Assert.Equal("lead", fixture.State("member").GroupedInto);

        var reply = await AnswerAsync(fixture, "guard", "确认 " + AnswerCode.Of("lead"));

        Assert.Contains("，连同另外 1 条", reply.Text.Zh, StringComparison.Ordinal);
        Assert.Single(fixture.State("lead").Acknowledgements);
        Assert.Single(fixture.State("member").Acknowledgements);
    }

    [Fact]
    public async Task A_code_is_good_for_two_days_and_only_while_its_alert_is_open()
    {
        await using var fixture = new ResponseFixture();
        await fixture.RaiseAsync(ResponseFixture.Step("fire", Condition.Active, Priority.P0, "smoke", "huaihai/far-01"));
        await ToldAsync(fixture);
        fixture.Time.Advance(AnswerDesk.AnsweredFor);
        fixture.Time.Advance(TimeSpan.FromMilliseconds(-1));
        Assert.Equal(AnswerKind.Done, (await AnswerAsync(fixture, "guard", "确认 " + AnswerCode.Of("fire"))).Kind);
        fixture.Time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(AnswerKind.NotDone, (await AnswerAsync(fixture, "fire", "确认 " + AnswerCode.Of("fire"))).Kind);
    }

    private static AnswerDesk Desk(ResponseFixture fixture) => new(fixture.Database, fixture.Registry, fixture.Log, fixture.Time);

    private static Task<AnswerReply> AnswerAsync(ResponseFixture fixture, string? address, string text) => Desk(fixture).AnswerAsync(new ChatAnswer("app", address, text));

    /// <summary>As the worker leaves it when the providers took everything.</summary>
    private static Task ToldAsync(ResponseFixture fixture) => fixture.CommitAsync(connection => Database.Execute(connection, "update notice set state = 1 where state = 0"));

    private static (string One, string Other) SameCode()
    {
        var seen = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var number = 0; ; number++)
        {
            var name = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(BitConverter.GetBytes(number)))[..16];
            if (!seen.TryAdd(AnswerCode.Of(name), name))
                return (seen[AnswerCode.Of(name)], name);
        }
    }
}
