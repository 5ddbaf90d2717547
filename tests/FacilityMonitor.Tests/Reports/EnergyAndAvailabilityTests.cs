using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Reports;
using FacilityMonitor.Storage;

namespace FacilityMonitor.Tests.Reports;

/// <summary>Energy of circuits and availability of devices, from hours that were added up by hand.</summary>
public sealed class EnergyAndAvailabilityTests
{
    private const long First = 500_000;
    private const long FromMs = First * HourlyRollup.HourMs;

    private static readonly ChannelId Main = ChannelId.Main;

    [Fact]
    public void The_hours_before_the_first_message_are_no_outage_and_those_after_it_are()
    {
        // Ten hours; the device first spoke in the third, and was quiet in the fifth, sixth and ninth.
        var hours = new long[] { 2, 3, 6, 7, 9 }.Select(hour => Hour(hour, w: 1)).ToList();

        var known = DeviceFigures.Of(Device("p"), hours, spokeBefore: false, FromMs, FromMs + (10 * HourlyRollup.HourMs));
        Assert.Equal((8, 5, 2), (known.HoursDue, known.HoursHeard, known.LongestGap));
        Assert.Equal(5 / 8d, known.Share);
        Assert.Equal([First + 4, First + 5, First + 8], known.SilentHours.Order());

        var older = DeviceFigures.Of(Device("p"), hours, spokeBefore: true, FromMs, FromMs + (10 * HourlyRollup.HourMs));
        Assert.Equal((10, 5), (older.HoursDue, older.HoursHeard));
    }

    [Fact]
    public void A_device_that_never_spoke_has_no_availability_and_one_that_fell_silent_before_has_none_left()
    {
        var to = FromMs + (10 * HourlyRollup.HourMs);
        Assert.Null(DeviceFigures.Of(Device("p"), [], spokeBefore: false, FromMs, to).Share);
        Assert.Equal(0, DeviceFigures.Of(Device("p"), [], spokeBefore: true, FromMs, to).Share);
    }

    [Fact]
    public void A_device_that_is_to_report_once_a_day_and_does_is_always_there()
    {
        var daily = Device("p") with { PeriodS = 86_400 };
        // At four each day, on the third an hour later.
        var hours = new long[] { 4, 28, 53, 76 }.Select(hour => Hour(hour, w: 1)).ToList();
        var to = FromMs + (96 * HourlyRollup.HourMs);

        var figures = DeviceFigures.Of(daily, hours, true, FromMs, to, First - 20);

        Assert.Equal((1d, 96, 0), (figures.Share!.Value, figures.HoursHeard, figures.LongestGap));
        // Of what it used in between nothing is known all the same.
        Assert.Equal((92, 19), (figures.SilentHours.Count, figures.HoursSinceLast));

        // On the third it does not come: it is away from the hour in which it was due until it comes again.
        var missed = DeviceFigures.Of(daily, [hours[0], hours[1], hours[3]], true, FromMs, to, First - 20);
        Assert.Equal((96 - 23, 23), (missed.HoursHeard, missed.LongestGap));

        // Silent since long before, nothing covers the period.
        Assert.Equal(0, DeviceFigures.Of(daily, [], true, FromMs, to, First - 300).Share);
        Assert.Equal(0, DeviceFigures.Of(daily, [], true, FromMs, to, First - 25).Share);
        Assert.Equal(1, DeviceFigures.Of(daily, [], true, FromMs, to, First - 24).HoursHeard);
        // An hour and less is judged by the hour.
        Assert.Equal(4, DeviceFigures.Of(daily with { PeriodS = 3_600 }, hours, true, FromMs, to, First - 20).HoursHeard);
        Assert.Equal(12, DeviceFigures.Of(daily with { PeriodS = 3_601 }, hours, true, FromMs, to, First - 20).HoursHeard);
    }

