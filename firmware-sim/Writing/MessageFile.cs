using System.Globalization;
using System.Text;
using FacilityMonitor.Contract;
using FirmwareSim.Devices;
using FirmwareSim.Protocol;
using FirmwareSim.Scripting;

namespace FirmwareSim.Writing;

/// <summary>Writes what a broker would have received, as JSON Lines ordered by receipt.</summary>
/// <remarks>A perfect broker and a perfect host are simulated: everything published arrives after 15 to 120 ms, and is acknowledged every 10 s.</remarks>
internal sealed class MessageFile : IDisposable
{
    /// <summary>A broker misses a silent device after one and a half keep-alives of 10 s.</summary>
    private const double WillAfterS = 15;

    private const long AckedEveryMs = 10_000;
    private const string Host = "fm/1/state/file";

    private readonly World _world;
    private readonly TextWriter _out;
    private readonly List<FileStation> _stations = [];
    private readonly List<(long AtMs, int Order, Outgoing Message)> _due = [];
    private long _nextAckedMs;
    private int _order;

    public MessageFile(World world, Scenario scenario, ulong seed, TextWriter output)
    {
        _world = world;
        _world.Watch();
        _out = output;
        var settings = new FirmwareSettings { BufferMessages = scenario.BufferMessages };
        foreach (var device in world.Devices)
            _stations.Add(FileStation.Of(this, device, settings, new Randomness(seed, $"{device}/radio")));
    }

    public long Written { get; private set; }

    /// <summary>Runs the world for some time of the clock and writes what is published.</summary>
    public void Write(double durationS)
    {
        foreach (var station in _stations)
            station.StepWithBroker(_world.Now);
        Flush(_world.Now.ClockMs);
        var steps = (long)Math.Round(durationS / _world.StepS);
        for (var step = 0L; step < steps; step++)
        {
            _world.Step();
            var now = _world.Now;
            foreach (var station in _stations)
                station.StepWithBroker(now);
            if (now.ClockMs >= _nextAckedMs)
            {
                _nextAckedMs = now.ClockMs + AckedEveryMs;
                foreach (var station in _stations)
                    station.Acknowledge(now);
            }

            Flush(now.ClockMs);
        }

        Flush(long.MaxValue);
        _world.Finish();
    }

    public void WriteTruth(TextWriter output)
    {
        foreach (var truth in _world.Truths)
        {
            output.Write($$"""{"from":"{{Time(truth.FromMs)}}","to":"{{Time(truth.ToMs)}}","rule":{{Quoted(truth.Rule)}},"asset":{{Quoted(truth.Asset)}},"label":{{Quoted(truth.Label)}}{{(truth.May ? ",\"may\":true" : "")}}}""");
            output.Write('\n');
        }
    }

    public void Dispose()
    {
        foreach (var station in _stations)
            station.Firmware.Dispose();
    }

    private static string Time(long ms) =>
        DateTimeOffset.FromUnixTimeMilliseconds(ms).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    private static string Quoted(string text) => System.Text.Json.JsonSerializer.Serialize(text, Json.Relaxed);

    private void Send(long atMs, Outgoing message) => _due.Add((atMs, _order++, message));

    /// <summary>Writes what has arrived by now; the rest may still be overtaken by something of the next step.</summary>
    private void Flush(long untilMs)
    {
        _due.Sort(static (left, right) => left.AtMs != right.AtMs ? left.AtMs.CompareTo(right.AtMs) : left.Order.CompareTo(right.Order));
        var count = 0;
        while (count < _due.Count && _due[count].AtMs <= untilMs)
            WriteLine(_due[count].AtMs, _due[count++].Message);
        _due.RemoveRange(0, count);
    }

