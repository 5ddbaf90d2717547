using System.Diagnostics.CodeAnalysis;

namespace FacilityMonitor.Commands;

/// <summary>A file that an option names; <c>-</c> is the standard stream.</summary>
internal static class FileOption
{
    public static Stream Read(string path) => path == "-" ? Console.OpenStandardInput() : File.OpenRead(path);

    public static Stream Write(string path) => path == "-" ? Console.OpenStandardOutput() : File.Create(path);

    /// <summary>Opens it; false after saying which option, which file, and what to do.</summary>
    public static bool TryOpen(string option, string path, Func<string, Stream> open, TextWriter errors, [NotNullWhen(true)] out Stream? stream)
    {
        stream = null;
        try
        {
            stream = open(path);
            return true;
        }
        catch (FileNotFoundException)
        {
            errors.WriteLine($"{option} \"{path}\": there is no such file; check the path.");
        }
        catch (DirectoryNotFoundException)
        {
            errors.WriteLine($"{option} \"{path}\": there is no folder {Path.GetDirectoryName(Path.GetFullPath(path))}; make it, or name another file.");
        }
        catch (UnauthorizedAccessException)
        {
            errors.WriteLine($"{option} \"{path}\": {(Directory.Exists(path) ? "is a folder; name a file in it." : "may not be opened; check its permissions, or name another file.")}");
        }
        catch (IOException error)
        {
            errors.WriteLine($"{option} \"{path}\": {error.Message}; name another file.");
        }

        return false;
    }
}
