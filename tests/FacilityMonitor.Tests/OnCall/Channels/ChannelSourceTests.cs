using FacilityMonitor.Configuration;
using FacilityMonitor.OnCall.Channels;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Response;
using Microsoft.Extensions.Logging.Abstractions;

namespace FacilityMonitor.Tests.OnCall.Channels;

public sealed class ChannelSourceTests : IDisposable
{
    private const string Bot = "  - {id: bot, kind: wecom-bot, key-file: bot.key}";

    private readonly TemporaryFolder _folder = new();
    private readonly ManualTime _time = new();
    private readonly ChannelSource _source;
    private readonly ChannelSounds _sounds;
    private int _changes;

    public ChannelSourceTests()
    {
        File.WriteAllText(Path.Combine(_folder.Path, "bot.key"), "first");
        Write(Bot);
        var first = ChannelReader.Load(_folder.Path, "zh").Channels!;
        _source = new ChannelSource(_folder.Path, "zh", first, _time, NullLogger<ChannelSource>.Instance);
        _sounds = ChannelSounds.From(first);
        _source.Changed += channels => _changes += ReferenceEquals(channels, _source.Current) ? 1 : 1_000;
        _source.Changed += _sounds.Use;
    }

    public void Dispose()
    {
        _source.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void A_good_edit_takes_effect_once_the_editor_is_done()
    {
        Write(Bot, "  - {id: log, kind: console}");
        Look();
        Assert.Single(_source.Current);
        Assert.Null(_sounds.Of("log"));

        Look();
        Assert.Equal(["bot", "log"], _source.Current.Select(channel => channel.Id));
        Assert.Equal(Loudness.Message, _sounds.Of("log"));
        Look(100);
        Assert.Equal(1, _changes);
    }

    [Fact]
    public void A_bad_edit_keeps_the_channels_before_and_says_where_until_it_is_mended()
    {
        Write(Bot, "  - {id: log, kind: pigeon}");
        Look(10);
        Assert.Equal((1, 1L), (_source.Current.Count, _source.Refused));
        Assert.Equal((ChannelReader.File, 3), (_source.LastErrors[0].File, _source.LastErrors[0].Line));
        Write(Bot);
        Look(10);
        Assert.Empty(_source.LastErrors);
        Assert.Equal(0, _changes);
    }

    [Fact]
    public void A_key_that_was_mended_in_its_own_file_is_in_force_and_shown_nowhere()
    {
        var before = _source.Current[0].Fingerprint;
        File.WriteAllText(Path.Combine(_folder.Path, "bot.key"), "second");
        Look(2);
        Assert.Equal("second", _source.Current[0]["key"]);
        Assert.NotEqual(before, _source.Current[0].Fingerprint);
        Assert.DoesNotContain("second", _source.Current[0].Fingerprint + _source.Current[0], StringComparison.Ordinal);

        File.Delete(Path.Combine(_folder.Path, "bot.key"));
        Look(2);
        Assert.Equal("second", _source.Current[0]["key"]);
        Assert.NotEmpty(_source.LastErrors);
    }

    private void Write(params string[] channels) => File.WriteAllLines(Path.Combine(_folder.Path, ChannelReader.File), ["channels:", .. channels]);

    private void Look(int times = 1)
    {
        for (; times > 0; times--)
            _time.Advance(FacilitySource.LookEvery);
    }
}
