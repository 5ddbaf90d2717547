using System.Collections.Frozen;
using System.Text;

namespace FacilityMonitor.Readings;

/// <summary>A measured quantity. The key of each member in payloads, tables and exports is <see cref="MetricKeys.Key"/>; units are SI.</summary>
/// <remarks>The numeric values are stored in the journal and in column blocks: add at the end, never renumber.</remarks>
public enum Metric : byte
{
    /// <summary>Active power, W. Signed: negative is fed back.</summary>
    W = 0,

    /// <summary>Reactive power, var.</summary>
    Var = 1,

    /// <summary>Apparent power, VA.</summary>
    Va = 2,

    /// <summary>Voltage, V RMS.</summary>
    V = 3,

    /// <summary>Current, A RMS.</summary>
    A = 4,

    /// <summary>Mains frequency, Hz.</summary>
    Hz = 5,

    /// <summary>Power factor, -1 to 1.</summary>
    Pf = 6,

    /// <summary>Energy drawn, Wh, a counter that only rises within one counter epoch.</summary>
    Wh = 7,

    /// <summary>Energy fed back, Wh, a counter.</summary>
    WhOut = 8,

    /// <summary>Temperature, °C.</summary>
    Tc = 9,

    /// <summary>Relative humidity, %.</summary>
    Rh = 10,

    /// <summary>Residual current, mA.</summary>
    RaMa = 11,

    /// <summary>State of charge of a battery, %.</summary>
    Soc = 12,

    /// <summary>State of health of a battery, %.</summary>
    Soh = 13,

    /// <summary>Hydrogen, ppm.</summary>
    H2Ppm = 14,

    /// <summary>Carbon monoxide, ppm.</summary>
    CoPpm = 15,

    /// <summary>Smoke detected: 0 or 1.</summary>
    Smoke = 16,

    /// <summary>Smoke obscuration, dB/m.</summary>
    SmokeDbm = 17,

    /// <summary>Depth of water, cm.</summary>
    WaterCm = 18,

    /// <summary>Door open: 0 or 1.</summary>
    Door = 19,

    /// <summary>Exit blocked: 0 or 1.</summary>
    ExitBlocked = 20,

    /// <summary>Number of bikes present.</summary>
    Bikes = 21,

    /// <summary>Equivalent continuous sound level, dB(A).</summary>
    Laeq = 22,

    /// <summary>Pitch of a stair-climber, degrees.</summary>
    Pitch = 23,

    /// <summary>Roll of a stair-climber, degrees.</summary>
    Roll = 24,

    /// <summary>Carried load, kg.</summary>
    LoadKg = 25,

    /// <summary>Climbing speed, steps per minute.</summary>
    Spm = 26,

    /// <summary>Seat occupied: 0 or 1.</summary>
    Occupied = 27,

    /// <summary>Seat belt closed: 0 or 1.</summary>
    Belt = 28,

    /// <summary>Brake engaged: 0 or 1.</summary>
    Brake = 29,

    /// <summary>Emergency stop pressed: 0 or 1.</summary>
    EStop = 30,

    /// <summary>Motor temperature, °C.</summary>
    MotorTc = 31,

    /// <summary>Lamp lit: 0 or 1.</summary>
    Lamp = 32,

    /// <summary>Pressure, kPa.</summary>
    Kpa = 33,

    /// <summary>Received signal strength, dBm.</summary>
    Rssi = 34,

    /// <summary>The device's own battery, %.</summary>
    Batt = 35,

    /// <summary>Relay closed: 0 or 1.</summary>
    Relay = 36,
}

/// <summary>The keys of <see cref="Metric"/> members as payloads, line protocol and exports spell them.</summary>
public static class MetricKeys
{
    /// <summary>Number of metrics; every <see cref="Metric"/> is below it.</summary>
    public const int Count = 37;

