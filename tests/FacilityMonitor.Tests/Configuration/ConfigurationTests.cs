using System.Collections;
using FacilityMonitor.Commands;
using FacilityMonitor.Configuration;
using FacilityMonitor.Readings;
using FacilityMonitor.Tests.Conventions;
using Microsoft.Extensions.Logging.Abstractions;

namespace FacilityMonitor.Tests.Configuration;

public sealed class ConfigurationTests : IDisposable
{
    private static readonly string Demo = Path.Combine(SourceTree.Root, "src/FacilityMonitor/demo");

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_demo_neighbourhood_is_without_fault()
    {
        var loaded = FacilityLoader.Load(Demo);

        Assert.Empty(loaded.Errors);
        Assert.Equal(["jiugeng", "huaihai", "panyu-road"], loaded.Facility!.Sites.Select(site => site.Id));
    }

    [Fact]
    public void Every_error_is_told_at_once_with_its_line_and_the_fix()
    {
        Write("facility.yaml", """
            sites:
              - id: Jiugeng
                name: {zh: 久耕, en: Jiugeng}
                circuits:
                  - {id: c1, kind: chargin, name: x, rated-a: 5000, parent: c2}
                  - {id: c2, kind: charging, name: x, parent: c1, meter: nobody}
                places:
                  - {id: p1, kind: shed, name: x, capasity: 40}
                devices:
                  - {id: d1, kind: pile, name: x, sockets: 2, place: p2, circuit: c9, reserved: [s3]}
                  - {id: d1, kind: pile, name: x}
            """);

        var errors = FacilityLoader.Load(_folder.Path).Errors.Where(error => !error.IsWarning).Select(error => error.ToString()).ToList();

        string[] expected =
        [
            "facility.yaml:2:9: sites[Jiugeng].id: \"Jiugeng\" is no id; use 1 to 48 characters of a-z, 0-9 and -",
            "\"chargin\" is not one of feeder, charging, corridor, lift, public; did you mean \"charging\"?",
            "\"5000\" is not a number from 1 to 1000",
            "the circuits feed each other in a ring",
            "\"nobody\" is no device of this site",
            "unknown key; did you mean \"capacity\"?",
            "\"s3\" is no socket of this device; it has s1 to s2",
            "\"p2\" is no place of this site; known: p1",
            "\"c9\" is no circuit of this site; known: c1, c2",
            "\"d1\" stands twice in this site",
        ];
        Assert.All(expected, text => Assert.Contains(errors, error => error.Contains(text, StringComparison.Ordinal)));
        Assert.All(errors, error => Assert.Matches(@"^facility\.yaml:\d+:\d+: ", error));
    }

    [Theory]
    [InlineData("sites: [", "not YAML")]
    [InlineData("- a\n- b\n", "the file must hold keys and values")]
    [InlineData("sites: 5\n", "must be a list")]
    [InlineData("sites:\n  - {id: a, name: x}\n  - {id: a, name: x}\n", "stands twice")]
    public void A_file_that_is_not_what_it_should_be_is_refused_with_a_reason(string text, string reason)
    {
        Write("facility.yaml", text);

        var loaded = FacilityLoader.Load(_folder.Path);

        Assert.True(loaded.HasErrors);
        Assert.Contains(loaded.Errors, error => error.Text.Contains(reason, StringComparison.Ordinal));
    }

    [Fact]
    public void A_damaged_registry_never_throws()
    {
        var original = File.ReadAllText(Path.Combine(Demo, "facility.yaml"));
        var random = new Random(5);
        for (var round = 0; round < 200; round++)
        {
            var text = original;
            for (var damage = 0; damage < 3; damage++)
            {
                var at = random.Next(text.Length);
                text = random.Next(3) switch
                {
                    0 => text.Remove(at, Math.Min(random.Next(1, 40), text.Length - at)),
                    1 => text.Insert(at, "{}[]:-,&*\"'\t\n"[random.Next(13)].ToString()),
                    _ => text[..at],
                };
                if (text.Length == 0)
                    text = " ";
            }

            Write("facility.yaml", text);
            FacilityLoader.Load(_folder.Path);
        }
    }

