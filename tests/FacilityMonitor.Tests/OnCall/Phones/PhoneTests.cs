using FacilityMonitor.Alerts;
using FacilityMonitor.Response;

namespace FacilityMonitor.Tests.OnCall.Phones;

/// <summary>Nights, as they are for the people who are called.</summary>
public sealed class PhoneTests
{
    /// <summary>2 o'clock in Shanghai.</summary>
    private static readonly DateTimeOffset Night = new(2026, 11, 20, 18, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task A_fire_at_two_rings_those_who_are_awake_then_those_above_them_until_two_have_pressed_a_key()
    {
        await using var exchange = await PhoneExchange.StartAsync(Night);
        var (guard, station, manager, grid) = (exchange.Of("guard"), exchange.Of("fire"), exchange.Of("manager"), exchange.Of("grid"));

        await exchange.Alerts.RaiseAsync(ResponseFixture.Step("fire", Condition.Active, Priority.P0, "smoke", "huaihai/far-01"));
        await guard.ExpectsCallAsync("过载，huaihai/far-01");
        await station.ExpectsCallAsync("过载，huaihai/far-01");
        await exchange.ExpectsSirenAsync("siren-1");

        // Nobody answers for a minute.
        await exchange.PassAsync(55);
        await manager.ExpectsCallAsync("过载，huaihai/far-01", withinS: 8);
        await grid.ExpectsCallAsync("过载，huaihai/far-01");
        await guard.PressesAsync('1');
        await manager.PressesAsync('1');
        // The committee would be called after two minutes, the sub-district after three.
        await exchange.PassAsync(200);

        Assert.Equal(["guard", "manager"], exchange.Alerts.State("fire").Acknowledgements.Select(one => one.Person));
        Assert.Equal("voice", exchange.Alerts.State("fire").Acknowledgements[0].Via);
    }

    [Fact]
    public async Task A_telephone_that_rings_out_is_followed_by_a_short_message_and_a_key_pressed_later_still_counts()
    {
        await using var exchange = await PhoneExchange.StartAsync(Night);
        var (guard, station) = (exchange.Of("guard"), exchange.Of("fire"));
        await exchange.Alerts.RaiseAsync(ResponseFixture.Step("fire", Condition.Active, Priority.P0, "smoke", "huaihai/far-01"));
        await guard.ExpectsCallAsync("huaihai/far-01");
        await station.ExpectsCallAsync("huaihai/far-01");

        await guard.RingsOutAsync();
        await guard.ExpectsTextAsync("huaihai/far-01");
        await station.PressesAsync('1');
        await guard.PressesAsync('1');
        await exchange.PassAsync(100);

        Assert.True(exchange.Alerts.State("fire").IsAnswered);
    }

    [Fact]
    public async Task A_provider_of_calls_that_is_out_of_order_costs_ten_seconds_and_not_the_night()
    {
        await using var exchange = await PhoneExchange.StartAsync(Night);
        exchange.Providers.Mischief = request => request.RequestUri!.Host == "tencent.test" ? Channels.Mischief.LostBefore : Channels.Mischief.None;
        var (guard, station) = (exchange.Of("guard"), exchange.Of("fire"));
        await exchange.Alerts.RaiseAsync(ResponseFixture.Step("fire", Condition.Active, Priority.P0, "smoke", "huaihai/far-01"));

        await guard.ExpectsTextAsync("huaihai/far-01", withinS: 12);
        await station.ExpectsTextAsync("huaihai/far-01", withinS: 12);
        await exchange.Alerts.DoesAsync("guard", "fire", new ResponseCommand.Acknowledge());
        await exchange.Alerts.DoesAsync("fire", "fire", new ResponseCommand.Acknowledge());
        await exchange.PassAsync(120);
    }

    [Fact]
    public async Task A_hazard_comes_by_chat_to_those_on_duty_and_its_end_to_those_who_were_told()
    {
        // Noon: nothing rings for it at first.
        await using var exchange = await PhoneExchange.StartAsync(ResponseFixture.Noon);
        var (guard, manager) = (exchange.Of("guard"), exchange.Of("manager"));
        await exchange.Alerts.RaiseAsync(ResponseFixture.Step("hot", Condition.Active));
        await guard.ExpectsChatAsync("【P1】过载，huaihai/pile-01", withinS: 10);
        await manager.ExpectsChatAsync("【P1】过载，huaihai/pile-01", withinS: 10);
        await exchange.Alerts.DoesAsync("guard", "hot", new ResponseCommand.Acknowledge());

        await exchange.Alerts.RaiseAsync(ResponseFixture.Step("hot", Condition.Cleared, number: 1));
        await guard.ExpectsChatAsync("huaihai/pile-01", withinS: 120);
        await manager.ExpectsChatAsync("huaihai/pile-01", withinS: 120);
        await exchange.PassAsync(60);
    }
}
