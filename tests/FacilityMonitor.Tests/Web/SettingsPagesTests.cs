using System.Net;
using FacilityMonitor.Alerts;
using FacilityMonitor.Configuration;
using FacilityMonitor.Journal;
using FacilityMonitor.OnCall.Channels;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;
using FacilityMonitor.Users;
using Microsoft.Extensions.DependencyInjection;

namespace FacilityMonitor.Tests.Web;

/// <summary>A service whose configuration can be changed, with a manager of all sites who has signed in. Shared: each test has devices and people of its own.</summary>
public sealed class ChangeableService : IAsyncLifetime, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    internal PageUnderTest Page { get; private set; } = null!;

    internal UserUnderTest Manager { get; private set; } = null!;

    public string Configuration { get; private set; } = "";

    public async Task InitializeAsync()
    {
        Configuration = PageUnderTest.CopyOfDemo(_folder.Path);
        await File.AppendAllTextAsync(Path.Combine(Configuration, "channels.yaml"), "  - {id: ntfy, kind: ntfy, url: \"https://ntfy.example\"}\n");
        var channels = ChannelReader.Load(Configuration, "zh");
        Assert.Empty(channels.Errors);
        Page = await PageUnderTest.StartAsync(Path.Combine(_folder.Path, "data"), channels: channels.Channels, configuration: Configuration);
        Manager = await Page.EnterAsync("chen", UserRole.PropertyManager, "all", "陈经理");
    }

    public async Task DisposeAsync() => await Page.DisposeAsync();

    public void Dispose()
    {
        Manager?.Dispose();
        _folder.Dispose();
    }
}

/// <summary>What somebody without a terminal changes on the page: checked like the files, in force at once, written down, and to be taken back.</summary>
public sealed class SettingsPagesTests(ChangeableService service) : IClassFixture<ChangeableService>
{
    private PageUnderTest Page => service.Page;

    private FacilityIndex Registry => Page.Services.GetRequiredService<FacilitySource>().Current;

