using FacilityMonitor.Configuration;

namespace FacilityMonitor.Edits;

/// <summary>What an edit changes, value by value, for the audit: numbers and addresses of people only by their last characters.</summary>
internal static class EditDifference
{
    private const string Address = "address";

    /// <summary>So much of an address is shown: enough to tell two apart, too little to call.</summary>
    private const int ShownOfAddress = 4;

    /// <summary><c>place: shed-1 → shed-2, rated-a: → 16</c>.</summary>
    public static string Between(YamlElement? before, YamlElement? after)
    {
        var (was, will) = (Values(before), Values(after));
        return string.Join(", ", was.Keys.Union(will.Keys).Where(key => was.GetValueOrDefault(key) != will.GetValueOrDefault(key)).Select(key =>
        {
            var (from, to) = (was.GetValueOrDefault(key), will.GetValueOrDefault(key));
            var isAddress = key.EndsWith(Address, StringComparison.Ordinal);
            return $"{key}: {(from is null ? "" : (isAddress ? Masked(from) : from) + " ")}→{(to is null ? "" : " " + (isAddress ? Masked(to) : to))}";
        }));
    }

    /// <summary>An address by its last characters: whoever knows it recognises it. Where a secret stands is none.</summary>
    public static string Masked(string address) => address.Length == 0 || address.StartsWith("env:", StringComparison.Ordinal) || address.StartsWith("file:", StringComparison.Ordinal)
        ? address
        : "…" + (address.Length > ShownOfAddress ? address[^ShownOfAddress..] : "");

    private static Dictionary<string, string> Values(YamlElement? element)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        Add(element, "");
        return values;

        void Add(YamlElement? at, string way)
        {
            switch (at)
            {
                case YamlScalar scalar:
                    values[way] = scalar.Text;
                    break;
                case YamlMapping mapping:
                    foreach (var (key, value) in mapping.Entries)
                        Add(value, way.Length > 0 ? $"{way}.{key.Text}" : key.Text);
                    break;
                case YamlSequence sequence:
                    for (var number = 0; number < sequence.Items.Count; number++)
                        Add(sequence.Items[number], $"{way}[{(sequence.Items[number] is YamlMapping item && item.Find("id") is YamlScalar id ? id.Text : number + 1)}]");
                    break;
            }
        }
    }
}
