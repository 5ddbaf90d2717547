using System.Net;
using FacilityMonitor.Web;

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
