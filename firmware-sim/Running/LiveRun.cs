using System.Text.Json;
using System.Threading.Channels;
using FirmwareSim.Protocol;
using FirmwareSim.Scripting;

namespace FirmwareSim.Running;

/// <summary>Runs a world against a real broker, step by step with the clock; timestamps are real now at every speed.</summary>
internal sealed class LiveRun
{
    /// <summary>Most words of the network that wait for the next step; beyond it the connections wait.</summary>
    private const int SignalsMax = 100_000;

    /// <summary>Connections opened per second: a neighbourhood does not come up in one instant.</summary>
    private const double DialsPerSecond = 200;

    /// <summary>Devices that sit down in a gateway's connection per second: none is opened for them.</summary>
    private const double SeatsPerSecond = 2_000;

    private static readonly TimeSpan ReportEvery = TimeSpan.FromSeconds(10);

    private readonly World _world;
    private readonly TimeProvider _time;
    private readonly Ledger _ledger;
    private readonly TextWriter _report;
    private readonly Channel<Signal> _signals = Channel.CreateBounded<Signal>(new BoundedChannelOptions(SignalsMax) { SingleReader = true });
    private readonly List<LiveStation> _stations = [];
    private readonly DateTimeOffset _start;
    private int _awake;
    private double _mayDial;
    private long _refusalsReported;

    public LiveRun(Scenario scenario, ulong seed, double? speed, BrokerAddress broker, Ledger ledger, TextWriter report, TimeProvider time)
    {
        _time = time;
        _ledger = ledger;
        _report = report;
        _start = time.GetUtcNow();
        _world = new World(scenario, seed, _start.ToUnixTimeMilliseconds(), speed);
        var settings = new FirmwareSettings { BufferMessages = scenario.BufferMessages };
        foreach (var device in _world.Devices)
            _stations.Add(LiveStation.Of(device, settings, broker, ledger, _signals.Writer, time));
        var byDevice = _stations.ToDictionary(station => station.Firmware.Device);
        foreach (var station in _stations.Where(station => station.Firmware.Device.SharesConnection))
            station.Share(byDevice[station.Firmware.Device.Behind!]);
    }

    public RunCounters Counters => new()
    {
        Devices = _stations.Count,
        Connected = _stations.Count(station => station.Firmware.IsConnected),
        Connections = _stations.Count(station => station.Firmware.IsConnected && !station.Firmware.Device.SharesConnection),
        Produced = _stations.Sum(station => station.Produced),
        Sent = _stations.Sum(station => station.Sent),
        BrokerAcked = _stations.Sum(station => station.BrokerAcked),
        WatermarkAcked = _stations.Sum(station => station.WatermarkAcked),
        Buffered = _stations.Sum(station => (long)station.Firmware.Buffered),
        Backlog = _stations.Sum(station => (long)station.Firmware.Backlog),
        Dropped = _stations.Sum(station => station.Firmware.Dropped),
        Losses = _stations.Sum(station => station.Losses),
        Refused = _stations.Sum(station => station.Refusals),
    };

    /// <summary>Runs until it is cancelled, or for some time; then every device says goodbye.</summary>
    public async Task RunAsync(TimeSpan? duration, CancellationToken cancellationToken)
    {
        var step = TimeSpan.FromSeconds(_world.StepS);
        var nextReport = _start + ReportEvery;
        var isPlaying = false;
        try
        {
            for (var due = _start + step; duration is null || due <= _start + duration; due += step)
            {
                await WaitUntilAsync(due, cancellationToken).ConfigureAwait(false);
                Step();
                // Said at once, so that whoever started it knows that it plays.
                var isFirst = !isPlaying && _stations.Exists(station => station.Firmware.IsConnected);
                isPlaying |= isFirst;
                if (due < nextReport && !isFirst)
                    continue;
                nextReport = due + ReportEvery;
                Report();
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Asked to stop: an ordinary end.
        }

        await EndAsync().ConfigureAwait(false);
    }

    private async Task WaitUntilAsync(DateTimeOffset due, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var wait = due - _time.GetUtcNow();
        if (wait > TimeSpan.Zero)
            await Task.Delay(wait, _time, cancellationToken).ConfigureAwait(false);
    }

    private void Step()
    {
        _world.Step();
        var now = _world.Now;
        Hear(now);
        Wake();
        for (var index = 0; index < _awake; index++)
            _stations[index].Step(now);
        _ledger.Flush();
    }

    private void Wake()
    {
        for (_mayDial += DialsPerSecond * _world.StepS; _awake < _stations.Count && _mayDial > 0; _awake++)
            _mayDial -= _stations[_awake].Firmware.Device.SharesConnection ? DialsPerSecond / SeatsPerSecond : 1;
    }

    private void Hear(in Moment now)
    {
        while (_signals.Reader.TryRead(out var signal))
            signal.Station.Hear(signal, now);
    }

    private async Task EndAsync()
    {
        var now = _world.Now;
        foreach (var station in _stations)
            station.ShutDown(now);
        // Somebody has to go on listening, or connections with something to say could not close.
        var goodbyes = Task.WhenAll(_stations.Select(station => station.CloseAsync()));
        while (!goodbyes.IsCompleted)
        {
            Hear(now);
            await Task.WhenAny(goodbyes, Task.Delay(TimeSpan.FromMilliseconds(20))).ConfigureAwait(false);
        }

        await goodbyes.ConfigureAwait(false);
        Hear(now);
        _ledger.Flush();
        Report();
        foreach (var station in _stations)
            await station.DisposeAsync().ConfigureAwait(false);
    }

    private void Report()
    {
        var counters = Counters;
        _report.WriteLine(JsonSerializer.Serialize(counters, Json.Relaxed));
        if (counters.Refused == _refusalsReported)
            return;
        _refusalsReported = counters.Refused;
        _report.WriteLine("The broker refused: " + _stations.Last(station => station.LastRefusal is not null).LastRefusal);
    }
}
