using FacilityMonitor.Readings;

namespace FacilityMonitor.Tests.Web;

/// <summary>What a device says of itself may be anything. That every text of it is tried on the pages is proved here, from the parser's own types.</summary>
public sealed class HostileDeviceTextTests
{
    public static TheoryData<string> Texts => [.. HostileDeviceText.All.Select(one => one.Text)];

    [Fact]
    public void Every_text_that_the_contract_lets_a_device_say_is_among_those_that_are_tried()
    {
        var names = HostileDeviceText.Names().Order().ToList();

        Assert.True(names.Count > 10, string.Join(' ', names));
        Assert.Equal(names, HostileDeviceText.All.Select(one => one.Text).Concat(HostileDeviceText.OfRegistry).Order());
    }

    [Theory]
    [MemberData(nameof(Texts))]
    public void Each_of_them_really_carries_the_markup_or_is_refused_by_the_parser(string text)
    {
        var one = HostileDeviceText.All.Single(known => known.Text == text);

        var message = one.Decode(new DeviceTable(), 1_795_168_800_000);

        if (one.IsRefused)
            Assert.Null(message);
        else
            Assert.Contains((text, HostileDeviceText.Markup), HostileDeviceText.Texts(message!));
    }
}
