using System.Text.RegularExpressions;
using FacilityMonitor.Alerts;
using FacilityMonitor.Registry;
using FacilityMonitor.Rules;

namespace FacilityMonitor.Tests.Alerts;

/// <summary>Everything an alert can say, in both languages.</summary>
public sealed partial class AlertTextTests
{
    private static readonly LocalText Where = new("淮海里 1 号车棚 1 号桩 1 号充电口", "Huaihai Lane, Shed 1, Pile 1, socket 1");
    private static readonly LocalText What = new("读数在此", "the numbers");

    /// <summary>Words of the glossary's right column: one idea, one word.</summary>
    private static readonly string[] WrongWords = ["超载", "漏电", "插孔", "警报", "静默", "已解除", "触发", "alarm", "firing", "resolved", "silence", "outlet", "port ", "leakage", "mute"];

    public static TheoryData<string, string, bool> All
    {
        get
        {
            var all = new TheoryData<string, string, bool>();
            foreach (var rule in RuleCatalogue.All)
            {
                foreach (var condition in Enum.GetValues<Condition>().Where(condition => condition != Condition.Normal))
                {
                    all.Add(rule.Name, condition.ToString(), true);
                    if (condition == Condition.Cleared)
                        all.Add(rule.Name, condition.ToString(), false);
                }
            }

            return all;
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Every_step_says_what_where_since_when_what_comes_next_and_what_to_do(string name, string condition, bool wasActive)
    {
        var rule = RuleCatalogue.Find(name)!;
        var text = Text(rule, Enum.Parse<Condition>(condition), wasActive);

        foreach (var (said, title, where, what, since, ask) in new[]
        {
            (text.Zh, rule.Title.Zh, Where.Zh, What.Zh, "自 11-20 18:00:05 起", "请做："),
            (text.En, rule.Title.En, Where.En, What.En, "ince 20 Nov 18:00:05", "Do: "),
        })
        {
            Assert.Contains(title, said, StringComparison.Ordinal);
            Assert.Contains(where, said, StringComparison.Ordinal);
            Assert.Contains(since, said, StringComparison.Ordinal);
            Assert.Matches(Regex.Escape(ask) + ".+[。.]$", said);
            Assert.Equal(condition is "Pending" or "Active" or "Recovering", said.Contains(what, StringComparison.Ordinal));
        }

        var next = condition switch
        {
            "Pending" => ("若持续，将发出告警", "If it lasts, an alert is raised"),
            "Recovering" => ("若保持正常，2 分钟后恢复", "clears within 2 minutes"),
            "Cleared" when wasActive => ("15 分钟内再发生，会重新告警", "If it comes back within 15 minutes, this alert opens again"),
            "Cleared" => ("再发生时会重新判断", "If it comes back it is judged again"),
            _ => (rule.Next.Zh, rule.Next.En),
        };
        Assert.Contains(next.Item1, text.Zh, StringComparison.Ordinal);
        Assert.Contains(next.Item2, text.En, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void It_is_written_in_one_language_without_holes_and_in_the_words_of_the_glossary(string name, string condition, bool wasActive)
    {
        var text = Text(RuleCatalogue.Find(name)!, Enum.Parse<Condition>(condition), wasActive);

        Assert.DoesNotMatch(Chinese(), text.En);
        Assert.DoesNotMatch(EnglishWord(), text.Zh.Replace("SIM", "", StringComparison.Ordinal));
        Assert.All(new[] { text.Zh, text.En }, said =>
        {
            Assert.DoesNotMatch(Hole(), said);
            // 超载 is the right word where it is about weight.
            Assert.All(WrongWords.Where(word => word != "超载" || name != ClimberOverload.Instance.Name), word => Assert.DoesNotContain(word, said, StringComparison.OrdinalIgnoreCase));
        });
    }

    [Theory]
    [InlineData(Condition.Pending, "待确认：", "Pending: ")]
    [InlineData(Condition.Recovering, "恢复中：", "Recovering: ")]
    [InlineData(Condition.Cleared, "已恢复：", "Cleared: ")]
    [InlineData(Condition.NoData, "无数据：", "No data: ")]
    public void Only_an_active_alert_begins_with_what_is_the_matter(Condition condition, string zh, string en)
    {
        Assert.All(RuleCatalogue.All, rule =>
        {
            Assert.StartsWith(zh, Text(rule, condition).Zh, StringComparison.Ordinal);
            Assert.StartsWith(en, Text(rule, condition).En, StringComparison.Ordinal);
            Assert.StartsWith(rule.Title.Zh, Text(rule, Condition.Active).Zh, StringComparison.Ordinal);
            Assert.StartsWith(rule.Title.En, Text(rule, Condition.Active).En, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void Nobody_has_to_read_more_than_three_steps() => Assert.All(RuleCatalogue.All, rule =>
    {
        Assert.InRange(rule.Steps.Count, 1, Rule.StepsMax);
        Assert.Equal(rule.Steps.Count, Regex.Count(Text(rule, Condition.Active).Zh, @"(?<![\d-])\d\. "));
    });

    [Theory]
    [InlineData(Priority.P0, "clears within 1 minute.")]
    [InlineData(Priority.P1, "clears within 1 minute.")]
    [InlineData(Priority.P2, "clears within 2 minutes.")]
    public void An_urgent_alert_clears_after_one_quiet_minute(Priority priority, string en) =>
        Assert.Contains(en, Text(RuleCatalogue.All[0], Condition.Recovering, priority: priority).En, StringComparison.Ordinal);

    [Fact]
    public void Every_setting_of_a_rule_says_where_it_comes_from_and_holds_its_own_default() =>
        Assert.All(RuleCatalogue.All.SelectMany(rule => rule.Settings), setting =>
        {
            Assert.NotEmpty(setting.Source);
            Assert.True(setting.Accepts(setting.Default));
            Assert.True(setting.Accepts(setting.Min) && setting.Accepts(setting.Max));
            Assert.False(setting.Accepts(setting.Min - 0.001) || setting.Accepts(setting.Max + 0.001) || setting.Accepts(double.NaN));
        });

    private static LocalText Text(Rule rule, Condition condition, bool wasActive = true, Priority priority = Priority.P2) => AlertText.Compose(rule, Where, What, new ToldAlert
    {
        Key = new AlertKey(rule.Name, SubjectKind.Device, 1, 0),
        Subject = new AlertSubject("lane/pile-01", "pile-01", null),
        Id = "0123456789abcdef",
        OnsetMs = 1_795_168_805_000,
        Condition = condition,
        Priority = priority,
        ClearedMs = wasActive ? 1_795_168_900_000 : 0,
    }, 1_795_168_900_000);

    [GeneratedRegex(@"\p{IsCJKUnifiedIdeographs}|[，。；：]")]
    private static partial Regex Chinese();

    [GeneratedRegex("[A-Za-z]{2,}")]
    private static partial Regex EnglishWord();

    [GeneratedRegex(@"[{}]|\$|  |，，|。。|: \.|, \.|null|NaN|∞")]
    private static partial Regex Hole();
}
