using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;

namespace FacilityMonitor.Commands;

/// <summary>Options that take a number within limits. Anything else is wrong usage: the error names the option, what was written and what may be.</summary>
internal static class NumberOption
{
    /// <summary>One that may be left out.</summary>
    public static Option<T?> Optional<T>(string name, T min, T max, string description)
        where T : struct, IBinaryNumber<T> => new(name)
        {
            Description = description,
            CustomParser = given => Parse(name, min, max, given) is { } number ? number : null,
        };

    /// <summary>One with a default.</summary>
    public static Option<T> WithDefault<T>(string name, T min, T max, T @default, string description)
        where T : struct, IBinaryNumber<T> => new(name)
        {
            Description = description,
            DefaultValueFactory = _ => @default,
            CustomParser = given => Parse(name, min, max, given) ?? @default,
        };

    private static T? Parse<T>(string name, T min, T max, ArgumentResult given)
        where T : struct, IBinaryNumber<T>
    {
        var written = given.Tokens[0].Value;
        if (T.TryParse(written, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max)
            return number;
        var kind = typeof(T) == typeof(double) ? "number" : "whole number";
        given.AddError(string.Create(CultureInfo.InvariantCulture, $"{name} \"{written}\": write a {kind} from {min} to {max}."));
        return null;
    }
}
