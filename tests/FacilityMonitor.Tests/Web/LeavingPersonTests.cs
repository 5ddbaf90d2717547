using System.Net;
using FacilityMonitor.Configuration;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;
using FacilityMonitor.Users;
using Microsoft.Extensions.DependencyInjection;

namespace FacilityMonitor.Tests.Web;

/// <summary>Somebody leaves: written on the page, and from the day after nobody calls them, nobody can choose them, and their links do nothing.</summary>
public sealed class LeavingPersonTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Who_has_left_is_called_by_nobody_chosen_by_nobody_and_opens_nothing_and_their_name_stays()
    {
        await using var service = await PageUnderTest.StartAsync(Path.Combine(_folder.Path, "data"), configuration: PageUnderTest.CopyOfDemo(_folder.Path));
        using var manager = await service.EnterAsync("chen", UserRole.PropertyManager, "all", "陈经理");
        await service.RaiseAsync("00000000000000a1", "jiugeng", "jiugeng/ground/pile-g1/s1");
        var desk = service.Services.GetRequiredService<ResponseDesk>();
        await desk.DoAsync("00000000000000a1", new ResponseCommand.Acknowledge(), new Actor("guard-a", "link"));
        const string Form = "/settings/people/guard-a";

        var wrong = await manager.TextAsync(Form);
        var refused = await manager.PostAsync(Form, wrong, ("seen", SettingsPagesTests.SeenOf(wrong)), ("name", "值班员甲"), ("nameEn", "Guard A"), ("channels", "console"), ("addresses", ""), ("until", "月底"));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
        Assert.Contains("不是日期", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        var last = DateOnly.FromDateTime(DutyRoster.Wall(service.NowMs));
        await SaveAsync(last.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture));
        // The last day is a day like the others.
        Assert.True(await IsOfferedAsync());
        Assert.Equal(HttpStatusCode.OK, await OpenAsync());
        Assert.DoesNotContain("已离开", await manager.TextAsync("/settings/people"), StringComparison.Ordinal);

        using var guard = await service.EnterAsync("guard-a", UserRole.OnCall, "jiugeng", "值班员甲");
        service.Time.Sleep(TimeSpan.FromDays(1));
        // Neither the session that is open nor a new one.
        Assert.Equal(HttpStatusCode.Redirect, (await guard.GetAsync("/alerts")).StatusCode);
        var door = await guard.SignInAsync("guard-a", PageUnderTest.UserPassword);
        Assert.Equal(HttpStatusCode.Forbidden, door.StatusCode);
        Assert.Contains("最后一天已过", await door.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.False(await IsOfferedAsync());
        Assert.Equal(HttpStatusCode.NotFound, await OpenAsync());
        Assert.IsType<ResponseOutcome.Refused>(await desk.DoAsync("00000000000000a1", new ResponseCommand.Assign("guard-a"), new Actor("manager-a", "page")));
        Assert.NotNull(await service.Services.GetRequiredService<ContactDesk>().AskAsync("guard-a", null));
        Assert.DoesNotContain(service.Services.GetRequiredService<ContactDesk>().States(), state => state.Person.Id == "guard-a");
        Assert.Contains("已离开", await manager.TextAsync("/settings/people"), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Redirect, (await service.SignInAsync(PageUnderTest.Password)).StatusCode);
        Assert.Contains("已离开，不能登录", await service.Client.GetStringAsync(new Uri("/users", UriKind.Relative)), StringComparison.Ordinal);
        // What they did was done by them.
        Assert.Contains("值班员甲", await manager.TextAsync("/alert/00000000000000a1"), StringComparison.Ordinal);

        await SaveAsync("");
        Assert.True(await IsOfferedAsync());
        Assert.Null(service.Services.GetRequiredService<FacilitySource>().Current.Facility.People.Find("guard-a")!.Until);

        async Task SaveAsync(string until)
        {
            var form = await manager.TextAsync(Form);
            Assert.Equal(HttpStatusCode.Redirect, (await manager.PostAsync(Form, form, ("seen", SettingsPagesTests.SeenOf(form)), ("name", "值班员甲"), ("nameEn", "Guard A"), ("channels", "console"), ("addresses", ""), ("until", until))).StatusCode);
        }

        async Task<bool> IsOfferedAsync() => (await manager.TextAsync("/alert/00000000000000a1")).Contains("value=\"guard-a\"", StringComparison.Ordinal);

        async Task<HttpStatusCode> OpenAsync()
        {
            var token = service.Services.GetRequiredService<ActLinks>().Token("00000000000000a1", "guard-a", service.NowMs);
            return (await service.Client.GetAsync(new Uri("/a/" + token, UriKind.Relative))).StatusCode;
        }
    }
}
