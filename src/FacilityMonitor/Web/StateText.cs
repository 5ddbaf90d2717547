using FacilityMonitor.Registry;
using FacilityMonitor.Rules;

namespace FacilityMonitor.Web;

/// <summary>What a device calls its own state (<c>st</c>), as a person reads it.</summary>
internal static class StateText
{
    /// <summary>The text of a word; one of its maker's that we do not know is shown as it is.</summary>
    public static LocalText Of(string word) => word switch
    {
        "ready" => new("就绪", "ready"),
        "holding" => new("已拦住电动车", "holds an e-bike back"),
        "sounding" => new("正在鸣响", "sounds"),
        "calling" => new("正在呼叫", "calls"),
        "dock" or "docked" => new("在充电座上", "on its dock"),
        "trip" => new("正在爬楼", "on the stairs"),
        "online" => new("在线", "online"),
        _ => SocketWords.Of(word) switch
        {
            SocketWord.Idle => new("空闲", "idle"),
            SocketWord.Charging => new("充电", "charging"),
            SocketWord.Full => new("充满", "full"),
            SocketWord.Stopped => new("已停充", "stopped"),
            SocketWord.Fault => new("自报故障", "reports a fault"),
            SocketWord.Fuse => new("自报保险烧断", "reports a blown fuse"),
            SocketWord.Welded => new("自报继电器粘连", "reports a welded relay"),
            _ => new(word, word),
        },
    };
}
