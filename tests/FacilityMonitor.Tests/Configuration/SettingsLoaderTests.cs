using System.Collections;
using FacilityMonitor.Configuration;
using FacilityMonitor.Mqtt;
using FacilityMonitor.Tests.Conventions;

namespace FacilityMonitor.Tests.Configuration;

public sealed class SettingsLoaderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Without_a_file_every_setting_has_its_default()
    {
        var settings = Read();

        Assert.Equal(("127.0.0.1", 1883, MqttVersion.V500, 72.0), (settings.Broker.Host, settings.Broker.Port, settings.Broker.Version, settings.Broker.SessionExpiry.TotalHours));
        Assert.Equal((400, 20L << 30, 4L << 30, 64L << 20), (settings.Data.RetentionDays, settings.Data.RetentionBytes, settings.Data.JournalBytes, settings.Data.ReserveBytes));
        Assert.Equal(Path.GetFullPath("data"), settings.Data.Directory);
        Assert.Equal(("http://127.0.0.1:8080", null, "zh"), (settings.Web.Url, settings.Web.Password, settings.Language));
    }

    [Fact]
    public void The_environment_wins_over_the_file_and_passwords_are_never_printed()
    {
        Write("settings.yaml", "broker: {host: 127.0.0.1, port: 1884, username: monitor, password: hunter2}\n");

        var settings = Read(("FM_BROKER__PORT", "1999"), ("FM_WEB__SIGN_IN__PASSWORD", "hunter3"), ("FM_BROKER__HOST", ""));

        Assert.Equal(("127.0.0.1", 1999, "hunter2", "hunter3"), (settings.Broker.Host, settings.Broker.Port, settings.Broker.Password, settings.Web.Password));
        Assert.DoesNotContain("hunter", settings.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_variable_that_the_scripts_set_is_known()
    {
        Write("password", "hunter2\n");
        var file = Path.Combine(_folder.Path, "password");

        var settings = Read(
            ("FM_BROKER__HOST", "broker"), ("FM_BROKER__PORT", "1"), ("FM_BROKER__USERNAME", "monitor"), ("FM_BROKER__PASSWORD_FILE", file),
            ("FM_BROKER__TLS", "true"), ("FM_DATA__DIRECTORY", _folder.Path), ("FM_WEB__URL", "http://0.0.0.0:1"), ("FM_WEB__SIGN_IN__USER", "me"), ("FM_WEB__SIGN_IN__PASSWORD_FILE", file));

        Assert.Equal(("broker", 1, "monitor", "hunter2"), (settings.Broker.Host, settings.Broker.Port, settings.Broker.Username, settings.Broker.Password));
        Assert.Equal((_folder.Path, "http://0.0.0.0:1", "me", "hunter2"), (settings.Data.Directory, settings.Web.Url, settings.Web.User, settings.Web.Password));
    }

    [Fact]
    public void A_password_file_in_the_settings_starts_beside_them_and_a_variable_overrides_it()
    {
        Write("broker.password", "from-file\r\n");
        Write("settings.yaml", "broker: {username: u, password-file: broker.password}\n");

        Assert.Equal("from-file", Read().Broker.Password);
        Assert.Equal("from-variable", Read(("FM_BROKER__PASSWORD", "from-variable")).Broker.Password);
    }

    [Fact]
    public void A_password_file_in_a_variable_overrides_the_password_in_the_settings()
    {
        Write("secret", "from-file");
        Write("settings.yaml", "broker: {username: u, password: written}\n");

        Assert.Equal("from-file", Read(("FM_BROKER__PASSWORD_FILE", Path.Combine(_folder.Path, "secret"))).Broker.Password);
    }

    [Theory]
    [InlineData("FM_BROKER__PORT", "1", true)]
    [InlineData("FM_BROKER__PORT", "65535", true)]
    [InlineData("FM_BROKER__PORT", "0", false)]
    [InlineData("FM_BROKER__PORT", "65536", false)]
    [InlineData("FM_BROKER__VERSION", "3.1.1", true)]
    [InlineData("FM_BROKER__VERSION", "4", false)]
    [InlineData("FM_BROKER__HOTS", "x", false)]
    [InlineData("FM_WEBHOOK", "x", true)]
    [InlineData("FM_WEB__URL", "http://localhost:80", true)]
    [InlineData("FM_WEB__URL", "http://[::1]:80", true)]
    [InlineData("FM_WEB__URL", "http://192.168.1.2:80", false)]
    [InlineData("FM_WEB__URL", "nowhere", false)]
    [InlineData("FM_BROKER__FOREIGN_TOPICS", "tele/+/SENSOR, +/online", true)]
    [InlineData("FM_BROKER__FOREIGN_TOPICS", "#", false)]
    [InlineData("FM_BROKER__FOREIGN_TOPICS", "+/+/+/+/data", false)]
    public void A_variable_is_judged_like_a_line_of_the_file(string name, string value, bool isGood)
    {
        var (settings, errors) = SettingsLoader.Load(_folder.Path, new Hashtable { [name] = value });

        Assert.Equal(isGood, settings is not null);
        Assert.All(errors, error => Assert.Equal(("environment", name), (error.File, error.Key)));
    }

    [Fact]
    public void A_password_to_a_broker_elsewhere_in_the_clear_is_a_warning()
    {
        var (settings, errors) = SettingsLoader.Load(_folder.Path, new Hashtable
        {
            ["FM_BROKER__HOST"] = "broker.example",
            ["FM_BROKER__USERNAME"] = "u",
            ["FM_BROKER__PASSWORD"] = "hunter2",
        });

        Assert.NotNull(settings);
        Assert.True(Assert.Single(errors).IsWarning);
    }

    [Fact]
    public void The_service_need_not_be_able_to_read_the_administrators_password()
    {
        var broker = Read(("FM_BROKER__ADMIN_PASSWORD_FILE", "/nonexistent/admin.password")).Broker;
        Assert.Equal(("admin", null, "/nonexistent/admin.password"), (broker.AdminUsername, broker.AdminPassword, broker.AdminPasswordFile));

        broker = Read(("FM_BROKER__ADMIN_PASSWORD", "secret"), ("FM_BROKER__ADMIN_USERNAME", "root")).Broker;
        Assert.Equal(("root", "secret", null), (broker.AdminUsername, broker.AdminPassword, broker.AdminPasswordFile));
    }

    [Fact]
    public void Influx_is_where_its_address_says_and_prints_without_its_secrets()
    {
        Assert.Null(Read().Influx);
        var influx = Read(("FM_INFLUX__URL", "https://influx.example:8086/base/"), ("FM_INFLUX__TOKEN", "s3cret"), ("FM_INFLUX__DATABASE", "estate")).Influx!;
        Assert.Equal(("https://influx.example:8086 (estate)", "s3cret", 5_000, 10.0), (influx.ToString(), influx.Token, influx.BatchReadings, influx.Horizon.TotalMinutes));
    }

    [Theory]
    [InlineData("write it as", "FM_INFLUX__URL", "influx.example")]
    [InlineData("files of their own", "FM_INFLUX__URL", "http://user:s3cret@influx.example")]
    [InlineData("does nothing without influx.url", "FM_INFLUX__TOKEN", "s3cret")]
    [InlineData("missing beside a password", "FM_INFLUX__URL", "http://127.0.0.1:8086", "FM_INFLUX__PASSWORD", "s3cret")]
    [InlineData("contradict each other", "FM_INFLUX__URL", "http://127.0.0.1:8086", "FM_INFLUX__USERNAME", "u", "FM_INFLUX__TOKEN", "s3cret")]
    [InlineData("in the clear", "FM_INFLUX__URL", "http://influx.example", "FM_INFLUX__TOKEN", "s3cret")]
    public void What_is_wrong_about_influx_is_said_by_name_and_without_its_secrets(string words, params string[] variables)
    {
        var (_, errors) = SettingsLoader.Load(_folder.Path, new Hashtable(variables.Chunk(2).ToDictionary(pair => pair[0], pair => pair[1])));
        var said = Assert.Single(errors).In("en");
        Assert.Contains(words, said, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("there is no influx.url; add it", "FM_DATA__READINGS", "influxdb")]
    [InlineData("there is no influx.url; add it", "FM_DATA__READINGS", "both")]
    [InlineData("write one of: embedded, both, influxdb", "FM_DATA__READINGS", "sqlite")]
    [InlineData("cannot be longer than data.retention-days (400)", "FM_DATA__READINGS", "both", "FM_DATA__RECENT_DAYS", "401", "FM_INFLUX__URL", "http://127.0.0.1:8086")]
    [InlineData("works only where data.readings is both", "FM_DATA__RECENT_DAYS", "7")]
    public void Readings_cannot_be_where_nothing_is(string words, params string[] variables)
    {
        var (_, errors) = SettingsLoader.Load(_folder.Path, new Hashtable(variables.Chunk(2).ToDictionary(pair => pair[0], pair => pair[1])));
        Assert.Contains(words, Assert.Single(errors).In("en"), StringComparison.Ordinal);
    }

    [Fact]
    public void Readings_are_in_the_embedded_store_unless_somebody_says_otherwise()
    {
        Assert.Equal((ReadingsIn.Embedded, 31), (Read().Data.Readings, Read().Data.RecentDays));
        Assert.Equal(ReadingsIn.Influx, Read(("FM_DATA__READINGS", "influxdb"), ("FM_INFLUX__URL", "http://127.0.0.1:8086")).Data.Readings);
        var both = Read(("FM_DATA__READINGS", "both"), ("FM_DATA__RECENT_DAYS", "400"), ("FM_INFLUX__URL", "http://127.0.0.1:8086")).Data;
        Assert.Equal((ReadingsIn.Both, 400), (both.Readings, both.RecentDays));
    }

    [Fact]
    public void The_table_in_the_readme_is_the_one_of_the_code()
    {
        var readme = Path.Combine(SourceTree.Root, "README.md");
        var text = File.ReadAllText(readme);
        if (Environment.GetEnvironmentVariable("FM_ACCEPT") == "1" && SettingsTable.In(text) is { } old)
            File.WriteAllText(readme, text = text.Replace($"{SettingsTable.Begin}\n{old}{SettingsTable.End}", $"{SettingsTable.Begin}\n{SettingsTable.Markdown()}{SettingsTable.End}", StringComparison.Ordinal));

        Assert.Equal(SettingsTable.Markdown(), SettingsTable.In(text) ?? SettingsTable.Markdown());
    }

    private ServiceSettings Read(params (string Name, string Value)[] variables)
    {
        var (settings, errors) = SettingsLoader.Load(_folder.Path, new Hashtable(variables.ToDictionary(pair => pair.Name, pair => pair.Value)));
        Assert.Empty(errors);
        return settings!;
    }

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(_folder.Path, name), text);
}
