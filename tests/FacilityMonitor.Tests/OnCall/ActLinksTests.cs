using System.Collections;
using FacilityMonitor.Configuration;
using FacilityMonitor.OnCall.Responses;

namespace FacilityMonitor.Tests.OnCall;

/// <summary>The key that links are signed with.</summary>
public sealed class ActLinksTests : IDisposable
{
    private const long Now = 1_795_168_800_000;

    private readonly TemporaryFolder _folder = new();

    private string KeyFile => Path.Combine(_folder.Path, "data", "links.key");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_link_is_known_after_a_restart_and_its_key_is_the_owners_alone()
    {
        var token = Open().Token("fire", "guard", Now);

        Assert.Equal("guard", Open().Read(token, Now)?.Person);
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(KeyFile));
    }

    /// <summary>With no byte of it left, anybody could sign.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(31)]
    public void A_key_that_a_power_cut_left_cut_short_signs_nothing_and_is_made_anew(int bytes)
    {
        Open();
        File.WriteAllBytes(KeyFile, File.ReadAllBytes(KeyFile)[..bytes]);
        var forged = new ActLinks(null, File.ReadAllBytes(KeyFile)).Token("fire", "guard", Now);

        Assert.Null(Open().Read(forged, Now));
        Assert.Equal(32, new FileInfo(KeyFile).Length);
        Assert.NotNull(Open().Read(Open().Token("fire", "guard", Now), Now));
    }

    private ActLinks Open()
    {
        var (settings, errors) = SettingsLoader.Load(_folder.Path, new Hashtable { ["FM_DATA__DIRECTORY"] = Path.Combine(_folder.Path, "data") });
        Assert.Empty(errors);
        return ActLinks.Open(settings!);
    }
}
