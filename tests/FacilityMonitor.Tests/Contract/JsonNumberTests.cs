using System.Globalization;
using System.Text;
using FacilityMonitor.Contract;
using FsCheck;

namespace FacilityMonitor.Tests.Contract;

public sealed class JsonNumberTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("0.0", 0)]
    [InlineData("230.1", 230.1)]
    [InlineData("-12.5", -12.5)]
    [InlineData("60e-2", 0.6)]
    [InlineData("1.5E+3", 1500)]
    [InlineData("999999999999999", 999999999999999)]
    [InlineData("1e22", 1e22)]
    [InlineData("1e-22", 1e-22)]
    public void What_meters_tell_is_read_at_once(string text, double expected)
    {
        Assert.True(JsonNumber.TryRead(Encoding.ASCII.GetBytes(text), out var value));
        Assert.Equal(BitConverter.DoubleToInt64Bits(expected), BitConverter.DoubleToInt64Bits(value));
    }

    [Theory]
    [InlineData("1000000000000000")]
    [InlineData("0.1234567890123456")]
    [InlineData("1e23")]
    [InlineData("1e-23")]
    [InlineData("1e100")]
    [InlineData("1e-0001")]
    [InlineData("-0")]
    [InlineData("-0.0")]
    public void What_may_be_rounded_and_minus_zero_is_left_to_a_full_reader(string text) => Assert.False(JsonNumber.TryRead(Encoding.ASCII.GetBytes(text), out _));

    [Fact]
    public void What_it_reads_has_the_bits_that_a_full_reader_gives() => Prop.ForAll(Arb.From(Gen.Choose(0, int.MaxValue)), seed =>
    {
        // From one digit to more than it takes, so that both sides of where it gives up are met.
        var random = new System.Random(seed);
        var digits = random.NextInt64((long)Math.Pow(10, 1 + random.Next(17))).ToString(CultureInfo.InvariantCulture);
        var places = random.Next(8);
        var text = (random.Next(3) == 0 ? "-" : "") + (digits.Length > places && places > 0 ? digits.Insert(digits.Length - places, ".") : digits);
        if (random.Next(2) == 0)
            text += string.Create(CultureInfo.InvariantCulture, $"e{random.Next(-30, 30)}");
        return !JsonNumber.TryRead(Encoding.ASCII.GetBytes(text), out var value)
            || BitConverter.DoubleToInt64Bits(value) == BitConverter.DoubleToInt64Bits(double.Parse(text, CultureInfo.InvariantCulture));
    }).Check(new FsCheck.Configuration { MaxNbOfTest = 20_000, QuietOnSuccess = true, Runner = Config.QuickThrowOnFailure.Runner });
}
