using FacilityMonitor.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace FacilityMonitor.Tests.Configuration;

public sealed class FacilitySourceTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ManualTime _time = new();
    private readonly FacilitySource _source;
    private int _changes;

    public FacilitySourceTests()
    {
        Write("sites:\n  - {id: a, name: x}\n");
        _source = new FacilitySource(_folder.Path, FacilityLoader.Load(_folder.Path).Facility!, _time, NullLogger<FacilitySource>.Instance);
        _source.Changed += index => _changes += ReferenceEquals(index, _source.Current) ? 1 : 1_000;
    }

    public void Dispose()
    {
        _source.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void A_good_edit_takes_effect_once_the_editor_is_done()
    {
        Write("sites:\n  - {id: a, name: x}\n  - {id: bb, name: x}\n");
        Look();
        Assert.Null(_source.Current.FindSite("bb"));

        Look();
        Assert.NotNull(_source.Current.FindSite("bb"));

        Look(100);
        Assert.Equal(1, _changes);
    }

    [Fact]
    public void A_file_that_is_still_being_written_is_not_read()
    {
        for (var part = 1; part <= 5; part++)
        {
            Write($"sites:\n  - {{id: a, name: {new string('x', part)}}}\n");
            Look();
        }

        Assert.Equal(0, _changes);
        Look();
        Assert.Equal(1, _changes);
    }

    [Fact]
    public void A_bad_edit_keeps_the_old_and_says_so_once_until_it_is_mended()
    {
        var before = _source.Current;
        Write("sites:\n  - {id: A-bad-one, name: x}\n");
        Look(100);

        Assert.Same(before, _source.Current);
        Assert.Contains("is no id", Assert.Single(_source.LastErrors).In("en"), StringComparison.Ordinal);
        Assert.Equal((0, 1), (_changes, _source.Refused));

        Write("sites:\n  - {id: a, name: x}\n");
        Look(2);
        Assert.Empty(_source.LastErrors);
        Assert.Same(before, _source.Current);
    }

    [Fact]
    public void An_emptied_file_does_not_end_the_watch_over_everything()
    {
        Write("");
        Look(2);

        Assert.NotNull(_source.Current.FindSite("a"));
        Assert.NotEmpty(_source.LastErrors);
    }

    [Fact]
    public void A_folder_that_is_gone_keeps_the_old_and_is_one_refusal()
    {
        File.Delete(Path.Combine(_folder.Path, "facility.yaml"));
        Look(100);

        Assert.NotNull(_source.Current.FindSite("a"));
        Assert.Equal(1, _source.Refused);
    }

    [Fact]
    public void An_edit_of_the_same_size_within_one_step_of_the_file_system_clock_is_found_too()
    {
        var path = Path.Combine(_folder.Path, "facility.yaml");
        var time = File.GetLastWriteTimeUtc(path);
        Write("sites:\n  - {id: b, name: x}\n");
        File.SetLastWriteTimeUtc(path, time);

        Look(FacilitySource.LooksPerComparison - 1);
        Assert.Null(_source.Current.FindSite("b"));
        Look();
        Assert.NotNull(_source.Current.FindSite("b"));
    }

    [Fact]
    public void A_touched_file_is_no_edit()
    {
        File.SetLastWriteTimeUtc(Path.Combine(_folder.Path, "facility.yaml"), new DateTime(2030, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        Look(3);

        Assert.Equal(0, _changes);
    }

    private void Look(int times = 1)
    {
        for (var look = 0; look < times; look++)
            _time.Advance(FacilitySource.LookEvery);
    }

    private void Write(string text) => File.WriteAllText(Path.Combine(_folder.Path, "facility.yaml"), text);
}
