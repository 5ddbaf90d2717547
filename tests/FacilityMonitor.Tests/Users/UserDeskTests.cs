using FacilityMonitor.Tests.Web;
using FacilityMonitor.Users;
using Microsoft.Extensions.DependencyInjection;

namespace FacilityMonitor.Tests.Users;

/// <summary>What can be done to users, and what cannot.</summary>
public sealed class UserDeskTests : IDisposable
{
    private static readonly Visitor Machine = Visitor.Machine(Visitor.CommandLine, "");

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task What_cannot_be_is_refused_by_name_with_what_would_do()
    {
        await using var page = await PageUnderTest.StartAsync(_folder.Path);
        var desk = page.Services.GetRequiredService<UserDesk>();
        (string Name, string Sites, string? Person, string Said)[] cases =
        [
            ("Zhang", "all", null, "小写字母"),
            ("", "all", null, "小写字母"),
            ("zhang san", "all", null, "小写字母"),
            ("zhang", "", null, "至少要有一个点位"),
            ("zhang", "jiugen", null, "没有点位 'jiugen'；有的是：jiugeng, huaihai, panyu-road"),
            ("zhang", "all", "guard-x", "people.yaml 里没有人员 'guard-x'"),
            ("manager", "all", null, "已有用户 'manager'"),
        ];
        foreach (var (name, sites, person, said) in cases)
        {
            var refusal = await desk.AddAsync(Machine, name, "", "", UserRole.OnCall, SiteScope.Parse(sites), person);
            Assert.Contains(said, refusal!.Zh, StringComparison.Ordinal);
            Assert.DoesNotContain(refusal.En, letter => letter > 127);
        }

        Assert.Single(page.Services.GetRequiredService<UserDirectory>().All);
    }

    [Fact]
    public async Task Nobody_becomes_a_second_person_to_himself()
    {
        await using var page = await PageUnderTest.StartAsync(_folder.Path);
        var (desk, directory) = (page.Services.GetRequiredService<UserDesk>(), page.Services.GetRequiredService<UserDirectory>());
        var people = page.Services.GetRequiredService<FacilityMonitor.Configuration.FacilitySource>().Current.Facility.People.Persons.Select(person => person.Id).ToList();
        await desk.AddAsync(Machine, "deputy", "", "", UserRole.Administrator, SiteScope.All, people[0]);
        var deputy = Visitor.Of(directory.Find("deputy")!, "", "");

        // He has signed in, and would sign for two: by another name of his own, or by a second user who is he.
        Assert.Contains("自己", (await desk.DoAsync(deputy, "deputy", new UserChange.Names("", "", people[1])))!.Zh, StringComparison.Ordinal);
        Assert.Contains("'deputy'", (await desk.AddAsync(deputy, "other", "", "", UserRole.OnCall, SiteScope.All, people[0]))!.Zh, StringComparison.Ordinal);
        Assert.Contains("'deputy'", (await desk.AddAsync(deputy, people[0], "", "", UserRole.OnCall, SiteScope.All, null))!.Zh, StringComparison.Ordinal);
        // His note is his to change, and another administrator's word stands.
        Assert.Null(await desk.DoAsync(deputy, "deputy", new UserChange.Names("", "on leave", people[0])));
        Assert.Null(await desk.DoAsync(Machine, "deputy", new UserChange.Names("", "", people[1])));
        Assert.Equal(people[1], directory.Find("deputy")!.Actor);
    }

    [Fact]
    public async Task The_last_administrator_of_all_sites_stays_one()
    {
        await using var page = await PageUnderTest.StartAsync(_folder.Path);
        var desk = page.Services.GetRequiredService<UserDesk>();
        await desk.AddAsync(Machine, "deputy", "", "", UserRole.Administrator, SiteScope.Parse("jiugeng"), null);

        foreach (var change in (UserChange[])[new UserChange.Disable(), new UserChange.Role(UserRole.Auditor), new UserChange.Sites(SiteScope.Parse("jiugeng"))])
            Assert.Contains("最后一个", (await desk.DoAsync(Machine, "manager", change))!.Zh, StringComparison.Ordinal);

        Assert.Null(await desk.DoAsync(Machine, "deputy", new UserChange.Sites(SiteScope.All)));
        // Who has only been invited cannot sign in yet.
        Assert.NotNull(await desk.DoAsync(Machine, "manager", new UserChange.Disable()));
        Assert.Null(await desk.SetPasswordAsync(Machine, "deputy", PageUnderTest.UserPassword));
        Assert.Null(await desk.DoAsync(Machine, "manager", new UserChange.Disable()));
        Assert.NotNull(await desk.DoAsync(Machine, "deputy", new UserChange.Disable()));
    }

