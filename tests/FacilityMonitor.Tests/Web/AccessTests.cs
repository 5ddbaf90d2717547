using System.Net;
using System.Text;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Response;
using FacilityMonitor.Users;
using FacilityMonitor.Web;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace FacilityMonitor.Tests.Web;

/// <summary>Every address that the service has, one by one, as a stranger, as each role, as somebody of another site and as another page. A new address has to be told here who may use it.</summary>
public sealed class AccessTests : IDisposable
{
    /// <summary>An alert of a site that the visitor from elsewhere does not see.</summary>
    private const string Alert = "00000000000000a1";

    private const string Permit = "permit-of-jiugeng";

    /// <summary>Open to everybody, each with its reason.</summary>
    private static readonly string[] Open =
    [
        "GET /healthz", "GET /readyz", // Supervisors; they name neither people nor places.
        "GET /p/{site}", // Free sockets and nothing else, of sites whose registry says so; Jiugeng does not.
        "GET /sign-in", "POST /sign-in", // The door.
        "GET /welcome/{secret}", "POST /welcome/{secret}", // A one-time link: 256 random bits.
        "GET /a/{token}", "GET /a/{token}/{what}", "POST /a/{token}/{what}", "GET /a/{token}/photo/{name}", // A link of a message: signed, for one alert and person.
        "POST /reports/{channel}/{secret}", // Providers of messages, by a secret in the address.
    ];

    /// <summary>Only for this machine's command line.</summary>
    private const string Machine = "/control";

    /// <summary>What needs more than to have signed in. A page has its forms on its own address.</summary>
    private static readonly Dictionary<string, Right> Rights = new()
    {
        ["POST /sign-out"] = Right.See,
        ["POST /alert/{alert}/{what}"] = Right.Respond,
        ["POST /alert/{alert}/take-all"] = Right.Respond,
        ["POST /api/alerts/{alert}/{command}"] = Right.Respond,
        ["POST /api/contacts/{person}/ask"] = Right.Contacts,
        ["POST /api/contacts/{person}/confirm"] = Right.Contacts,
        ["POST /api/permits"] = Right.Permit,
        ["POST /api/permits/{permit}/confirm"] = Right.Permit,
        ["POST /api/permits/{permit}/end"] = Right.Permit,
        ["POST /api/drills"] = Right.Drill,
        ["GET /api/figures"] = Right.Figures,
        ["GET /api/books"] = Right.Figures,
        ["PAGE /users"] = Right.Users,
        ["PAGE /users/{name}"] = Right.Users,
        ["PAGE /audit"] = Right.Audit,
        ["PAGE /settings"] = Right.Permit,
        ["PAGE /settings/power-off"] = Right.Permit,
        ["PAGE /settings/permits"] = Right.Permit,
        ["PAGE /on-call/drill"] = Right.Drill,
        ["PAGE /on-call/channels"] = Right.Contacts,
        ["PAGE /settings/devices"] = Right.Registry,
        ["PAGE /settings/adopt"] = Right.Registry,
        ["PAGE /settings/sites"] = Right.Registry,
        ["PAGE /settings/site"] = Right.Registry,
        ["PAGE /settings/circuit"] = Right.Registry,
        ["PAGE /settings/device"] = Right.Registry,
        ["PAGE /settings/fire-equipment"] = Right.Registry,
        ["PAGE /settings/holidays"] = Right.Registry,
        ["PAGE /settings/people"] = Right.Registry,
        ["PAGE /settings/people/{person}"] = Right.Registry,
        ["PAGE /settings/add-person"] = Right.Registry,
        ["PAGE /settings/duty"] = Right.Registry,
        ["PAGE /settings/duty/{what}"] = Right.Registry,
        ["PAGE /settings/limits"] = Right.Registry,
        ["PAGE /settings/changes"] = Right.Registry,
    };

