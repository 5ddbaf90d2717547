using System.Globalization;
using FacilityMonitor.Alerts;
using FacilityMonitor.Registry;

namespace FacilityMonitor.OnCall.Responses;

/// <summary>What the alert of a lost node says.</summary>
internal static class LossText
{
    public static LocalText On(LocalText node, int silent, int devices, long onsetMs)
    {
        var since = AlertText.Clocks(onsetMs);
        return new LocalText(
            string.Create(CultureInfo.InvariantCulture, $"断电或断网，{node.Zh}：{devices} 台设备中有 {silent} 台在一分钟内同时失联。自 {since.Zh} 起。恢复之前，那里发生什么都看不见。请做：1. 到现场看是否停电、断路器是否跳闸；2. 有电就查网关和网络；3. 恢复前安排人巡查。"),
            string.Create(CultureInfo.InvariantCulture, $"Power or network lost, {node.En}: {silent} of {devices} devices fell silent within a minute. Since {since.En}. Until it is back nothing that happens there can be seen. Do: 1. Go and see whether there is power, and whether a breaker tripped; 2. With power, look at gateway and network; 3. Let somebody patrol until it is back."));
    }

    public static LocalText Over(LocalText node, long onsetMs, long nowMs) => new(
        $"已恢复：断电或断网，{node.Zh}。自 {AlertText.Clock(onsetMs)} 起，至 {AlertText.Clock(nowMs)} 结束。仍失联的设备会单独告警。请做：查明原因。",
        $"Cleared: power or network lost, {node.En}. Since {AlertText.EnglishClock(onsetMs)}, over at {AlertText.EnglishClock(nowMs)}. Devices that are still silent are told on their own. Do: find the cause.");
}
