using FacilityMonitor.Storage;

namespace FacilityMonitor.Tests.Storage;

/// <summary>Small files that are there whole or as they were, whatever happened while they were written.</summary>
public sealed class WholeFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void It_is_there_byte_for_byte_and_nothing_beside_it_and_only_what_is_public_can_be_read_by_others()
    {
        var (open, secret) = (Path.Combine(_folder.Path, "open.yaml"), Path.Combine(_folder.Path, "secret.key"));
        foreach (var length in (int[])[0, 1, 4_096, 100_000, 3])
        {
            WholeFile.Write(open, Bytes(length), isSecret: false);
            WholeFile.Write(secret, Bytes(length), isSecret: true);
            Assert.Equal(Bytes(length), File.ReadAllBytes(open));
            Assert.Equal(Bytes(length), File.ReadAllBytes(secret));
        }

        Assert.Equal([open, secret], Directory.GetFiles(_folder.Path).Order(StringComparer.Ordinal));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(secret));
            Assert.True(File.GetUnixFileMode(open).HasFlag(UnixFileMode.OtherRead));
        }

        WholeFile.Remove(open);
        Assert.Equal([secret], Directory.GetFiles(_folder.Path));
    }

    /// <summary>Killed, or without power, at whatever byte of the part: nobody reads it, and the next attempt is whole.</summary>
    [Fact]
    public void What_a_kill_leaves_at_any_byte_changes_nothing_and_is_in_nobodys_way()
    {
        var path = Path.Combine(_folder.Path, "file");
        var (before, after) = (Bytes(40), Bytes(64));
        for (var written = 0; written <= after.Length; written++)
        {
            File.WriteAllBytes(path, before);
            File.WriteAllBytes(path + WholeFile.PartSuffix, after[..written]);
            Assert.Equal(before, File.ReadAllBytes(path));
            WholeFile.Write(path, after, isSecret: false);
            Assert.Equal(after, File.ReadAllBytes(path));
            Assert.Single(Directory.GetFiles(_folder.Path));
        }
    }

    [SmallDiskFact]
    public void On_a_disk_with_room_for_any_part_of_it_the_old_one_stays_whole_and_no_part_is_left()
    {
        const int Page = 4_096;
        using var disk = SmallDisk.TryMount(1)!;
        var path = Path.Combine(disk.Path, "file");
        var (before, after) = (Bytes(2 * Page), Bytes((10 * Page) + 5));
        WholeFile.Write(path, before, isSecret: false);
        for (var pages = 0; pages <= 10; pages++)
        {
            disk.FillUpTo(pages * Page);
            var refused = Assert.ThrowsAny<IOException>(() => WholeFile.Write(path, after, isSecret: false));
            Assert.Contains(disk.Path, refused.Message, StringComparison.Ordinal);
            Assert.Equal(before, File.ReadAllBytes(path));
            Assert.DoesNotContain(Directory.GetFiles(disk.Path), file => file.EndsWith(WholeFile.PartSuffix, StringComparison.Ordinal));
            disk.Clear();
        }

        WholeFile.Write(path, after, isSecret: false);
        Assert.Equal(after, File.ReadAllBytes(path));
    }

    private static byte[] Bytes(int length) => [.. Enumerable.Range(0, length).Select(index => (byte)((index * 7) + length))];
}
