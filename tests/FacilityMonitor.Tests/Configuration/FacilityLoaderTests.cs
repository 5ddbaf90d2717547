using System.Text;
using FacilityMonitor.Configuration;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Tests.Conventions;

namespace FacilityMonitor.Tests.Configuration;

public sealed class FacilityLoaderTests : IDisposable
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
    public void A_foreign_plug_gets_its_place_by_its_own_name()
    {
        Write("facility.yaml", "sites:\n  - id: a\n    name: x\n    devices:\n      - {id: plug-1, kind: plug, name: x, foreign: {dialect: tasmota, name: my-plug}}\n      - {id: plug-2, kind: plug, name: x, foreign: 'shelly:other'}\n");

        var index = new FacilityIndex(FacilityLoader.Load(_folder.Path).Facility!);

        Assert.Equal("a/plug-1/s1", index.AssetPath(new DeviceId(Dialect.Tasmota, null, "my-plug"), ChannelId.Socket(1)));
        Assert.Equal("a/plug-2", index.AssetPath(new DeviceId(Dialect.Shelly, null, "other"), ChannelId.Main));
    }

    [Fact]
    public void A_circuit_may_be_written_before_the_feeder_it_hangs_on()
    {
        Write("facility.yaml", "sites:\n  - id: a\n    name: x\n    circuits:\n      - {id: c1, kind: charging, name: x, parent: f}\n      - {id: f, kind: feeder, name: x}\n");

        Assert.Equal(["f", "c1"], FacilityLoader.Load(_folder.Path).Facility!.Sites[0].Circuits.Select(circuit => circuit.Id));
    }

    [Fact]
    public void A_rule_is_overridden_at_every_level()
    {
        const string Rules = "rules: {socket-overload: {limit-w: 800}}";
        Write("facility.yaml", $"{Rules}\nsites:\n  - id: a\n    name: x\n    {Rules}\n    circuits: [{{id: c, kind: charging, name: x, {Rules}}}]\n    devices: [{{id: d, kind: lamp, name: x, {Rules}}}]\n");

        var facility = FacilityLoader.Load(_folder.Path).Facility!;

        var site = facility.Sites[0];
        Assert.All([facility.Rules, site.Rules, site.Circuits[0].Rules, site.Devices[0].Rules], rules => Assert.Equal(800, rules.ByRule["socket-overload"]["limit_w"]));
    }

    [Fact]
    public void Sites_may_be_spread_over_files_and_an_edit_of_the_page_wins()
    {
        Write("facility/1.yaml", "rules: {r: {x: 1}}\nsites:\n  - {id: a, name: x, address: old, devices: [{id: d1, kind: lamp, name: x}, {id: d2, kind: lamp, name: x}]}\n");
        Write("facility/2.yaml", "rules: {q: {x: 1}}\nsites:\n  - {id: b, name: x}\n");
        Write("facility.d/1.yaml", "sites:\n  - {id: a, address: new, devices: [{id: d2, name: y}, {id: d3, kind: plug, name: z}]}\n  - {id: c, name: x}\n");

        var loaded = FacilityLoader.Load(_folder.Path);

        Assert.Empty(loaded.Errors);
        Assert.Equal(["a", "b", "c"], loaded.Facility!.Sites.Select(site => site.Id));
        Assert.Equal("new", loaded.Facility.Sites[0].Address!.Zh);
        Assert.Equal(["d1 x", "d2 y", "d3 z"], loaded.Facility.Sites[0].Devices.Select(device => $"{device.Id} {device.Name.Zh}"));
        Assert.Equal(["q", "r"], loaded.Facility.Rules.ByRule.Keys.Order());
    }

    [Fact]
    public void A_webhook_comes_from_a_variable_or_a_file_and_is_never_printed()
    {
        Write("facility.yaml", "sites: []\n");
        Write("hook.txt", "https://hook.example/key-2\n");
        Write("people.yaml", "contacts:\n  - {id: a, name: x, webhook: 'env:HOOK'}\n  - {id: b, name: x, webhook: 'file:hook.txt'}\n");

        var contacts = FacilityLoader.Load(_folder.Path, environment: _ => "https://hook.example/key-1").Facility!.Contacts;

        Assert.Equal(["https://hook.example/key-1", "https://hook.example/key-2"], contacts.Select(contact => contact.Webhook!.AbsoluteUri));
        Assert.All(contacts, contact => Assert.DoesNotContain("key", contact.ToString(), StringComparison.Ordinal));
    }

    [Fact]
    public void A_file_that_is_not_UTF8_is_refused_with_its_line()
    {
        File.WriteAllBytes(Path.Combine(_folder.Path, "facility.yaml"), [.. Encoding.UTF8.GetBytes("sites:\n  - {id: a, name: "), 0xBE, 0xC3, .. "}\n"u8]);

        Assert.Equal("facility.yaml:2:1: error: is not UTF-8; save it as UTF-8 in your editor", Assert.Single(FacilityLoader.Load(_folder.Path).Errors).In("en"));
    }

    [Theory]
    [InlineData(YamlText.BytesMax, true)]
    [InlineData(YamlText.BytesMax + 1, false)]
    public void A_file_may_be_as_large_as_the_limit_and_no_larger(int bytes, bool isRead)
    {
        Write("facility.yaml", "sites: []\n#".PadRight(bytes, 'x'));

        Assert.Equal(isRead, !FacilityLoader.Load(_folder.Path).HasErrors);
    }

    [Fact]
    public void A_folder_that_is_not_there_is_said_to_be_missing() =>
        Assert.Contains("there is no such folder", FacilityLoader.Load(Path.Combine(_folder.Path, "nowhere")).Errors[0].In("en"), StringComparison.Ordinal);

    [Fact]
    public void A_damaged_registry_never_throws_and_says_where_it_is_damaged()
    {
        var original = File.ReadAllText(Path.Combine(Demo, "facility.yaml"));
        var random = new Random(5);
        for (var round = 0; round < 200; round++)
        {
            var text = original;
            for (var damage = 0; damage <= round % 4; damage++)
                text = Damage(text, random);
            Write("facility.yaml", text);

            var loaded = FacilityLoader.Load(_folder.Path);

            Assert.Equal(loaded.Facility is null, loaded.Errors.Any(error => !error.IsWarning));
            var lines = text.Count(letter => letter == '\n') + 2;
            Assert.All(loaded.Errors, error => Assert.InRange(error.Line, 0, lines));
        }
    }

    private static string Damage(string text, Random random)
    {
        if (text.Length == 0)
            return "x";
        var at = random.Next(text.Length);
        var lines = text.Split('\n').ToList();
        var line = random.Next(lines.Count);
        switch (random.Next(7))
        {
            case 0:
                return text.Remove(at, Math.Min(random.Next(1, 40), text.Length - at));
            case 1:
                return text.Insert(at, "{}[]:-,&*!|>\"'\t\n\0"[random.Next(17)].ToString());
            case 2:
                return text[..at];
            case 3:
                lines.RemoveAt(line);
                break;
            case 4:
                lines.Insert(line, lines[random.Next(lines.Count)]);
                break;
            case 5:
                lines[line] = lines[line].Replace(": ", random.Next(2) == 0 ? ":" : ": ~ ", StringComparison.Ordinal);
                break;
            default:
                string[] values = ["-1", "1e999", "[]", "{}", "null", "x y", "𝄞", "99999999999999999999"];
                var colon = lines[line].IndexOf(": ", StringComparison.Ordinal);
                if (colon >= 0)
                    lines[line] = lines[line][..(colon + 2)] + values[random.Next(values.Length)];
                break;
        }

        return string.Join('\n', lines);
    }

    private void Write(string name, string text)
    {
        var path = Path.Combine(_folder.Path, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}
