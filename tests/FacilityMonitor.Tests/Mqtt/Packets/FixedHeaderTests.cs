using FacilityMonitor.Mqtt.Packets;

namespace FacilityMonitor.Tests.Mqtt.Packets;

public sealed class FixedHeaderTests
{
    // The table of MQTT 5 §1.5.5: both edges of each length.
    [Theory]
    [InlineData(0, "00")]
    [InlineData(127, "7F")]
    [InlineData(128, "8001")]
    [InlineData(16_383, "FF7F")]
    [InlineData(16_384, "808001")]
    [InlineData(2_097_151, "FFFF7F")]
    [InlineData(2_097_152, "80808001")]
    [InlineData(268_435_455, "FFFFFF7F")]
    public void Lengths_are_written_and_read_as_the_specification_shows(int value, string bytes)
    {
        var target = new byte[4];

        Assert.Equal(bytes, Convert.ToHexString(target.AsSpan(0, VariableInteger.Write(target, value))));
        Assert.Equal(bytes.Length / 2, VariableInteger.SizeOf(value));
        Assert.Equal((HeaderStatus.Read, value, bytes.Length / 2), VariableInteger.Read(Convert.FromHexString(bytes)));
        Assert.Equal(HeaderStatus.NeedMore, VariableInteger.Read(Convert.FromHexString(bytes[..^2])).Status);
    }

    [Fact]
    public void A_length_of_five_bytes_is_malformed() =>
        Assert.Equal(HeaderStatus.Malformed, FixedHeader.TryRead([0x30, 0x80, 0x80, 0x80, 0x80, 0x01], int.MaxValue, out _));

    [Theory]
    [InlineData(128, false)]
    [InlineData(129, true)]
    public void A_packet_is_too_large_from_one_byte_over_the_limit(int limit, bool accepted)
    {
        // 127 bytes of body behind two bytes of header.
        var status = FixedHeader.TryRead([0x30, 0x7F], limit, out _);

        Assert.Equal(accepted ? HeaderStatus.Read : HeaderStatus.TooLarge, status);
    }
}
