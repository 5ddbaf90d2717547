using System.Buffers.Binary;
using FacilityMonitor.Response;
using FsCheck;

namespace FacilityMonitor.Tests.Response;

public sealed class PhotoFileTests
{
    /// <summary>The place, the telephone and the film behind the picture, as a phone writes them.</summary>
    private static readonly byte[] Secret = "GPS 31.2304N 121.4737E"u8.ToArray();

    [Fact]
    public void Where_a_picture_was_taken_is_left_out_and_the_picture_stays()
    {
        var clean = Assert.IsType<PhotoFile.Clean>(PhotoFile.Read(Jpeg(orientation: 6)));

        Assert.Equal("jpg", clean.Extension);
        Assert.Equal(-1, clean.Bytes.AsSpan().IndexOf(Secret));
        Assert.True(clean.Bytes.AsSpan().IndexOf(Scan) > 0);
        Assert.True(clean.Bytes.AsSpan().IndexOf("ICC_PROFILE"u8) > 0);
        Assert.True(clean.Bytes.AsSpan().EndsWith<byte>([0xFF, 0xD9]));
        // What was cleaned is clean.
        Assert.Equal(clean.Bytes, Assert.IsType<PhotoFile.Clean>(PhotoFile.Read(clean.Bytes)).Bytes);
    }

    [Theory]
    [InlineData(1, -1)]
    [InlineData(3, 3)]
    [InlineData(6, 6)]
    [InlineData(8, 8)]
    [InlineData(9, -1)]
    public void A_picture_that_was_held_sideways_is_still_shown_upright(int written, int kept)
    {
        var bytes = Assert.IsType<PhotoFile.Clean>(PhotoFile.Read(Jpeg(orientation: (ushort)written))).Bytes;
        var exif = bytes.AsSpan().IndexOf("Exif\0\0"u8);
        Assert.Equal(kept, exif < 0 ? -1 : BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(exif + 24)));
    }

    [Fact]
    public void Words_in_a_png_are_left_out_and_the_picture_stays()
    {
        var clean = Assert.IsType<PhotoFile.Clean>(PhotoFile.Read(Png()));
        Assert.Equal("png", clean.Extension);
        Assert.Equal(-1, clean.Bytes.AsSpan().IndexOf(Secret));
        Assert.True(clean.Bytes.AsSpan().IndexOf("IDAT"u8) > 0);
        Assert.True(clean.Bytes.AsSpan().IndexOf("IEND"u8) > 0);
    }

    [Theory]
    [InlineData("GIF89a")]
    [InlineData("RIFF....WEBP")]
    [InlineData("<svg onload=alert(1)>")]
    [InlineData("\0\0\0 ftypheic")]
    [InlineData("")]
    public void What_is_no_jpeg_or_png_is_refused_whatever_it_is_called(string bytes) =>
        Assert.IsType<PhotoFile.OtherKind>(PhotoFile.Read(System.Text.Encoding.Latin1.GetBytes(bytes)));

    [Theory]
    [InlineData("ftypheic", true)]
    [InlineData("ftypheix", true)]
    [InlineData("ftypmif1", true)]
    [InlineData("ftypavif", true)]
    [InlineData("ftypisom", false)]
    [InlineData("ftypqt  ", false)]
    [InlineData("ftyphei", false)]
    [InlineData("freeheic", false)]
    public void A_HEIC_of_a_new_telephone_is_told_from_a_film(string bytes, bool isHeic) =>
        Assert.Equal(new PhotoFile.OtherKind(isHeic), PhotoFile.Read(System.Text.Encoding.Latin1.GetBytes("\0\0\0\u0018" + bytes)));

    [Fact]
    public void A_picture_that_ends_too_soon_is_broken_at_every_byte()
    {
        foreach (var whole in (byte[][])[Jpeg(orientation: 6, isTailed: false), Png()])
        {
            for (var length = 8; length < whole.Length; length++)
                Assert.IsType<PhotoFile.Broken>(PhotoFile.Read(whole.AsSpan(0, length)));
            Assert.IsType<PhotoFile.Clean>(PhotoFile.Read(whole));
        }
    }

    [Fact]
    public void Whatever_bytes_come_nothing_is_thrown_and_no_place_gets_through()
    {
        Prop.ForAll(Arb.From(Gen.ArrayOf(4, Gen.Choose(0, 1_000_000))), numbers =>
        {
            var bytes = numbers[0] % 2 == 0 ? Jpeg(orientation: 6) : Png();
            bytes[numbers[1] % bytes.Length] = (byte)numbers[2];
            if (PhotoFile.Read(bytes) is PhotoFile.Clean clean)
                Assert.True(clean.Bytes.Length <= bytes.Length + 36);
        }).Check(new FsCheck.Configuration { MaxNbOfTest = 2_000, QuietOnSuccess = true, Runner = Config.QuickThrowOnFailure.Runner });
    }

    private static ReadOnlySpan<byte> Scan => [0x12, 0xFF, 0x00, 0x34, 0xFF, 0xD0, 0x56];

    /// <summary>The frame of a JPEG, with what a phone adds.</summary>
    internal static byte[] Jpeg(ushort orientation = 1, bool isTailed = true) =>
    [
        0xFF, 0xD8, .. Segment(0xE0, "JFIF\0rest"u8), .. Segment(0xE1, [.. "Exif\0\0II"u8, 0x2A, 0, 8, 0, 0, 0, 2, 0, 0x0F, 1, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, (byte)orientation, 0, 0, 0, 0, 0, 0, 0, .. Secret]),
        .. Segment(0xE1, [.. "http://ns.adobe.com/xap/1.0/\0"u8, .. Secret]), .. Segment(0xE2, "ICC_PROFILE\0x"u8), .. Segment(0xE2, [.. "MPF\0"u8, .. Secret]), .. Segment(0xFE, Secret),
        .. Segment(0xDB, [0, 1, 2]), .. Segment(0xC0, [8, 0, 1, 0, 1, 1, 1, 0x11, 0]), 0xFF, .. Segment(0xDA, [1, 1, 0, 0, 0x3F, 0]), .. Scan, 0xFF, 0xD9,
        .. isTailed ? [.. "ftypmp42"u8, .. Secret] : Array.Empty<byte>(),
    ];

    private static byte[] Png() =>
    [
        0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, .. Chunk("IHDR", new byte[13]), .. Chunk("tEXt", Secret), .. Chunk("eXIf", Secret), .. Chunk("iTXt", Secret), .. Chunk("gAMA", new byte[4]), .. Chunk("IDAT", [1, 2, 3]), .. Chunk("IEND", []),
    ];

    private static byte[] Segment(byte marker, ReadOnlySpan<byte> body) => [0xFF, marker, (byte)((body.Length + 2) >> 8), (byte)(body.Length + 2), .. body];

    private static byte[] Chunk(string type, ReadOnlySpan<byte> body)
    {
        var length = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, body.Length);
        return [.. length, .. System.Text.Encoding.ASCII.GetBytes(type), .. body, 0, 0, 0, 0];
    }
}