    [Fact]
    public void What_speaks_only_when_something_happens_has_no_availability_and_is_not_in_that_of_all()
    {
        var to = FromMs + (96 * HourlyRollup.HourMs);
        DeviceFigures[] devices =
        [
            DeviceFigures.Of(Device("battery") with { Kind = DeviceKind.Shed, PeriodS = 86_400 }, [.. new long[] { 4, 28, 52, 76 }.Select(hour => Hour(hour, w: 1))], true, FromMs, to, First - 20),
            DeviceFigures.Of(Device("button") with { Kind = DeviceKind.CallButton }, [Hour(0, w: 1)], true, FromMs, to),
            DeviceFigures.Of(Device("siren") with { Kind = DeviceKind.Siren }, [], false, FromMs, to),
            DeviceFigures.Of(Device("camera") with { Kind = DeviceKind.Camera }, [Hour(5, w: 1)], false, FromMs, to),
        ];

        var report = ReportOf(devices);
        Assert.Equal(1, report.Availability);
        var rows = Cells(report, "zh", "devices").ToDictionary(row => row[0]);
        Assert.Equal(["battery", "100.0 %", "96", "96", "0", "0", "—"], rows["battery"]);
        Assert.All(["button", "siren", "camera"], name => Assert.Equal([name, "—", "—", "—", "—", "0", "—"], rows[name]));

        // Held to a period by the registry it is judged like any other.
        var held = DeviceFigures.Of(Device("button") with { Kind = DeviceKind.CallButton, PeriodS = 60 }, [Hour(0, w: 1)], true, FromMs, to);
        Assert.Equal((96d + 1) / (96 + 96), ReportOf(devices[0], held).Availability);
        // Of those alone there is no share of all.
        Assert.Null(ReportOf(devices[1..]).Availability);

        static MonthReport ReportOf(params DeviceFigures[] devices) => new(
            new Site { Id = "s", Name = new LocalText("点", "S"), Devices = [.. devices.Select(device => device.Entry)] }, October, October.ToMs, October.ToMs, AlertFigures.Of([], October.FromMs, October.ToMs), [], devices, [],
            CaseFigures.Of([], October.FromMs, October.ToMs));
    }

    [Fact]
    public void The_hour_that_has_only_begun_is_left_out()
    {
        var figures = DeviceFigures.Of(Device("p"), [Hour(0, w: 1), Hour(1, w: 1), Hour(2, w: 1)], true, FromMs, FromMs + (2 * HourlyRollup.HourMs) + 60_000);

        Assert.Equal((2, 2), (figures.HoursDue, figures.HoursHeard));
    }

    [Fact]
    public void A_metered_circuit_is_the_difference_of_its_counter()
    {
        var energy = EnergyOf(Metered("c", "m"), Meter([Hour(0, wh: 100), Hour(1, wh: 250.5)], new CounterStand(5_000, 5_350.5)));

        Assert.Equal((350.5, EnergyBasis.Meter, false, 0), (energy.Wh, energy.Basis, energy.BeganAgain, energy.HoursWithout));
    }

    [Fact]
    public void A_counter_that_began_again_is_counted_across_and_that_is_said()
    {
        // 5,000 → 5,100, exchanged, 0 → 40.
        var energy = EnergyOf(Metered("c", "m"), Meter([Hour(0, wh: 100), Hour(1, wh: 40)], new CounterStand(5_000, 40)));

        Assert.Equal((140d, true), (energy.Wh, energy.BeganAgain));
    }

    [Fact]
    public void Hours_without_a_reading_are_told_and_a_counter_counts_on_through_them()
    {
        var energy = EnergyOf(Metered("c", "m"), Meter([Hour(0, wh: 0), Hour(5, wh: 600)], new CounterStand(0, 600), hours: 6));

        Assert.Equal((600d, 4, false), (energy.Wh, energy.HoursWithout, energy.IsPartial));
    }

    [Fact]
    public void What_was_used_after_the_last_reading_is_said_to_be_missing()
    {
        var energy = EnergyOf(Metered("c", "m"), Meter([Hour(0, wh: 0), Hour(2, wh: 600)], new CounterStand(0, 600), hours: 6));

        Assert.Equal((600d, 4, 3, true), (energy.Wh, energy.HoursWithout, energy.HoursSinceLast, energy.IsPartial));
    }

