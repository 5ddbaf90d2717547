using System.Text.Json;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace FacilityMonitor.Tests.Contract;

/// <summary>The part of JSON Schema that <c>asyncapi.yaml</c> uses. A keyword it does not know fails the test: it would check nothing.</summary>
internal sealed class JsonSchema(Dictionary<string, object?> document)
{
    /// <summary>Reads a YAML file into dictionaries, lists and plain values.</summary>
    public static Dictionary<string, object?> ReadYaml(string path)
    {
        var parser = new Parser(new StringReader(File.ReadAllText(path)));
        parser.Consume<StreamStart>();
        parser.Consume<DocumentStart>();
        return (Dictionary<string, object?>)Read(parser)!;
    }

    private static object? Read(Parser parser)
    {
        if (parser.TryConsume<Scalar>(out var scalar))
        {
            if (scalar.Style != ScalarStyle.Plain)
                return scalar.Value;
            return scalar.Value switch
            {
                "null" => null,
                "true" => true,
                "false" => false,
                var text when decimal.TryParse(text, System.Globalization.NumberStyles.Float, System.Globalization.CultureInfo.InvariantCulture, out var number) => number,
                var text => text,
            };
        }

        if (parser.TryConsume<SequenceStart>(out _))
        {
            var items = new List<object?>();
            while (!parser.TryConsume<SequenceEnd>(out _))
                items.Add(Read(parser));
            return items;
        }

        parser.Consume<MappingStart>();
        var entries = new Dictionary<string, object?>(StringComparer.Ordinal);
        while (!parser.TryConsume<MappingEnd>(out _))
            entries.Add(parser.Consume<Scalar>().Value, Read(parser));
        return entries;
    }

    /// <summary>What a reference names; fails when it names nothing.</summary>
    public Dictionary<string, object?> Resolve(object? node)
    {
        var found = (Dictionary<string, object?>)node!;
        while (found.TryGetValue("$ref", out var reference))
        {
            var at = document;
            foreach (var part in ((string)reference!)[2..].Split('/'))
            {
                Assert.True(at.ContainsKey(part), $"{reference} names nothing");
                at = (Dictionary<string, object?>)at[part]!;
            }

            found = at;
        }

        return found;
    }

    public Dictionary<string, object?> Schema(string name) => Resolve(new Dictionary<string, object?> { ["$ref"] = $"#/components/schemas/{name}" });

    /// <summary>What is wrong with a value; null when nothing is.</summary>
    public string? Fault(object? schemaNode, JsonElement value, string at = "$")
    {
        foreach (var (keyword, rule) in Resolve(schemaNode))
        {
            var fault = keyword switch
            {
                "description" => null,
                "type" => (rule is List<object?> types ? types : [rule]).Any(type => IsOf((string)type!, value)) ? null : $"{at}: is no {rule}",
                "enum" => ((List<object?>)rule!).Any(word => word is null ? value.ValueKind == JsonValueKind.Null : value.ValueKind == JsonValueKind.String && value.GetString() == (string)word) ? null : $"{at}: none of the words",
                "const" => value.ValueKind == JsonValueKind.Number && value.GetDecimal() == (decimal)rule! ? null : $"{at}: is not {rule}",
                "pattern" => value.ValueKind != JsonValueKind.String || Regex.IsMatch(value.GetString()!, (string)rule!) ? null : $"{at}: does not fit {rule}",
                "maxLength" => value.ValueKind != JsonValueKind.String || value.GetString()!.Length <= (decimal)rule! ? null : $"{at}: too long",
                "minimum" => value.ValueKind != JsonValueKind.Number || Number(value) >= (decimal)rule! ? null : $"{at}: too small",
                "exclusiveMinimum" => value.ValueKind != JsonValueKind.Number || Number(value) > (decimal)rule! ? null : $"{at}: too small",
                "maximum" => value.ValueKind != JsonValueKind.Number || Number(value) <= (decimal)rule! ? null : $"{at}: too large",
                "maxItems" => value.ValueKind != JsonValueKind.Array || value.GetArrayLength() <= (decimal)rule! ? null : $"{at}: too many",
                "items" => value.ValueKind != JsonValueKind.Array ? null : value.EnumerateArray().Select((item, index) => Fault(rule, item, $"{at}[{index}]")).FirstOrDefault(found => found is not null),
                "anyOf" => ((List<object?>)rule!).Select(one => Fault(one, value, at)).ToList() is var each && each.Contains(null) ? null : each[^1],
                "required" => value.ValueKind != JsonValueKind.Object ? null : ((List<object?>)rule!).Where(name => !value.TryGetProperty((string)name!, out _)).Select(name => $"{at}: without {name}").FirstOrDefault(),
                "properties" or "additionalProperties" or "propertyNames" => null,
                _ => throw new NotSupportedException($"The schema uses '{keyword}', which this check does not know."),
            };
            if (fault is not null)
                return fault;
        }

        return value.ValueKind == JsonValueKind.Object ? ObjectFault(Resolve(schemaNode), value, at) : null;
    }

    private string? ObjectFault(Dictionary<string, object?> schema, JsonElement value, string at)
    {
        var properties = schema.GetValueOrDefault("properties") as Dictionary<string, object?> ?? [];
        foreach (var member in value.EnumerateObject())
        {
            var below = $"{at}.{member.Name}";
            if (schema.TryGetValue("propertyNames", out var names) && Fault(names, JsonSerializer.SerializeToElement(member.Name), below) is { } misnamed)
                return misnamed;
            if (properties.TryGetValue(member.Name, out var known))
            {
                if (Fault(known, member.Value, below) is { } fault)
                    return fault;
            }
            else if (schema.TryGetValue("additionalProperties", out var others))
            {
                if (others is false)
                    return $"{below}: unknown";
                if (Fault(others, member.Value, below) is { } fault)
                    return fault;
            }
        }

        return null;
    }

    /// <summary>Exact as far as a decimal goes: beyond 2^53 a double cannot tell neighbours apart.</summary>
    private static decimal Number(JsonElement value) => value.TryGetDecimal(out var exact) ? exact : value.GetDouble() > 0 ? decimal.MaxValue : decimal.MinValue;

    private static bool IsOf(string type, JsonElement value) => type switch
    {
        "object" => value.ValueKind == JsonValueKind.Object,
        "array" => value.ValueKind == JsonValueKind.Array,
        "string" => value.ValueKind == JsonValueKind.String,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "null" => value.ValueKind == JsonValueKind.Null,
        // 1e999 is a number of JSON and none of anybody's.
        "number" => value.ValueKind == JsonValueKind.Number && double.IsFinite(value.GetDouble()),
        "integer" => value.ValueKind == JsonValueKind.Number && value.GetDouble() == Math.Floor(value.GetDouble()),
        _ => throw new NotSupportedException($"The schema uses the type '{type}'."),
    };
}
