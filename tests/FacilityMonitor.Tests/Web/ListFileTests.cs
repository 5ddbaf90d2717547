using System.Net;
using System.Text;
using FacilityMonitor.Tests.Reports;
using FacilityMonitor.Users;

namespace FacilityMonitor.Tests.Web;

/// <summary>What a page lists can be taken away as a file: the same rows, in both languages, harmless to a spreadsheet, and of one's own sites alone.</summary>
public sealed class ListFileTests(ChangeableService service) : IClassFixture<ChangeableService>
{
    private const string Formula = "=HYPERLINK(\"http://x\",\"y\")";

    public static TheoryData<string, string, string, string, string> Lists => new()
    {
        { "/fire-equipment", "消防器材", "Fire equipment", "车库灭火器", "Garage extinguisher" },
        { "/climbers", "爬楼机", "Stair-climbers", "爬楼机 1 号", "Stair-climber 1" },
        { "/audit", "审计记录", "Audit", "登录", "signed in" },
    };

    [Theory]
    [MemberData(nameof(Lists))]
    public async Task A_list_is_a_file_in_both_languages(string path, string title, string titleEn, string row, string rowEn)
    {
        using var administrator = await service.Page.EnterAsync("files-of-" + path[1..], UserRole.Administrator, "all");
        foreach (var (language, name, said) in ((string, string, string)[])[("zh", title, row), ("en", titleEn, rowEn)])
        {
            var page = await administrator.TextAsync($"{path}?lang={language}");
            Assert.Contains($"href=\"{path}?format=xlsx\"", page, StringComparison.Ordinal);

            var csv = await ReportPagesTests.FileAsync(administrator, $"{path}?format=csv&lang={language}");
            var xlsx = await ReportPagesTests.FileAsync(administrator, $"{path}?format=xlsx&lang={language}");

            Assert.Equal([0xEF, 0xBB, 0xBF], csv.Bytes[..3]);
            Assert.Contains(said, Encoding.UTF8.GetString(csv.Bytes), StringComparison.Ordinal);
            Assert.StartsWith(name.Replace(' ', '-'), csv.Name, StringComparison.Ordinal);
            Assert.Empty(WorkbookTests.Errors(xlsx.Bytes));
            Assert.Contains(WorkbookTests.Rows(xlsx.Bytes, name), cells => cells.Any(cell => cell.Contains(said, StringComparison.Ordinal)));
            Assert.EndsWith(".xlsx", xlsx.Name, StringComparison.Ordinal);
        }

        using var unknown = await administrator.GetAsync(path + "?format=pdf&lang=zh");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, unknown.StatusCode);
        Assert.Contains("csv 或 xlsx", await unknown.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_somebody_wrote_is_no_formula_in_the_file()
    {
        using var electrician = await service.Page.EnterAsync("files-fault", UserRole.Electrician, "all");
        const string Path = "/climbers/jiugeng/climber-1?handler=fault";
        Assert.Equal(HttpStatusCode.Redirect, (await electrician.PostAsync(Path, await electrician.TextAsync("/climbers/jiugeng/climber-1"), ("text", Formula))).StatusCode);

        var (csv, _) = await ReportPagesTests.FileAsync(service.Manager, "/climbers?format=csv&lang=zh");

        var cells = Encoding.UTF8.GetString(csv[3..]).Split("\r\n").SelectMany(ReportCsvTests.Cells).ToList();
        Assert.Contains("'" + Formula, cells);
        Assert.DoesNotContain(Formula, cells);
    }

    [Fact]
    public async Task Whoever_sees_some_sites_takes_away_these_alone()
    {
        using var elsewhere = await service.Page.EnterAsync("files-elsewhere", UserRole.Administrator, "panyu-road");
        foreach (var path in (string[])["/fire-equipment", "/climbers", "/audit", "/fly-wire"])
        {
            var (csv, _) = await ReportPagesTests.FileAsync(elsewhere, path + "?format=csv");
            var text = Encoding.UTF8.GetString(csv);
            foreach (var word in (string[])["久耕", "jiugeng", "淮海里", "huaihai", "chen"])
                Assert.DoesNotContain(word, text, StringComparison.Ordinal);
        }
    }
}