    [Fact]
    public async Task Who_administers_one_site_can_neither_give_more_nor_touch_who_has_more()
    {
        await using var page = await PageUnderTest.StartAsync(_folder.Path);
        var desk = page.Services.GetRequiredService<UserDesk>();
        await desk.AddAsync(Machine, "deputy", "", "", UserRole.Administrator, SiteScope.Parse("jiugeng"), null);
        await desk.AddAsync(Machine, "guard", "", "", UserRole.OnCall, SiteScope.Parse("jiugeng"), null);
        var deputy = Visitor.Of(page.Services.GetRequiredService<UserDirectory>().Find("deputy")!, "", "");

        Assert.NotNull(await desk.AddAsync(deputy, "friend", "", "", UserRole.Administrator, SiteScope.All, null));
        Assert.NotNull(await desk.AddAsync(deputy, "friend", "", "", UserRole.OnCall, SiteScope.Parse("jiugeng,huaihai"), null));
        Assert.NotNull(await desk.DoAsync(deputy, "deputy", new UserChange.Sites(SiteScope.All)));
        Assert.NotNull(await desk.DoAsync(deputy, "guard", new UserChange.Sites(SiteScope.Parse("huaihai"))));
        Assert.Contains("没有用户", (await desk.DoAsync(deputy, "manager", new UserChange.Disable()))!.Zh, StringComparison.Ordinal);
        Assert.Null((await desk.LinkAsync(deputy, "manager")).Secret);
        Assert.NotNull(await desk.SetPasswordAsync(deputy, "manager", PageUnderTest.UserPassword));
        Assert.NotNull(await desk.EndSessionsAsync(deputy, "manager"));

        Assert.Null(await desk.AddAsync(deputy, "friend", "", "", UserRole.OnCall, SiteScope.Parse("jiugeng"), null));
        Assert.Null(await desk.DoAsync(deputy, "guard", new UserChange.Role(UserRole.Electrician)));
    }

    [Fact]
    public async Task A_link_works_once_within_a_day_and_the_next_one_makes_it_void()
    {
        await using var page = await PageUnderTest.StartAsync(_folder.Path);
        var desk = page.Services.GetRequiredService<UserDesk>();
        await desk.AddAsync(Machine, "guard", "", "", UserRole.OnCall, SiteScope.All, null);
        var first = (await desk.LinkAsync(Machine, "guard")).Secret!;
        var second = (await desk.LinkAsync(Machine, "guard")).Secret!;
        Assert.Null(desk.FindLink(first));

        page.Time.Sleep(UserDesk.LinkValidFor - TimeSpan.FromMilliseconds(1));
        Assert.NotNull(desk.FindLink(second));
        // The rules hold on this way too, and a refusal does not use it up.
        Assert.NotNull((await desk.UseLinkAsync(second, "", "password1234", "")).Refusal);
        var both = await Task.WhenAll(desk.UseLinkAsync(second, "", PageUnderTest.UserPassword, ""), desk.UseLinkAsync(second, "", PageUnderTest.UserPassword + "2", ""));
        Assert.Single(both, one => one.User is not null);
        Assert.Null(desk.FindLink(second));

        var third = (await desk.LinkAsync(Machine, "guard")).Secret!;
        page.Time.Sleep(UserDesk.LinkValidFor);
        Assert.Null(desk.FindLink(third));
        Assert.Null((await desk.UseLinkAsync(third, "", PageUnderTest.UserPassword, "")).User);
    }

    [Fact]
    public async Task A_link_is_void_once_the_user_is_disabled_or_has_another_password()
    {
        await using var page = await PageUnderTest.StartAsync(_folder.Path);
        var desk = page.Services.GetRequiredService<UserDesk>();
        await desk.AddAsync(Machine, "guard", "", "", UserRole.OnCall, SiteScope.All, null);

        var link = (await desk.LinkAsync(Machine, "guard")).Secret!;
        await desk.SetPasswordAsync(Machine, "guard", PageUnderTest.UserPassword);
        Assert.Null(desk.FindLink(link));
        link = (await desk.LinkAsync(Machine, "guard")).Secret!;
        await desk.DoAsync(Machine, "guard", new UserChange.Disable());
        Assert.Null(desk.FindLink(link));
        await desk.DoAsync(Machine, "guard", new UserChange.Enable());
        Assert.Null(desk.FindLink(link));
    }

