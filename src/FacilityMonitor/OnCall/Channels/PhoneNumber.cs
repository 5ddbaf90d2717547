namespace FacilityMonitor.OnCall.Channels;

/// <summary>A telephone number as people write it: digits, a plus in front where the country is named.</summary>
internal static class PhoneNumber
{
    /// <summary>Whether a text is one. The shortest numbers have 5 digits, the longest 15 (ITU-T E.164).</summary>
    public static bool Is(string text)
    {
        var digits = text.StartsWith('+') ? text.AsSpan(1) : text;
        return digits.Length is >= 5 and <= 15 && !digits.ContainsAnyExceptInRange('0', '9');
    }

    /// <summary>With the country in front; China where none is named.</summary>
    public static string International(string number) => number.StartsWith('+') ? number : "+86" + number;
}
