using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace FacilityMonitor.Accounts;

/// <summary>Passwords of accounts at the broker.</summary>
internal static class Passwords
{
    /// <summary>Characters that are not mistaken for each other when read aloud or typed; the same as in <c>src/deploy/setup.sh</c>.</summary>
    private const string Letters = "abcdefghjkmnpqrstuvwxyz23456789";

    /// <summary>20 of 31 characters: 99 bits, which nobody tries out.</summary>
    public const int Length = 20;

    /// <summary>Longest password taken from a file, characters: Tasmota keeps no more.</summary>
    public const int LengthMax = 64;

    /// <summary>Shortest password taken from a file, characters.</summary>
    public const int LengthMin = 8;

    /// <summary>What the plugin of Mosquitto 2.0 itself uses. The work is the broker's at every connect, on its only thread; our passwords are not guessable, so more would only slow a whole neighbourhood that reconnects.</summary>
    private const int Iterations = 101;

    private const int SaltBytes = 12;
    private const int HashBytes = 64;

    /// <summary>A new password.</summary>
    public static string New() => RandomNumberGenerator.GetString(Letters, Length);

    /// <summary>Whether a password of somebody's own may be used.</summary>
    public static bool IsAllowed(string password) => password.Length is >= LengthMin and <= LengthMax && !password.Any(char.IsControl);

    /// <summary>Puts a password into an account of the plugin's file: only its hash.</summary>
    public static void Set(JsonObject client, string password)
    {
        var salt = RandomNumberGenerator.GetBytes(SaltBytes);
        client["password"] = Convert.ToBase64String(Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(password), salt, Iterations, HashAlgorithmName.SHA512, HashBytes));
        client["salt"] = Convert.ToBase64String(salt);
        client["iterations"] = Iterations;
    }
}
