using FacilityMonitor.Users;
using Microsoft.Extensions.DependencyInjection;

namespace FacilityMonitor.Tests.Users;

/// <summary>Which passwords people may choose.</summary>
public sealed class PasswordRulesTests
{
    [Theory]
    [InlineData("correct horse battery")]
    [InlineData("kettle-moss-42")]
    [InlineData("ТихийОкеан-плот")]
    [InlineData("三只猫追一辆公交车去外滩")]
    [InlineData("üben übers jahr")]
    [InlineData("            x y z q w")]
    public void Any_sentence_of_twelve_characters_will_do(string password) => Assert.Null(PasswordRules.Refusal(password, "guard-a"));

    [Fact]
    public void One_character_less_than_twelve_is_too_short_and_each_sign_counts_as_one()
    {
        Assert.NotNull(PasswordRules.Refusal("kettle-moss"));
        Assert.Null(PasswordRules.Refusal("kettle-moss7"));
        // Eleven pictures, of two code units each.
        Assert.NotNull(PasswordRules.Refusal("🐈🚌🌙🍜🎋🔑🚲🏮🐟🌾⛵"));
        Assert.Null(PasswordRules.Refusal("🐈🚌🌙🍜🎋🔑🚲🏮🐟🌾⛵🦉"));
    }

    [Fact]
    public void A_hundred_and_twenty_eight_characters_are_taken_and_one_more_is_not()
    {
        var words = string.Concat(Enumerable.Range(0, 40).Select(number => $"{(char)('a' + (number * 7 % 26))}{(char)('a' + (number * 11 % 26))}{number % 7}_"));
        Assert.Null(PasswordRules.Refusal(words[..PasswordRules.LengthMax]));
        Assert.NotNull(PasswordRules.Refusal(words[..(PasswordRules.LengthMax + 1)]));
    }

    [Theory]
    [InlineData("password1234")]
    [InlineData("Password2026!")]
    [InlineData("123456789012")]
    [InlineData("aaaaaaaaaaaaaaa")]
    [InlineData("abcdefghijklmnop")]
    [InlineData("zyxwvutsrqpo")]
    [InlineData("qwertyuiop123")]
    [InlineData("woaini1314520")]
    [InlineData("5201314520131")]
    [InlineData("facility-monitor")]
    [InlineData("设施卫士管理员密码小区物业")]
    [InlineData("guard-a-guard-a")]
    [InlineData("王小明王小明王小明王小明")]
    [InlineData("abababababab")]
    [InlineData("ｐａｓｓｗｏｒｄ１２３４")]
    public void What_everybody_tries_first_is_refused(string password) => Assert.NotNull(PasswordRules.Refusal(password, "guard-a", "王小明"));

    [Fact]
    public void The_refusal_says_what_would_do_in_both_languages()
    {
        var refusal = PasswordRules.Refusal("short")!;
        Assert.Contains("12", refusal.Zh, StringComparison.Ordinal);
        Assert.Contains("at least 12 characters, this one has 5", refusal.En, StringComparison.Ordinal);
    }

    [Fact]
    public void What_cannot_be_typed_again_is_refused() =>
        Assert.All((string[])["kettle\u0000moss-42x", "kettle\nmoss-42xx", "kettle\ud800moss-42x"], password => Assert.NotNull(PasswordRules.Refusal(password)));

    [Fact]
    public void The_same_characters_from_another_keyboard_are_the_same_password()
    {
        using var check = new PasswordCheck();
        var hash = check.Hash("übende ｋatzen 42");

        Assert.True(check.Matches(hash, "u\u0308bende katzen 42"));
        Assert.False(check.Matches(hash, "ubende katzen 42"));
    }

    [Fact]
    public async Task A_name_that_nobody_has_is_wrong_after_the_same_work()
    {
        using var check = new PasswordCheck();
        Assert.False(await check.IsRightAsync(null, "nobody's"));
        Assert.True(await check.IsRightAsync(check.Hash("kettle-moss-42"), "kettle-moss-42"));
    }

    [Fact]
    public void Hashes_are_of_the_framework_with_as_many_rounds_as_asked_and_differ_for_the_same_password()
    {
        using var check = new PasswordCheck();
        var (one, other) = (check.Hash("kettle-moss-42"), check.Hash("kettle-moss-42"));

        Assert.NotEqual(one, other);
        var bytes = Convert.FromBase64String(one);
        // Version 1 of its format: pseudo-random function 2 is HMAC-SHA-512, then the rounds.
        Assert.Equal((1, 2u, (uint)PasswordCheck.Iterations), (bytes[0], System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(1)), System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(5))));
        Assert.False(check.IsWeak(one));
        var older = new Microsoft.AspNetCore.Identity.PasswordHasher<string>(Microsoft.Extensions.Options.Options.Create(new Microsoft.AspNetCore.Identity.PasswordHasherOptions { IterationCount = 10_000 }));
        Assert.True(check.IsWeak(older.HashPassword("", "kettle-moss-42")));
    }

    [Fact]
    public void The_service_asks_for_as_many()
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateApplicationBuilder();
        builder.AddUsers();
        using var services = builder.Services.BuildServiceProvider();

        Assert.Equal(PasswordCheck.Iterations, services.GetRequiredService<Microsoft.Extensions.Options.IOptions<Microsoft.AspNetCore.Identity.PasswordHasherOptions>>().Value.IterationCount);
    }
}
