using System.Text;
using FacilityMonitor.OnCall.Channels;
using FsCheck;

namespace FacilityMonitor.Tests.OnCall.Channels;

public sealed class ChannelMessageTests
{
    [Fact]
    public void No_text_is_longer_than_its_budget_and_none_is_torn() => Prop.ForAll<NonNull<string>, PositiveInt, bool>((text, budget, hasLink) =>
    {
        var some = string.Concat(Enumerable.Repeat(Valid(text.Get) + "棚🔥", 20));
        var message = ChannelBench.Message() with { Text = new(some, some + "x"), Link = hasLink ? ChannelBench.Link : null };
        foreach (var language in (string[])["zh", "en", ChannelMessage.Both])
        {
            var bytes = 80 + (budget.Get * 7 % 400);
            var body = (message with { Language = language }).Body(bytes);
            Assert.InRange(Encoding.UTF8.GetByteCount(body), 1, bytes);
            Assert.Equal(body, Encoding.UTF8.GetString(new UTF8Encoding(false, throwOnInvalidBytes: true).GetBytes(body)));
        }
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Both_languages_stand_one_behind_the_other_and_the_link_ends_them()
    {
        var lines = (ChannelBench.Message() with { Language = ChannelMessage.Both }).Body(2_048).Split('\n');

        Assert.StartsWith("【P0】烟雾", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("Smoke", lines[1], StringComparison.Ordinal);
        Assert.Equal([ChannelBench.Link, "#8c1f20-1"], lines[2..]);
    }

    [Fact]
    public void The_variable_of_a_template_has_neither_address_nor_line_end()
    {
        var message = ChannelBench.Message(mark: Mark.Drill) with { Brief = new("烟雾\n淮海里车棚", "x") };

        Assert.Equal("演练：烟雾 淮海里车棚", message.Variable(35));
        Assert.Equal("演练：烟雾…", message.Variable(6));
    }

    /// <summary>Texts of ours are whole; FsCheck also makes halves of surrogate pairs.</summary>
    private static string Valid(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
}
