using System.Security.Cryptography;

namespace FacilityMonitor.Edits;

/// <summary>The id of something new, drawn when its form is: a form that is sent twice makes one thing, not two.</summary>
internal readonly record struct DrawnId
{
    private const int Bytes = 4;

    private readonly string _hex;

    private DrawnId(string hex) => _hex = hex;

    public static DrawnId New() => new(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(Bytes)));

    /// <summary>As a form sent it; what is none is drawn anew, for it becomes the name of a file.</summary>
    public static DrawnId Of(string? sent) => sent is { Length: 2 * Bytes } && sent.All(char.IsAsciiHexDigitLower) ? new DrawnId(sent) : New();

    public override string ToString() => _hex;
}
