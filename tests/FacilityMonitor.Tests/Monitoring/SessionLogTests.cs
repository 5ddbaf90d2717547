using FacilityMonitor.Commands;
using FacilityMonitor.Contract;
using FacilityMonitor.Journal;
using FacilityMonitor.Monitoring;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Rules;
using FacilityMonitor.Storage;

namespace FacilityMonitor.Tests.Monitoring;

public sealed class SessionLogTests : IDisposable
{
    private const long StartMs = 1_795_168_800_000;

    private readonly TemporaryFolder _folder = new();
    private readonly DeviceTable _devices = new();
    private readonly Device _pile;

    public SessionLogTests() => _pile = _devices.Resolve(Dialect.Fm1, "lane"u8, "pile-01"u8)!;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_session_comes_back_as_it_was_and_a_replay_adds_nothing()
    {
        await using var database = Database.Open(_folder.Path, TimeProvider.System);

        await WriteAsync(database, Session(), Session(), Session() with { Channel = ChannelId.Socket(2), User = null, Reason = null, Wh = null, SettledWh = null, FullMs = null });

        var stored = Read(database);
        Assert.Equal(2, stored.Count);
        Assert.Equal(Session(), stored[0]);
        Assert.Equal((null, null, null, null, null), (stored[1].User, stored[1].Reason, stored[1].Wh, stored[1].SettledWh, stored[1].FullMs));
    }

    [Fact]
    public async Task A_late_settlement_adds_its_reason_and_leaves_the_counter_s_energy_alone()
    {
        await using var database = Database.Open(_folder.Path, TimeProvider.System);
        var seen = Session() with { Reason = null, SettledWh = null, User = null, Name = null, EndedBy = SessionSigns.Power };
        var late = new SessionAmendment(_pile, ChannelId.Socket(1), StartMs, "a81f", "h:9c2e", StopReason.Full, 812);

        // A replay after a crash tells both again.
        await WriteAsync(database, seen, late, seen, late);

        var stored = Assert.Single(Read(database));
        Assert.Equal(("a81f", "h:9c2e", StopReason.Full, 812.0, 800.5), (stored.Name, stored.User, stored.Reason!.Value, stored.SettledWh!.Value, stored.Wh!.Value));
        Assert.Equal(SessionSigns.Power | SessionSigns.Told, stored.EndedBy);
    }

    [Fact]
    public async Task A_settlement_is_better_than_power_that_was_added_up()
    {
        await using var database = Database.Open(_folder.Path, TimeProvider.System);

        await WriteAsync(database, Session() with { EnergyFrom = EnergySource.Power }, new SessionAmendment(_pile, ChannelId.Socket(1), StartMs, null, null, null, 812));

        var stored = Assert.Single(Read(database));
        Assert.Equal((812, EnergySource.Settlement), (stored.Wh!.Value, stored.EnergyFrom));
    }

    [Fact]
    public async Task Sessions_are_kept_as_long_as_everything_else()
    {
        await using var database = Database.Open(_folder.Path, TimeProvider.System);
        await WriteAsync(database, Session(), Session() with { Channel = ChannelId.Socket(2), EndMs = StartMs + 9_000_000 });

        await database.CommitAsync(CommitPriority.Housekeeping, connection => Assert.Equal(1, SessionLog.Prune(connection, StartMs + 8_000_000, 10)));

        Assert.Equal(ChannelId.Socket(2), Assert.Single(Read(database)).Channel);
    }

