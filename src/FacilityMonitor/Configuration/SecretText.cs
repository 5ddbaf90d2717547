namespace FacilityMonitor.Configuration;

/// <summary>A text that must not stand in a file under version control: given as it is, as <c>env:NAME</c>, or as <c>file:PATH</c>.</summary>
internal static class SecretText
{
    private const int LengthMax = 2_000;

    /// <summary>The text of a key; null when it is not there, or cannot be had, which is among the problems then.</summary>
    public static string? Read(MappingReader reader, string key, Func<string, string?> environment, string folder)
    {
        if (reader.Text(key, LengthMax) is not { } text)
            return null;
        if (text.StartsWith("env:", StringComparison.Ordinal))
        {
            var name = text[4..];
            text = environment(name)?.Trim() ?? "";
            if (text.Length > 0)
                return text;
            reader.Error(key, $"环境变量 {name} 没有设置；请设置它，或改用 file:", $"the environment variable {name} is not set; set it or use file:");
            return null;
        }

        if (!text.StartsWith("file:", StringComparison.Ordinal))
            return text;
        if (SecretFile.Read(Path.Combine(folder, text[5..]), out var refused) is { } secret)
            return secret;
        reader.Error(key, $"读不到文件 {text[5..]}（{refused}）；请核对路径和权限", $"the file {text[5..]} cannot be read ({refused}); check its path and permissions");
        return null;
    }
}
