using System.Text;
using FacilityMonitor.Commands;
using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Storage;

namespace FacilityMonitor.Tests.Storage;

public sealed class ExportTests : IAsyncLifetime, IDisposable
{
    private const long At = 1_767_225_600_000;
    private readonly TemporaryFolder _folder = new();
    private StoreFixture _data = null!;

    public async Task InitializeAsync()
    {
        _data = new StoreFixture(_folder.Path);
        await _data.StartAsync();
    }

    public async Task DisposeAsync() => await _data.DisposeAsync();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Csv_opens_in_a_spreadsheet_and_runs_no_formula_of_a_device()
    {
        await StoreAsync("=cmd|'/c calc'!A1", new(Metric.W, -5.5), new(Metric.Relay, 1));

        var csv = await ExportAsync(ExportFormat.Csv, At, At + 1);

        Assert.StartsWith("\uFEFFat,site,device,channel,quality,w,var,", csv, StringComparison.Ordinal);
        var line = csv.Split("\r\n")[1];
        Assert.StartsWith("2026-01-01T00:00:00.000Z,huaihai,pile-01,s2,good,-5.5,,", line, StringComparison.Ordinal);
        Assert.Contains(",true,3,'=cmd|'/c calc'!A1,", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Csv_quotes_what_would_break_a_row()
    {
        await StoreAsync("a,\"b\"", new MetricValue(Metric.W, 1));

        Assert.Contains(",\"a,\"\"b\"\"\",", await ExportAsync(ExportFormat.Csv, At, At + 1), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Line_protocol_has_fixed_types_and_a_time_that_no_other_sample_has()
    {
        await StoreAsync("say \"hi\"", new(Metric.W, 132), new(Metric.Relay, 0));

        Assert.Equal(
            "unknown,site=huaihai,device=pile-01,channel=s2 quality=\"good\",w=132,relay=false,ce=3i,st=\"say \\\"hi\\\"\" 1767225600000345000\n",
            await ExportAsync(ExportFormat.Line, At, At + 1));
    }

    [Fact]
    public async Task Json_lines_read_like_decode_prints_them()
    {
        await StoreAsync("充电", new MetricValue(Metric.W, 132.5));

        Assert.Equal(
            """{"reading":{"site":"huaihai","device":"pile-01","channel":"s2","at":"2026-01-01T00:00:00.000Z","quality":"good","w":132.5,"ce":3,"st":"充电"}}""" + "\n",
            await ExportAsync(ExportFormat.Jsonl, At, At + 1));
    }

    [Theory]
    [InlineData(At, At + 1, 1)]
    [InlineData(At + 1, At + 2, 0)]
    [InlineData(At - 1, At, 0)]
    public async Task The_begin_is_included_and_the_end_is_not(long from, long to, int readings)
    {
        await StoreAsync("idle", new MetricValue(Metric.W, 1));

        Assert.Equal(readings, (await ExportAsync(ExportFormat.Jsonl, from, to)).Count(character => character == '\n'));
    }

    [Fact]
    public async Task A_device_that_never_spoke_is_refused_with_a_clear_word()
    {
        using var words = new StringWriter();

        var exit = await ExportCommand.RunAsync(
            _folder.Path, Facility(), new ExportRequest("huaihai", "pile-99", At, At + 1, ExportFormat.Csv), new MemoryStream(), words, CancellationToken.None);

        Assert.Equal(1, exit);
        Assert.Contains("huaihai/pile-99", words.ToString(), StringComparison.Ordinal);
    }

    private static FacilityIndex Facility() => new(new Facility { Version = "test", Sites = [], Contacts = [] });

    private async Task StoreAsync(string state, params MetricValue[] values)
    {
        var device = _data.Devices.Resolve(Dialect.Fm1, "huaihai"u8, "pile-01"u8)!;
        var message = ReadingStoreTests.Message(device, (2, At, values, state));
        message.Readings.Readings[0].CounterEpoch = 3;
        message.HasEnvelope = true;
        Assert.True(BootId.TryParse("b"u8, out var boot));
        message.Envelope = new Envelope(boot, 12345, At, null, ClockSource.Ntp);
        await _data.AppendAsync(message);
        await _data.Worker.ReadOnAsync(_data.Reader, CancellationToken.None);
        await _data.Worker.FlushAsync();
    }

    /// <summary>While the service holds the data, as in life.</summary>
    private async Task<string> ExportAsync(ExportFormat format, long fromMs, long toMs)
    {
        using var output = new MemoryStream();
        using var words = new StringWriter();
        Assert.Equal(0, await ExportCommand.RunAsync(_folder.Path, Facility(), new ExportRequest("huaihai", null, fromMs, toMs, format), output, words, CancellationToken.None));
        return Encoding.UTF8.GetString(output.ToArray());
    }
}
