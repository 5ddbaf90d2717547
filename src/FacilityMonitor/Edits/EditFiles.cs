using System.Text;
using FacilityMonitor.Storage;

namespace FacilityMonitor.Edits;

/// <summary>The files of edits, which stand in folders that the first edit makes.</summary>
internal static class EditFiles
{
    /// <summary>Writes a file beside its place, as <see cref="WholeFile.Prepare"/> does, and makes its folder. What an earlier end of the service left there of any edit goes.</summary>
    /// <param name="path">Where it will be.</param>
    /// <param name="text">What will stand in it.</param>
    /// <param name="isSecret">Whether nobody but the service may read it.</param>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder cannot be written.</exception>
    public static void Prepare(string path, string text, bool isSecret)
    {
        const UnixFileMode Own = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.OtherRead | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        var folder = Path.GetDirectoryName(path)!;
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(folder);
        else
            Directory.CreateDirectory(folder, isSecret ? Own : Own | Others);
        foreach (var left in Directory.EnumerateFiles(folder, "*" + WholeFile.PartSuffix))
            File.Delete(left);
        WholeFile.Prepare(path, Encoding.UTF8.GetBytes(text), isSecret);
    }
}