    [Theory]
    [InlineData(ExportFormat.Csv, "start,end,site,device,channel,session,user,reason,wh,wh_from,settled_wh,peak_w,shape,packs,constant_min,taper_min,tail_min,full_since,restarts,unseen_min,whole,started_by,ended_by\r\n"
        + "2026-11-20T10:00:00.000Z,2026-11-20T12:00:00.000Z,lane,pile-01,s1,a81f,h:9c2e,full,800.5,counter,801,131.5,constant-taper,1,60,30,15,2026-11-20T11:45:00.000Z,0,0,true,told,told+relay\r\n")]
    [InlineData(ExportFormat.Jsonl, "{\"session\":{\"start\":\"2026-11-20T10:00:00.000Z\",\"end\":\"2026-11-20T12:00:00.000Z\",\"site\":\"lane\",\"device\":\"pile-01\",\"channel\":\"s1\",\"session\":\"a81f\","
        + "\"user\":\"h:9c2e\",\"reason\":\"full\",\"wh\":800.5,\"wh_from\":\"counter\",\"settled_wh\":801,\"peak_w\":131.5,\"shape\":\"constant-taper\",\"packs\":1,\"constant_min\":60,\"taper_min\":30,"
        + "\"tail_min\":15,\"full_since\":\"2026-11-20T11:45:00.000Z\",\"restarts\":0,\"unseen_min\":0,\"whole\":true,\"started_by\":\"told\",\"ended_by\":\"told+relay\"}}\n")]
    internal async Task Sessions_are_exported_for_others_to_read(ExportFormat format, string expected)
    {
        await using (var database = Database.Open(_folder.Path, TimeProvider.System))
        {
            await WriteAsync(database, Session());
            await database.CommitAsync(CommitPriority.Alerts, connection => Database.Execute(
                connection, "insert into device (number, dialect, site, name) values ($number, 0, 'lane', 'pile-01')", ("$number", _pile.Number)));
        }

        using var output = new MemoryStream();
        var request = new ExportRequest("lane", null, StartMs, StartMs + 86_400_000, format, Sessions: true);
        Assert.Equal(0, await ExportCommand.RunAsync(_folder.Path, new FacilityIndex(Facility.Empty), request, output, TextWriter.Null, CancellationToken.None));

        Assert.Equal(expected, System.Text.Encoding.UTF8.GetString(output.ToArray()).TrimStart('\uFEFF'));
    }

    [Theory]
    [InlineData(ExportFormat.Csv, ",,constant-taper,")]
    [InlineData(ExportFormat.Jsonl, "\"peak_w\":null")]
    internal async Task A_peak_that_is_no_number_does_not_keep_the_others_from_being_exported(ExportFormat format, string expected)
    {
        await using (var database = Database.Open(_folder.Path, TimeProvider.System))
        {
            await WriteAsync(database, Session() with { PeakW = double.PositiveInfinity }, Session() with { Channel = ChannelId.Socket(2) });
            await database.CommitAsync(CommitPriority.Alerts, connection => Database.Execute(
                connection, "insert into device (number, dialect, site, name) values ($number, 0, 'lane', 'pile-01')", ("$number", _pile.Number)));
        }

        using var output = new MemoryStream();
        var request = new ExportRequest("lane", null, StartMs, StartMs + 86_400_000, format, Sessions: true);
        Assert.Equal(0, await ExportCommand.RunAsync(_folder.Path, new FacilityIndex(Facility.Empty), request, output, TextWriter.Null, CancellationToken.None));

        var lines = System.Text.Encoding.UTF8.GetString(output.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries)[^2..];
        Assert.Contains(expected, lines[0], StringComparison.Ordinal);
        Assert.Contains("131.5", lines[1], StringComparison.Ordinal);
    }

    private static Task WriteAsync(Database database, params SessionFact[] facts) => database.CommitAsync(CommitPriority.Alerts, connection =>
    {
        foreach (var fact in facts)
            SessionLog.Write(connection, fact);
    });

    private List<ChargingSession> Read(Database database)
    {
        using var reader = database.OpenReader();
        return [.. SessionLog.Read(reader, _devices, 0, long.MaxValue)];
    }

    private ChargingSession Session() => new(_pile, ChannelId.Socket(1), StartMs)
    {
        StartMs = StartMs,
        EndMs = StartMs + 7_200_000,
        IsWhole = true,
        Name = "a81f",
        User = "h:9c2e",
        Reason = StopReason.Full,
        StartedBy = SessionSigns.Told,
        EndedBy = SessionSigns.Told | SessionSigns.Relay,
        Wh = 800.5,
        EnergyFrom = EnergySource.Counter,
        SettledWh = 801,
        PeakW = 131.5,
        Shape = CurveShape.ConstantTaper,
        Packs = 1,
        ConstantMs = 3_600_000,
        TaperMs = 1_800_000,
        TailMs = 900_000,
        FullMs = StartMs + 6_300_000,
        Restarts = 0,
        UnseenMs = 0,
    };
}
