using System.Net;
using FacilityMonitor.Users;
using FacilityMonitor.Web;
using Microsoft.Extensions.DependencyInjection;

namespace FacilityMonitor.Tests.Web;

/// <summary>Who gets in, and what happens to somebody who guesses.</summary>
public sealed class SignInTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("/")]
    [InlineData("/?lang=en")]
    public async Task Whoever_has_not_signed_in_is_sent_to_the_door_and_the_address_says_no_more(string path)
    {
        await using var page = await StartAsync();

        var answer = await GetAsync(page, path);

        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        Assert.Equal("/sign-in", answer.Headers.Location!.OriginalString);
    }

    [Fact]
    public async Task A_stream_without_a_session_is_refused_so_that_the_page_knows_it_must_sign_in()
    {
        await using var page = await StartAsync();

        Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync(page, "/events")).StatusCode);
    }

    [Fact]
    public async Task The_right_password_opens_the_page_and_leaving_closes_it()
    {
        await using var page = await StartAsync();

        var answer = await page.SignInAsync(PageUnderTest.Password);
        Assert.Equal((HttpStatusCode.Redirect, "/"), (answer.StatusCode, answer.Headers.Location!.OriginalString));
        Assert.Contains("httponly", answer.Headers.GetValues("Set-Cookie").Single(cookie => cookie.StartsWith("fm=", StringComparison.Ordinal)), StringComparison.OrdinalIgnoreCase);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(page, "/")).StatusCode);

        Assert.Equal(HttpStatusCode.BadRequest, (await page.PostAsync("/sign-out", withToken: false)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(page, "/")).StatusCode);
        Assert.Equal(HttpStatusCode.Redirect, (await page.PostAsync("/sign-out", withToken: true)).StatusCode);
        Assert.Equal(HttpStatusCode.Redirect, (await GetAsync(page, "/")).StatusCode);
    }

    [Fact]
    public async Task A_form_of_another_site_signs_nobody_in()
    {
        await using var page = await StartAsync();

        Assert.Equal(HttpStatusCode.BadRequest, (await page.SignInAsync(PageUnderTest.Password, withToken: false)).StatusCode);

        Assert.Equal(HttpStatusCode.Redirect, (await GetAsync(page, "/")).StatusCode);
    }

    [Fact]
    public async Task After_a_wrong_password_the_name_stays_and_the_password_is_asked_again()
    {
        await using var page = await PageUnderTest.StartAsync(_folder.Path);
        Assert.Contains("autocomplete=\"username\" required autofocus>", await page.Client.GetStringAsync(new Uri("/sign-in", UriKind.Relative)), StringComparison.Ordinal);

        var form = await (await page.SignInAsync("wrong", user: "\"><b>")).Content.ReadAsStringAsync();

        Assert.Contains("value=\"&quot;&gt;&lt;b&gt;\" required>", form, StringComparison.Ordinal);
        Assert.Contains("autocomplete=\"current-password\" required autofocus>", form, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong\"", form, StringComparison.Ordinal);
    }

    [Fact]
    public async Task After_five_wrong_passwords_one_waits_half_a_minute()
    {
        await using var page = await StartAsync();
        for (var attempt = 0; attempt < SignInAttempts.WrongMax; attempt++)
            Assert.Equal(HttpStatusCode.Unauthorized, (await page.SignInAsync("wrong")).StatusCode);

        Assert.Equal(HttpStatusCode.TooManyRequests, (await page.SignInAsync(PageUnderTest.Password)).StatusCode);
        page.Time.Advance(SignInAttempts.FirstWait - TimeSpan.FromTicks(1));
        Assert.Equal(HttpStatusCode.TooManyRequests, (await page.SignInAsync(PageUnderTest.Password)).StatusCode);
        page.Time.Advance(TimeSpan.FromTicks(1));

        Assert.Equal(HttpStatusCode.Redirect, (await page.SignInAsync(PageUnderTest.Password)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(page, "/")).StatusCode);
        Assert.Equal((5, 2), (page.Attempts.Wrong, page.Attempts.Refused));
    }

    [Fact]
    public async Task A_new_password_ends_the_sessions_of_the_old_one()
    {
        string session;
        await using (var before = await StartAsync())
        {
            session = (await before.SignInAsync(PageUnderTest.Password)).Headers.GetValues("Set-Cookie").Single(cookie => cookie.StartsWith("fm=", StringComparison.Ordinal)).Split(';')[0];
        }

        await using (var same = await StartAsync())
            Assert.Equal(HttpStatusCode.OK, (await GetAsync(same, "/", session)).StatusCode);
        await using var changed = await PageUnderTest.StartAsync(_folder.Path, password: "another one");
        Assert.Equal(HttpStatusCode.Redirect, (await GetAsync(changed, "/", session)).StatusCode);
    }

    [Theory]
    [InlineData("/alert/00000000000000a1", "/alert/00000000000000a1")]
    [InlineData("/on-call?lang=en", "/on-call?lang=en")]
    [InlineData("/", "/")]
    public async Task Whoever_asked_for_a_page_comes_to_it_through_the_door(string asked, string led)
    {
        await using var page = await StartAsync();
        using var user = new UserUnderTest(page.Url);
        Assert.Equal("/sign-in", (await user.GetAsync(asked)).Headers.Location!.OriginalString);

        var answer = await user.SignInAsync("manager", PageUnderTest.Password);

        Assert.Equal(led, answer.Headers.Location!.OriginalString);
        Assert.Equal("/", (await user.SignInAsync("manager", PageUnderTest.Password)).Headers.Location!.OriginalString);
    }

    [Theory]
    [InlineData("//evil.example.com")]
    [InlineData("/%2Fevil.example.com")]
    [InlineData("/\\evil.example.com")]
    [InlineData("https://evil.example.com")]
    [InlineData("javascript:alert(1)")]
    [InlineData("/sign-out")]
    [InlineData("/\r\nSet-Cookie: x=y")]
    public async Task The_door_leads_to_no_other_site_whatever_the_browser_was_made_to_keep(string planted)
    {
        await using var page = await StartAsync();
        using var user = new UserUnderTest(page.Url);
        var form = await user.TextAsync("/sign-in");
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/sign-in?returnUrl=https://evil.example.com", UriKind.Relative))
        {
            Content = new FormUrlEncodedContent([new("__RequestVerificationToken", UserUnderTest.ProofOf(form)), new("user", "manager"), new("password", PageUnderTest.Password)]),
        };
        var cookies = string.Join("; ", user.Cookies.Select(cookie => $"{cookie.Name}={cookie.Value}"));
        request.Headers.TryAddWithoutValidation("Cookie", $"{cookies}; back={Uri.EscapeDataString(planted)}");
        using var bare = new HttpClient(new HttpClientHandler { UseCookies = false, AllowAutoRedirect = false }) { BaseAddress = page.Url };

        var answer = await bare.SendAsync(request);

        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        Assert.Equal(planted.Contains('%', StringComparison.Ordinal) ? planted : "/", answer.Headers.Location!.OriginalString);
    }

    [Fact]
    public async Task A_session_that_somebody_planted_before_the_sign_in_opens_nothing_after_it()
    {
        await using var page = await StartAsync();
        using var attacker = await page.EnterAsync("attacker", UserRole.OnCall, "jiugeng");
        var planted = attacker.Cookies["fm"]!.Value;
        using var victim = new UserUnderTest(page.Url);
        victim.Cookies.Add(new Cookie("x", "y"));
        var form = await victim.TextAsync("/sign-in");
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/sign-in", UriKind.Relative))
        {
            Content = new FormUrlEncodedContent([new("__RequestVerificationToken", UserUnderTest.ProofOf(await attacker.TextAsync("/sign-in"))), new("user", "manager"), new("password", PageUnderTest.Password)]),
        };

        var answer = await attacker.Client.SendAsync(request);

        // The browser with the planted cookie gets another session, and the planted one is over.
        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        Assert.NotEqual(planted, attacker.Cookies["fm"]!.Value);
        Assert.Equal(HttpStatusCode.Redirect, (await GetAsync(page, "/", "fm=" + planted)).StatusCode);
        Assert.NotEmpty(form);
    }

    [Fact]
    public async Task Leaving_ends_the_session_itself_and_not_only_the_cookie()
    {
        await using var page = await StartAsync();
        using var user = await page.EnterAsync("zhou", UserRole.OnCall, "jiugeng");
        var cookie = user.Cookies["fm"]!.Value;

        await user.PostAsync("/sign-out", await user.TextAsync("/me"));

        Assert.Equal(HttpStatusCode.Redirect, (await GetAsync(page, "/", "fm=" + cookie)).StatusCode);
    }

    [Theory]
    [InlineData("nobody", "whatever it is")]
    [InlineData("zhou", "whatever it is")]
    [InlineData("disabled", PageUnderTest.UserPassword)]
    [InlineData("invited", "")]
    public async Task Who_is_not_let_in_is_told_the_same_whether_the_name_exists_or_not(string name, string password)
    {
        await using var page = await StartAsync();
        var (desk, machine) = (page.Services.GetRequiredService<UserDesk>(), Visitor.Machine(Visitor.CommandLine, ""));
        using (await page.EnterAsync("zhou", UserRole.OnCall, "jiugeng"))
        using (await page.EnterAsync("disabled", UserRole.OnCall, "jiugeng"))
        {
            await desk.DoAsync(machine, "disabled", new UserChange.Disable());
            await desk.AddAsync(machine, "invited", "", "", UserRole.OnCall, SiteScope.All, null);
        }

        using var browser = new UserUnderTest(page.Url);
        var answer = await browser.SignInAsync(name, password);

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Contains("用户名或口令不对", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.False(answer.Headers.TryGetValues("Set-Cookie", out var cookies) && cookies.Any(cookie => cookie.StartsWith("fm=", StringComparison.Ordinal)));
    }

    [Fact]
    public void Ten_wrong_passwords_from_anywhere_make_a_name_wait_and_a_hundred_shut_it()
    {
        var time = new ManualTime();
        var attempts = new SignInAttempts(time);
        for (var wrong = 1; wrong <= SignInAttempts.ShutAfter; wrong++)
        {
            Assert.False(attempts.MustWait("zhou"));
            Assert.Equal(wrong % SignInAttempts.WrongOfNameMax == 0, attempts.WasWrong("zhou"));
            if (wrong % SignInAttempts.WrongOfNameMax == 0)
            {
                Assert.True(attempts.MustWait("zhou"));
                Assert.False(attempts.MustWait("li"));
                time.Advance(SignInAttempts.LongestWait);
            }
        }

        time.Advance(TimeSpan.FromDays(365));
        Assert.True(attempts.MustWait("zhou"));
        attempts.WasRight("zhou");
        Assert.False(attempts.MustWait("zhou"));
    }

    [Fact]
    public async Task A_name_that_is_shut_by_strangers_is_open_to_who_comes_from_where_he_comes_from()
    {
        await using var page = await StartAsync();
        using var here = await page.EnterAsync("zhou", UserRole.OnCall, "jiugeng");
        using var there = await page.EnterAsync("stranger", UserRole.OnCall, "jiugeng");
        var directory = page.Services.GetRequiredService<UserDirectory>();
        foreach (var name in (string[])["zhou", "li"])
        {
            for (var wrong = 0; wrong < SignInAttempts.WrongOfNameMax; wrong++)
                page.Attempts.WasWrong($"{name}\n{directory.Find(name)?.Stamp}");
        }

        // li never was here, and there is nobody of that name: who guesses is told the same as for a name that there is.
        Assert.Equal(HttpStatusCode.TooManyRequests, (await there.SignInAsync("li", "whatever it is")).StatusCode);
        Assert.Equal(HttpStatusCode.Redirect, (await here.SignInAsync("zhou", PageUnderTest.UserPassword)).StatusCode);
    }

    [Fact]
    public async Task A_neighbour_who_signs_in_himself_between_his_guesses_does_not_begin_anew()
    {
        await using var page = await StartAsync();
        using var victim = await page.EnterAsync("zhou", UserRole.OnCall, "jiugeng");
        using var neighbour = await page.EnterAsync("stranger", UserRole.OnCall, "jiugeng");

        var guesses = 0;
        while (await GuessAsync() is HttpStatusCode.Unauthorized)
        {
            // Four are free at a place before it has to wait; then he proves that he belongs there.
            if (++guesses % (SignInAttempts.WrongMax - 1) == 0)
                Assert.Equal(HttpStatusCode.Redirect, (await neighbour.SignInAsync("stranger", PageUnderTest.UserPassword)).StatusCode);
            Assert.True(guesses <= SignInAttempts.WrongOfNameMax, "He guesses for ever.");
        }

        Assert.Equal(SignInAttempts.WrongOfNameMax, guesses);

        async Task<HttpStatusCode> GuessAsync() => (await neighbour.SignInAsync("zhou", $"guess {guesses}")).StatusCode;
    }

    [Fact]
    public async Task A_place_that_knocks_more_than_sixty_times_a_minute_is_not_answered()
    {
        await using var page = await StartAsync();
        using var user = new UserUnderTest(page.Url);
        var statuses = new List<HttpStatusCode>();
        for (var knock = 0; knock <= SignInLimits.PerMinuteMax; knock++)
            statuses.Add((await user.GetAsync("/welcome/x")).StatusCode);

        Assert.Equal(HttpStatusCode.NotFound, statuses[0]);
        Assert.Equal(HttpStatusCode.TooManyRequests, statuses[^1]);
        Assert.Contains(Texts.All["sign-in-wait"].Zh, await (await user.GetAsync("/welcome/x")).Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await user.GetAsync("/sign-in")).StatusCode);
    }

    [Fact]
    public async Task A_session_outlives_a_restart_and_the_cookie_can_be_read_by_no_script_and_no_other_site()
    {
        string cookie;
        await using (var before = await StartAsync())
        {
            var answer = await before.SignInAsync(PageUnderTest.Password);
            var set = answer.Headers.GetValues("Set-Cookie").Single(one => one.StartsWith("fm=", StringComparison.Ordinal));
            Assert.Contains("httponly", set, StringComparison.OrdinalIgnoreCase);
            Assert.Contains("samesite=strict", set, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("secure", set, StringComparison.OrdinalIgnoreCase);
            cookie = set.Split(';')[0];
        }

        await using var after = await StartAsync();
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(after, "/", cookie)).StatusCode);
    }

    [Fact]
    public async Task By_tls_the_cookie_is_never_sent_in_the_clear_and_behind_a_proxy_each_place_is_its_own()
    {
        var further = new Dictionary<string, string> { ["FM_WEB__PUBLIC_URL"] = "https://monitor.example.org", ["FM_WEB__BEHIND_PROXY"] = "true" };
        await using var page = await PageUnderTest.StartAsync(_folder.Path, further: further);
        using var user = new UserUnderTest(page.Url);
        user.Client.DefaultRequestHeaders.Add("X-Forwarded-For", "203.0.113.9");
        user.Client.DefaultRequestHeaders.Add("X-Forwarded-Proto", "https");
        for (var wrong = 0; wrong < SignInAttempts.WrongMax; wrong++)
            page.Attempts.WasWrong(IPAddress.Loopback);
        var form = await user.Client.GetAsync(new Uri("/sign-in", UriKind.Relative));
        var proof = form.Headers.GetValues("Set-Cookie").Single();
        Assert.Contains("secure", proof, StringComparison.OrdinalIgnoreCase);
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/sign-in", UriKind.Relative))
        {
            Content = new FormUrlEncodedContent([new("__RequestVerificationToken", UserUnderTest.ProofOf(await form.Content.ReadAsStringAsync())), new("user", "manager"), new("password", PageUnderTest.Password)]),
            Headers = { { "Cookie", proof.Split(';')[0] }, { "X-Forwarded-For", "203.0.113.9" }, { "X-Forwarded-Proto", "https" } },
        };
        using var bare = new HttpClient(new HttpClientHandler { UseCookies = false, AllowAutoRedirect = false }) { BaseAddress = page.Url };

        var answer = await bare.SendAsync(request);

        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        Assert.Contains("secure", answer.Headers.GetValues("Set-Cookie").Single(one => one.StartsWith("fm=", StringComparison.Ordinal)), StringComparison.OrdinalIgnoreCase);
        Assert.Equal("203.0.113.9", page.Services.GetRequiredService<UserDirectory>().SessionsOf("manager").Single().Place);
    }

    [Fact]
    public void Somebody_who_guesses_elsewhere_does_not_lock_the_manager_out()
    {
        var attempts = new SignInAttempts(new ManualTime());
        Guess(attempts, "192.0.2.7", SignInAttempts.WrongMax);

        Assert.True(attempts.MustWait(IPAddress.Parse("192.0.2.7")));
        Assert.True(attempts.MustWait(IPAddress.Parse("::ffff:192.0.2.7")));
        Assert.False(attempts.MustWait(IPAddress.Parse("192.0.2.8")));
    }

    [Fact]
    public void Four_wrong_passwords_and_the_right_one_begin_anew()
    {
        var attempts = new SignInAttempts(new ManualTime());
        var place = IPAddress.Parse("192.0.2.7");
        Guess(attempts, "192.0.2.7", SignInAttempts.WrongMax - 1);
        Assert.False(attempts.MustWait(place));
        attempts.WasRight(place);

        Guess(attempts, "192.0.2.7", SignInAttempts.WrongMax - 1);

        Assert.False(attempts.MustWait(place));
    }

    [Fact]
    public void Addresses_of_one_household_are_one_place()
    {
        var attempts = new SignInAttempts(new ManualTime());
        for (var host = 1; host <= SignInAttempts.WrongMax; host++)
            Guess(attempts, $"2001:db8:1:2::{host}", 1);

        Assert.True(attempts.MustWait(IPAddress.Parse("2001:db8:1:2::99")));
        Assert.False(attempts.MustWait(IPAddress.Parse("2001:db8:1:3::1")));
    }

    [Fact]
    public void Each_wait_is_twice_as_long_up_to_a_quarter_of_an_hour_and_an_hour_of_quiet_forgives()
    {
        var time = new ManualTime();
        var attempts = new SignInAttempts(time);
        var place = IPAddress.Parse("192.0.2.7");
        foreach (var seconds in (int[])[30, 60, 120, 240, 480, 900, 900])
        {
            Guess(attempts, "192.0.2.7", SignInAttempts.WrongMax);
            time.Advance(TimeSpan.FromSeconds(seconds) - TimeSpan.FromTicks(1));
            Assert.True(attempts.MustWait(place));
            time.Advance(TimeSpan.FromTicks(1));
            Assert.False(attempts.MustWait(place));
        }

        time.Advance(SignInAttempts.Forgotten);
        Guess(attempts, "192.0.2.7", SignInAttempts.WrongMax);
        time.Advance(SignInAttempts.FirstWait);
        Assert.False(attempts.MustWait(place));
    }

    [Fact]
    public void Many_addresses_do_not_buy_many_guesses_nor_much_memory()
    {
        var time = new ManualTime();
        var attempts = new SignInAttempts(time);
        for (var number = 0; number < SignInAttempts.PlacesMax; number++)
            Guess(attempts, $"10.0.{number / 256}.{number % 256}", 1);
        for (var number = 0; number < SignInAttempts.WrongMax; number++)
            Guess(attempts, $"10.9.0.{number}", 1);

        Assert.True(attempts.MustWait(IPAddress.Parse("10.9.9.9")));
        Assert.False(attempts.MustWait(IPAddress.Parse("10.0.0.1")));

        // When the first are forgotten there is room again.
        time.Advance(SignInAttempts.Forgotten);
        Guess(attempts, "10.9.0.1", 1);
        Assert.False(attempts.MustWait(IPAddress.Parse("10.9.9.9")));
    }

    [Fact]
    public void A_place_that_somebody_comes_from_is_not_shut_by_strangers_but_by_its_own_guesses()
    {
        var time = new ManualTime();
        var attempts = new SignInAttempts(time);
        for (var number = 0; number < SignInAttempts.PlacesMax + SignInAttempts.WrongMax; number++)
            Guess(attempts, $"10.0.{number / 256}.{number % 256}", 1);
        var home = IPAddress.Parse("192.0.2.7");
        Assert.True(attempts.MustWait(home));
        Assert.False(attempts.MustWait(home, isKnown: true));

        for (var wrong = 1; wrong <= SignInAttempts.WrongMax; wrong++)
            Assert.Equal(wrong == SignInAttempts.WrongMax, attempts.WasWrong(home, isKnown: true));
        Assert.True(attempts.MustWait(home, isKnown: true));
        time.Advance(SignInAttempts.FirstWait);
        Assert.False(attempts.MustWait(home, isKnown: true));
    }

    [Fact]
    public void Names_beyond_those_remembered_wait_for_a_while_and_never_for_ever()
    {
        var time = new ManualTime();
        var attempts = new SignInAttempts(time);
        for (var number = 0; number < SignInAttempts.NamesMax; number++)
            attempts.WasWrong($"name-{number}");
        for (var number = 0; number < SignInAttempts.ShutAfter; number++)
            attempts.WasWrong($"other-{number}");
        Assert.True(attempts.MustWait("zhou"));

        time.Advance(SignInAttempts.LongestWait);
        Assert.False(attempts.MustWait("zhou"));

        // Those who only had to wait made room, too: the next is counted by itself.
        time.Advance(SignInAttempts.NameForgotten);
        Assert.False(attempts.MustWait("zhou"));
        for (var wrong = 0; wrong < SignInAttempts.WrongOfNameMax; wrong++)
            attempts.WasWrong("zhou");
        Assert.True(attempts.MustWait("zhou"));
        Assert.False(attempts.MustWait("li"));
    }

    [Fact]
    public async Task A_crowd_of_strangers_at_the_door_does_not_keep_out_who_comes_from_where_he_comes_from()
    {
        await using var page = await StartAsync();
        using var here = await page.EnterAsync("zhou", UserRole.OnCall, "jiugeng");
        for (var number = 0; number < SignInAttempts.PlacesMax + SignInAttempts.WrongMax; number++)
            Guess(page.Attempts, $"10.0.{number / 256}.{number % 256}", 1);

        Assert.Equal(HttpStatusCode.TooManyRequests, (await here.SignInAsync("li", "whatever it is")).StatusCode);
        Assert.Equal(HttpStatusCode.Redirect, (await here.SignInAsync("zhou", PageUnderTest.UserPassword)).StatusCode);
    }

    private static void Guess(SignInAttempts attempts, string from, int times)
    {
        for (var time = 0; time < times; time++)
            attempts.WasWrong(IPAddress.Parse(from));
    }

    private Task<PageUnderTest> StartAsync() => PageUnderTest.StartAsync(_folder.Path);

    private static async Task<HttpResponseMessage> GetAsync(PageUnderTest page, string path, string? cookie = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative));
        if (cookie is not null)
            request.Headers.Add("Cookie", cookie);
        return await page.Client.SendAsync(request);
    }
}