    [Fact]
    public void What_a_pile_on_a_circuit_without_a_meter_used_after_its_last_reading_is_said_to_be_missing()
    {
        var site = new Site
        {
            Id = "s",
            Name = new LocalText("点", "S"),
            Circuits = [Of("f", null, null), Of("c", "f", null)],
            Devices = [Device("p1") with { Circuit = "c", Sockets = 1 }, Device("p2") with { Circuit = "c", Sockets = 1 }],
        };
        const int Hours = 6;
        DeviceFigures Pile(int index, params long[] heard) => DeviceFigures.Of(
            site.Devices[index], [.. heard.Select(hour => Hour(hour, wh: 100) with { Channel = ChannelId.Socket(1) })], true, FromMs, FromMs + (Hours * HourlyRollup.HourMs));

        // The first counts up to the end, over a gap; the second is silent from the fourth hour on.
        var devices = new Dictionary<string, DeviceFigures> { ["p1"] = Pile(0, 0, 1, 5), ["p2"] = Pile(1, 0, 1, 2) };
        Assert.All(CircuitEnergy.Of(site, devices), one => Assert.Equal((600d, EnergyBasis.Below, true), (one.Wh, one.Basis, one.IsPartial)));

        devices["p2"] = Pile(1, 0, 1, 5);
        Assert.All(CircuitEnergy.Of(site, devices), one => Assert.Equal((600d, EnergyBasis.Below, false), (one.Wh, one.Basis, one.IsPartial)));
    }

    [Fact]
    public void What_was_counted_over_a_gap_from_the_month_before_is_marked_with_its_day()
    {
        var first = HourlyRollup.HourOf(October.FromMs);
        // Heard last on 10 September, 13:00 in Shanghai, and again in the first hour of October.
        var tenth = first - (20 * 24) - 11;

        var meter = OctoberOf(tenth, first - 1);
        Assert.Equal("起码是 2026-09-10 13 时的，其间的用电计入本月", Remark(meter, "zh", "c"));
        Assert.Equal("the counter's begin is of 2026-09-10 13:00; what was used since then is counted in this month", Remark(meter, "en", "c"));
        Assert.Equal("", Remark(meter, "zh", "d"));
        // Where there is no meter it comes from what is below.
        var pile = OctoberOf(first - 1, tenth);
        Assert.Equal("", Remark(pile, "zh", "c"));
        Assert.Equal("有的电能读数从 2026-09-10 13 时中断到本月，其间的用电计入本月", Remark(pile, "zh", "d"));
        foreach (var month in (MonthReport[])[meter, pile])
        {
            Assert.Equal(Remark(pile, "en", "d"), Remark(month, "en", "f"));
            Assert.Equal("总用电量（含上月一部分，见各回路）", Total(month));
        }

        // Read in the last hour of September, or for the first time in October, nothing is left over.
        foreach (var before in (long?[])[first - 1, null])
        {
            var month = OctoberOf(before, before);
            Assert.All(["f", "c", "d"], circuit => Assert.Equal("", Remark(month, "zh", circuit)));
            Assert.Equal("总用电量", Total(month));
        }

        Assert.StartsWith("起码是 2026-09-30 22 时的", Remark(OctoberOf(first - 2, null), "zh", "c"), StringComparison.Ordinal);
        // Who is to report once a day was not away for a day.
        Assert.Equal("", Remark(OctoberOf(first - 25, null, 86_400), "zh", "c"));
        Assert.NotEqual("", Remark(OctoberOf(first - 26, null, 86_400), "zh", "c"));
    }

    [Fact]
    public void Without_a_counter_energy_is_derived_from_power_and_marked_as_at_least_where_hours_are_missing()
    {
        var whole = EnergyOf(Metered("c", "m"), Meter([Hour(0, w: 1_000), Hour(1, w: 500)]));
        Assert.Equal((1_500d, EnergyBasis.Power, false), (whole.Wh, whole.Basis, whole.IsPartial));

        var gaps = EnergyOf(Metered("c", "m"), Meter([Hour(0, w: 1_000), Hour(3, w: 500)], hours: 4));
        Assert.Equal((1_500d, true, 2), (gaps.Wh, gaps.IsPartial, gaps.HoursWithout));
    }

    [Fact]
    public void A_meter_of_which_nothing_is_known_has_no_energy_rather_than_none()
    {
        Assert.Equal((null, EnergyBasis.None), (EnergyOf(Metered("c", "m"), Meter([])).Wh, EnergyOf(Metered("c", "m"), Meter([])).Basis));
    }

