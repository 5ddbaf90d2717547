using System.Buffers.Binary;

namespace FacilityMonitor.Response;

/// <summary>What became of a picture that somebody sent. A closed family.</summary>
internal abstract record PhotoFile
{
    /// <summary>Most that is read, bytes: the largest pictures of common phones have 12 MB.</summary>
    public const int BytesMax = 12 * 1024 * 1024;

    private PhotoFile()
    {
    }

    /// <summary>It can be kept.</summary>
    /// <param name="Bytes">The picture alone: where it was taken, with what and by whom is not in it any more.</param>
    /// <param name="Extension"><c>jpg</c> or <c>png</c>.</param>
    public sealed record Clean(byte[] Bytes, string Extension) : PhotoFile;

    /// <summary>It is no JPEG or PNG, whatever it is called.</summary>
    /// <param name="IsHeic">It is a HEIC or AVIF, as new telephones write them: few browsers of an office show it, and nothing here can turn it into another.</param>
    public sealed record OtherKind(bool IsHeic = false) : PhotoFile;

    /// <summary>It begins like one and is broken, or ends too soon.</summary>
    public sealed record Broken : PhotoFile;

    /// <summary>Reads a picture, and leaves out everything that is not the picture.</summary>
    /// <remarks>
    /// A phone writes the place into a picture (EXIF, XMP), and behind it sometimes a film with sound. Neighbours' doors are nobody's business, so only what a
    /// viewer needs is kept: tables, frames and scans of a JPEG, the chunks of a PNG that draw, colour profiles, and which side is up.
    /// </remarks>
    public static PhotoFile Read(ReadOnlySpan<byte> file) => file switch
    {
        [0xFF, 0xD8, 0xFF, ..] => Jpeg(file),
        [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, ..] => Png(file),
        [_, _, _, _, (byte)'f', (byte)'t', (byte)'y', (byte)'p', var a, var b, var c, var d, ..] when IsHeicBrand([a, b, c, d]) => new OtherKind(IsHeic: true),
        _ => new OtherKind(),
    };

    /// <summary>Brands of ISO/IEC 23008-12 (HEIF), and of AVIF: the box "ftyp" of the container is followed by one of them. A film has other ones.</summary>
    private static bool IsHeicBrand(ReadOnlySpan<byte> brand) =>
        brand.SequenceEqual("heic"u8) || brand.SequenceEqual("heix"u8) || brand.SequenceEqual("heim"u8) || brand.SequenceEqual("heis"u8) || brand.SequenceEqual("hevc"u8)
        || brand.SequenceEqual("hevx"u8) || brand.SequenceEqual("mif1"u8) || brand.SequenceEqual("msf1"u8) || brand.SequenceEqual("avif"u8) || brand.SequenceEqual("avis"u8);

    private static PhotoFile Jpeg(ReadOnlySpan<byte> file)
    {
        var kept = new List<byte>(file.Length) { 0xFF, 0xD8 };
        var (at, isOriented, hasScan) = (2, false, false);
        while (at + 2 <= file.Length)
        {
            // Fill bytes may stand before a marker.
            if (file[at] != 0xFF)
                return new Broken();
            if (file[at + 1] == 0xFF)
            {
                at++;
                continue;
            }

            var marker = file[at + 1];
            if (marker == 0xD9)
            {
                // What stands behind the end is another picture, or a film.
                kept.AddRange([0xFF, 0xD9]);
                return hasScan ? new Clean([.. kept], "jpg") : new Broken();
            }

            if (marker is 0x01 or (>= 0xD0 and <= 0xD8))
                return new Broken();
            if (at + 4 > file.Length)
                return new Broken();
            var length = BinaryPrimitives.ReadUInt16BigEndian(file[(at + 2)..]);
            if (length < 2 || at + 2 + length > file.Length)
                return new Broken();
            var segment = file.Slice(at, 2 + length);
            var body = segment[4..];
            if (marker == 0xE1 && !isOriented && Orientation(body) is { } orientation)
            {
                kept.AddRange(OrientationOnly(orientation));
                isOriented = true;
            }

            // Of what programs add: JFIF says how dense the dots are, ICC and Adobe what the colours mean. All other is about the taking, not the picture.
            var isKept = marker switch
            {
                0xE0 => body.StartsWith("JFIF\0"u8),
                0xE2 => body.StartsWith("ICC_PROFILE\0"u8),
                0xEE => body.StartsWith("Adobe"u8),
                (>= 0xE1 and <= 0xEF) or 0xFE => false,
                _ => true,
            };
            if (isKept)
                kept.AddRange(segment);
            at += 2 + length;
            if (marker != 0xDA)
                continue;
            hasScan = true;
            var end = EndOfScan(file, at);
            kept.AddRange(file[at..end]);
            at = end;
        }

        return new Broken();
    }

