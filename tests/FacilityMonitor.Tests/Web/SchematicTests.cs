using FacilityMonitor.Alerts;
using FacilityMonitor.Configuration;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;
using FacilityMonitor.Users;
using FacilityMonitor.Web;
using Microsoft.Extensions.DependencyInjection;

namespace FacilityMonitor.Tests.Web;

/// <summary>What feeds what on the start page, drawn from the registry.</summary>
public sealed class SchematicTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Circuits_hang_on_their_feeder_and_piles_lifts_and_climbers_where_they_are_wired()
    {
        await using var page = await PageUnderTest.StartAsync(_folder.Path);

        var drawn = Draw(page);

        Assert.Equal(SchematicDepth.Things, drawn.Depth);
        Assert.Equal(["jiugeng", "huaihai", "panyu-road"], drawn.Sites.Select(site => site.Site.Id));
        var feeder = Assert.Single(drawn.Sites[0].Circuits);
        Assert.Equal(("总线路", "/circuit/jiugeng/feeder-1"), (feeder.Name.Zh, feeder.Link));
        Assert.Equal(9, feeder.Below.Count);
        Assert.Equal(("地面 1 号桩", "/device/jiugeng/pile-g1"), (Assert.Single(feeder.Below[0].Below).Name.Zh, feeder.Below[0].Below[0].Link));
        // Two piles of one place on one circuit are one part.
        var garage = Assert.Single(feeder.Below[4].Below);
        Assert.Equal(("地下车库 · 充电设备 2 台", "/site/jiugeng#place-garage"), (garage.Name.Zh, garage.Link));
        Assert.Equal(["车库环境", "爬楼机 1 号", "爬楼机 2 号", "电梯阻车", "广场噪声", "久耕小区 · 其他设备 3 台", "3 号楼呼叫按钮", "小区门口 · 其他设备 2 台"], drawn.Sites[0].Loose.Select(node => node.Name.Zh));
        Assert.Equal("/climbers/jiugeng/climber-1", drawn.Sites[0].Loose[1].Link);
        // Every device but the meters stands in it once.
        foreach (var site in drawn.Sites)
            Assert.Equal(site.Site.Devices.Where(device => device.Kind != DeviceKind.Meter).Select(device => device.Id).Order(), site.Circuits.SelectMany(All).Concat(site.Loose).SelectMany(node => node.Devices ?? []).Order());
        Assert.Equal(["panyu-road"], Draw(page, SiteScope.Of(["panyu-road"])).Sites.Select(site => site.Site.Id));
    }

    [Fact]
    public async Task Each_part_says_how_it_stands_with_a_sign_and_words()
    {
        await using var page = await PageUnderTest.StartAsync(_folder.Path);
        Assert.Equal(new(SchematicState.Silent, "× 3 台没有新数据"), Words(page, "huaihai/shed-1"));
        Assert.Equal(new(SchematicState.Calm, "—"), Words(page, "huaihai/c-shed"));
        Assert.Equal(new(SchematicState.Calm, "额定未登记"), Words(page, "jiugeng/c-guard"));
        // A button and a siren that were never heard are no news.
        Assert.Equal(SchematicState.Calm, Draw(page).Sites.SelectMany(site => site.Loose).Single(node => node.Asset == "jiugeng/gate").Words.State);
        // Without a broker that nothing is open says nothing.
        Assert.Equal(new(SchematicState.Silent, "× 收不到消息"), Words(page, "huaihai"));
        Assert.Equal(new(SchematicState.Calm, "没有告警"), Words(page, "huaihai", isDeaf: false));

        foreach (var pile in (string[])["pile-01", "pile-02", "pile-03"])
            await page.SayAsync(pile, [("s1", page.NowMs, [(Metric.W, 180d)]), ("s2", page.NowMs, [(Metric.W, 1d)])]);
        await MeterAsync(page, 31.5);
        Assert.Equal(new(SchematicState.Calm, "充电 3 / 60"), Words(page, "huaihai/shed-1"));
        Assert.Equal(new(SchematicState.Calm, "50 %"), Words(page, "huaihai/c-shed"));
        await MeterAsync(page, 50.4);
        Assert.Equal(new(SchematicState.Calm, "80 %"), Words(page, "huaihai/c-shed"));
        await MeterAsync(page, 50.5);
        Assert.Equal(SchematicState.Warning, Words(page, "huaihai/c-shed").State);
        await MeterAsync(page, 70);
        Assert.Equal(new(SchematicState.Danger, "▲ 111 %"), Words(page, "huaihai/c-shed"));

        await RingAsync(page, "00000000000000a3", "huaihai/shed-1/pile-01/s1", Priority.P3);
        Assert.Equal(new(SchematicState.Calm, "· 1 个告警"), Words(page, "huaihai/shed-1"));
        await RingAsync(page, "00000000000000a2", "huaihai/shed-1/pile-02", Priority.P2);
        Assert.Equal(new(SchematicState.Warning, "! 2 个告警"), Words(page, "huaihai/shed-1"));
        // Of the shed itself is of what stands in it.
        await RingAsync(page, "00000000000000a0", "huaihai/shed-1", Priority.P0);
        Assert.Equal(new(SchematicState.Danger, "▲ 3 个告警"), Words(page, "huaihai/shed-1"));
        await RingAsync(page, "00000000000000a1", "huaihai/c-cabinet", Priority.P1);
        Assert.Equal(new(SchematicState.Danger, "▲ 1 个告警"), Words(page, "huaihai/c-cabinet"));
        Assert.Equal(new(SchematicState.Danger, "▲ 4 open"), Words(page, "huaihai", language: "en"));
        // Whom nobody is waited for any more calls nobody.
        var desk = page.Services.GetRequiredService<ResponseDesk>();
        await page.UntilAsync(() => desk.Find("00000000000000a1") is not null, "the alert");
        await desk.DoAsync("00000000000000a1", new ResponseCommand.Acknowledge(), new Actor("stair-a", "page"));
        await page.UntilAsync(() => Words(page, "huaihai/c-cabinet").State == SchematicState.Calm, "calm: somebody has it");
        Assert.Equal(new(SchematicState.Calm, "· 1 个告警"), Words(page, "huaihai/c-cabinet"));
        // The neighbour's is none of theirs.
        Assert.Equal(SchematicState.Silent, Words(page, "jiugeng").State);
    }

    [Theory]
    // A site, a circuit and a pile each: three parts.
    [InlineData(53, "Things", 53)]
    [InlineData(54, "Circuits", 54)]
    [InlineData(80, "Circuits", 80)]
    [InlineData(81, "Sites", 81)]
    [InlineData(160, "Sites", 160)]
    [InlineData(161, "Sites", 160)]
    public async Task An_estate_too_large_for_a_page_is_drawn_with_less_of_each_site(int sites, string name, int drawn)
    {
        var depth = Enum.Parse<SchematicDepth>(name);
        await using var page = await PageUnderTest.StartAsync(_folder.Path);
        var facility = Facility.Empty with
        {
            Sites = [.. Enumerable.Range(1, sites).Select(number => new Site
            {
                Id = $"site-{number}",
                Name = new LocalText($"{number} 号", $"No. {number}"),
                Circuits = [new Circuit { Id = "c", Name = new LocalText("回路", "Circuit"), Kind = CircuitKind.Charging, RatedA = 32 }],
                Devices = [new DeviceEntry { Id = "pile", Name = new LocalText("桩", "Pile"), Kind = DeviceKind.Pile, Circuit = "c", Sockets = 10 }],
            })],
        };

        var schematic = page.Feed.Look((view, state, nowMs) => Schematic.Of(view, state, facility, SiteScope.All, isDeaf: false, nowMs, "zh"));

        Assert.Equal((depth, drawn, sites - drawn), (schematic.Depth, schematic.Sites.Count, schematic.SitesMore));
        Assert.All(schematic.Sites, site => Assert.Equal(depth == SchematicDepth.Sites ? 0 : 1, site.Circuits.Count));
        Assert.All(schematic.Sites, site => Assert.Equal(depth == SchematicDepth.Things ? 1 : 0, site.Circuits.SelectMany(circuit => circuit.Below).Count()));
        Assert.InRange(schematic.Sites.Sum(site => 1 + site.Circuits.SelectMany(All).Count()), 1, Schematic.PartsMax);
    }

    [Fact]
    public void Circuits_that_feed_each_other_in_a_ring_end_the_drawing_and_not_the_service()
    {
        // The registry refuses such a ring; a drawing does not rely on it.
        var site = new Site
        {
            Id = "ring",
            Name = new LocalText("环", "Ring"),
            Circuits = [Fed("a", "b"), Fed("b", "a")],
        };

        Assert.Empty(new SchematicPainter(null!, site, [], _ => true, new Dictionary<string, FacilityMonitor.Rules.CircuitState>(), [], isDeaf: false, 0, "zh").Draw(SchematicDepth.Circuits).Circuits);

        static Circuit Fed(string id, string by) => new() { Id = id, Parent = by, Name = new LocalText("回路", "Circuit"), Kind = CircuitKind.Feeder };
    }

    private static IEnumerable<SchematicNode> All(SchematicNode node) => node.Below.SelectMany(All).Prepend(node);

    private static Schematic Draw(PageUnderTest page, SiteScope? sites = null, bool isDeaf = true, string language = "zh") => page.Feed.Look((view, state, nowMs) =>
        Schematic.Of(view, state, page.Services.GetRequiredService<FacilitySource>().Current.Facility, sites ?? SiteScope.All, isDeaf, nowMs, language));

    /// <summary>What a site, a circuit, or what charges in a place says.</summary>
    private static SchematicWords Words(PageUnderTest page, string asset, bool isDeaf = true, string language = "zh")
    {
        var drawn = Draw(page, isDeaf: isDeaf, language: language);
        return drawn.Sites.FirstOrDefault(site => site.Site.Id == asset)?.Words
            ?? drawn.Sites.SelectMany(site => site.Circuits).SelectMany(All).First(node => node.Asset == asset).Words;
    }

    private static async Task MeterAsync(PageUnderTest page, double amps)
    {
        await page.SayAsync("meter-shed", ((string[])["l1", "l2", "l3"]).Select(phase => (phase, page.NowMs, new[] { (Metric.A, amps) })));
        await page.UntilAsync(() => page.Channel("huaihai/meter-shed", "l3") is { } told && Math.Abs(told.GetProperty("a").GetDouble() - amps) < 0.01, "the meter's word");
    }

    private static async Task RingAsync(PageUnderTest page, string alert, string asset, Priority priority)
    {
        page.Ring(alert, "huaihai", asset, priority);
        await page.UntilAsync(() => page.Feed.Look((_, state, _) => state.Alerts.Any(known => known.AlertId == alert)), "the alert on the live picture");
    }
}