    [Fact]
    public void A_feeder_without_a_meter_is_the_sum_of_its_circuits_and_piles_and_says_when_one_of_them_is_unknown()
    {
        var site = new Site
        {
            Id = "s",
            Name = new LocalText("点", "S"),
            Circuits = [Of("f", null, null), Of("c1", "f", "m"), Of("c2", "f", null)],
            Devices = [Device("m") with { Kind = DeviceKind.Meter }, Device("p1") with { Circuit = "c2", Sockets = 2 }, Device("p2") with { Circuit = "c2", Sockets = 2 }],
        };
        var socket = ChannelId.Socket(1);
        var devices = new Dictionary<string, DeviceFigures>
        {
            ["m"] = Meter([Hour(0, wh: 100)], new CounterStand(0, 100), hours: 1),
            // Its total on main is in the sockets already.
            ["p1"] = DeviceFigures.Of(site.Devices[1], [Hour(0, wh: 30) with { Channel = socket }, Hour(0, wh: 30)], true, FromMs, FromMs + HourlyRollup.HourMs),
        };

        var partial = CircuitEnergy.Of(site, devices).ToDictionary(one => one.Circuit.Id);
        Assert.Equal((30d, EnergyBasis.Below, true), (partial["c2"].Wh, partial["c2"].Basis, partial["c2"].IsPartial));
        Assert.Equal((130d, true), (partial["f"].Wh, partial["f"].IsPartial));

        // One that spoke and told no energy is a gap like one that never spoke.
        devices["p2"] = DeviceFigures.Of(site.Devices[2], [Hour(0) with { Channel = socket }], true, FromMs, FromMs + HourlyRollup.HourMs);
        Assert.True(CircuitEnergy.Of(site, devices).Single(one => one.Circuit.Id == "f").IsPartial);

        devices["p2"] = DeviceFigures.Of(site.Devices[2], [Hour(0, wh: 5) with { Channel = socket }], true, FromMs, FromMs + HourlyRollup.HourMs);
        var whole = CircuitEnergy.Of(site, devices).ToDictionary(one => one.Circuit.Id);
        Assert.Equal((135d, false, EnergyBasis.Below), (whole["f"].Wh, whole["f"].IsPartial, whole["f"].Basis));
    }

    [Fact]
    public void A_three_phase_circuit_is_the_sum_of_its_phases_or_the_one_counter_its_meter_tells()
    {
        var circuit = Metered("c", "m") with { Phases = 3 };
        var phases = Meter([.. Enumerable.Range(1, 3).Select(phase => Hour(0, wh: phase * 10) with { Channel = ChannelId.Phase(phase) })], new CounterStand(0, 60));
        Assert.Equal(60, EnergyOf(circuit, phases).Wh);
        Assert.Equal(77, EnergyOf(circuit, Meter([Hour(0, wh: 77)], new CounterStand(0, 77))).Wh);

        // It tells the power of each phase and counts them together: what is counted is known better than what is derived.
        HourlyRollup[] power = [.. Enumerable.Range(1, 3).Select(phase => Hour(0, w: 20) with { Channel = ChannelId.Phase(phase) })];
        var together = EnergyOf(circuit, Meter([.. power, Hour(0, wh: 77)], new CounterStand(0, 77)));
        Assert.Equal((77d, EnergyBasis.Meter, new CounterStand(0, 77)), (together.Wh, together.Basis, together.Stand));
        // It has no counter at all, or counts each phase and the whole: nothing changes.
        Assert.Equal((60d, EnergyBasis.Power), (EnergyOf(circuit, Meter(power)).Wh, EnergyOf(circuit, Meter(power)).Basis));
        Assert.Equal(60, EnergyOf(circuit, Meter([.. Enumerable.Range(1, 3).Select(phase => Hour(0, wh: phase * 10) with { Channel = ChannelId.Phase(phase) }), Hour(0, wh: 61)], new CounterStand(0, 60))).Wh);
    }

    [Fact]
    public void A_circuit_with_a_channel_of_its_own_is_never_given_the_whole_meter_nor_the_stand_of_its_neighbour()
    {
        var circuit = Metered("c", "m") with { MeterChannel = ChannelId.Phase(1) };
        Assert.Null(EnergyOf(circuit, Meter([Hour(0, wh: 77)])).Wh);

        var neighbour = Metered("d", "m") with { MeterChannel = ChannelId.Phase(2) };
        var meter = Meter([Hour(0, wh: 10) with { Channel = ChannelId.Phase(1) }, Hour(0, wh: 20) with { Channel = ChannelId.Phase(2) }]) with
        {
            Stands = new Dictionary<string, CounterStand> { ["c"] = new(100, 110), ["d"] = new(500, 520) },
        };
        Assert.Equal((10d, new CounterStand(100, 110), false), (EnergyOf(circuit, meter).Wh, EnergyOf(circuit, meter).Stand, EnergyOf(circuit, meter).BeganAgain));
        Assert.Equal((20d, new CounterStand(500, 520), false), (EnergyOf(neighbour, meter).Wh, EnergyOf(neighbour, meter).Stand, EnergyOf(neighbour, meter).BeganAgain));
    }