    [Fact]
    public async Task A_smoke_sensor_that_was_heard_is_registered_at_its_place_by_a_form_that_guessed_what_it_is()
    {
        await HeardAsync("smoke-7", (Metric.Smoke, 0), (Metric.Tc, 21.5));
        Assert.Contains("huaihai/smoke-7", await service.Manager.TextAsync("/settings/devices"), StringComparison.Ordinal);
        var form = await service.Manager.TextAsync("/settings/adopt?key=huaihai/smoke-7");
        Assert.Matches("<option value=\"shed\" selected", form);

        var answer = await PostAsync(service.Manager, "/settings/adopt?key=huaihai/smoke-7", ("name", "西南角烟感"), ("kind", "shed"), ("place", "shed-1"));

        Assert.Equal("/settings/devices?adopted=huaihai/smoke-7", answer.Headers.Location?.OriginalString);
        Assert.Contains("已登记并生效", await service.Manager.TextAsync("/settings/devices?adopted=huaihai/smoke-7"), StringComparison.Ordinal);
        var entry = Registry.FindSite("huaihai")!.Devices.Single(device => device.Id == "smoke-7");
        Assert.Equal(("西南角烟感", DeviceKind.Shed, "shed-1"), (entry.Name.Zh, entry.Kind, entry.Place));
        Assert.Contains(Audited(), line => line is { Who: "chen", What: "device-adopt", Subject: "huaihai/smoke-7", Site: "huaihai" } && line.Detail.Contains("place: → shed-1", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_plug_of_another_maker_is_asked_for_its_site_and_gets_a_new_place_at_once()
    {
        await Page.SayAsync("Plug_Büro", [("main", Page.NowMs, [(Metric.W, 40)])], dialect: Dialect.Tasmota);
        const string Key = "tasmota:Plug_B%C3%BCro";
        await Page.UntilAsync(async () => (await service.Manager.TextAsync("/settings/devices")).Contains("tasmota:Plug_B", StringComparison.Ordinal), "The plug");
        var asked = await service.Manager.TextAsync("/settings/adopt?key=" + Key);
        Assert.Contains("site-panyu-road", asked, StringComparison.Ordinal);

        var answer = await PostAsync(service.Manager, $"/settings/adopt?key={Key}&site=panyu-road", ("name", "岗亭插座"), ("nameEn", "Booth plug"), ("kind", "plug"), ("place", "+"), ("placeName", "岗亭"), ("placeKind", "spot"), ("circuit", "c-row"));

        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        var site = Registry.FindSite("panyu-road")!;
        var plug = site.Devices.Single(device => device.Foreign?.Name == "Plug_Büro");
        Assert.Equal(("岗亭插座", "Booth plug", "c-row"), (plug.Name.Zh, plug.Name.En, plug.Circuit));
        Assert.Equal("岗亭", site.Places.Single(place => place.Id == plug.Place).Name.Zh);
    }

    [Theory]
    [InlineData("shed-1", "", "shed-1")]
    [InlineData("+", "西墙", "spot-1")]
    public async Task A_device_that_is_registered_by_a_form_that_is_sent_twice_is_registered_once_and_both_answers_say_so(string place, string placeName, string stands)
    {
        var device = "twice-" + stands;
        await HeardAsync(device, (Metric.Smoke, 0));
        var path = "/settings/adopt?key=huaihai/" + device;
        var html = await service.Manager.TextAsync(path);
        (string, string)[] fields = [("seen", SeenOf(html)), ("name", "西墙烟感"), ("nameEn", ""), ("kind", "shed"), ("place", place), ("placeName", placeName), ("placeKind", "spot"), ("circuit", ""), ("sockets", "")];
        var first = await service.Manager.PostAsync(path, html, fields);

        var second = await service.Manager.PostAsync(path, html, fields);

        foreach (var answer in (HttpResponseMessage[])[first, second])
            Assert.Equal((HttpStatusCode.Redirect, $"/settings/devices?adopted=huaihai/{device}"), (answer.StatusCode, answer.Headers.Location?.OriginalString));
        Assert.Equal(stands, Registry.FindSite("huaihai")!.Devices.Single(one => one.Id == device).Place);
        Assert.Single(Audited(), line => line.What == "device-adopt" && line.Subject == $"huaihai/{device}");
        // Whoever says something else of it is told that it is registered.
        foreach (var other in ((string, string)[])[("name", "东墙烟感"), ("kind", "plug"), ("circuit", "c-shed"), ("sockets", "3"), ("place", "")])
        {
            var differs = await service.Manager.PostAsync(path, html, [.. fields.Where(field => field.Item1 != other.Item1), other]);
            Assert.Equal(HttpStatusCode.NotFound, differs.StatusCode);
        }
    }

    [Fact]
    public async Task What_a_new_device_probably_is_is_asked_with_the_signs_of_the_language()
    {
        await HeardAsync("guess-1", (Metric.Smoke, 0));
        var english = await service.Manager.TextAsync("/settings/devices?lang=en");
        Assert.Contains("? ·", english, StringComparison.Ordinal);
        Assert.DoesNotContain("？", english, StringComparison.Ordinal);
        Assert.Contains("？ ·", await service.Manager.TextAsync("/settings/devices?lang=zh"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("name", "请写名称", "name", "  ")]
    [InlineData("name", "上限是 200", "name", "LONG")]
    [InlineData("name", "控制字符", "name", "a\u0007b")]
    [InlineData("nameEn", "控制字符", "nameEn", "a\u0085b")]
    [InlineData("kind", "不在可选之列", "kind", "toaster")]
    [InlineData("place", "没有位置 'nowhere'", "place", "nowhere")]
    [InlineData("place", "不能作编号", "place", "../shed-1")]
    [InlineData("circuit", "没有回路 'c-sched'；是不是 'c-shed'", "circuit", "c-sched")]
    [InlineData("sockets", "不是数字", "sockets", "十个")]
    [InlineData("sockets", "超出范围", "sockets", "100")]
    [InlineData("sockets", "超出范围", "sockets", "0")]
    [InlineData("sockets", "不是整数", "sockets", "1.5")]
    [InlineData("placeName", "请写新位置的名称", "place", "+")]
    public async Task What_cannot_be_is_said_beside_its_field_with_the_rest_kept_and_nothing_is_written(string field, string said, string name, string value)
    {
        await HeardAsync("wrong-1", (Metric.Smoke, 0));
        var fields = new Dictionary<string, string> { ["name"] = "东棚烟感", ["kind"] = "shed", ["place"] = "shed-1", ["circuit"] = "", ["sockets"] = "", [name] = value == "LONG" ? new string('长', 201) : value };
        var before = Registry;

        var answer = await PostAsync(service.Manager, "/settings/adopt?key=huaihai/wrong-1", [.. fields.Select(one => (one.Key, one.Value))]);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        var html = await answer.Content.ReadAsStringAsync();
        Assert.Matches($"(?s)id=\"{field}-wrong\">× [^<]*{System.Text.RegularExpressions.Regex.Escape(WebUtility.HtmlEncode(said).Replace("&#39;", "'", StringComparison.Ordinal))}", WebUtility.HtmlDecode(html));
        if (name != "name")
            Assert.Contains("value=\"东棚烟感\"", html, StringComparison.Ordinal);
        Assert.Same(before, Registry);
        Assert.False(File.Exists(Path.Combine(service.Configuration, "facility.d/device_huaihai_wrong-1.yaml")));
    }

    [Fact]
    public async Task What_looks_like_YAML_or_markup_is_a_name_and_nothing_else()
    {
        const string Trick = "x\", kind: siren, evil: \"<b>y</b>' # {a: *b}";
        await HeardAsync("trick-1", (Metric.Smoke, 0));

        Assert.Equal(HttpStatusCode.Redirect, (await PostAsync(service.Manager, "/settings/adopt?key=huaihai/trick-1", ("name", Trick), ("kind", "shed"), ("place", ""))).StatusCode);

        var entry = Registry.FindSite("huaihai")!.Devices.Single(device => device.Id == "trick-1");
        Assert.Equal((Trick, DeviceKind.Shed), (entry.Name.Zh, entry.Kind));
        Assert.DoesNotContain("<b>y</b>", await service.Manager.TextAsync("/settings/changes"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_neighbour_with_a_number_joins_a_team_and_the_number_is_told_to_nobody_again()
    {
        const string Number = "stairs-13912345678";

        Assert.Equal(HttpStatusCode.Redirect, (await AddAsync("赵阿姨", "ntfy", Number, "stairs")).StatusCode);

        var person = Registry.Facility.People.Persons.Single(one => one.Name.Zh == "赵阿姨");
        Assert.Equal((Number, true), (person.Contacts.Single().Address, person.NightCalls));
        Assert.Contains(new DutyRoster(Registry.Facility.People).OnDuty(Tier.StairLeader, "huaihai", Page.NowMs, overlap: false), there => there.Id == person.Id);
        var file = Path.Combine(service.Configuration, $"people.d/person_{person.Id}.yaml");
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.GetDirectoryName(file)!));
        }

        foreach (var path in (string[])["/settings/people", $"/settings/people/{person.Id}", "/settings/changes", "/settings/duty", "/on-call"])
            Assert.DoesNotContain("1391234", await service.Manager.TextAsync(path), StringComparison.Ordinal);
        Assert.Contains("…5678", await service.Manager.TextAsync("/settings/people"), StringComparison.Ordinal);
        var line = Audited().Single(line => line.What == "person-edit" && line.Subject == person.Id);
        Assert.Contains("…5678", line.Detail, StringComparison.Ordinal);
        Assert.Contains("赵阿姨", line.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain(Audited(), one => one.Detail.Contains("1391234", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("name", "请写姓名", "", "ntfy", "a", "stairs")]
    [InlineData("addresses-1", "主题名", "钱", "ntfy", "不是主题", "stairs")]
    [InlineData("addresses-1", "没有通道", "钱", "pigeon", "a", "stairs")]
    [InlineData("addresses-1", "env:", "钱", "ntfy", "env:PATH", "stairs")]
    [InlineData("addresses-1", "env:", "钱", "ntfy", "file:/etc/passwd", "stairs")]
    [InlineData("team", "选一个你管的班组", "钱", "ntfy", "a", "no-team")]
    public async Task What_cannot_be_said_of_a_person_is_said_beside_its_field(string field, string said, string name, string channel, string address, string team)
    {
        var answer = await AddAsync(name, channel, address, team);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        Assert.Matches($"(?s)id=\"{field}-wrong\">× [^<]*{said}", WebUtility.HtmlDecode(await answer.Content.ReadAsStringAsync()));
        Assert.DoesNotContain(Registry.Facility.People.Persons, person => person.Name.Zh == "钱");
    }

    [Theory]
    [InlineData("/settings/people/{0}?handler={1}", "/settings/people/{0}")]
    [InlineData("/on-call?handler={1}&person={0}", "/on-call")]
    public async Task A_neighbour_who_was_added_on_the_page_is_asked_there_and_by_the_code_that_he_says_the_contact_counts(string form, string shown)
    {
        var name = shown.Contains("on-call", StringComparison.Ordinal) ? "陈阿姨" : "冯师傅";
        await AddAsync(name, "ntfy", "check-" + name.GetHashCode(StringComparison.Ordinal).ToString("x", System.Globalization.CultureInfo.InvariantCulture), "stairs");
        var person = Registry.Facility.People.Persons.Single(one => one.Name.Zh == name).Id;
        string Form(string handler) => string.Format(System.Globalization.CultureInfo.InvariantCulture, form, person, handler);
        var path = string.Format(System.Globalization.CultureInfo.InvariantCulture, shown, person);
        var before = await service.Manager.TextAsync(path);
        Assert.Contains($"data-testid=\"ask-{person}-ntfy\"", before, StringComparison.Ordinal);
        Assert.Contains("从没有确认过", before, StringComparison.Ordinal);
        Assert.DoesNotContain($"confirm-{person}-ntfy", before, StringComparison.Ordinal);

        Assert.Equal(HttpStatusCode.Redirect, (await service.Manager.PostAsync(Form("ask"), before, ("channel", "ntfy"))).StatusCode);

        // Twice within a minute rings twice for nothing: the second press is told so.
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await service.Manager.PostAsync(Form("ask"), before, ("channel", "ntfy"))).StatusCode);
        var asked = await service.Manager.TextAsync(path);
        Assert.Contains($"data-testid=\"confirm-{person}-ntfy\"", asked, StringComparison.Ordinal);
        var code = CodeOf(person);
        Assert.DoesNotContain(code, asked, StringComparison.Ordinal);
        var wrong = await service.Manager.PostAsync(Form("confirm"), asked, ("code", code == "000000" ? "000001" : "000000"));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, wrong.StatusCode);
        Assert.Contains("确认码不对", await wrong.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Redirect, (await service.Manager.PostAsync(Form("confirm"), asked, ("code", code))).StatusCode);

        Assert.True(Page.Services.GetRequiredService<FacilityMonitor.OnCall.Responses.ContactDesk>().States().Single(state => state.Person.Id == person).IsVerified);
        Assert.DoesNotContain($"contact-{person}-ntfy", await service.Manager.TextAsync("/on-call"), StringComparison.Ordinal);
        var after = await service.Manager.TextAsync("/settings/people/" + person);
        Assert.Contains("✓ 本人确认于", after, StringComparison.Ordinal);
        Assert.DoesNotContain($"confirm-{person}-ntfy", after, StringComparison.Ordinal);
        Assert.Single(Audited(), line => line is { Who: "chen", What: "contact-ask", Site: "huaihai", Detail: "ntfy" } && line.Subject == person);
        Assert.Single(Audited(), line => line is { Who: "chen", What: "contact-confirm" } && line.Subject == person);
        // Another site's people are nobody here, and whoever may not ask has no button.
        using var elsewhere = await Page.EnterAsync("panyu-" + person, UserRole.PropertyManager, "panyu-road");
        using var guard = await Page.EnterAsync("guard-" + person, UserRole.OnCall, "huaihai");
        Assert.Equal(HttpStatusCode.NotFound, (await elsewhere.PostAsync(Form("ask"), await elsewhere.TextAsync("/me"), ("channel", "ntfy"))).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await elsewhere.PostAsync("/on-call?handler=ask", await elsewhere.TextAsync("/me"), ("channel", "ntfy"), ("person", person))).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await guard.PostAsync(Form("ask"), await guard.TextAsync("/me"), ("channel", "ntfy"))).StatusCode);
        Assert.DoesNotContain("handler=ask", await guard.TextAsync("/on-call"), StringComparison.Ordinal);

        string CodeOf(string of)
        {
            using var reader = Page.Database.OpenReader();
            using var command = Database.Command(reader, "select code from contact_check where person = $person order by asked_ms desc", ("$person", of));
            return (string)command.ExecuteScalar()!;
        }
    }

    [Fact]
    public async Task An_address_that_is_left_empty_stays_and_what_the_owner_wrote_is_not_copied()
    {
        var proof = await service.Manager.TextAsync("/settings/people/committee-a");
        Assert.Equal(HttpStatusCode.Redirect, (await service.Manager.PostAsync("/settings/people/committee-a", proof, ("seen", SeenOf(proof)), ("name", "居委会值班员甲"), ("nameEn", "Committee duty A"),
            ("channels", "ntfy"), ("addresses", "committee-topic"), ("channels", "console"), ("addresses", "second"))).StatusCode);

        proof = await service.Manager.TextAsync("/settings/people/committee-a");
        Assert.Equal(HttpStatusCode.Redirect, (await service.Manager.PostAsync("/settings/people/committee-a", proof, ("seen", SeenOf(proof)), ("name", "居委会值班员甲"), ("nameEn", "Committee duty A"), ("nightCalls", "true"),
            ("channels", "ntfy"), ("addresses", ""), ("channels", "console"), ("addresses", ""))).StatusCode);

        var person = Registry.Facility.People.Find("committee-a")!;
        Assert.Equal(["committee-topic", "second"], person.Contacts.Select(contact => contact.Address));
        Assert.True(person.NightCalls);
        Assert.DoesNotContain("name:", await File.ReadAllTextAsync(Path.Combine(service.Configuration, "people.d/person_committee-a.yaml")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_two_who_change_the_same_person_the_later_is_told_and_loses_nothing()
    {
        var first = await service.Manager.TextAsync("/settings/people/office-a");
        var second = await service.Manager.TextAsync("/settings/people/office-a");
        Assert.Equal(HttpStatusCode.Redirect, (await OfficeAsync(first, "first-topic")).StatusCode);

        var answer = await OfficeAsync(second, "second-topic");

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        var html = await answer.Content.ReadAsStringAsync();
        Assert.Contains("别人改过同一项内容", html, StringComparison.Ordinal);
        Assert.Contains("second-topic", html, StringComparison.Ordinal);
        Assert.Equal("first-topic", Registry.Facility.People.Find("office-a")!.Contacts.Single().Address);

        Assert.Equal(HttpStatusCode.Redirect, (await OfficeAsync(html, "second-topic")).StatusCode);
        Assert.Equal("second-topic", Registry.Facility.People.Find("office-a")!.Contacts.Single().Address);

        Task<HttpResponseMessage> OfficeAsync(string html, string topic) => service.Manager.PostAsync(
            "/settings/people/office-a", html, ("seen", SeenOf(html)), ("name", "街道值班员甲"), ("channels", "ntfy"), ("addresses", topic));
    }

    [Fact]
    public async Task Two_who_register_the_same_device_at_once_make_one_of_it()
    {
        await HeardAsync("race-1", (Metric.Smoke, 0));
        var form = await service.Manager.TextAsync("/settings/adopt?key=huaihai/race-1");

        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(number => service.Manager.PostAsync(
            "/settings/adopt?key=huaihai/race-1", form, ("seen", SeenOf(form)), ("name", $"烟感 {number}"), ("kind", "shed"), ("place", "shed-1"))));

        Assert.Single(answers, answer => answer.StatusCode == HttpStatusCode.Redirect);
        Assert.Single(Registry.FindSite("huaihai")!.Devices, device => device.Id == "race-1");
        Assert.Single(Audited(), line => line is { What: "device-adopt", Subject: "huaihai/race-1" });
    }

    [Fact]
    public async Task Who_stands_in_and_who_exchanges_is_on_duty_then_and_the_week_shows_it()
    {
        var from = DutyRoster.Wall(Page.NowMs).Date.AddDays(1);
        Assert.Equal(HttpStatusCode.Redirect, (await PostAsync(service.Manager, "/settings/duty/stand-in", ("team", "gate"), ("person", "manager-a"), ("other", "guard-a"), ("from", $"{from:yyyy-MM-dd}T08:00"), ("to", $"{from:yyyy-MM-dd}T12:00"))).StatusCode);
        Assert.Equal(HttpStatusCode.Redirect, (await PostAsync(service.Manager, "/settings/duty/swap", ("team", "gate"), ("person", "guard-a"), ("other", "guard-b"), ("from", $"{from.AddDays(1):yyyy-MM-dd}T00:00"), ("to", $"{from.AddDays(2):yyyy-MM-dd}T00:00"))).StatusCode);

        var team = Registry.Facility.People.Teams.Single(team => team.Id == "gate");
        var roster = new DutyRoster(Registry.Facility.People);
        Assert.Equal("manager-a", roster.OnDuty(team, from.AddHours(9)).Single().Id);
        Assert.Equal("guard-a", roster.OnDuty(team, from.AddHours(13)).Single().Id);
        Assert.Equal("guard-b", roster.OnDuty(team, from.AddDays(1).AddHours(9)).Single().Id);
        var week = await service.Manager.TextAsync("/on-call");
        Assert.Matches("(?s)08:00–12:00</span> 物业经理甲.*12:00–20:00</span> 值班员甲", week);
        Assert.Contains("代班：门岗 · 物业经理甲", await service.Manager.TextAsync("/settings/changes"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_is_away_is_not_on_duty_and_the_hours_without_anybody_are_marked()
    {
        var day = DutyRoster.Wall(Page.NowMs).Date.AddDays(3);
        Assert.Equal(HttpStatusCode.Redirect, (await PostAsync(service.Manager, "/settings/duty/absence", ("person", "manager-a"), ("from", $"{day:yyyy-MM-dd}T09:00"), ("to", $"{day:yyyy-MM-dd}T17:00"))).StatusCode);

        var (people, roster) = (Registry.Facility.People, new DutyRoster(Registry.Facility.People));
        var teams = people.Teams.Where(team => roster.OnDuty(team, day.AddHours(8)).Any(person => person.Id == "manager-a")).ToList();
        Assert.NotEmpty(teams);
        Assert.All(teams, team => Assert.DoesNotContain(roster.OnDuty(team, day.AddHours(9)), person => person.Id == "manager-a"));
        Assert.All(teams, team => Assert.Contains(roster.OnDuty(team, day.AddHours(17)), person => person.Id == "manager-a"));
        Assert.Contains(Audited(), line => line.What == "absence" && line.Subject.StartsWith("manager-a/", StringComparison.Ordinal));
        var made = await service.Manager.TextAsync("/settings/changes");
        Assert.Contains($"请假：物业经理甲 · {day:yyyy-MM-dd} 09:00 – {day:yyyy-MM-dd} 17:00", made, StringComparison.Ordinal);

        // A second one stands beside the first, and either is taken back alone.
        Assert.Equal(HttpStatusCode.Redirect, (await PostAsync(service.Manager, "/settings/duty/absence", ("person", "manager-a"), ("from", $"{day.AddDays(1):yyyy-MM-dd}T09:00"), ("to", $"{day.AddDays(1):yyyy-MM-dd}T17:00"))).StatusCode);
        Assert.Equal(2, Registry.Facility.People.Find("manager-a")!.Away.Count);
        var first = Directory.GetFiles(Path.Combine(service.Configuration, "people.d"), "absence_manager-a_*.yaml").Single(file => File.ReadAllText(file).Contains($"{day:yyyy-MM-dd}", StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.Redirect, (await UndoAsync("people.d/" + Path.GetFileName(first))).StatusCode);
        Assert.Equal(day.AddDays(1).AddHours(9), Registry.Facility.People.Find("manager-a")!.Away.Single().From);
    }

    [Fact]
    public async Task A_shift_that_several_share_goes_from_one_to_the_next_every_day()
    {
        var first = DateOnly.FromDateTime(DutyRoster.Wall(Page.NowMs)).AddDays(1);
        Assert.Equal(HttpStatusCode.Redirect, (await PostAsync(
            service.Manager, "/settings/duty/shift", ("team", "committee"), ("person", "guard-a"), ("second", "guard-b"), ("third", "manager-a"), ("fourth", ""), ("turns", "daily"), ("since", $"{first:yyyy-MM-dd}"), ("days", "all"),
            ("from", "03:00"), ("to", "04:00"))).StatusCode);

        var shift = Registry.Facility.People.Teams.Single(team => team.Id == "committee").Shifts.Single(shift => shift.From == new TimeOnly(3, 0));
        Assert.Equal(["guard-a", "guard-b", "manager-a", "guard-a"], Enumerable.Range(0, 4).Select(day => shift.On(first.AddDays(day)).Single()));
    }

    [Theory]
    [InlineData("absence", "to", "要在 from", "person=guard-a", "from=2026-12-02T08:00", "to=2026-12-01T08:00")]
    [InlineData("absence", "from", "请填写", "person=guard-a", "from=", "to=2026-12-01T08:00")]
    [InlineData("absence", "to", "不是时间", "person=guard-a", "from=2026-12-02T08:00", "to=明天")]
    [InlineData("absence", "person", "请选一个人", "person=", "from=2026-12-01T08:00", "to=2026-12-02T08:00")]
    [InlineData("shift", "second", "轮流要两个人以上", "team=gate", "person=guard-a", "turns=weekly", "since=2026-12-01", "from=08:00", "to=09:00")]
    [InlineData("shift", "second", "已经选过", "team=gate", "person=guard-a", "second=guard-a", "from=08:00", "to=09:00")]
    [InlineData("shift", "second", "请选一个人", "team=gate", "person=guard-a", "second=nobody", "from=08:00", "to=09:00")]
    [InlineData("shift", "since", "请填写", "team=gate", "person=guard-a", "second=guard-b", "turns=daily", "since=", "from=08:00", "to=09:00")]
    [InlineData("shift", "since", "不是日期", "team=gate", "person=guard-a", "second=guard-b", "turns=daily", "since=明天", "from=08:00", "to=09:00")]
    [InlineData("shift", "turns", "hourly", "team=gate", "person=guard-a", "second=guard-b", "turns=hourly", "since=2026-12-01", "from=08:00", "to=09:00")]
    public async Task What_cannot_be_of_an_absence_or_of_turns_is_said_beside_its_field(string what, string field, string said, params string[] fields)
    {
        var before = Registry;

        var answer = await PostAsync(service.Manager, "/settings/duty/" + what, [.. fields.Select(one => (one.Split('=')[0], one.Split('=')[1]))]);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        Assert.Matches($"(?s)id=\"{field}-wrong\">× [^<]*{said}", WebUtility.HtmlDecode(await answer.Content.ReadAsStringAsync()));
        Assert.Same(before, Registry);
    }

    [Theory]
    [InlineData("stand-in", "to", "要在 from", "gate", "manager-a", "", "2026-12-02T08:00", "2026-12-01T08:00")]
    [InlineData("stand-in", "from", "不是时间", "gate", "manager-a", "", "明天", "2026-12-01T08:00")]
    [InlineData("stand-in", "from", "请填写", "gate", "manager-a", "", "", "2026-12-01T08:00")]
    [InlineData("stand-in", "person", "请选一个人", "gate", "nobody", "", "2026-12-01T08:00", "2026-12-02T08:00")]
    [InlineData("stand-in", "other", "不能替自己", "gate", "guard-a", "guard-a", "2026-12-01T08:00", "2026-12-02T08:00")]
    [InlineData("stand-in", "team", "请选一个班组", "no-gate", "guard-a", "", "2026-12-01T08:00", "2026-12-02T08:00")]
    [InlineData("swap", "other", "不能跟自己换班", "gate", "guard-a", "guard-a", "2026-12-01T08:00", "2026-12-02T08:00")]
    [InlineData("shift", "from", "不是时刻", "gate", "guard-a", "", "8 点", "20:00")]
    public async Task What_cannot_be_of_a_roster_is_said_beside_its_field(string what, string field, string said, string team, string person, string other, string from, string to)
    {
        var before = Registry;

        var answer = await PostAsync(service.Manager, "/settings/duty/" + what, ("team", team), ("person", person), ("other", other), ("from", from), ("to", to));

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        Assert.Matches($"(?s)id=\"{field}-wrong\">× [^<]*{said}", WebUtility.HtmlDecode(await answer.Content.ReadAsStringAsync()));
        Assert.Same(before, Registry);
    }

    [Theory]
    [InlineData("/settings/add-person", "name=双按", "channels=console", "addresses=twice", "nightCalls=true", "team=stairs", "from=00:00", "to=00:00")]
    [InlineData("/settings/duty/team", "name=双按队", "tier=guard", "site=huaihai")]
    [InlineData("/settings/duty/shift", "team=committee", "person=guard-b", "days=workdays", "from=18:00", "to=20:00")]
    [InlineData("/settings/duty/absence", "person=guard-b", "from=2027-02-01T18:00", "to=2027-02-01T20:00")]
    public async Task A_form_that_is_sent_twice_makes_one_thing(string path, params string[] fields)
    {
        var html = await service.Manager.TextAsync(path);
        var drawn = System.Text.RegularExpressions.Regex.Match(html, "name=\"drawn\" value=\"(?<id>[0-9a-f]{8})\"").Groups["id"].Value;
        (string, string)[] sent = [("seen", SeenOf(html)), ("drawn", drawn), .. fields.Select(field => (field.Split('=')[0], field.Split('=')[1]))];

        foreach (var _ in (int[])[1, 2])
            Assert.Equal(HttpStatusCode.Redirect, (await service.Manager.PostAsync(path, html, sent)).StatusCode);

        Assert.Single(Directory.GetFiles(Path.Combine(service.Configuration, "people.d"), $"*{drawn}.yaml"));
        Assert.Single(Audited(), line => line.Subject.EndsWith(drawn, StringComparison.Ordinal));
        // What is no id becomes no name of a file.
        sent[1] = ("drawn", "../../x");
        await service.Manager.PostAsync(path, html, sent);
        Assert.DoesNotContain(Directory.GetFiles(service.Configuration, "*", SearchOption.AllDirectories), file => file.Contains("x.yaml", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_new_team_with_a_gap_shows_it_in_red_words()
    {
        Assert.Equal(HttpStatusCode.Redirect, (await PostAsync(service.Manager, "/settings/duty/team", ("name", "夜巡队"), ("tier", "guard"), ("site", "panyu-road"), ("always", "true"))).StatusCode);
        var team = Registry.Facility.People.Teams.Single(team => team.Name.Zh == "夜巡队");
        Assert.Equal(HttpStatusCode.Redirect, (await PostAsync(service.Manager, "/settings/duty/shift", ("team", team.Id), ("person", "guard-b"), ("days", "all"), ("from", "20:00"), ("to", "06:00"))).StatusCode);

        var week = await service.Manager.TextAsync("/on-call");

        Assert.Matches("(?s)夜巡队.*class=\"attention\"><span>06:00–20:00</span> × 没有人", week);
    }

    [Fact]
    public async Task What_was_changed_is_taken_back_and_what_others_need_is_not()
    {
        await HeardAsync("undo-1", (Metric.Smoke, 0));
        await PostAsync(service.Manager, "/settings/adopt?key=huaihai/undo-1", ("name", "要撤销的烟感"), ("kind", "shed"), ("place", "shed-1"));
        await AddAsync("孙师傅", "console", "sun", "stairs");
        var sun = Registry.Facility.People.Persons.Single(person => person.Name.Zh == "孙师傅").Id;
        await PostAsync(service.Manager, "/settings/duty/shift", ("team", "committee"), ("person", sun), ("days", "workdays"), ("from", "18:00"), ("to", "20:00"));

        var refused = await UndoAsync($"people.d/person_{sun}.yaml");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
        Assert.Contains("先撤销那些", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.NotNull(Registry.Facility.People.Find(sun));
        Assert.Equal(HttpStatusCode.Redirect, (await UndoAsync("facility.d/device_huaihai_undo-1.yaml")).StatusCode);

        Assert.DoesNotContain(Registry.FindSite("huaihai")!.Devices, device => device.Id == "undo-1");
        Assert.Contains("huaihai/undo-1", await service.Manager.TextAsync("/settings/devices"), StringComparison.Ordinal);
        Assert.Contains(Audited(), line => line is { What: "edit-undo", Who: "chen", Site: "huaihai" } && line.Detail.Contains("要撤销的烟感 →", StringComparison.Ordinal));
        // Pressed twice: the second is told.
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await UndoAsync("facility.d/device_huaihai_undo-1.yaml", seen: "x")).StatusCode);
        foreach (var foreign in (string[])["facility.yaml", "people.yaml", "../data/facility-monitor.db", "facility.d/mine.yaml"])
            Assert.Equal(HttpStatusCode.UnprocessableEntity, (await UndoAsync(foreign, seen: "x")).StatusCode);
        Assert.True(File.Exists(Path.Combine(service.Configuration, "facility.yaml")));
    }

    [Fact]
    public async Task The_owners_files_stay_as_they_are_to_the_last_comment()
    {
        var demo = Path.Combine(FacilityMonitor.Tests.Conventions.SourceTree.Root, "src/FacilityMonitor/demo");
        await HeardAsync("untouched-1", (Metric.Smoke, 0));

        await PostAsync(service.Manager, "/settings/adopt?key=huaihai/untouched-1", ("name", "烟感"), ("kind", "shed"), ("place", "shed-1"));

        foreach (var file in (string[])["facility.yaml", "people.yaml", "settings.yaml"])
            Assert.Equal(await File.ReadAllBytesAsync(Path.Combine(demo, file)), await File.ReadAllBytesAsync(Path.Combine(service.Configuration, file)));
    }

    [Fact]
    public async Task A_manager_of_another_site_neither_sees_nor_changes_anything_here()
    {
        await HeardAsync("hidden-1", (Metric.Smoke, 0));
        await AddAsync("淮海里的孙阿姨", "console", "sun-2", "stairs");
        await PostAsync(service.Manager, "/settings/power-off", ("asset", "huaihai/c-cabinet"), ("until", Until(1)), ("reason", "换断路器"));
        var sun = Registry.Facility.People.Persons.Single(person => person.Name.Zh == "淮海里的孙阿姨").Id;
        using var elsewhere = await Page.EnterAsync("jiugeng-manager", UserRole.PropertyManager, "jiugeng");
        var before = Registry;

        foreach (var path in (string[])["/settings", "/settings/devices", "/settings/people", "/settings/duty", "/settings/duty/shift", "/settings/duty/team", "/settings/add-person", "/settings/changes", "/settings/power-off", "/on-call"])
        {
            var html = await elsewhere.TextAsync(path);
            foreach (var word in (string[])["淮海里", "huaihai", "hidden-1", "孙阿姨", "楼组长甲", "换断路器"])
                Assert.False(html.Contains(word, StringComparison.Ordinal), $"{path} shows {word}");
        }

        foreach (var path in (string[])["/settings/adopt?key=huaihai/hidden-1", "/settings/adopt?key=huaihai/hidden-1&site=jiugeng", $"/settings/people/{sun}", "/settings/people/stair-a", "/settings/people/office-a"])
        {
            Assert.Equal(HttpStatusCode.NotFound, (await elsewhere.GetAsync(path)).StatusCode);
            Assert.Equal(HttpStatusCode.NotFound, (await elsewhere.PostAsync(path, await elsewhere.TextAsync("/settings"), ("name", "x"), ("kind", "shed"))).StatusCode);
        }

        (string Path, (string, string)[] Fields)[] forms =
        [
            ("/settings/add-person", [("name", "x"), ("team", "stairs")]), ("/settings/add-person", [("name", "x"), ("team", "")]), ("/settings/add-person", [("name", "x"), ("team", "committee")]),
            ("/settings/duty/shift", [("team", "stairs"), ("person", "guard-a"), ("from", "08:00"), ("to", "09:00")]),
            ("/settings/duty/shift", [("team", "gate"), ("person", "stair-a"), ("from", "08:00"), ("to", "09:00")]),
            ("/settings/duty/absence", [("person", "stair-a"), ("from", "2026-12-01T08:00"), ("to", "2026-12-02T08:00")]),
            ("/settings/duty/team", [("name", "x"), ("tier", "guard"), ("site", "huaihai")]),
            ("/settings/power-off", [("asset", "huaihai/c-shed"), ("until", Until(1)), ("reason", "x")]),
            ("/settings/changes", [("file", $"people.d/person_{sun}.yaml")]),
        ];
        foreach (var (path, fields) in forms)
        {
            var answer = await PostAsync(elsewhere, path, fields);
            Assert.True(answer.StatusCode == HttpStatusCode.UnprocessableEntity, $"{path} {string.Join(' ', fields)}: {answer.StatusCode}");
            Assert.DoesNotContain("淮海里", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        Assert.Same(before, Registry);
        Assert.Equal(HttpStatusCode.Redirect, (await PostAsync(elsewhere, "/settings/add-person", ("name", "久耕的老吴"), ("team", "gate"))).StatusCode);
        // What an auditor of one site reads is of that site alone.
        using var auditor = await Page.EnterAsync("jiugeng-auditor", UserRole.Auditor, "jiugeng");
        var read = await auditor.TextAsync("/audit");
        Assert.Contains("久耕的老吴", read, StringComparison.Ordinal);
        Assert.Contains("jiugeng-manager", read, StringComparison.Ordinal);
        Assert.DoesNotContain("孙阿姨", read, StringComparison.Ordinal);
        Assert.DoesNotContain("huaihai", read, StringComparison.Ordinal);
    }

    [Fact]
    public async Task While_a_circuit_is_switched_off_for_work_silence_on_it_calls_nobody_and_fire_does()
    {
        Assert.Equal(HttpStatusCode.Redirect, (await PostAsync(service.Manager, "/settings/power-off", ("asset", "huaihai/c-shed"), ("until", Until(2)), ("reason", "换总闸"))).StatusCode);
        Assert.Contains("换总闸", await service.Manager.TextAsync("/settings/power-off"), StringComparison.Ordinal);

        await Page.RaiseAsync("00000000000000c1", "huaihai", "huaihai/shed-1/pile-01", Priority.P2, "offline");
        await Page.RaiseAsync("00000000000000c2", "huaihai", "huaihai/shed-1/pile-02", Priority.P0);

        Assert.Contains("停用或检修中", await service.Manager.TextAsync("/alert/00000000000000c1"), StringComparison.Ordinal);
        Assert.DoesNotContain("停用或检修中", await service.Manager.TextAsync("/alert/00000000000000c2"), StringComparison.Ordinal);
        Assert.Contains(Audited(), line => line is { What: "power-off", Who: "chen", Subject: "huaihai/c-shed", Site: "huaihai" });

        var html = await service.Manager.TextAsync("/settings/power-off");
        var tag = System.Text.RegularExpressions.Regex.Match(html, "(?s)换总闸.*?name=\"tag\" value=\"(?<tag>[0-9a-f]+)\"").Groups["tag"].Value;
        Assert.Equal(HttpStatusCode.Redirect, (await service.Manager.PostAsync("/settings/power-off?handler=end", html, ("tag", tag))).StatusCode);
        await Page.RaiseAsync("00000000000000c3", "huaihai", "huaihai/shed-1/pile-03", Priority.P2, "offline");
        Assert.DoesNotContain("停用或检修中", await service.Manager.TextAsync("/alert/00000000000000c3"), StringComparison.Ordinal);
        // What is still dead when the current is back is no longer explained.
        using var reader = Page.Database.OpenReader();
        Assert.Null(FacilityMonitor.OnCall.Responses.ResponseTable.Load(reader, "00000000000000c1")!.OutOfServiceUntilMs);
    }

    [Fact]
    public async Task A_tag_whose_button_is_pressed_twice_hangs_once_with_one_line_in_the_audit()
    {
        var html = await service.Manager.TextAsync("/settings/power-off");
        var until = Until(2);
        Task<HttpResponseMessage> PressAsync(string reason) => service.Manager.PostAsync("/settings/power-off", html, ("asset", "huaihai/c-cabinet"), ("until", until), ("reason", reason));
        var before = Audited().Count(line => line.What == "power-off");

        // Both at once, as a double click sends them, and the same once more later.
        foreach (var answer in await Task.WhenAll(PressAsync("换柜门锁"), PressAsync("换柜门锁")))
            Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        Assert.Equal(HttpStatusCode.Redirect, (await PressAsync(" 换柜门锁 ")).StatusCode);

        var shown = await service.Manager.TextAsync("/settings/power-off");
        Assert.Equal(1, System.Text.RegularExpressions.Regex.Count(shown, "换柜门锁"));
        Assert.Equal(before + 1, Audited().Count(line => line.What == "power-off"));
        // Another reason is another piece of work; and one that was taken off can be hung again.
        await PressAsync("换断路器");
        var tag = System.Text.RegularExpressions.Regex.Match(shown, "(?s)换柜门锁.*?name=\"tag\" value=\"(?<tag>[0-9a-f]+)\"").Groups["tag"].Value;
        Assert.Equal(HttpStatusCode.Redirect, (await service.Manager.PostAsync("/settings/power-off?handler=end", html, ("tag", tag))).StatusCode);
        await PressAsync("换柜门锁");
        Assert.Equal(before + 3, Audited().Count(line => line.What == "power-off"));
        Assert.Equal(1, System.Text.RegularExpressions.Regex.Count(await service.Manager.TextAsync("/settings/power-off"), "换柜门锁"));
    }

    [Fact]
    public async Task Where_the_line_of_the_audit_is_refused_no_tag_hangs()
    {
        await Page.Database.CommitAsync(CommitPriority.Alerts, connection => Database.Execute(connection, "create trigger refuse before insert on audit when new.what = 'power-off' begin select raise(abort, 'refused'); end"));

        var answer = await PostAsync(service.Manager, "/settings/power-off", ("asset", "huaihai/c-stair"), ("until", Until(2)), ("reason", "不该挂上"));
        await Page.Database.CommitAsync(CommitPriority.Alerts, connection => Database.Execute(connection, "drop trigger refuse"));

        Assert.NotEqual(HttpStatusCode.Redirect, answer.StatusCode);
        Assert.DoesNotContain("不该挂上", await service.Manager.TextAsync("/settings/power-off"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("asset", "请选一条回路", "huaihai/c-none", 1, "x")]
    [InlineData("asset", "请选一条回路", "huaihai", 1, "x")]
    [InlineData("until", "现在之后", "huaihai/c-stair", -1, "x")]
    [InlineData("until", "最多 1440 分钟", "huaihai/c-stair", 25, "x")]
    [InlineData("reason", "请写明原因", "huaihai/c-stair", 1, " ")]
    public async Task A_tag_without_end_reason_or_circuit_is_not_hung(string field, string said, string asset, int hours, string reason)
    {
        var answer = await PostAsync(service.Manager, "/settings/power-off", ("asset", asset), ("until", Until(hours)), ("reason", reason));

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        Assert.Matches($"(?s)id=\"{field}-wrong\">× [^<]*{said}", WebUtility.HtmlDecode(await answer.Content.ReadAsStringAsync()));
    }

    [Fact]
    public async Task A_number_is_rehearsed_on_what_was_stored_then_saved_then_taken_back()
    {
        const string Path = "/settings/limits?rule=socket-overload&of=huaihai/device/pile-03";
        for (var day = 3; day >= 1; day--)
        {
            for (var second = 0; second <= 30; second += 5)
                await Page.SayAsync("pile-03", "s4", 900, atMs: Page.NowMs - (day * 86_400_000L) + (second * 1_000));
            // It ends: else it would be one alert of three days, for no data is never "all right".
            for (var second = 35; second <= 180; second += 5)
                await Page.SayAsync("pile-03", "s4", 100, atMs: Page.NowMs - (day * 86_400_000L) + (second * 1_000));
        }

        string html = "";
        await Page.UntilAsync(async () =>
        {
            var form = await service.Manager.TextAsync(Path);
            html = await (await service.Manager.PostAsync(Path + "&handler=rehearse", form, ("limit_w", "850"))).Content.ReadAsStringAsync();
            return html.Contains("改成这样会告警 3 次", StringComparison.Ordinal);
        }, "Three alerts of the rehearsal");
        Assert.Contains("按现在的数值是 0 次", html, StringComparison.Ordinal);
        Assert.Contains("value=\"850\"", html, StringComparison.Ordinal);
        Assert.Contains("设备自己报的事件", html, StringComparison.Ordinal);
        Assert.Empty(Registry.FindSite("huaihai")!.Devices.Single(device => device.Id == "pile-03").Rules.ByRule);

        Assert.Equal(HttpStatusCode.Redirect, (await PostAsync(service.Manager, Path, ("limit_w", "850"), ("hold_s", ""))).StatusCode);
        Assert.Equal(850, Registry.FindSite("huaihai")!.Devices.Single(device => device.Id == "pile-03").Rules.ByRule["socket-overload"]["limit_w"]);
        Assert.Contains(Audited(), line => line is { What: "limits-edit", Site: "huaihai", Subject: "huaihai/device/pile-03/socket-overload" } && line.Detail == "limit_w: → 850");
        Assert.Equal(HttpStatusCode.Redirect, (await UndoAsync("facility.d/limits_huaihai_device_pile-03_socket-overload.yaml")).StatusCode);
        Assert.Empty(Registry.FindSite("huaihai")!.Devices.Single(device => device.Id == "pile-03").Rules.ByRule);
    }

    [Fact]
    public async Task Beside_its_numbers_stands_how_often_a_rule_rang_here_and_how_often_people_called_it_wrong()
    {
        const string Path = "/settings/limits?rule=socket-overload&of=huaihai/device/pile-01";
        var (rang, wrong) = await RangAsync();
        await Page.RaiseAsync("00000000000f0001", "huaihai", "huaihai/shed-1/pile-01/s1");
        await Page.RaiseAsync("00000000000f0002", "huaihai", "huaihai/shed-1/pile-01/s2");
        await Page.RaiseAsync("00000000000f0003", "jiugeng", "jiugeng/shed/pile-01/s1");
        await Page.RaiseAsync("00000000000f0004", "huaihai", "huaihai/shed-1/pile-01/s2", rule: "welded-relay");
        await Page.Services.GetRequiredService<ResponseDesk>().DoAsync("00000000000f0002", new ResponseCommand.FalseAlarm(), new Actor("stair-a", "page"));

        Assert.Equal((rang + 2, wrong + 1), await RangAsync());

        async Task<(int Rang, int Wrong)> RangAsync()
        {
            var numbers = System.Text.RegularExpressions.Regex.Match(WebUtility.HtmlDecode(await service.Manager.TextAsync(Path)), "data-testid=\"rang\">近 30 天在这个点位的告警： (?<rang>\\d+) · 其中标为误报： (?<wrong>\\d+)</p>").Groups;
            return (int.Parse(numbers["rang"].Value, System.Globalization.CultureInfo.InvariantCulture), int.Parse(numbers["wrong"].Value, System.Globalization.CultureInfo.InvariantCulture));
        }
    }

    [Theory]
    [InlineData("limit_w", "不是数字", "很多")]
    [InlineData("limit_w", "超出范围；请写 10 到 7800", "9")]
    [InlineData("limit_w", "超出范围；请写 10 到 7800", "7801")]
    [InlineData("limit_w", "不是数字", "1e999")]
    [InlineData("hold_s", "超出范围", "-1")]
    public async Task A_number_that_cannot_be_is_said_beside_its_field_saved_or_rehearsed(string name, string said, string value)
    {
        foreach (var handler in (string[])["", "&handler=rehearse"])
        {
            var answer = await PostAsync(service.Manager, "/settings/limits?rule=socket-overload&of=huaihai/circuit/c-shed" + handler, (name, value));

            Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
            Assert.Matches($"(?s)id=\"{name}-wrong\">× [^<]*{said}", WebUtility.HtmlDecode(await answer.Content.ReadAsStringAsync()));
        }
    }

    [Fact]
    public async Task Numbers_of_what_is_not_there_or_of_another_site_are_not_there()
    {
        using var elsewhere = await Page.EnterAsync("limits-elsewhere", UserRole.PropertyManager, "jiugeng");
        foreach (var (user, path) in ((UserUnderTest, string)[])
                 [(service.Manager, "rule=sockets-overload"), (service.Manager, "rule=smoke&of=huaihai/device/none"), (service.Manager, "rule=circuit-overload&of=huaihai/device/pile-01"), (elsewhere, "rule=smoke&of=huaihai")])
        {
            Assert.Equal(HttpStatusCode.NotFound, (await user.GetAsync("/settings/limits?" + path)).StatusCode);
            Assert.Equal(HttpStatusCode.NotFound, (await user.PostAsync("/settings/limits?" + path, await user.TextAsync("/settings"), ("limit_dbm", "1"))).StatusCode);
        }

        Assert.DoesNotContain("淮海里", await elsewhere.TextAsync("/settings/limits?rule=smoke"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_field_holds_what_the_page_set_and_what_the_files_say_stands_beside_it()
    {
        const string Path = "/settings/limits?rule=socket-overload&of=huaihai/device/pile-02";
        var own = System.IO.Path.Combine(service.Configuration, "facility.d", "mine.yaml");
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(own)!);
        await File.WriteAllTextAsync(own, "sites: [{id: huaihai, devices: [{id: pile-02, rules: {socket-overload: {limit_w: 700}}}]}]");
        Page.Services.GetRequiredService<FacilitySource>().ReadNow();

        var html = await service.Manager.TextAsync(Path);
        Assert.DoesNotContain("value=\"700\"", html, StringComparison.Ordinal);
        Assert.Contains("现在是 700", html, StringComparison.Ordinal);

        var nothing = await PostAsync(service.Manager, Path, ("limit_w", ""), ("hold_s", ""));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, nothing.StatusCode);
        Assert.Contains("没有改动", await nothing.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        Assert.Equal(HttpStatusCode.Redirect, (await PostAsync(service.Manager, Path, ("limit_w", "700"), ("hold_s", "20"))).StatusCode);
        var file = System.IO.Path.Combine(service.Configuration, "facility.d/limits_huaihai_device_pile-02_socket-overload.yaml");
        Assert.DoesNotContain("limit_w", await File.ReadAllTextAsync(file), StringComparison.Ordinal);
        Assert.Contains("value=\"20\"", await service.Manager.TextAsync(Path), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Redirect, (await UndoAsync("facility.d/limits_huaihai_device_pile-02_socket-overload.yaml")).StatusCode);
        File.Delete(own);
        Page.Services.GetRequiredService<FacilitySource>().ReadNow();
    }

    private string Until(int hours) => DutyRoster.Wall(Page.NowMs).AddHours(hours).ToString("yyyy-MM-ddTHH:mm", System.Globalization.CultureInfo.InvariantCulture);

    private async Task HeardAsync(string device, params (Metric, double)[] values)
    {
        await Page.SayAsync(device, [("main", Page.NowMs, values)]);
        await Page.UntilAsync(() => Page.Feed.Look((view, _, _) => view.Find("huaihai", device) is not null), $"{device} in the live picture");
    }

    private Task<HttpResponseMessage> AddAsync(string name, string channel, string address, string team) => PostAsync(
        service.Manager, "/settings/add-person", ("name", name), ("channels", channel), ("addresses", address), ("nightCalls", "true"), ("team", team), ("from", "00:00"), ("to", "00:00"));

    private async Task<HttpResponseMessage> UndoAsync(string file, string? seen = null)
    {
        var html = await service.Manager.TextAsync("/settings/changes");
        seen ??= System.Text.RegularExpressions.Regex.Match(html, $"name=\"file\" value=\"{System.Text.RegularExpressions.Regex.Escape(file)}\"><input type=\"hidden\" name=\"seen\" value=\"(?<seen>[0-9a-f]+)\"").Groups["seen"].Value;
        Assert.NotEqual("", seen);
        return await service.Manager.PostAsync("/settings/changes", html, ("file", file), ("seen", seen));
    }

    /// <summary>Opens a form and sends it.</summary>
    internal static async Task<HttpResponseMessage> PostAsync(UserUnderTest user, string path, params (string Name, string Value)[] fields)
    {
        var html = await user.TextAsync(path);
        return await user.PostAsync(path, html, [("seen", SeenOf(html)), .. fields]);
    }

    internal static string SeenOf(string html) => System.Text.RegularExpressions.Regex.Match(html, "name=\"seen\" value=\"(?<seen>[0-9a-f]+)\"").Groups["seen"].Value;

    private List<AuditEntry> Audited()
    {
        using var reader = Page.Database.OpenReader();
        return AuditLog.Newest(reader, SiteScope.All, 0, null, 10_000);
    }
}
