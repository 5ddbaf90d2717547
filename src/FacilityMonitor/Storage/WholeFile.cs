using System.Runtime.InteropServices;
using System.Text;

namespace FacilityMonitor.Storage;

/// <summary>Puts a small file in its place whole or not at all, whatever is killed or loses its power: it is written beside it under a name that nobody reads, flushed, then renamed.</summary>
internal static class WholeFile
{
    /// <summary>Behind the name of a file that is not whole yet; the registry reads <c>*.yaml</c> alone.</summary>
    public const string PartSuffix = ".part";

    private const UnixFileMode Own = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    // errno of Linux.
    private const int InvalidArgument = 22;
    private const int NotSupported = 95;

    /// <summary>Writes it beside its place. What an earlier end of the service left there goes.</summary>
    /// <param name="path">Where it will be, in a folder that is there.</param>
    /// <param name="bytes">What will stand in it.</param>
    /// <param name="isSecret">Whether nobody but the service may read it.</param>
    /// <exception cref="IOException">The folder cannot be written, or the disk is full. Nothing is left beside its place.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder cannot be written.</exception>
    public static void Prepare(string path, ReadOnlySpan<byte> bytes, bool isSecret)
    {
        File.Delete(path + PartSuffix);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = isSecret ? Own : Own | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
        try
        {
            using var stream = new FileStream(path + PartSuffix, options);
            stream.Write(bytes);
            stream.Flush(flushToDisk: true);
        }
        catch (IOException)
        {
            Forget(path);
            throw;
        }
    }

    /// <summary>Puts what was prepared in its place, there to stay when the power goes.</summary>
    /// <inheritdoc cref="Prepare" path="/exception"/>
    public static void Place(string path)
    {
        File.Move(path + PartSuffix, path, overwrite: true);
        FlushFolder(path);
    }

    /// <summary>Prepares it and puts it in its place.</summary>
    /// <inheritdoc cref="Prepare" path="/param"/>
    /// <inheritdoc cref="Prepare" path="/exception"/>
    public static void Write(string path, ReadOnlySpan<byte> bytes, bool isSecret)
    {
        Prepare(path, bytes, isSecret);
        Place(path);
    }

    /// <summary>Takes a file away for good.</summary>
    /// <inheritdoc cref="Prepare" path="/exception"/>
    public static void Remove(string path)
    {
        File.Delete(path);
        FlushFolder(path);
    }

    /// <summary>Takes back what was prepared.</summary>
    public static void Forget(string path) => File.Delete(path + PartSuffix);

    /// <summary>A rename is on the disk only when the folder is, and .NET opens no folder.</summary>
    private static void FlushFolder(string path)
    {
        if (OperatingSystem.IsWindows())
            return;
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var opened = Open(Encoding.UTF8.GetBytes(folder + '\0'), 0);
        if (opened < 0)
            throw new IOException($"{folder}: {Marshal.GetLastPInvokeErrorMessage()}");
        var answer = Flush(opened);
        var (error, why) = answer == 0 ? (0, "") : (Marshal.GetLastPInvokeError(), Marshal.GetLastPInvokeErrorMessage());
        _ = Close(opened);
        // File systems over a network that flush no folders say so in one of these ways; the file itself is flushed.
        if (error is not (0 or InvalidArgument or NotSupported))
            throw new IOException($"{folder}: {why}");
    }

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Open(byte[] path, int flags);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Flush(int opened);

    [DllImport("libc", EntryPoint = "close")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Close(int opened);
}
