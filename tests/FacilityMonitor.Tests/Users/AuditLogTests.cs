using FacilityMonitor.Commands;
using FacilityMonitor.Journal;
using FacilityMonitor.Users;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.Tests.Users;

/// <summary>What somebody did stays written, and whoever changes it is found out.</summary>
public sealed class AuditLogTests : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Database _database;

    public AuditLogTests() => _database = Database.Open(_folder.Path, TimeProvider.System);

    public async ValueTask DisposeAsync()
    {
        await _database.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_line_can_neither_be_changed_nor_deleted()
    {
        await AddAsync("zhang", 3);

        foreach (var sql in (string[])["update audit set who = 'nobody'", "delete from audit", "delete from audit where number = 1"])
        {
            await Assert.ThrowsAsync<SqliteException>(() => _database.CommitAsync(CommitPriority.Alerts, connection => Database.Execute(connection, sql)));
            Assert.Equal(3, Newest(SiteScope.All).Count);
        }

        Assert.Null(FirstBroken());
    }

    [Theory]
    [InlineData("update audit set detail = 'nothing' where number = 2", 2)]
    [InlineData("update audit set hash = '' where number = 4", 4)]
    [InlineData("delete from audit where number = 2", 3)]
    [InlineData("delete from audit where number <= 2", 3)]
    public async Task Whoever_changes_the_file_itself_is_found_out(string sql, long broken)
    {
        await AddAsync("zhang", 4);
        await _database.CommitAsync(CommitPriority.Alerts, connection =>
        {
            Database.Execute(connection, "drop trigger audit_is_final");
            Database.Execute(connection, "drop trigger audit_is_kept");
#pragma warning disable CA2100
            using var command = connection.CreateCommand();
            command.CommandText = sql;
#pragma warning restore CA2100
            command.ExecuteNonQuery();
        });

        Assert.Equal(broken, FirstBroken());
        using var output = new StringWriter();
        using var errors = new StringWriter();
        Assert.Equal(1, AuditCommand.Write(_folder.Path, 0, null, isJson: false, "en", output, errors));
        Assert.Contains($"Line {broken} ", errors.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_belongs_to_a_site_is_shown_to_who_sees_it_and_what_belongs_to_none_to_who_sees_all()
    {
        await AddAsync("zhang", 1, "jiugeng");
        await AddAsync("li", 1, "huaihai");
        await AddAsync("wang", 1);

        Assert.Equal(["wang", "li", "zhang"], Newest(SiteScope.All).Select(entry => entry.Who));
        Assert.Equal(["zhang"], Newest(SiteScope.Of(["jiugeng", "panyu-road"])).Select(entry => entry.Who));
    }

    [Fact]
    public async Task The_command_writes_a_line_for_people_and_one_for_programs()
    {
        await AddAsync("zhang", 1);
        await _database.CommitAsync(CommitPriority.Alerts, connection => AuditLog.Add(connection, new AuditEntry(0, "li", "", "user-role", "wang\n<b>", null, "auditor")));
        using var text = new StringWriter();
        using var json = new StringWriter();

        Assert.Equal(0, AuditCommand.Write(_folder.Path, 0, "li", isJson: false, "zh", text, TextWriter.Null));
        Assert.Equal(0, AuditCommand.Write(_folder.Path, 0, null, isJson: true, "en", json, TextWriter.Null));

        Assert.Equal("01-01 08:00:00  li  -  改角色 wang <b>（审计员）", text.ToString().TrimEnd());
        Assert.Equal(2, json.ToString().TrimEnd().Split('\n').Length);
        Assert.Contains("\"who\":\"li\"", json.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_word_that_is_written_has_a_text_in_both_languages()
    {
        var written = Conventions.SourceTree.Files("src/FacilityMonitor", "*.cs").SelectMany(path => System.Text.RegularExpressions.Regex.Matches(
            File.ReadAllText(path), "Word => \"(?<word>user-[a-z-]+)\"|(?:Entry\\(by, (?:.+\\? )?|Settings, \"\"\\), )\"(?<word>[a-z-]+)\"")).Select(match => match.Groups["word"].Value).Distinct().ToList();
        Assert.Contains("user-role", written);
        Assert.Contains("link-made", written);
        Assert.All(written, word => Assert.True(AuditText.Words.ContainsKey(word), $"AuditText has no text for {word}"));
        Assert.All(AuditText.Words.Values, text => Assert.True(text.Zh.Any(letter => letter > 127) && text.En.All(letter => letter < 128)));
    }

    private Task AddAsync(string who, int times, string? site = null) => _database.CommitAsync(CommitPriority.Alerts, connection =>
    {
        for (var time = 0; time < times; time++)
            AuditLog.Add(connection, new AuditEntry(time, who, "192.0.2.7", "act", "/alert/a1/acknowledge", site, "POST"));
    });

    private List<AuditEntry> Newest(SiteScope sites)
    {
        using var reader = _database.OpenReader();
        return AuditLog.Newest(reader, sites, 0, null, 100);
    }

    private long? FirstBroken()
    {
        using var reader = _database.OpenReader();
        return AuditLog.FirstBroken(reader);
    }
}