    private static ReportPeriod October => new(new DateOnly(2026, 10, 1), new DateOnly(2026, 10, 31));

    /// <summary>A month in which everything spoke every hour: a feeder over a circuit with a meter and one with a pile, each with the hour before in which it spoke last.</summary>
    private static MonthReport OctoberOf(long? meterBefore, long? pileBefore, double? meterPeriodS = null)
    {
        var site = new Site
        {
            Id = "s",
            Name = new LocalText("点", "S"),
            Circuits = [Of("f", null, null), Of("c", "f", "m"), Of("d", "f", null)],
            Devices = [Device("m") with { Kind = DeviceKind.Meter, PeriodS = meterPeriodS }, Device("p") with { Circuit = "d", Sockets = 1 }],
        };
        var (first, end) = (HourlyRollup.HourOf(October.FromMs), HourlyRollup.HourOf(October.ToMs));
        DeviceFigures Figures(int device, ChannelId channel, long? before) => DeviceFigures.Of(
            site.Devices[device], [.. Enumerable.Range(0, (int)(end - first)).Select(hour => Hour(0, wh: 10) with { Channel = channel, Hour = first + hour })], before is not null, October.FromMs, October.ToMs, before);
        var devices = new Dictionary<string, DeviceFigures>
        {
            ["m"] = Figures(0, Main, meterBefore) with { Stands = new Dictionary<string, CounterStand> { ["c"] = new(0, 10 * (end - first)) } },
            ["p"] = Figures(1, ChannelId.Socket(1), pileBefore),
        };
        return new MonthReport(
            site, October, October.ToMs, October.ToMs, AlertFigures.Of([], October.FromMs, October.ToMs), CircuitEnergy.Of(site, devices), [.. devices.Values], [], CaseFigures.Of([], October.FromMs, October.ToMs));
    }

    private static string Remark(MonthReport report, string language, string circuit) => Cells(report, language, "energy").Single(row => row[0] == circuit)[^1];

    private static string Total(MonthReport report) => Cells(report, "zh", "summary").Single(row => row[0].StartsWith("总用电量", StringComparison.Ordinal))[0];

    private static IEnumerable<string[]> Cells(MonthReport report, string language, string table) =>
        MonthDocument.Of(report, new FacilityIndex(new Facility { Version = "test", Contacts = [], Sites = [report.Site] }), language).Tables.Single(one => one.Id == table)
            .Rows.Select(row => row.Select(cell => ReportText.Of(cell, language)).ToArray());

    private static CircuitEnergy EnergyOf(Circuit circuit, DeviceFigures meter) => CircuitEnergy.Of(
        new Site { Id = "s", Name = new LocalText("点", "S"), Circuits = [circuit], Devices = [meter.Entry] }, new Dictionary<string, DeviceFigures> { ["m"] = meter }).Single();

    private static DeviceFigures Meter(IReadOnlyList<HourlyRollup> rows, CounterStand? stand = null, int hours = 2) =>
        DeviceFigures.Of(Device("m") with { Kind = DeviceKind.Meter }, rows, spokeBefore: true, FromMs, FromMs + (hours * HourlyRollup.HourMs)) with
        {
            Stands = stand is null ? new Dictionary<string, CounterStand>() : new Dictionary<string, CounterStand> { ["c"] = stand, ["c1"] = stand },
        };

    private static HourlyRollup Hour(long hour, double? w = null, double? wh = null) => new(1, Main, First + hour, 60, w, w, w, null, wh, 0);

    private static DeviceEntry Device(string id) => new() { Id = id, Name = new LocalText(id, id), Kind = DeviceKind.Pile };

    private static Circuit Metered(string id, string meter) => Of(id, null, meter);

    private static Circuit Of(string id, string? parent, string? meter) => new() { Id = id, Name = new LocalText(id, id), Kind = CircuitKind.Charging, Parent = parent, Meter = meter };
}
