using FacilityMonitor.Registry;
using FacilityMonitor.Web;

namespace FacilityMonitor.Tests.Web;

/// <summary>The single-line diagram, drawn from the registry alone.</summary>
public sealed class SingleLineTests
{
    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(3, 1, 1)]
    [InlineData(8, 1, 1)]
    [InlineData(9, 1, 2)]
    [InlineData(26, 1, 2)]
    [InlineData(27, 1, 3)]
    [InlineData(42, 1, 3)]
    [InlineData(43, 2, 2)]
    [InlineData(60, 2, 3)]
    [InlineData(200, 5, 3)]
    public void Circuits_fill_up_to_three_columns_and_as_many_even_sheets_as_it_takes(int circuits, int sheets, int columns)
    {
        var drawing = SingleLine.Of(Row(circuits), "zh");

        Assert.Equal(sheets, drawing.Sheets.Count);
        Assert.Equal(circuits, drawing.Sheets.Sum(sheet => sheet.Circuits.Count));
        Assert.Equal(columns, drawing.Sheets[0].Circuits.Select(row => row.X - (row.Depth * 56)).Distinct().Count());
        Assert.All(drawing.Sheets, sheet => Assert.All(sheet.Circuits, row => Assert.True(row.X >= 0 && row.X < sheet.Width && row.Y > 0 && row.Y < sheet.Height)));
        Assert.InRange(drawing.Sheets.Max(sheet => sheet.Circuits.Count) - drawing.Sheets.Min(sheet => sheet.Circuits.Count), 0, 5);
    }

    [Fact]
    public void A_bus_leads_from_its_feeder_to_the_last_circuit_and_on_into_the_next_column_where_it_is_named()
    {
        var drawing = SingleLine.Of(Row(20), "zh");

        var sheet = Assert.Single(drawing.Sheets);
        var feeder = sheet.Circuits[0];
        var last = sheet.Circuits[9];
        Assert.Contains(sheet.Buses, bus => bus.FromY == feeder.Y && bus.ToY == last.Y && bus.X == last.X && bus.Continues.Length == 0);
        Assert.Contains(sheet.Buses, bus => bus.X == sheet.Circuits[10].X && bus.Continues == "总线路");
        Assert.Contains(sheet.Buses, bus => bus.X == feeder.X && bus.Continues == "电源");
    }

    [Fact]
    public void Every_circuit_is_in_the_list_below_what_feeds_it_with_all_that_is_drawn_and_more()
    {
        var site = Row(3) with
        {
            Places = [new Place { Id = "shed", Name = new LocalText("车棚", "Shed"), Kind = PlaceKind.Shed }],
            Devices =
            [
                new DeviceEntry { Id = "p1", Name = new LocalText("1 号桩", "Pile 1"), Kind = DeviceKind.Pile, Place = "shed", Circuit = "c1", Sockets = 10 },
                new DeviceEntry { Id = "p2", Name = new LocalText("2 号桩", "Pile 2"), Kind = DeviceKind.Pile, Place = "shed", Circuit = "c1", Sockets = 12 },
                new DeviceEntry { Id = "m1", Name = new LocalText("车棚电表", "Shed meter"), Kind = DeviceKind.Meter, Circuit = "c1" },
            ],
        };
        var list = SingleLine.Of(site, "zh").List;

        Assert.Equal("总线路：100 A · C 型 · 三相", Assert.Single(list).Text);
        Assert.Equal(["回路 1：额定未登记 · 单相 L2 · 电表：车棚电表；车棚 2 台 22 口", "回路 2：额定未登记 · 单相 L3"], list[0].Below.Select(one => one.Text));
        Assert.Equal("Circuit 1: rating not registered · 1-phase L2 · meter: Shed meter; Shed: 22 sockets on 2", SingleLine.Of(site, "en").List[0].Below[0].Text);
    }

    [Fact]
    public void A_name_that_has_no_room_is_cut_where_it_is_drawn_and_whole_in_the_list()
    {
        var site = Row(1) with { Circuits = [Row(1).Circuits[0] with { Name = new LocalText(new string('长', 60), new string('n', 200)) }] };

        Assert.Matches("^长{5,30}…$", SingleLine.Of(site, "zh").Sheets[0].Circuits[0].Name);
        Assert.StartsWith(new string('长', 60), SingleLine.Of(site, "zh").List[0].Text, StringComparison.Ordinal);
        Assert.Equal("short", SingleLine.Fit("short", 100, 12));
    }

    [Fact]
    public void A_site_without_circuits_has_nothing_to_draw()
    {
        var drawing = SingleLine.Of(Row(1) with { Circuits = [] }, "zh");

        Assert.Empty(drawing.Sheets);
        Assert.Empty(drawing.List);
    }

    /// <summary>A site with a feeder, and the other circuits below it.</summary>
    internal static Site Row(int circuits) => new()
    {
        Id = "s",
        Name = new LocalText("点位", "Site"),
        Circuits =
        [
            .. Enumerable.Range(0, circuits).Select(number => number == 0
                ? new Circuit { Id = "feeder", Name = new LocalText("总线路", "Feeder"), Kind = CircuitKind.Feeder, RatedA = 100, Curve = "C", Phases = 3 }
                : new Circuit { Id = $"c{number}", Name = new LocalText($"回路 {number}", $"Circuit {number}"), Kind = CircuitKind.Charging, Parent = "feeder", Phase = (number % 3) + 1, Meter = number == 1 ? "m1" : null }),
        ],
    };
}
