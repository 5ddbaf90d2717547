using FacilityMonitor.Registry;

namespace FacilityMonitor.OnCall.Channels;

/// <summary>Why a provider did not take a test, and what to do about it.</summary>
internal static class FaultText
{
    public static LocalText Of(Fault fault) => fault switch
    {
        Fault.Passing => new("供应商现在没有回答；请检查网络后再试", "the provider does not answer now; check the network and try again"),
        Fault.Limited => new("发得太多，供应商要求暂停；请稍后再试", "too much was sent, the provider wants a pause; try again later"),
        Fault.AddressLimited => new("这个号码今天收得太多；请稍后再试或换一个", "this number had too much; try later or another one"),
        Fault.Misconfigured => new("配置不对；请核对密钥、签名、模板和服务器时间", "the configuration is wrong; check key, signature, template and the server's clock"),
        Fault.WrongAddress => new("号码或账号不对；请核对收件的号码或账号", "the number or id is wrong; check to whom it goes"),
        Fault.Unfit => new("供应商不接受这个内容；请核对模板", "the provider never takes this content; check the template"),
    };
}
