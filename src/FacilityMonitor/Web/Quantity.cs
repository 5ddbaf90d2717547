using System.Globalization;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Web;

/// <summary>What a quantity is called and measured in, of those that a chart can draw.</summary>
internal static class Quantity
{
    /// <summary>Its name, unit and digits; null for what is true or false, and for what only counts on.</summary>
    public static ChartMetric? Of(Metric metric) => Named(metric) is { } named ? named with { Key = metric.Key() } : null;

    private static ChartMetric? Named(Metric metric) => metric switch
    {
        Metric.W => Line("功率", "Power", "W", 0),
        Metric.Var => Line("无功功率", "Reactive power", "var", 0),
        Metric.Va => Line("视在功率", "Apparent power", "VA", 0),
        Metric.V => Line("电压", "Voltage", "V", 1),
        Metric.A => Line("电流", "Current", "A", 1),
        Metric.Hz => Line("频率", "Frequency", "Hz", 2),
        Metric.Pf => Line("功率因数", "Power factor", "", 2),
        Metric.Tc => Line("温度", "Temperature", "°C", 1),
        Metric.Rh => Line("湿度", "Humidity", "%", 0),
        Metric.RaMa => Line("剩余电流", "Residual current", "mA", 1),
        Metric.Soc => Line("电量", "Charge", "%", 0),
        Metric.Soh => Line("电池健康", "Battery health", "%", 0),
        Metric.H2Ppm => Line("氢气", "Hydrogen", "ppm", 1),
        Metric.CoPpm => Line("一氧化碳", "Carbon monoxide", "ppm", 1),
        Metric.SmokeDbm => Line("烟浓度", "Smoke density", "dB/m", 2),
        Metric.WaterCm => Line("积水", "Water", "cm", 1),
        Metric.Bikes => Line("车辆数", "Bikes", "", 0),
        Metric.Laeq => Line("噪声", "Noise", "dB(A)", 0),
        Metric.Pitch => Line("俯仰", "Pitch", "°", 1),
        Metric.Roll => Line("侧倾", "Roll", "°", 1),
        Metric.LoadKg => Line("载重", "Load", "kg", 0),
        Metric.Spm => Line("步频", "Steps a minute", "", 0),
        Metric.MotorTc => Line("电机温度", "Motor temperature", "°C", 1),
        Metric.Kpa => Line("压力", "Pressure", "kPa", 0),
        Metric.Rssi => Line("信号", "Signal", "dBm", 0),
        Metric.Batt => Line("设备电池", "Device battery", "%", 0),
        Metric.Wh or Metric.WhOut or Metric.Smoke or Metric.Door or Metric.ExitBlocked or Metric.Occupied or Metric.Belt or Metric.Brake or Metric.EStop or Metric.Lamp or Metric.Relay => null,
    };

    /// <summary>What a quantity that is true or false is called, and the words for both; null for the others.</summary>
    public static (LocalText Name, LocalText No, LocalText Yes)? Words(Metric metric) => metric switch
    {
        Metric.Smoke => (new("烟雾", "Smoke"), new("无", "none"), new("有烟", "smoke!")),
        Metric.Door => (new("门", "Door"), new("关", "closed"), new("开", "open")),
        Metric.ExitBlocked => (new("出口", "Exit"), new("畅通", "free"), new("堵塞", "blocked")),
        Metric.Occupied => (new("座椅", "Seat"), new("空", "free"), new("有人", "taken")),
        Metric.Belt => (new("安全带", "Belt"), new("未系", "open"), new("已系", "closed")),
        Metric.Brake => (new("制动", "Brake"), new("松开", "released"), new("制动中", "on")),
        Metric.EStop => (new("急停", "Emergency stop"), new("未按下", "not pressed"), new("已按下", "pressed")),
        Metric.Lamp => (new("灯", "Lamp"), new("灭", "off"), new("亮", "on")),
        Metric.Relay => (new("继电器", "Relay"), new("断开", "open"), new("闭合", "closed")),
        _ => null,
    };

    /// <summary>Whether a value that is true needs a person, whatever the rules say of it.</summary>
    public static bool IsBad(Metric metric, double value) => value > 0 && metric is (Metric.Smoke or Metric.ExitBlocked or Metric.EStop);

    /// <summary>A value as people read it.</summary>
    public static (LocalText Name, LocalText Value)? Say(Metric metric, double value)
    {
        if (Words(metric) is { } words)
            return (words.Name, value > 0 ? words.Yes : words.No);
        if (metric.IsCounter())
            return (metric == Metric.Wh ? new LocalText("电能表读数", "Energy counter") : new LocalText("反向电能表读数", "Energy counter, fed back"), Same($"{ViewTexts.Number(value / 1000, "0.00")} kWh"));
        return Of(metric) is { } quantity ? (quantity.Name, Same($"{value.ToString("F" + quantity.Digits, CultureInfo.InvariantCulture)} {quantity.Unit}")) : null;
    }

    private static LocalText Same(string text) => new(text, text);

    private static ChartMetric Line(string zh, string en, string unit, int digits) => new("", new LocalText(zh, en), unit, digits);
}
