using System.Buffers.Binary;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace FacilityMonitor.Users;

/// <summary>Hashes passwords and compares with hashes, by the framework's own hasher (PBKDF2 with HMAC-SHA-512, a salt each). It is slow on purpose, so only few do it at once.</summary>
internal sealed class PasswordCheck : IDisposable
{
    /// <summary>OWASP's number for PBKDF2 with HMAC-SHA-512 (Password Storage Cheat Sheet, 2023). About a tenth of a second; a hash with fewer is made anew at the next sign-in.</summary>
    public const int Iterations = 210_000;

    /// <summary>At once; the rest of the machine is for alerts.</summary>
    private const int AtOnceMax = 1;

    /// <summary>Waiting for their turn: two seconds of work. Beyond it somebody is told to come again.</summary>
    private const int WaitingMax = 20;

    private readonly int _iterations;
    private readonly PasswordHasher<string> _hasher;
    private readonly ConcurrencyLimiter _turns = new(new ConcurrencyLimiterOptions { PermitLimit = AtOnceMax, QueueLimit = WaitingMax });
    private readonly Lazy<string> _nobodys;

    /// <param name="options">How often it is hashed; null: <see cref="Iterations"/>.</param>
    public PasswordCheck(IOptions<PasswordHasherOptions>? options = null)
    {
        options ??= Options.Create(new PasswordHasherOptions { IterationCount = Iterations });
        _iterations = options.Value.IterationCount;
        _hasher = new PasswordHasher<string>(options);
        _nobodys = new(() => Hash("nobody's"));
    }

    public string Hash(string password) => _hasher.HashPassword("", PasswordRules.Normal(password));

    /// <summary>Whether a password is the one of a hash; null: too many wait. Without a hash it takes as long and is wrong, so that nobody learns which names there are.</summary>
    public async Task<bool?> IsRightAsync(string? hash, string password)
    {
        using var turn = await _turns.AcquireAsync();
        if (!turn.IsAcquired)
            return null;
        return await Task.Run(() => Matches(hash ?? _nobodys.Value, password) & hash is not null);
    }

    /// <summary>Whether a hash was made with fewer rounds than today's.</summary>
    public bool IsWeak(string hash)
    {
        // Version 1 of the framework's format: a byte for the version, four for the pseudo-random function, four for the rounds.
        var bytes = Convert.FromBase64String(hash);
        return bytes[0] != 1 || BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(5)) < _iterations;
    }

    /// <summary>Without a turn: for the start.</summary>
    public bool Matches(string hash, string password) =>
        password.Length <= PasswordRules.LengthMax * 2 && _hasher.VerifyHashedPassword("", hash, PasswordRules.Normal(password)) != PasswordVerificationResult.Failed;

    public void Dispose() => _turns.Dispose();
}