    /// <summary>A scan ends at the first marker that is no restart; FF 00 is a byte of it.</summary>
    private static int EndOfScan(ReadOnlySpan<byte> file, int at)
    {
        while (at + 1 < file.Length && !(file[at] == 0xFF && file[at + 1] is not (0x00 or (>= 0xD0 and <= 0xD7))))
            at++;
        return at + 1 < file.Length ? at : file.Length;
    }

    /// <summary>Which side is up, 2 to 8 of TIFF's tag 0x0112; null: as it is, or not said.</summary>
    private static ushort? Orientation(ReadOnlySpan<byte> body)
    {
        if (!body.StartsWith("Exif\0\0"u8) || body.Length < 14)
            return null;
        var tiff = body[6..];
        var isLittle = tiff[0] == (byte)'I';
        var directory = Number(tiff[4..], isLittle);
        if (directory > tiff.Length - 2)
            return null;
        var entries = Short(tiff[(int)directory..], isLittle);
        for (var number = 0; number < entries; number++)
        {
            var entry = (int)directory + 2 + (12 * number);
            if (entry + 12 > tiff.Length)
                return null;
            if (Short(tiff[entry..], isLittle) == 0x0112 && Short(tiff[(entry + 8)..], isLittle) is >= 2 and <= 8 and var orientation)
                return orientation;
        }

        return null;

        static ushort Short(ReadOnlySpan<byte> bytes, bool isLittle) => isLittle ? BinaryPrimitives.ReadUInt16LittleEndian(bytes) : BinaryPrimitives.ReadUInt16BigEndian(bytes);

        static uint Number(ReadOnlySpan<byte> bytes, bool isLittle) => isLittle ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : BinaryPrimitives.ReadUInt32BigEndian(bytes);
    }

    /// <summary>An EXIF segment that says nothing but which side is up.</summary>
    private static byte[] OrientationOnly(ushort orientation) =>
    [
        0xFF, 0xE1, 0x00, 0x22, .. "Exif\0\0"u8, .. "MM"u8, 0x00, 0x2A, 0x00, 0x00, 0x00, 0x08, 0x00, 0x01,
        0x01, 0x12, 0x00, 0x03, 0x00, 0x00, 0x00, 0x01, 0x00, (byte)orientation, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    ];

    private static PhotoFile Png(ReadOnlySpan<byte> file)
    {
        var kept = new List<byte>(file.Length);
        kept.AddRange(file[..8]);
        var (at, hasData) = (8, false);
        while (at + 12 <= file.Length)
        {
            var length = BinaryPrimitives.ReadUInt32BigEndian(file[at..]);
            if (length > file.Length - at - 12)
                return new Broken();
            var type = file.Slice(at + 4, 4);
            var chunk = file.Slice(at, 12 + (int)length);
            hasData |= type.SequenceEqual("IDAT"u8);
            // Chunks that draw begin with a capital; of the others only what the colours mean.
            if (type[0] is >= (byte)'A' and <= (byte)'Z' || type.SequenceEqual("tRNS"u8) || type.SequenceEqual("gAMA"u8) || type.SequenceEqual("cHRM"u8)
                || type.SequenceEqual("sRGB"u8) || type.SequenceEqual("iCCP"u8) || type.SequenceEqual("sBIT"u8) || type.SequenceEqual("pHYs"u8))
                kept.AddRange(chunk);
            at += 12 + (int)length;
            if (type.SequenceEqual("IEND"u8))
                return hasData ? new Clean([.. kept], "png") : new Broken();
        }

        return new Broken();
    }
}