    private void WriteLine(long atMs, Outgoing message)
    {
        _out.Write("{\"at\":\"");
        _out.Write(Time(atMs));
        _out.Write("\",\"topic\":\"");
        _out.Write(message.Topic);
        if (message.IsSpoilt || message.IsText)
        {
            _out.Write("\",\"base64\":\"");
            _out.Write(Convert.ToBase64String(message.Payload.Span));
            _out.Write('"');
        }
        else
        {
            _out.Write("\",\"payload\":");
            _out.Write(Encoding.UTF8.GetString(message.Payload.Span));
        }

        _out.Write(message.Retain ? ",\"retain\":true}\n" : "}\n");
        Written++;
    }

    /// <summary>One device with its way to the simulated broker.</summary>
    private sealed class FileStation : Station
    {
        private readonly MessageFile _file;
        private readonly Randomness _radio;
        private readonly SortedSet<long> _delivered = [];
        private byte[] _will = [];
        private long _nowMs;
        private long _lastAtMs;
        private long _willAtMs = long.MaxValue;
        private long _below;

        private FileStation(MessageFile file, Randomness radio, DeviceFirmware firmware)
            : base(firmware)
        {
            _file = file;
            _radio = radio;
        }

        protected override bool IsDialled => Firmware.IsConnected;

        public static FileStation Of(MessageFile file, SimulatedDevice device, FirmwareSettings settings, Randomness radio)
        {
            FileStation? station = null;
            DeviceFirmware firmware = device.Seat.Dialect == SpokenDialect.Fm1
                ? new Firmware(device, settings, radio.Next, 1 + radio.Below(60), message => station!.Publish(message))
                : ForeignFirmware.Of(device.Seat.Dialect, device, radio.Next, message => station!.Publish(message));
            return station = new FileStation(file, radio, firmware);
        }

        /// <summary>Lets it take its step, and the broker notice what it lost.</summary>
        public void StepWithBroker(in Moment now)
        {
            _nowMs = now.ClockMs;
            Step(now);
            if (now.ClockMs >= _willAtMs)
                SendWill(_willAtMs);
        }

        public void Acknowledge(in Moment now)
        {
            while (_delivered.Remove(_below))
                _below++;
            if (Firmware.IsConnected && Firmware.AckedTopic is { } topic && BootId.TryParse(Encoding.ASCII.GetBytes(Firmware.Boot), out var boot))
                Firmware.Receive(topic, Fm1Downlink.Acked(new Watermark(boot, _below - 1)), retained: false, now);
        }

        protected override void Booted()
        {
            _below = 0;
            _delivered.Clear();
        }

        protected override void HangUp(in Moment now)
        {
            Firmware.Disconnected();
            if (Firmware.Device.IsSpokenFor)
                _willAtMs = now.ClockMs + (long)(WillAfterS * 1000);
        }

        protected override void Dial(in Moment now)
        {
            // A broker that still has the old connection ends it first, and that publishes its will.
            if (_willAtMs != long.MaxValue)
                SendWill(now.ClockMs);
            _will = Firmware.NextWill();
            Firmware.Connected(now);
            if (Firmware.AckedTopic is not null)
                Firmware.Receive(Host, Fm1Downlink.HostState(online: true, now.ClockMs), retained: true, now);
        }

        private void SendWill(long atMs)
        {
            _willAtMs = long.MaxValue;
            if (Firmware.WillTopic is not { } topic)
                return;
            _lastAtMs = Math.Max(atMs, _lastAtMs);
            _file.Send(_lastAtMs, new Outgoing(topic, _will, Firmware.RetainsWill, IsText: _will is not [(byte)'{', ..]));
        }

        private void Publish(Outgoing message)
        {
            // One connection keeps its order.
            _lastAtMs = Math.Max(_lastAtMs, _nowMs + 15 + _radio.Below(105));
            _file.Send(_lastAtMs, message);
            if (message.Key is not { } key)
                return;
            Firmware.Delivered(key);
            if (key.Boot == Firmware.Boot)
                _delivered.Add(key.Seq);
        }
    }
}
