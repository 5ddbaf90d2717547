using FacilityMonitor.Alerts;
using FacilityMonitor.Configuration;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Tests.OnCall;
using FacilityMonitor.Users;
using FacilityMonitor.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace FacilityMonitor.Tests.Web;

/// <summary>The phone page and the API on a server of their own, over a real response log.</summary>
internal static class ResponseServer
{
    /// <param name="fixture">The log, its people and its clock.</param>
    /// <param name="folder">Where settings and photos lie.</param>
    /// <param name="client">Gets the address, and the key.</param>
    /// <param name="withKey">Whether it shows the key of this machine.</param>
    public static async Task<WebApplication> StartAsync(ResponseFixture fixture, TemporaryFolder folder, HttpClient client, bool withKey = true)
    {
        // Nobody edits its settings: a watch for each of many servers would use up what a user may have.
        var builder = WebApplication.CreateSlimBuilder(["--hostBuilder:reloadConfigOnChange=false"]);
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton<TimeProvider>(fixture.Time);
        builder.Services.AddSingleton(SettingsLoader.Load(folder.Path, new System.Collections.Hashtable { ["FM_DATA__DIRECTORY"] = folder.Path }).Settings!);
        builder.Services.AddSingleton(fixture.Database);
        builder.Services.AddSingleton(fixture.Log);
        builder.Services.AddSingleton(fixture.Links);
        builder.Services.AddSingleton(fixture.Registry);
        builder.Services.AddSingleton(fixture.Sounds);
        builder.Services.AddSingleton<ResponseDesk>();
        builder.AddUsers();
        builder.Services.AddDoor(publicUrl: null);
        builder.Services.AddPages();
        builder.Services.AddSingleton<ContactDesk>();
        builder.Services.AddSingleton<PhotoStore>();
        builder.Services.AddSingleton(new Action<AlertTransition>(_ => { }));
        builder.Services.AddSingleton<ResponseWatch>();
        var app = builder.Build();
        app.MapAct();
        app.MapResponseApi();
        await app.StartAsync();
        client.BaseAddress = new Uri(app.Urls.Single());
        var key = ControlKey.Write(folder.Path, app.Urls.Single());
        app.Services.GetRequiredService<ControlDoor>().Open(key);
        if (withKey)
            client.DefaultRequestHeaders.Authorization = new("Bearer", key.Secret);
        return app;
    }
}