    /// <summary>Forms of pages, by the address that each is sent to.</summary>
    private static readonly Dictionary<string, Right> Forms = new()
    {
        ["/alerts"] = Right.Respond,
        ["/today"] = Right.Respond,
        ["/users"] = Right.Users,
        ["/users/manager?handler=save"] = Right.Users,
        ["/users/manager?handler=link"] = Right.Users,
        ["/users/manager?handler=disable"] = Right.Users,
        ["/users/manager?handler=enable"] = Right.Users,
        ["/users/manager?handler=end"] = Right.Users,
        ["/settings/adopt"] = Right.Registry,
        ["/settings/site"] = Right.Registry,
        ["/settings/circuit"] = Right.Registry,
        ["/settings/circuit?handler=rehearse"] = Right.Registry,
        ["/settings/device"] = Right.Registry,
        ["/settings/fire-equipment"] = Right.Registry,
        ["/settings/holidays"] = Right.Registry,
        ["/settings/people/guard-a"] = Right.Registry,
        ["/settings/people/guard-a?handler=ask"] = Right.Registry,
        ["/settings/people/guard-a?handler=confirm"] = Right.Registry,
        ["/on-call?handler=ask&person=guard-a"] = Right.Contacts,
        ["/on-call?handler=confirm&person=guard-a"] = Right.Contacts,
        ["/on-call/drill"] = Right.Drill,
        ["/on-call/channels"] = Right.Contacts,
        ["/settings/permits"] = Right.Permit,
        ["/settings/permits?handler=agree"] = Right.Permit,
        ["/settings/permits?handler=end"] = Right.Permit,
        ["/settings/add-person"] = Right.Registry,
        ["/settings/duty/stand-in"] = Right.Registry,
        ["/settings/limits"] = Right.Registry,
        ["/settings/limits?handler=rehearse"] = Right.Registry,
        ["/settings/changes"] = Right.Registry,
        ["/settings/power-off"] = Right.Permit,
        ["/settings/power-off?handler=end"] = Right.Permit,
        ["/me?handler=password"] = Right.See,
        ["/me?handler=language"] = Right.See,
        ["/me?handler=end"] = Right.See,
        ["/climbers/jiugeng/climber-1?handler=out"] = Right.Respond,
        ["/climbers/jiugeng/climber-1?handler=in"] = Right.Respond,
        ["/climbers/jiugeng/climber-1?handler=fault"] = Right.Respond,
        ["/climbers/jiugeng/climber-1?handler=mended"] = Right.Permit,
    };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Nothing_but_health_the_door_and_signed_links_is_open_to_a_stranger()
    {
        await using var page = await StartAsync();
        var addresses = Addresses(page);
        Assert.Equal(Open.Order(), addresses.Where(one => one.IsOpen).Select(one => one.Name).Order());
        using var stranger = new UserUnderTest(page.Url);

        foreach (var address in addresses)
        {
            using var answer = await AskAsync(stranger, address, null);
            var body = await answer.Content.ReadAsStringAsync();
            if (!address.IsOpen)
            {
                Assert.True(
                    answer.StatusCode == HttpStatusCode.Unauthorized || answer is { StatusCode: HttpStatusCode.Redirect, Headers.Location.OriginalString: "/sign-in" },
                    $"{address.Name} answers a stranger {(int)answer.StatusCode} {answer.Headers.Location}");
            }

            Assert.DoesNotContain("久耕", body, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Every_address_that_is_not_open_asks_for_a_right()
    {
        await using var page = await StartAsync();

        foreach (var endpoint in Endpoints(page))
        {
            var isOpen = endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null;
            Assert.True(isOpen || endpoint.Metadata.GetMetadata<IAuthorizeData>() is not null, $"{endpoint.RoutePattern.RawText} says neither AllowAnonymous nor which right it needs");
        }
    }

    [Theory]
    [InlineData("property-manager")]
    [InlineData("on-call")]
    [InlineData("electrician")]
    [InlineData("auditor")]
    [InlineData("administrator")]
    public async Task Each_role_may_do_what_it_is_for_and_nothing_else(string word)
    {
        var role = FacilityMonitor.Registry.Words.All<UserRole>().First(one => one.Word == word).Kind;
        await using var page = await StartAsync();
        using var user = await page.EnterAsync("tried", role, "all");
        var proof = await user.TextAsync("/me");

        foreach (var address in Addresses(page).Where(one => !one.IsOpen && !one.Name.Contains(Machine, StringComparison.Ordinal) && one.Name is not ("POST /sign-out" or "GET /events")))
        {
            var right = address.Method == "GET" ? Rights.GetValueOrDefault(address.Name, Right.See) : Rights[address.Name];
            using var answer = await AskAsync(user, address, proof);
            Judge(role, right, address.Name, answer);
        }

        foreach (var (form, right) in Forms.Where(form => form.Key != "/me?handler=end"))
        {
            using var answer = await user.PostAsync(form, proof);
            Judge(role, right, "POST " + form, answer);
        }

        foreach (var what in (string[])["shelve", "unshelve"])
        {
            using var answer = await user.PostAsync($"/alert/{Alert}/{what}", proof, ("hours", "1"), ("reason", "等电工"));
            Judge(role, Right.Shelve, what, answer);
            using var json = await SendAsync(user, $"/api/alerts/{Alert}/{what}", """{"until":"2026-11-20T11:00:00Z","reason":"x"}""", proof);
            Judge(role, Right.Shelve, "api " + what, json);
        }
    }

    [Fact]
    public async Task Somebody_of_another_site_finds_nothing_of_this_one_at_any_address()
    {
        await using var page = await StartAsync();
        await page.SayAsync("pile-02", "s7", 123);
        // Everything may be done, only not here.
        using var elsewhere = await page.EnterAsync("elsewhere", UserRole.Administrator, "panyu-road");
        var proof = await elsewhere.TextAsync("/me");
        Assert.Contains("番禺路", await elsewhere.TextAsync("/"), StringComparison.Ordinal);

        foreach (var address in Addresses(page).Where(one => !one.IsOpen && !one.Name.Contains(Machine, StringComparison.Ordinal) && one.Name is not ("POST /sign-out" or "GET /api/openapi.json")))
        {
            using var answer = await AskAsync(elsewhere, address, proof);
            // What is missing is said with an example, the same for everybody.
            if (answer.StatusCode == HttpStatusCode.UnprocessableEntity)
                continue;
            var body = address.Name == "GET /events" ? await FirstEventAsync(answer) : await answer.Content.ReadAsStringAsync();
            foreach (var word in (string[])["久耕", "jiugeng", "Jiugeng", "淮海里", "huaihai", "Huaihai", "过载 0", "物业经理甲", "微型消防站队员甲", "楼组长甲"])
                Assert.False(body.Contains(word, StringComparison.Ordinal), $"{address.Name} shows '{word}': {body}");
            if (address.Name.Contains('{', StringComparison.Ordinal) && !address.Name.Contains("{name}", StringComparison.Ordinal))
                Assert.True(answer.StatusCode == HttpStatusCode.NotFound, $"{address.Name} answers {(int)answer.StatusCode} about another site");
        }

        // What names the site in its body.
        foreach (var (path, body) in ((string, string)[])
                 [("/api/drills", """{"site":"jiugeng"}"""), ("/api/permits", """{"kind":"test","asset":"jiugeng/garage/pile-u1","until":"2026-11-20T10:10:00Z","reason":"x"}""")])
            Assert.Equal(HttpStatusCode.NotFound, (await SendAsync(elsewhere, path, body, proof)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await elsewhere.GetAsync("/api/on-duty?site=jiugeng")).StatusCode);
        // Named twice, one of them would be looked at and the other shown.
        foreach (var path in (string[])["/api/on-duty?site=panyu-road&site=jiugeng", "/api/on-duty?site=jiugeng&site=panyu-road", "/on-call/drill?site=panyu-road&site=jiugeng", "/on-call/drill?site=jiugeng&site=panyu-road"])
            Assert.Equal(HttpStatusCode.NotFound, (await elsewhere.GetAsync(path)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await elsewhere.GetAsync("/on-call/drill?site=panyu-road")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await elsewhere.GetAsync("/api/figures")).StatusCode);
        Assert.Empty(State(page).Acknowledgements);
    }

    [Fact]
    public async Task The_overview_of_one_site_is_of_no_other_and_of_a_foreign_one_there_is_none()
    {
        await using var page = await StartAsync();
        using var both = await page.EnterAsync("both", UserRole.PropertyManager, "huaihai,panyu-road");
        using var one = await page.EnterAsync("one", UserRole.PropertyManager, "panyu-road");

        var html = await both.TextAsync("/?site=panyu-road");
        using var stream = await both.Client.GetAsync(new Uri("/events?site=panyu-road", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);
        using var all = await both.Client.GetAsync(new Uri("/events?site=", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (stream.StatusCode, all.StatusCode));
        Assert.Contains("只显示这个点位", html, StringComparison.Ordinal);
        Assert.Contains("schematic-panyu-road", html, StringComparison.Ordinal);
        Assert.DoesNotContain("schematic-huaihai", html, StringComparison.Ordinal);
        Assert.DoesNotContain("淮海里", await FirstEventAsync(stream), StringComparison.Ordinal);
        Assert.Contains("淮海里", await FirstEventAsync(all), StringComparison.Ordinal);
        foreach (var path in (string[])["/?site=huaihai", "/events?site=huaihai", "/?site=panyu-road&site=huaihai"])
            Assert.Equal(HttpStatusCode.NotFound, (await one.GetAsync(path)).StatusCode);
        // With one site there is nothing to choose.
        Assert.DoesNotContain("data-testid=\"only\"", await one.TextAsync("/"), StringComparison.Ordinal);
    }

    /// <summary>Right by the address alone: the right was judged by it, and the form of the same name is read after it.</summary>
    [Theory]
    [InlineData("/climbers/panyu-road/climber-1?handler=fault")]
    [InlineData("/climbers/panyu-road/pile-r1?handler=fault")]
    [InlineData("/climbers/panyu-road/climber-1?handler=mended")]
    public async Task A_form_that_names_another_site_than_its_address_writes_nothing_there(string path)
    {
        await using var page = await StartAsync();
        using var elsewhere = await page.EnterAsync("elsewhere", UserRole.Administrator, "panyu-road");

        using var answer = await elsewhere.PostAsync(path, await elsewhere.TextAsync("/me"), ("site", "jiugeng"), ("device", "climber-1"), ("text", "履带松了"));

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.DoesNotContain("久耕", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using var reader = page.Database.OpenReader();
        Assert.Equal(0, FacilityMonitor.Climbers.ClimberTable.OpenFaults(reader, "jiugeng", "climber-1"));
    }

    [Fact]
    public async Task A_form_that_names_another_device_or_person_than_its_address_is_about_that_of_the_address()
    {
        await using var page = await StartAsync();
        using var here = await page.EnterAsync("here", UserRole.Administrator, "jiugeng");
        var proof = await here.TextAsync("/me");

        using (var fault = await here.PostAsync("/climbers/jiugeng/climber-1?handler=fault", proof, ("site", "jiugeng"), ("device", "climber-2"), ("text", "履带松了")))
            Assert.Equal("/climbers/jiugeng/climber-1", fault.Headers.Location?.OriginalString);
        using (var asked = await here.PostAsync("/settings/people/guard-a?handler=ask", proof, ("person", "stair-a"), ("channel", "console")))
            Assert.DoesNotContain("stair-a", asked.Headers.Location?.OriginalString ?? await asked.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        using var reader = page.Database.OpenReader();
        Assert.Equal((1, 0), (FacilityMonitor.Climbers.ClimberTable.OpenFaults(reader, "jiugeng", "climber-1"), FacilityMonitor.Climbers.ClimberTable.OpenFaults(reader, "jiugeng", "climber-2")));
    }

    /// <summary>No browser sends one; a page would read it like any form, and no proof is asked of a GET.</summary>
    [Theory]
    [InlineData("/site/panyu-road", "site", "jiugeng", "久耕小区")]
    [InlineData("/diagram/panyu-road", "site", "jiugeng", "久耕小区")]
    [InlineData("/circuit/panyu-road/c-row", "circuit", "c-garage", "地下车库充电回路")]
    [InlineData("/device/panyu-road/pile-r1", "device", "pile-u1", "车库 1 号桩")]
    [InlineData("/on-call/drill", "alert", "DRILL", "data-testid=\"report\"")]
    public async Task A_look_at_a_page_with_a_form_in_its_body_shows_nothing_of_another_site(string path, string field, string value, string shown)
    {
        await using var page = await StartAsync();
        using var elsewhere = await page.EnterAsync("elsewhere", UserRole.Administrator, "panyu-road");
        using var all = await page.EnterAsync("all", UserRole.Administrator, "all");
        var drill = await page.Services.GetRequiredService<ResponseDesk>().DrillAsync("jiugeng", FacilityMonitor.Alerts.Priority.P1, withSiren: false, new Actor("manager", "page"));
        if (value == "DRILL")
            value = drill!;
        (string, string)[] fields = field == "site" ? [(field, value)] : [("site", "jiugeng"), (field, value)];

        foreach (var method in (HttpMethod[])[HttpMethod.Get, HttpMethod.Head])
        {
            using var answer = await WithBodyAsync(elsewhere, method, path, fields);
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
            Assert.DoesNotContain(shown, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        // Who sees every site is shown what the address names, where it names something.
        using var whole = await WithBodyAsync(all, HttpMethod.Get, path, fields);
        if (path.Contains("panyu-road", StringComparison.Ordinal))
            Assert.Contains("番禺路", await whole.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pages_read_their_forms_last()
    {
        await using var page = await StartAsync();
        var order = page.Services.GetRequiredService<Microsoft.Extensions.Options.IOptions<Microsoft.AspNetCore.Mvc.MvcOptions>>().Value.ValueProviderFactories.Select(factory => factory.GetType().Name).ToList();

        Assert.Equal(["RouteValueProviderFactory", "QueryStringValueProviderFactory"], order.TakeWhile(name => !name.Contains("Form", StringComparison.Ordinal)));
        Assert.All(order.Skip(2), name => Assert.Contains("Form", name, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_form_or_request_of_another_page_changes_nothing_anywhere()
    {
        await using var page = await StartAsync();
        using var user = await page.EnterAsync("tried", UserRole.Administrator, "all");
        var users = page.Services.GetRequiredService<UserDirectory>();
        var before = users.All;

        foreach (var address in Addresses(page).Where(one => one.Method == "POST" && !one.IsOpen && !one.Name.Contains(Machine, StringComparison.Ordinal)))
        {
            using var answer = await AskAsync(user, address, null);
            Assert.True(answer.StatusCode == HttpStatusCode.BadRequest, $"{address.Name} takes a request without proof: {(int)answer.StatusCode}");
            using var form = await user.PostAsync(Fill(address.Pattern), null);
            Assert.True(form.StatusCode == HttpStatusCode.BadRequest, $"{address.Name} takes a form without proof: {(int)form.StatusCode}");
        }

        foreach (var form in Forms.Keys)
        {
            using var answer = await user.PostAsync(form, null, ("role", "administrator"), ("sites", "all"), ("name", "evil"));
            Assert.True(answer.StatusCode == HttpStatusCode.BadRequest, $"{form} takes a form without proof: {(int)answer.StatusCode}");
        }

        Assert.Equal(before, users.All);
        Assert.Empty(State(page).Acknowledgements);
        Assert.Equal(HttpStatusCode.OK, (await user.GetAsync("/me")).StatusCode);
    }

    [Fact]
    public async Task The_command_line_is_let_in_by_its_key_and_a_browser_never_is()
    {
        await using var page = await StartAsync();
        using var user = await page.EnterAsync("tried", UserRole.Administrator, "all");
        var proof = await user.TextAsync("/me");

        foreach (var address in Addresses(page).Where(one => one.Name.Contains(Machine, StringComparison.Ordinal)))
        {
            using var answer = await AskAsync(user, address, proof);
            Assert.True(answer.StatusCode == HttpStatusCode.Unauthorized, $"{address.Name} answers a browser {(int)answer.StatusCode}");
        }

        user.Client.DefaultRequestHeaders.Authorization = new("Bearer", ControlKey.Read(_folder.Path)!.Secret);
        Assert.Equal(HttpStatusCode.OK, (await user.GetAsync("/control/users")).StatusCode);
        user.Client.DefaultRequestHeaders.Authorization = new("Bearer", new string('0', 64));
        Assert.Equal(HttpStatusCode.Unauthorized, (await user.GetAsync("/control/users")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await user.GetAsync("/api/alerts")).StatusCode);
    }

    [Fact]
    public async Task The_password_that_a_proxy_asks_for_shuts_nobody_out_and_opens_nothing()
    {
        await using var page = await StartAsync();
        using var user = await page.EnterAsync("tried", UserRole.Administrator, "all");
        using var stranger = new UserUnderTest(page.Url);
        user.Client.DefaultRequestHeaders.Authorization = stranger.Client.DefaultRequestHeaders.Authorization = new("Basic", "bWFuYWdlcjp4");

        Assert.Equal(HttpStatusCode.OK, (await user.GetAsync("/")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await user.GetAsync("/api/alerts")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await user.GetAsync("/control/users")).StatusCode);
        Assert.Equal("/sign-in", (await stranger.GetAsync("/")).Headers.Location!.OriginalString);
        Assert.Equal(HttpStatusCode.Unauthorized, (await stranger.GetAsync("/control/users")).StatusCode);
    }

    [Fact]
    public async Task Every_answer_forbids_foreign_scripts_frames_and_guesses()
    {
        await using var page = await StartAsync();
        using var user = await page.EnterAsync("tried", UserRole.Administrator, "all");
        foreach (var path in (string[])["/", "/sign-in", "/users", "/users/tried", "/audit", "/settings", "/settings/duty/swap", "/settings/add-person", "/me", "/welcome/x", "/alert/" + Alert, "/healthz", "/api/alerts", "/nowhere"])
        {
            using var answer = await user.GetAsync(path);
            var policy = string.Join(' ', answer.Headers.GetValues("Content-Security-Policy"));
            Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
            Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
            Assert.Contains("form-action 'self'", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
            Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
            Assert.Equal("no-referrer", answer.Headers.GetValues("Referrer-Policy").Single());
            Assert.True(answer.Headers.CacheControl!.NoStore);
            var html = await answer.Content.ReadAsStringAsync();
            Assert.DoesNotContain("<script>", html, StringComparison.Ordinal);
            Assert.DoesNotContain(" style=\"", html, StringComparison.Ordinal);
            Assert.DoesNotMatch(" on[a-z]+=\"", html);
        }
    }

    private static void Judge(UserRole role, Right right, string name, HttpResponseMessage answer)
    {
        var isRefused = answer.StatusCode is HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized;
        Assert.True(isRefused != role.May(right), $"{name} needs {right}; a user who is {role} gets {(int)answer.StatusCode}");
    }

    private static async Task<HttpResponseMessage> AskAsync(UserUnderTest user, Address address, string? proof)
    {
        if (address.Method == "GET")
            return await user.Client.GetAsync(new Uri(Fill(address.Pattern), UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);
        return address.Pattern.StartsWith("/api", StringComparison.Ordinal) || address.Pattern.StartsWith(Machine, StringComparison.Ordinal)
            ? await SendAsync(user, Fill(address.Pattern), "{}", proof)
            : await user.PostAsync(Fill(address.Pattern), proof);
    }

    private static async Task<HttpResponseMessage> SendAsync(UserUnderTest user, string path, string json, string? proof)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(path, UriKind.Relative)) { Content = new StringContent(json, Encoding.UTF8, "application/json") };
        if (proof is not null)
            request.Headers.Add("RequestVerificationToken", UserUnderTest.ProofOf(proof));
        return await user.Client.SendAsync(request);
    }

    private static async Task<HttpResponseMessage> WithBodyAsync(UserUnderTest user, HttpMethod method, string path, (string Name, string Value)[] fields)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative)) { Content = new FormUrlEncodedContent(fields.Select(field => KeyValuePair.Create(field.Name, field.Value))) };
        return await user.Client.SendAsync(request);
    }

    /// <summary>An address with the alert, the site, the person … of Jiugeng in it.</summary>
    private static string Fill(string pattern) => string.Concat(RoutePatternParts(pattern).Select(part => part switch
    {
        "{alert}" => Alert,
        "{site}" => "jiugeng",
        "{circuit}" => "c-garage",
        "{device}" => "pile-u1",
        "{permit}" => Permit,
        "{person}" => "guard-a",
        "{what}" or "{command}" => "acknowledge",
        "{name}" => "manager",
        "{channel}" => "console",
        "{token}" or "{secret}" or "{id}" => "x",
        ['{', ..] => throw new InvalidOperationException($"{pattern}: say here what {part} may be, of Jiugeng if it names something there"),
        _ => part,
    }));

    private static string[] RoutePatternParts(string pattern) => System.Text.RegularExpressions.Regex.Split(pattern, "(\\{[^}]+\\})");

    private static async Task<string> FirstEventAsync(HttpResponseMessage answer)
    {
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync());
        var text = new StringBuilder();
        while (await reader.ReadLineAsync() is { Length: > 0 } line)
            text.Append(line);
        Assert.Contains("panyu-road", text.ToString(), StringComparison.Ordinal);
        return text.ToString();
    }

    private static List<Address> Addresses(PageUnderTest page) =>
    [
        .. Endpoints(page).SelectMany(endpoint =>
        {
            var methods = endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods;
            var pattern = "/" + endpoint.RoutePattern.RawText!.TrimStart('/').TrimEnd('/');
            // A page takes every method; its forms are tried one by one.
            var isPage = methods is null;
            return (methods ?? ["GET"]).Select(method => new Address($"{method} {pattern}", method, pattern, endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null)
            {
                Name = isPage && Rights.ContainsKey("PAGE " + pattern) ? "PAGE " + pattern : $"{method} {pattern}",
            });
        }),
    ];

    private static IEnumerable<RouteEndpoint> Endpoints(PageUnderTest page) => page.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>();

    private static AlertResponse State(PageUnderTest page)
    {
        using var reader = page.Database.OpenReader();
        return ResponseTable.Load(reader, Alert)!;
    }

    private async Task<PageUnderTest> StartAsync()
    {
        var channels = FacilityMonitor.OnCall.Channels.ChannelReader.Load(Path.Combine(Conventions.SourceTree.Root, "src/FacilityMonitor/demo"), "zh").Channels;
        var page = await PageUnderTest.StartAsync(_folder.Path, channels: channels);
        await page.RaiseAsync(Alert, "jiugeng", "jiugeng/garage/pile-u1");
        await page.Services.GetRequiredService<ResponseDesk>().AskAsync(
            new Permit(Permit, PermitKind.OutOfService, "jiugeng/garage/pile-u1", page.NowMs, page.NowMs + 3_600_000, "manager", null, "换探头", "guard-a"));
        return page;
    }

    private sealed record Address(string Name, string Method, string Pattern, bool IsOpen);
}
