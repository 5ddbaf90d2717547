using FacilityMonitor.OnCall.Channels;
using FacilityMonitor.Tests.Conventions;

namespace FacilityMonitor.Tests.OnCall.Channels;

public sealed class ChannelReaderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_kind_can_be_written_as_the_catalogue_says_and_be_made()
    {
        Write([.. ChannelKinds.All.Select(form => $"  - {{id: {form.Word}, kind: {form.Word}, {string.Join(", ", form.Keys.Where(key => key.IsRequired).Select(key => $"{key.Written}: \"{key.Example}\""))}}}")]);
        foreach (var key in ChannelKinds.All.SelectMany(form => form.Keys).Where(key => key.IsSecret))
            File.WriteAllText(Path.Combine(_folder.Path, key.Example), key.Name == "address" ? "https://example.org/hook\n" : "very-secret\n");

        var (channels, errors) = ChannelReader.Load(_folder.Path, "en");

        Assert.Empty(errors);
        Assert.Equal(ChannelKinds.All.Count, channels!.Count);
        using var http = new HttpMessageInvoker(new SocketsHttpHandler());
        var factory = new ChannelFactory(http, TimeSpan.FromSeconds(1), _ => throw new NotSupportedException(), TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        Assert.All(channels, channel =>
        {
            Assert.NotNull(factory.Create(channel));
            Assert.DoesNotContain("very-secret", channel.ToString(), StringComparison.Ordinal);
        });
    }

    [Theory]
    [InlineData("{id: a, kind: wecom}", "channel a › kind: there is no kind 'wecom'; write one of: wecom-bot, wecom-app")]
    [InlineData("{id: a, kind: wecom-bot}", "channel a: 'key-file' is missing; add a line such as key-file: wecom.key")]
    [InlineData("{id: a, kind: wecom-bot, key: abc}", "unknown key 'key'; did you mean 'key-file'?")]
    [InlineData("{id: a, kind: wecom-bot, key-file: gone.key}", "gone.key cannot be read (not found); check its path and permissions")]
    [InlineData("{id: a, kind: dingtalk-app, client-id: '', client-secret-file: gone.secret}", "channel a › client-id: is empty; write something such as dingabc123")]
    [InlineData("{id: a, kind: wecom-bot, key-file: ' '}", "channel a › key-file: is empty; write something such as wecom.key")]
    [InlineData("{id: a, kind: dingtalk-app, client-id: x, client-secret: very-secret}", "unknown key 'client-secret'; did you mean 'client-secret-file'?")]
    [InlineData("{id: a, kind: dingtalk-app, client-id: x, client-secret-file: gone.secret, url: 'http://api.dingtalk.com'}", "the secret would go to api.dingtalk.com in the clear; use https")]
    [InlineData("{id: a, kind: dingtalk-app, client-id: x, client-secret-file: gone.secret, probe-to: 'a|b'}", "'a|b' is no address of a DingTalk app message; it is the member's userId in DingTalk")]
    [InlineData("{id: a, kind: ntfy, url: \"http://ntfy.example.org\"}", "the secret would go to ntfy.example.org in the clear; use https")]
    [InlineData("{id: a, kind: ntfy, url: \"https://u:p@ntfy.example.org\"}", "write it as https://ntfy.sh, without a password")]
    [InlineData("{id: a, kind: ntfy, language: fr}", "'fr' is none; write zh, en or both")]
    [InlineData("{id: a, kind: ntfy, probe-to: \"a b\"}", "'a b' is no address of a ntfy push; it is the topic")]
    [InlineData("{id: a, kind: siren, seconds: 900}", "'900' is none; write a whole number from 1 to 180")]
    [InlineData("{id: a, kind: smtp, host: mail.example.org, from: x@example.org, tls: none}", "mail and password would go to mail.example.org in the clear")]
    [InlineData("{id: a, kind: smtp, host: mail.example.org, from: nobody}", "'nobody' is no mail address")]
    [InlineData("{id: a, kind: smtp, host: mail.example.org, from: x@example.org, user: x}", "user and password-file belong together")]
    [InlineData("{id: a, kind: console, limits: [{per: number, max: 5, window-s: 60}]}", "'number' is none; write channel or address")]
    [InlineData("{id: a, kind: console, limits: [{per: address, max: 5, window-s: 60, reserve: 6}]}", "6 is more than max 5; lower it")]
    public void What_is_wrong_is_named_with_its_key_its_value_and_the_fix(string channel, string expected)
    {
        Write(["  - " + channel]);

        var (channels, errors) = ChannelReader.Load(_folder.Path, "en");

        Assert.Null(channels);
        Assert.Contains(errors, error => error.In("en").Contains(expected, StringComparison.Ordinal));
    }

    [Fact]
    public void A_name_that_is_used_twice_is_an_error()
    {
        Write(["  - {id: a, kind: console}", "  - {id: a, kind: console}"]);

        Assert.Contains("'a' is already used in line 2", Assert.Single(ChannelReader.Load(_folder.Path, "en").Errors).In("en"), StringComparison.Ordinal);
    }

    [Fact]
    public void Limits_of_one_s_own_account_take_the_place_of_ours()
    {
        Write(["  - {id: a, kind: console, limits: [{per: address, max: 10, window-s: 86400, reserve: 4}]}"]);

        Assert.Equal(new SendLimit(LimitScope.Address, 10, TimeSpan.FromDays(1), 4), Assert.Single(Assert.Single(ChannelReader.Load(_folder.Path, "en").Channels!).Limits));
    }

    [Fact]
    public void Without_the_file_there_are_no_channels_and_that_is_no_error()
    {
        var (channels, errors) = ChannelReader.Load(_folder.Path, "zh");

        Assert.Empty(channels!);
        Assert.Empty(errors);
    }

    [Fact]
    public void The_demo_writes_to_the_log_in_both_languages()
    {
        var channels = ChannelReader.Load(Path.Combine(SourceTree.Root, "src/FacilityMonitor/demo"), "zh").Channels!;

        // The siren is a simulated device; nobody is called but by the log.
        Assert.Equal([ChannelKind.Console, ChannelKind.Siren], channels.Select(channel => channel.Form.Kind));
        Assert.Equal(ChannelMessage.Both, channels[0].Language);
    }

    private void Write(string[] channels) => File.WriteAllLines(Path.Combine(_folder.Path, ChannelReader.File), ["channels:", .. channels]);
}
