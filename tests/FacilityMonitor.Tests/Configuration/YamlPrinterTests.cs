using System.Text;
using FacilityMonitor.Configuration;
using FsCheck;

namespace FacilityMonitor.Tests.Configuration;

/// <summary>What the page writes is read back as it was, whatever somebody typed.</summary>
public sealed class YamlPrinterTests
{
    [Fact]
    public void Any_text_comes_back_as_it_was() => Prop.ForAll<string?>(text =>
    {
        // Half of a character is none, and stands in no file.
        var typed = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text ?? ""));

        Assert.Equal(typed, ReadBack(typed));
    }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("null")]
    [InlineData("~")]
    [InlineData("")]
    [InlineData("yes")]
    [InlineData("- x")]
    [InlineData("x\", evil: \"y")]
    [InlineData("a: b # c")]
    [InlineData("*anchor")]
    [InlineData("!!python/object")]
    [InlineData("00123")]
    [InlineData("13800138000")]
    [InlineData("1e9")]
    [InlineData("\t\r\n\u0085\u2028\ufeff")]
    [InlineData("%YAML 1.2\n---\n...")]
    [InlineData("𠮷野家 🔥")]
    public void What_YAML_would_take_for_something_else_comes_back_as_it_was(string text) => Assert.Equal(text, ReadBack(text));

    [Fact]
    public void Lists_and_mappings_come_back_as_they_were_and_the_same_is_always_written_the_same()
    {
        const string Written = """
            sites:
              - id: huaihai
                name:
                  zh: "淮海里"
                  en: "Huaihai Lane"
                reserved: []
                rules:
                  socket-overload:
                    limit-w: 900
                devices:
                  - id: a
                    reserved:
                      - s1
                      - s2
                  - id: b

            """;
        var read = Assert.IsType<YamlMapping>(YamlText.Read(Encoding.UTF8.GetBytes(Written), "x", new Problems()));

        Assert.Equal(Written.ReplaceLineEndings("\n"), YamlPrinter.Print(read));
    }

    private static string ReadBack(string text)
    {
        var printed = YamlPrinter.Print(new YamlMapping("", 0, 0, [(new YamlScalar("", 0, 0, "name", plain: false), new YamlScalar("", 0, 0, text, plain: false))]));
        var problems = new Problems();
        var read = Assert.IsType<YamlMapping>(YamlText.Read(Encoding.UTF8.GetBytes(printed), "x", problems));
        Assert.False(problems.HasErrors);
        var value = Assert.IsType<YamlScalar>(read.Find("name"));
        Assert.False(value.IsNothing);
        return value.Text;
    }
}
