using System.Net;
using System.Text.RegularExpressions;
using FacilityMonitor.Tests.Mqtt;
using FacilityMonitor.Tests.Web;

namespace FacilityMonitor.Tests.EndToEnd;

/// <summary>Users by the command line of a service that is killed between two words.</summary>
public sealed class UserTests
{
    [RealServerFact("mosquitto")]
    public async Task Whom_the_terminal_added_signs_in_after_the_service_was_killed_and_it_is_written_down()
    {
        using var folder = new TemporaryFolder();
        await using var broker = await MosquittoBroker.StartAsync();
        await using (var service = await ServiceUnderTest.StartAsync(broker, folder.Path))
        {
            var (code, said, _) = await UserAsync(service, "", "add", "zhou", "--role", "electrican", "--sites", "huaihai");
            Assert.Equal((1, true), (code, said.Contains("'electrican'", StringComparison.Ordinal) && said.Contains("electrician", StringComparison.Ordinal)));
            Assert.Contains("'huaihi'", (await UserAsync(service, "", "add", "zhou", "--role", "electrician", "--sites", "huaihi")).Output, StringComparison.Ordinal);
            Assert.Equal(2, (await UserAsync(service, "", "add", "zhou", "--role", "electrician")).Code);
            Assert.Contains("'zhou'", (await UserAsync(service, "", "disable", "zhou")).Output, StringComparison.Ordinal);

            (code, said, _) = await UserAsync(service, "", "add", "zhou", "--role", "electrician", "--sites", "huaihai", "--display", "周电工");
            Assert.Equal(0, code);
            Assert.Matches("http://127\\.0\\.0\\.1:\\d+/welcome/[0-9a-f]{64}", said);
            Assert.Contains("12", (await UserAsync(service, "short\\n", "password", "zhou")).Output, StringComparison.Ordinal);
            Assert.Equal(0, (await UserAsync(service, PageUnderTest.UserPassword + "\\n", "password", "zhou")).Code);
            Assert.Matches("zhou  电工  huaihai  周电工", (await UserAsync(service, "", "list")).Output);
            await service.Process.KillAsync();
        }

        await using var again = await ServiceUnderTest.StartAsync(broker, folder.Path);
        using var user = new UserUnderTest(new Uri(again.Url));
        Assert.Equal(HttpStatusCode.Redirect, (await user.SignInAsync("zhou", PageUnderTest.UserPassword)).StatusCode);
        Assert.Contains("127.0.0.1", (await UserAsync(again, "", "sessions", "zhou")).Output, StringComparison.Ordinal);
        Assert.Equal(0, (await UserAsync(again, "", "sessions", "zhou", "--end")).Code);
        Assert.Equal(HttpStatusCode.Redirect, (await user.GetAsync("/me")).StatusCode);

        var (audited, lines, _) = await RunAsync(again, "", "audit");
        Assert.Equal(0, audited);
        Assert.Equal(
            ["sessions-ended", "sign-in", "user-password", "link-made", "user-add"],
            Regex.Matches((await RunAsync(again, "", "audit", "--json")).Output, "\"what\":\"(?<what>[a-z-]+)\",\"subject\":\"zhou\"").Select(match => match.Groups["what"].Value));
        Assert.DoesNotContain(PageUnderTest.UserPassword, lines, StringComparison.Ordinal);
        Assert.DoesNotContain(PageUnderTest.UserPassword, again.Process.Log, StringComparison.Ordinal);
        Assert.Equal(0, await again.Process.StopAsync());
        Assert.Contains("does not answer", (await UserAsync(again, "", "list")).Errors, StringComparison.Ordinal);
    }

    private static Task<(int Code, string Output, string Errors)> UserAsync(ServiceUnderTest service, string typed, params string[] arguments) => RunAsync(service, typed, ["user", .. arguments]);

    private static Task<(int Code, string Output, string Errors)> RunAsync(ServiceUnderTest service, string typed, params string[] arguments)
    {
        var words = string.Join(' ', arguments.Select(argument => $"'{argument}'"));
        return Terminal.RunAsync(
            "bash", ["-c", $"printf '{typed}' | dotnet '{Path.Combine(AppContext.BaseDirectory, "facility-monitor.dll")}' {words}"], service.Data, ("FM_DATA__DIRECTORY", service.Data));
    }
}