    [Fact]
    public async Task Neither_passwords_nor_links_nor_sessions_lie_readable_in_the_data_folder()
    {
        string link;
        await using (var page = await PageUnderTest.StartAsync(_folder.Path))
        {
            using var user = await page.EnterAsync("guard", UserRole.OnCall, "all");
            link = (await page.Services.GetRequiredService<UserDesk>().LinkAsync(Machine, "guard")).Secret!;
        }

        foreach (var file in Directory.GetFiles(_folder.Path, "*", SearchOption.AllDirectories))
        {
            var text = System.Text.Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file));
            Assert.DoesNotContain(PageUnderTest.UserPassword, text, StringComparison.Ordinal);
            Assert.DoesNotContain(PageUnderTest.Password, text, StringComparison.Ordinal);
            Assert.DoesNotContain(link, text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task What_is_on_disk_is_there_after_a_restart_and_what_was_done_is_written_down()
    {
        await using (var page = await PageUnderTest.StartAsync(_folder.Path))
        {
            var desk = page.Services.GetRequiredService<UserDesk>();
            await desk.AddAsync(Machine, "guard", "老王", "夜班", UserRole.OnCall, SiteScope.Parse("huaihai,jiugeng"), "guard-b");
            await desk.DoAsync(Machine, "guard", new UserChange.Role(UserRole.Electrician));
            await desk.DoAsync(Machine, "guard", new UserChange.Role(UserRole.Electrician));
            await desk.DoAsync(Machine, "guard", new UserChange.Disable());
        }

        await using var again = await PageUnderTest.StartAsync(_folder.Path);
        var user = again.Services.GetRequiredService<UserDirectory>().Find("guard")!;
        Assert.Equal(("老王", "夜班", UserRole.Electrician, "huaihai,jiugeng", "guard-b", true), (user.DisplayName, user.Note, user.Role, user.Sites.ToString(), user.Person, user.IsDisabled));
        using var reader = again.Database.OpenReader();
        // Twice the same is done, and written down, once.
        Assert.Equal(["user-disable", "user-role", "user-add"], AuditLog.Newest(reader, SiteScope.All, 0, Visitor.CommandLine, 100).Select(entry => entry.What));
    }

    [Fact]
    public async Task A_twenty_first_browser_signs_the_one_out_that_was_used_longest_ago()
    {
        await using var page = await PageUnderTest.StartAsync(_folder.Path);
        var (desk, directory) = (page.Services.GetRequiredService<UserDesk>(), page.Services.GetRequiredService<UserDirectory>());
        var manager = directory.Find("manager")!;
        var first = await desk.OpenSessionAsync(manager, "192.0.2.1", "");
        for (var number = 1; number < UserDirectory.SessionsMax; number++)
        {
            page.Time.Advance(TimeSpan.FromSeconds(1));
            await desk.OpenSessionAsync(manager, "192.0.2.1", "");
        }

        Assert.NotNull(directory.Admit(UserDirectory.IdOf(first)));
        Assert.Equal(UserDirectory.SessionsMax, directory.SessionsOf("manager").Count);
        await desk.OpenSessionAsync(manager, "192.0.2.1", "");
        Assert.Equal(UserDirectory.SessionsMax, directory.SessionsOf("manager").Count);
        Assert.Null(directory.Admit(UserDirectory.IdOf(first)));
    }

    [Fact]
    public async Task A_session_ends_after_a_week_unused_and_after_a_month_in_any_case()
    {
        await using var page = await PageUnderTest.StartAsync(_folder.Path);
        var (desk, directory) = (page.Services.GetRequiredService<UserDesk>(), page.Services.GetRequiredService<UserDirectory>());
        var unused = UserDirectory.IdOf(await desk.OpenSessionAsync(directory.Find("manager")!, "", ""));
        var used = UserDirectory.IdOf(await desk.OpenSessionAsync(directory.Find("manager")!, "", ""));
        for (var day = 0; day < 29; day++)
        {
            page.Time.Sleep(TimeSpan.FromDays(1) - TimeSpan.FromTicks(day == 6 ? 10_000 : 0));
            Assert.NotNull(directory.Admit(used));
            if (day < 6)
                Assert.True(directory.IsOpen(unused));
        }

        Assert.False(directory.IsOpen(unused));
        page.Time.Sleep(TimeSpan.FromDays(1));
        Assert.NotNull(directory.Admit(used));
        page.Time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Null(directory.Admit(used));
    }
}
