namespace FacilityMonitor.Configuration;

/// <summary>Reads a password or address that stands alone in a file.</summary>
internal static class SecretFile
{
    private const int BytesMax = 4_096;

    /// <summary>The content without the line end an editor adds; null with the reason when it cannot be had.</summary>
    public static string? Read(string path, out string refused)
    {
        refused = "";
        try
        {
            if (new FileInfo(path).Length > BytesMax)
            {
                refused = $"> {BytesMax} bytes";
                return null;
            }

            var text = File.ReadAllText(path).TrimEnd('\r', '\n');
            if (text.Length > 0)
                return text;
            refused = "empty";
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            refused = error switch
            {
                FileNotFoundException or DirectoryNotFoundException => "not found",
                UnauthorizedAccessException => "no permission",
                _ => error.GetType().Name,
            };
        }

        return null;
    }
}
