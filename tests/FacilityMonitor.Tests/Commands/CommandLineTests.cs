using FacilityMonitor.Tests.EndToEnd;

namespace FacilityMonitor.Tests.Commands;

/// <summary>What the real program says to somebody who mistypes, in words that name the option, the value and what to do.</summary>
public sealed class CommandLineTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public CommandLineTests() => File.WriteAllText(Path.Combine(_folder.Path, "facility.yaml"), "sites:\n  - {id: lane, name: Lane}\n");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("dead-letter", "list")]
    [InlineData("dead-letter", "export")]
    [InlineData("dead-letter", "replay")]
    [InlineData("export", "--site", "lane", "--from", "2026-11-20", "--to", "2026-11-21", "--format", "csv", "--out", "readings.csv")]
    [InlineData("report", "--site", "lane", "--out", "report.xlsx")]
    [InlineData("influx", "backfill")]
    public async Task Where_there_are_no_data_it_says_how_to_name_them_and_makes_none(params string[] arguments)
    {
        var (code, output, errors) = await RunAsync([.. arguments, "--config", _folder.Path], ("FM_LANGUAGE", "en"), ("FM_INFLUX__URL", "http://127.0.0.1:9"));

        Assert.Equal((1, ""), (code, output));
        foreach (var word in (string[])[Path.Combine(_folder.Path, "data"), "data.directory", "FM_DATA__DIRECTORY", "--config", ".run/data"])
            Assert.Contains(word, errors, StringComparison.Ordinal);
        Assert.Equal(["facility.yaml"], Directory.GetFileSystemEntries(_folder.Path).Select(Path.GetFileName));
    }

    [Theory]
    [InlineData(1, "write influx.url", "influx", "init")]
    [InlineData(2, "give --from and --to together", "influx", "backfill", "--from", "2026-11-20")]
    [InlineData(2, "--to: must be later", "influx", "backfill", "--from", "2026-11-20", "--to", "2026-11-20")]
    [InlineData(2, "--from: \"noon\" is no time", "influx", "backfill", "--from", "noon", "--to", "2026-11-20")]
    [InlineData(2, "--keep-days \"0\": write a whole number from 1 to 36500", "influx", "init", "--keep-days", "0")]
    [InlineData(2, "--keep-days \"long\": write a whole number from 1 to 36500", "influx", "init", "--keep-days", "long")]
    public async Task What_influx_is_asked_wrongly_is_refused_with_what_to_write(int expected, string words, params string[] arguments)
    {
        var (code, output, errors) = await RunAsync([.. arguments, "--config", _folder.Path], ("FM_LANGUAGE", "en"));

        Assert.Equal((expected, ""), (code, output));
        Assert.Contains(words, errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--noise \"abc\": write a number from 0 to 1000.", "evaluate", "--traces", ".", "--noise", "abc")]
    [InlineData("--noise \"-1\": write a number from 0 to 1000.", "evaluate", "--traces", ".", "--noise", "-1")]
    [InlineData("--noise \"NaN\": write a number from 0 to 1000.", "evaluate", "--traces", ".", "--noise", "NaN")]
    [InlineData("--interval \"3601\": write a whole number from 1 to 3600.", "evaluate", "--traces", ".", "--interval", "3601")]
    [InlineData("--interval \"0.5\": write a whole number from 1 to 3600.", "evaluate", "--traces", ".", "--interval", "0.5")]
    [InlineData("--repeat \"abc\": write a whole number from 0 to 100.", "evaluate", "--traces", ".", "--repeat", "abc")]
    [InlineData("--repeat \"-1\": write a whole number from 0 to 100.", "evaluate", "--traces", ".", "--repeat", "-1")]
    [InlineData("--repeat \"101\": write a whole number from 0 to 100.", "evaluate", "--traces", ".", "--repeat", "101")]
    [InlineData("--repeat \"2.5\": write a whole number from 0 to 100.", "evaluate", "--traces", ".", "--repeat", "2.5")]
    [InlineData("--grace \"-1\": write a whole number from 0 to 1440.", "score", "--alerts", "-", "--truth", "-", "--grace", "-1")]
    [InlineData("--grace \"1441\": write a whole number from 0 to 1440.", "score", "--alerts", "-", "--truth", "-", "--grace", "1441")]
    [InlineData("--ttl \"4\": write a whole number from 5 to 120.", "command", "huaihai/pile-01/s1", "off", "--ttl", "4")]
    public async Task A_number_beyond_its_limits_is_refused_with_what_was_written_and_what_may_be(string words, params string[] arguments)
    {
        var (code, _, errors) = await RunAsync(arguments, ("FM_LANGUAGE", "en"));

        Assert.Equal(2, code);
        Assert.Contains(words, errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--site \"nowhere\": no such site is registered; write one of lane", "--site", "nowhere")]
    [InlineData("--month: \"October\" is no month; write it like 20", "--site", "lane", "--month", "October")]
    [InlineData("--month: 2019-12-01 is too early; from 2020 on", "--site", "lane", "--month", "2019-12")]
    [InlineData("--out \"report.pdf\": the ending says the form; write a name that ends in .csv, .xlsx or .txt", "--site", "lane", "--out", "report.pdf")]
    [InlineData("--language \"fr\": write zh or en.", "--site", "lane", "--language", "fr")]
    public async Task A_report_that_cannot_be_is_refused_with_what_was_written_and_what_may_be(string words, params string[] arguments)
    {
        var (code, output, errors) = await RunAsync(["report", "--config", ".", .. arguments], ("FM_LANGUAGE", "en"));

        Assert.Equal(2, code);
        Assert.Contains(words, output + errors, StringComparison.Ordinal);
        Assert.Equal(["facility.yaml"], Directory.GetFileSystemEntries(_folder.Path).Select(Path.GetFileName));
    }

    [Theory]
    [InlineData("list")]
    [InlineData("replay")]
    public async Task A_configuration_folder_that_is_not_there_is_refused(string command)
    {
        var (code, _, errors) = await RunAsync(["dead-letter", command, "--config", "nowhere"], ("FM_LANGUAGE", "en"));

        Assert.Equal(1, code);
        Assert.Contains("nowhere\": there is no such folder", errors, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(_folder.Path, "data")));
    }

    [Theory]
    [InlineData("nowhere.jsonl", "there is no such file")]
    [InlineData("nowhere/messages.jsonl", "there is no folder")]
    [InlineData(".", "is a folder")]
    public async Task A_file_to_replay_that_cannot_be_read_is_named_with_its_option(string file, string why)
    {
        var (code, _, errors) = await RunAsync(["replay", "--config", ".", "--input", file]);

        Assert.Equal(1, code);
        Assert.StartsWith($"--input \"{file}\": ", errors, StringComparison.Ordinal);
        Assert.Contains(why, errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_to_write_that_cannot_be_made_is_named_with_its_option()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder.Path, "in.jsonl"), "");

        var (code, _, errors) = await RunAsync(["replay", "--config", ".", "--input", "in.jsonl", "--out", "/nonexistent/out.jsonl"]);

        Assert.Equal(1, code);
        Assert.Equal("--out \"/nonexistent/out.jsonl\": there is no folder /nonexistent; make it, or name another file.\n", errors);
    }

    [Fact]
    public async Task The_forms_of_an_export_are_named_as_they_are_written()
    {
        var (code, _, errors) = await RunAsync(["export", "--site", "lane", "--from", "2026-11-20", "--to", "2026-11-21", "--format", "xml"]);
        var (_, help, _) = await RunAsync(["export", "--help"]);

        Assert.Equal(2, code);
        Assert.Contains("--format \"xml\": write csv, jsonl or line.", errors, StringComparison.Ordinal);
        Assert.Contains("<csv|jsonl|line>", help, StringComparison.Ordinal);
        Assert.DoesNotContain("ExportFormat", errors + help, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_form_of_a_message_file_stands_in_the_help()
    {
        var (_, help, _) = await RunAsync(["replay", "--help"]);

        foreach (var word in (string[])["\"at\"", "\"topic\"", "\"payload\"", "\"base64\""])
            Assert.Contains(word, help, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"v\":1,\"boot\":\"x\",\"se", "fm/1/a/b/data", 21)]
    [InlineData("{\"power\":1,\"se", "zigbee2mqtt/b", 14)]
    public async Task A_payload_that_was_cut_off_is_said_to_end_too_early(string payload, string topic, int bytes)
    {
        await File.WriteAllTextAsync(Path.Combine(_folder.Path, "payload"), payload);

        var (code, output, _) = await RunAsync(["decode", "--topic", topic, "--file", "payload"]);

        Assert.Equal(1, code);
        Assert.Contains($"the payload ends after {bytes} bytes, before its JSON does", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_payload_that_is_wrong_in_the_middle_is_not_said_to_end_too_early()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder.Path, "payload"), "{\"v\":1,,}");

        var (_, output, _) = await RunAsync(["decode", "--topic", "fm/1/a/b/data", "--file", "payload"]);

        Assert.Contains("bad-json", output, StringComparison.Ordinal);
        Assert.DoesNotContain("ends after", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("check", "en", "error: ")]
    [InlineData("check", "zh", "错误：")]
    [InlineData("run", "en", "error: ")]
    [InlineData("run", "zh", "错误：")]
    public async Task Errors_are_told_in_the_language_of_the_settings_though_the_settings_are_wrong(string command, string language, string word)
    {
        await File.WriteAllTextAsync(Path.Combine(_folder.Path, "facility.yaml"), "sites: 5\n");
        await File.WriteAllTextAsync(Path.Combine(_folder.Path, "settings.yaml"), $"language: {language}\nbroker: {{port: 0}}\n");

        var (code, output, errors) = await RunAsync([command, "--config", "."]);

        Assert.Equal(1, code);
        Assert.Contains($"settings.yaml:2:16: {word}", output + errors, StringComparison.Ordinal);
        Assert.Contains($"facility.yaml:1:8: {word}", output + errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_variable_decides_the_language_of_errors_too()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder.Path, "settings.yaml"), "language: zh\nbroker: {port: 0}\n");

        var (_, output, _) = await RunAsync(["check", "--config", "."], ("FM_LANGUAGE", "en"));

        Assert.Contains("settings.yaml:2:16: error: ", output, StringComparison.Ordinal);
    }

    private Task<(int Code, string Output, string Errors)> RunAsync(string[] arguments, params (string Name, string Value)[] environment) => Terminal.MonitorAsync(_folder.Path, arguments, environment);
}
