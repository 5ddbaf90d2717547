using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace FacilityMonitor.OnCall.Channels;

/// <summary>A channel as it was configured. Prints as its name: its secrets are never shown.</summary>
internal sealed record ChannelDefinition
{
    public required string Id { get; init; }

    public required ChannelForm Form { get; init; }

    /// <summary>Where its files are.</summary>
    public required string Folder { get; init; }

    /// <summary>Where the provider is; null where the kind has none.</summary>
    public required Uri? Url { get; init; }

    /// <summary><c>zh</c>, <c>en</c> or <see cref="ChannelMessage.Both"/>.</summary>
    public required string Language { get; init; }

    public required IReadOnlyDictionary<string, string> Values { get; init; }

    public required IReadOnlyDictionary<string, string> Secrets { get; init; }

    public required IReadOnlyList<SendLimit> Limits { get; init; }

    /// <summary>Where a test message goes every six hours when nothing else went through; null: nowhere.</summary>
    public string? ProbeTo { get; init; }

    public string this[string key] => Secrets.TryGetValue(key, out var secret) ? secret : Values[key];

    public string? Find(string key) => Secrets.TryGetValue(key, out var secret) ? secret : Values.GetValueOrDefault(key);

    public int Number(string key) => int.Parse(this[key], CultureInfo.InvariantCulture);

    /// <summary>The same for the same configuration, secrets included, and tells nothing of them.</summary>
    public string Fingerprint
    {
        get
        {
            var parts = new List<string> { Id, Form.Word, Url?.ToString() ?? "", Language, ProbeTo ?? "" };
            parts.AddRange(Values.Concat(Secrets).OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key}={pair.Value}"));
            parts.AddRange(Limits.Select(limit => limit.ToString()));
            return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', parts))));
        }
    }

    public override string ToString() => $"{Id} ({Form.Word})";
}