    [Fact]
    public void A_good_edit_takes_effect_and_a_bad_one_keeps_the_old()
    {
        Write("facility.yaml", "sites:\n  - {id: a, name: x}\n");
        var time = new ManualTime();
        using var source = new FacilitySource(_folder.Path, FacilityLoader.Load(_folder.Path).Facility!, time, NullLogger<FacilitySource>.Instance);
        var changes = 0;
        source.Changed += _ => changes++;

        Write("facility.yaml", "sites:\n  - {id: a, name: x}\n  - {id: bb, name: x}\n");
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.NotNull(source.Current.FindSite("bb"));

        Write("facility.yaml", "sites:\n  - {id: A-bad-one, name: x}\n");
        time.Advance(TimeSpan.FromSeconds(2));

        Assert.NotNull(source.Current.FindSite("bb"));
        Assert.Contains("is no id", Assert.Single(source.LastErrors).Text, StringComparison.Ordinal);
        Assert.Equal((1, 1), (changes, source.Refused));

        Write("facility.yaml", "sites: []\n");
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Empty(source.LastErrors);
        Assert.Null(source.Current.FindSite("a"));
    }

    [Fact]
    public void A_foreign_plug_gets_its_place_by_its_own_name()
    {
        Write("facility.yaml", "sites:\n  - id: a\n    name: x\n    devices:\n      - {id: plug-1, kind: plug, name: x, foreign: {dialect: tasmota, name: my-plug}}\n");

        var index = new FacilityMonitor.Registry.FacilityIndex(FacilityLoader.Load(_folder.Path).Facility!);

        Assert.Equal("a/plug-1/s1", index.AssetPath(new DeviceId(Dialect.Tasmota, null, "my-plug"), ChannelId.Socket(1)));
    }

    [Fact]
    public void The_environment_wins_over_the_file_and_passwords_are_never_printed()
    {
        Write("settings.yaml", "broker: {host: broker.example, port: 1884, password: hunter2}\n");

        var (settings, errors) = SettingsLoader.Load(_folder.Path, new Hashtable { ["FM_BROKER__PORT"] = "1999", ["FM_WEB__SIGN_IN__PASSWORD"] = "hunter3" });

        Assert.Empty(errors);
        Assert.Equal(("broker.example", 1999, "hunter2"), (settings!.Broker.Host, settings.Broker.Port, settings.Broker.Password));
        Assert.DoesNotContain("hunter", settings.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Wrong_settings_are_told_all_at_once()
    {
        Write("settings.yaml", "broker:\n  prot: 1883\n  port: 99999\nweb: {url: nowhere}\nlanguage: fr\n");

        var (settings, errors) = SettingsLoader.Load(_folder.Path, new Hashtable { ["FM_BROKER__HOTS"] = "x" });

        Assert.Null(settings);
        var texts = errors.Select(error => error.ToString()).ToList();
        string[] expected = ["did you mean \"port\"", "\"99999\" is not a number from 1 to 65535", "\"nowhere\" is no http", "\"fr\" is neither zh nor en", "FM_BROKER__HOTS: no such setting"];
        Assert.All(expected, text => Assert.Contains(texts, error => error.Contains(text, StringComparison.Ordinal)));
    }

    [Fact]
    public void Check_names_what_is_missing_tonight()
    {
        var output = new StringWriter();

        Assert.Equal(0, CheckCommand.Run(Demo, output));

        Assert.Contains("额定未登记", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("nobody is reached tonight", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_table_in_the_readme_is_the_one_of_the_code()
    {
        var readme = Path.Combine(SourceTree.Root, "README.md");
        var text = File.ReadAllText(readme);
        const string Begin = "<!-- settings -->\n", End = "<!-- /settings -->";
        var from = text.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length;
        var to = text.IndexOf(End, StringComparison.Ordinal);
        if (Environment.GetEnvironmentVariable("FM_ACCEPT") == "1")
            File.WriteAllText(readme, text[..from] + SettingsCatalogue.Markdown() + text[to..]);

        Assert.Equal(SettingsCatalogue.Markdown(), text[from..to]);
    }

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(_folder.Path, name), text);
}