    private static readonly string[] Keys =
    [
        "w", "var", "va", "v", "a", "hz", "pf", "wh", "wh_out", "tc", "rh", "ra_ma", "soc", "soh", "h2_ppm", "co_ppm", "smoke", "smoke_dbm",
        "water_cm", "door", "exit_blocked", "bikes", "laeq", "pitch", "roll", "load_kg", "spm", "occupied", "belt", "brake", "estop",
        "motor_tc", "lamp", "kpa", "rssi", "batt", "relay",
    ];

    private static readonly byte[][] Utf8Keys = [.. Keys.Select(Encoding.UTF8.GetBytes)];

    private const byte EmptySlot = byte.MaxValue;

    private static readonly byte[] Slots = MakeSlots();

    private static readonly FrozenDictionary<string, Metric> ByKey =
        Keys.Select((key, index) => (key, metric: (Metric)index)).ToFrozenDictionary(pair => pair.key, pair => pair.metric, StringComparer.Ordinal);

    /// <summary>The metric's key, such as <c>ra_ma</c>.</summary>
    public static string Key(this Metric metric) => Keys[(int)metric];

    /// <summary>The metric's key as UTF-8.</summary>
    public static ReadOnlySpan<byte> Utf8Key(this Metric metric) => Utf8Keys[(int)metric];

    /// <summary>Whether the metric is true or false on the wire; a reading holds it as 1 or 0.</summary>
    public static bool IsBoolean(this Metric metric) => metric is Metric.Smoke or Metric.Door or Metric.ExitBlocked or Metric.Occupied
        or Metric.Belt or Metric.Brake or Metric.EStop or Metric.Lamp or Metric.Relay;

    /// <summary>Whether the metric is an ever-rising counter whose epoch is <c>ce</c>.</summary>
    public static bool IsCounter(this Metric metric) => metric is Metric.Wh or Metric.WhOut;

    /// <summary>Largest magnitude a value of this metric can have, in its unit: 10^15 of a counter, which adds up for decades, 10^9 of anything else. Far above any meter, and so far below what
    /// a <see cref="float"/> holds that no sum or product of the rules becomes infinite.</summary>
    public static double Largest(this Metric metric) => metric.IsCounter() ? 1e15 : 1e9;

    /// <summary>Whether a value can be one of this metric: NaN, infinity and what lies beyond <see cref="Largest"/> cannot.</summary>
    public static bool IsPossible(this Metric metric, double value) => Math.Abs(value) <= metric.Largest();

    /// <summary>Finds a metric by its key.</summary>
    public static bool TryParse(string key, out Metric metric) => ByKey.TryGetValue(key, out metric);

    /// <summary>Finds a metric by its key in UTF-8, without allocating.</summary>
    public static bool TryParse(ReadOnlySpan<byte> key, out Metric metric)
    {
        // A message of ten sockets asks sixty times.
        for (var slot = SlotOf(key); ; slot = (slot + 1) % Slots.Length)
        {
            metric = (Metric)Slots[slot];
            if (Slots[slot] == EmptySlot)
                return false;
            if (key.SequenceEqual(Utf8Keys[Slots[slot]]))
                return true;
        }
    }

    /// <summary>Every key at its slot, or at the next free one behind it.</summary>
    private static byte[] MakeSlots()
    {
        // Four times as many as keys: nearly every one has its own, and there is always an empty one to end a search.
        var slots = new byte[4 * 64];
        Array.Fill(slots, EmptySlot);
        for (byte metric = 0; metric < Count; metric++)
        {
            var slot = SlotOf(Utf8Keys[metric], slots.Length);
            while (slots[slot] != EmptySlot)
                slot = (slot + 1) % slots.Length;
            slots[slot] = metric;
        }

        return slots;
    }

    private static int SlotOf(ReadOnlySpan<byte> key) => SlotOf(key, Slots.Length);

    /// <summary>Length, first and last byte tell nearly all keys apart.</summary>
    private static int SlotOf(ReadOnlySpan<byte> key, int slots) => key.IsEmpty ? 0 : (key[0] + (key[^1] * 3) + (key.Length * 25)) % slots;
}
