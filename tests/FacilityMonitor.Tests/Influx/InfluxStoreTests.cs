using FacilityMonitor.Configuration;
using FacilityMonitor.Contract;
using FacilityMonitor.Influx;
using FacilityMonitor.Journal;
using FacilityMonitor.OnCall;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Storage;
using FacilityMonitor.Tests.Storage;

namespace FacilityMonitor.Tests.Influx;

/// <summary>One influxd for the tests of a class; each has a database of its own.</summary>
public sealed class InfluxdFixture : IAsyncLifetime
{
    private int _databases;

    internal InfluxServer Server { get; private set; } = null!;

    public async Task InitializeAsync() => Server = await InfluxServer.StartAsync(InfluxServer.Influxd);

    public async Task DisposeAsync() => await Server.DisposeAsync();

    /// <summary>A new database.</summary>
    internal async Task<InfluxSettings> DatabaseAsync()
    {
        var name = $"estate \"{Interlocked.Increment(ref _databases)}\" 's";
        await Server.QueryAsync($"CREATE DATABASE {InfluxQl.Name(name)}", database: null);
        return SettingsFor(Server.Url) with { Database = name };
    }

    internal static InfluxSettings SettingsFor(Uri url) => new()
    {
        Url = url,
        Version = InfluxVersion.Detect,
        Database = "facility",
        RetentionPolicy = null,
        Organization = null,
        Username = null,
        Password = null,
        Token = null,
        BatchReadings = 5_000,
        Interval = TimeSpan.FromSeconds(1),
        Timeout = TimeSpan.FromSeconds(30),
        Horizon = TimeSpan.FromMinutes(10),
    };
}

/// <summary>All readings in a real InfluxDB, none in the embedded store, which still knows what was said last.</summary>
[NeedsServer(InfluxServer.Influxd)]
public sealed class InfluxOnlyStoreTests(InfluxdFixture influx) : InfluxStoreTests(influx), IClassFixture<InfluxdFixture>
{
    protected override long WholeFrom => long.MaxValue;
}

/// <summary>Everything in a real InfluxDB, and in the embedded store what is newer than an hour in the middle of it.</summary>
[NeedsServer(InfluxServer.Influxd)]
public sealed class InfluxAndEmbeddedStoreTests(InfluxdFixture influx) : InfluxStoreTests(influx), IClassFixture<InfluxdFixture>
{
    protected override long WholeFrom => (Hour / HourlyRollup.HourMs) + 1;
}

/// <summary>The suite of every store, with the readings in InfluxDB.</summary>
#pragma warning disable CA1001 // xunit disposes it through IAsyncLifetime.
public abstract class InfluxStoreTests(InfluxdFixture influx) : ReadingStoreTests, IAsyncLifetime
#pragma warning restore CA1001
{
    private readonly StoreFixture _fixture = new();
    private readonly FacilityIndex _registry = new(Registered());
    private InfluxClient _writer = null!;
    private InfluxQueryClient _client = null!;

    protected override DeviceTable Devices => _fixture.Devices;

    /// <summary>The hour from which the embedded store keeps readings.</summary>
    protected abstract long WholeFrom { get; }

    public async Task InitializeAsync()
    {
        await _fixture.StartAsync();
        var settings = await influx.DatabaseAsync();
        _writer = new InfluxClient(settings, new HttpMessageInvoker(WebhookNotifier.Handler()), TimeProvider.System);
        _client = new InfluxQueryClient(settings, new HttpMessageInvoker(InfluxQueryClient.Handler()), TimeProvider.System);
    }

    public async Task DisposeAsync()
    {
        _writer.Dispose();
        _client.Dispose();
        await _fixture.DisposeAsync();
    }

    internal override async Task<IReadingStore> StoreAsync(params DeviceMessage[] messages)
    {
        var lines = new ByteBuffer();
        var wasStranger = false;
        foreach (var message in messages)
        {
            await _fixture.AppendAsync(message);
            wasStranger = !wasStranger;
            var known = message.Device!.Id.Dialect != Dialect.Fm1 && wasStranger ? null : _registry.Find(message.Device.Id);
            var head = LineProtocol.Head(known?.Entry.Kind, known?.Site.Id ?? message.Device.Id.Site, known?.Entry.Id ?? message.Device.Id.Name);
            foreach (ref readonly var reading in message.Readings.Readings)
                LineProtocol.Write(lines, head, reading, message.Readings.ValuesOf(reading), LineProtocol.Nanoseconds(reading.AtMs, message.Distinction, reading.Index));
        }

        Assert.IsType<WriteAnswer.Written>(await _writer.WriteAsync(lines.Memory, CancellationToken.None));
        await FinishHoursAsync();
        return new LayeredStore(_fixture.Store, new InfluxReadings(_client, () => _registry), () => WholeFrom);
    }

    protected override async Task FinishHoursAsync()
    {
        await _fixture.Worker.ReadOnAsync(_fixture.Reader, CancellationToken.None);
        await _fixture.Worker.FlushAsync();
        await _fixture.Merger.MergeAsync(everything: true, CancellationToken.None);
        await _fixture.Database.CommitAsync(CommitPriority.Housekeeping, connection => BlockTable.Delete(connection, BlockTable.BlocksBefore(connection, WholeFrom, int.MaxValue)));
    }

    /// <summary>The pile is registered, and a plug that spoke as a stranger before: every second of its messages is of that time. The meter is not.</summary>
    private static Facility Registered()
    {
        DeviceEntry pile = new() { Id = "pile-01", Name = new LocalText("一号桩", "Pile 1"), Kind = DeviceKind.Pile };
        DeviceEntry plug = new() { Id = "plug-1", Name = new LocalText("插座", "Plug"), Kind = DeviceKind.Plug, Foreign = new DeviceId(Dialect.Shelly, null, "shellyplug-7") };
        return new Facility { Version = "test", Contacts = [], Sites = [new Site { Id = "huaihai", Name = new LocalText("淮海里", "Huaihai Lane"), Devices = [pile, plug] }] };
    }
}
