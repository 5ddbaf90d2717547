using FacilityMonitor.Commands;
using FacilityMonitor.Tests.OnCall.Channels;

namespace FacilityMonitor.Tests.Commands;

public sealed class ChannelCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ManualTime _time = new();

    public ChannelCommandTests()
    {
        File.WriteAllText(Path.Combine(_folder.Path, "settings.yaml"), "language: en\n");
        File.WriteAllText(Path.Combine(_folder.Path, "wecom.key"), FakeProviders.Key);
        File.WriteAllText(Path.Combine(_folder.Path, "voice.key"), FakeProviders.Secret);
        File.WriteAllText(Path.Combine(_folder.Path, "channels.yaml"), """
            channels:
              - {id: group, kind: wecom-bot, key-file: wecom.key, url: "https://wecom.test"}
              - {id: voice, kind: tencent-voice, secret-id: AKID1, secret-key-file: voice.key, app-id: "1", template: T1}
              - {id: siren, kind: siren}
            """);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_test_message_says_that_it_is_one_and_the_provider_s_word_is_told()
    {
        using var provider = new FakeProviders(_time);

        var (code, text) = await TestAsync(provider, "group", "");

        Assert.Equal(0, code);
        Assert.StartsWith("[TEST][P3] Channel test, group: since 20 Nov 18:00:00. Nothing follows.", Assert.Single(provider.Ledger).Text, StringComparison.Ordinal);
        Assert.Contains("group took it", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refusal_is_told_with_its_code_and_what_to_check()
    {
        using var provider = new FakeProviders(_time) { Refuse = "93000" };

        var (code, text) = await TestAsync(provider, "group", "");

        Assert.Equal(1, code);
        Assert.Contains("group refused it (93000): the configuration is wrong; check key", text, StringComparison.Ordinal);
        Assert.DoesNotContain(FakeProviders.Key, text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gone", "", "There is no channel 'gone'. There are: group, voice, siren")]
    [InlineData("voice", "zhang", "--to 'zhang' does not fit: it is a telephone number such as 13800138000.")]
    [InlineData("siren", "jiugeng/siren-1", "facility-monitor command jiugeng/siren-1 siren s=3")]
    public async Task What_cannot_be_tested_is_said_before_anything_is_sent(string name, string to, string expected)
    {
        using var provider = new FakeProviders(_time);

        var (code, text) = await TestAsync(provider, name, to);

        Assert.Equal(1, code);
        Assert.Contains(expected, text, StringComparison.Ordinal);
        Assert.Empty(provider.Requests);
    }

    [Fact]
    public void The_list_says_what_each_takes_and_how_often_a_person_can_be_called_tonight()
    {
        var output = new StringWriter();

        Assert.Equal(0, ChannelCommand.List(_folder.Path, output));

        Assert.Contains("in all: at most 18 in 1 min, 6 of them kept for P0", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("tonight (22 to 8 o'clock) at most 1 calls to one person", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("gap: keys that are pressed do not come back", output.ToString(), StringComparison.Ordinal);
    }

    private async Task<(int Code, string Text)> TestAsync(FakeProviders provider, string name, string to)
    {
        var output = new StringWriter();
        var code = await ChannelCommand.TestAsync(_folder.Path, name, to, () => new HttpMessageInvoker(provider, disposeHandler: false), _time, output, CancellationToken.None);
        return (code, output.ToString());
    }
}
