using FacilityMonitor.Configuration;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Response;
using FacilityMonitor.Storage;
using FacilityMonitor.Tests.Response;

namespace FacilityMonitor.Tests.OnCall;

public sealed class PhotoStoreTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ManualTime _time = new(ResponseFixture.Noon);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_photo_is_named_by_its_hash_and_one_that_was_changed_is_not_shown()
    {
        var store = Store();
        var (name, refusal) = store.Keep(PhotoFileTests.Jpeg());
        Assert.Null(refusal);
        Assert.True(PhotoStore.IsName(name!));
        Assert.Equal(name, store.Keep(PhotoFileTests.Jpeg()).Name);
        Assert.NotNull(Store().Read(name!));
        Assert.Equal(1, store.Counts.Stored);

        var path = Path.Combine(_folder.Path, "photos", name!);
        var bytes = File.ReadAllBytes(path);
        bytes[^3] ^= 1;
        File.WriteAllBytes(path, bytes);
        Assert.Null(store.Read(name!));
    }

    [Theory]
    [InlineData("../control.json")]
    [InlineData("")]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000.jpg")]
    [InlineData("000000000000000000000000000000000000000000000000000000000000000/.jpg")]
    public void A_name_that_is_none_of_ours_opens_nothing(string name) => Assert.Null(Store().Read(name));

    [Fact]
    public void What_is_too_large_or_no_picture_is_refused_and_counted()
    {
        var store = Store();
        Assert.NotNull(store.Keep(new byte[PhotoFile.BytesMax + 1]).Refusal);
        Assert.NotNull(store.Keep("GIF89a"u8).Refusal);
        Assert.NotNull(store.Keep(PhotoFileTests.Jpeg(isTailed: false).AsSpan(..^2)).Refusal);
        Assert.Equal(new PhotoCounts(0, 1, 1, 1, 0, 0), store.Counts);
        Assert.False(Directory.Exists(Path.Combine(_folder.Path, "photos")));
    }

    [Fact]
    public void Who_sends_a_HEIC_is_told_what_to_set_on_the_telephone_and_it_is_counted()
    {
        var store = Store();
        var refusal = store.Keep("\0\0\0\u0018ftypheic"u8).Refusal!;
        Assert.Contains("兼容性最佳", refusal.Zh, StringComparison.Ordinal);
        Assert.Contains("Most Compatible", refusal.En, StringComparison.Ordinal);
        Assert.Equal((0, 1), (store.Counts.OtherKind, store.Counts.Heic));
    }

    /// <summary>What a kill leaves of a photo that was being written is no photo, takes nobody's name, and is in nobody's way.</summary>
    [Fact]
    public void Half_a_photo_of_a_kill_is_none_and_the_next_attempt_keeps_it_whole()
    {
        var name = Store().Keep(PhotoFileTests.Jpeg()).Name!;
        var path = Path.Combine(_folder.Path, "photos", name);
        var bytes = File.ReadAllBytes(path);
        foreach (var written in (int[])[0, 1, bytes.Length / 2, bytes.Length])
        {
            File.Delete(path);
            File.WriteAllBytes(path + WholeFile.PartSuffix, bytes[..written]);
            Assert.Null(Store().Read(name));
            Assert.Null(Store().Read(name + WholeFile.PartSuffix));
            Assert.Equal(name, Store().Keep(PhotoFileTests.Jpeg()).Name);
            Assert.Equal(bytes, Store().Read(name));
        }
    }

    [Fact]
    public void No_more_are_kept_than_have_room_until_the_oldest_have_had_their_time()
    {
        var one = ((PhotoFile.Clean)PhotoFile.Read(PhotoFileTests.Jpeg(3))).Bytes.Length;
        var store = Store(bytes: 2 * one);
        Assert.NotNull(store.Keep(PhotoFileTests.Jpeg(3)).Name);
        Assert.NotNull(store.Keep(PhotoFileTests.Jpeg(6)).Name);
        var (name, refusal) = store.Keep(PhotoFileTests.Jpeg(8));
        Assert.Null(name);
        Assert.Contains("data.photos-mib", refusal!.En, StringComparison.Ordinal);
        Assert.Equal(1, store.Counts.NoRoom);
        _time.Advance(TimeSpan.FromDays(400) + TimeSpan.FromSeconds(1));
        Assert.NotNull(store.Keep(PhotoFileTests.Jpeg(8)).Name);
        Assert.Single(Directory.GetFiles(Path.Combine(_folder.Path, "photos")));
    }

    [Fact]
    public void Two_may_send_at_once_and_a_third_is_told_to_wait()
    {
        var store = Store();
        using var first = store.Enter();
        var second = store.Enter();
        Assert.Null(store.Enter());
        second!.Dispose();
        using var third = store.Enter();
        Assert.NotNull(third);
        Assert.Equal(1, store.Counts.Busy);
    }

    private PhotoStore Store(long? bytes = null)
    {
        var settings = SettingsLoader.Load(_folder.Path, new System.Collections.Hashtable { ["FM_DATA__DIRECTORY"] = _folder.Path }).Settings!;
        return new PhotoStore(bytes is { } most ? settings with { Data = settings.Data with { PhotosBytes = most } } : settings, _time);
    }
}
