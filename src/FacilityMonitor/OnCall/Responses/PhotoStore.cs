using System.Security.Cryptography;
using FacilityMonitor.Configuration;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;
using FacilityMonitor.Storage;

namespace FacilityMonitor.OnCall.Responses;

/// <summary>What became of photos since the start.</summary>
/// <param name="Stored">Kept.</param>
/// <param name="TooLarge">Refused: larger than <see cref="PhotoFile.BytesMax"/>.</param>
/// <param name="OtherKind">Refused: no picture that we know.</param>
/// <param name="Broken">Refused: cut off or damaged.</param>
/// <param name="NoRoom">Refused: all photos together take as much as they may, or the disk takes no more.</param>
/// <param name="Busy">Refused: too many were being sent at once.</param>
/// <param name="Heic">Refused: a HEIC or AVIF of a new telephone, which nothing here can turn into a JPEG.</param>
internal sealed record PhotoCounts(long Stored, long TooLarge, long OtherKind, long Broken, long NoRoom, long Busy, long Heic = 0);

/// <summary>Photos of alerts, as files beside the database, each named by the hash of its bytes: what the timeline names is what lies there, or shows that it is not.</summary>
internal sealed class PhotoStore
{
    /// <summary>Most photos that are read from telephones at once: each takes up to <see cref="PhotoFile.BytesMax"/> of memory a few times over.</summary>
    public const int AtOnceMax = 2;

    private const string FolderName = "photos";

    private readonly string _folder;
    private readonly long _bytesMax;
    private readonly TimeSpan _keptFor;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private long _stored;
    private long _tooLarge;
    private long _heic;
    private long _otherKind;
    private long _broken;
    private long _noRoom;
    private long _busy;
    private int _inside;

    public PhotoStore(ServiceSettings settings, TimeProvider time)
    {
        _folder = Path.Combine(settings.Data.Directory, FolderName);
        _bytesMax = settings.Data.PhotosBytes;
        _keptFor = TimeSpan.FromDays(settings.Data.RetentionDays);
        _time = time;
    }

    public PhotoCounts Counts => new(
        Interlocked.Read(ref _stored), Interlocked.Read(ref _tooLarge), Interlocked.Read(ref _otherKind), Interlocked.Read(ref _broken), Interlocked.Read(ref _noRoom), Interlocked.Read(ref _busy), Interlocked.Read(ref _heic));

    /// <summary>A place among those who send; null: all are taken. To be disposed.</summary>
    public IDisposable? Enter()
    {
        if (Interlocked.Increment(ref _inside) <= AtOnceMax)
            return new Place(this);
        Interlocked.Decrement(ref _inside);
        Interlocked.Increment(ref _busy);
        return null;
    }

    /// <summary>Keeps a photo.</summary>
    /// <returns>Its name; or null, and why not.</returns>
    public (string? Name, LocalText? Refusal) Keep(ReadOnlySpan<byte> file)
    {
        if (file.Length > PhotoFile.BytesMax)
            return Refuse(ref _tooLarge, TooLarge);
        switch (PhotoFile.Read(file))
        {
            case PhotoFile.Clean clean:
                return Write(clean);
            case PhotoFile.OtherKind { IsHeic: true }:
                return Refuse(ref _heic, new LocalText(
                    "这是 HEIC 照片，电脑上多半打不开，没有保存。请做：1. 苹果手机：设置 → 相机 → 格式 → 选「兼容性最佳」，重拍；安卓手机：相机设置里关掉「高效图片（HEIF）」，重拍；2. 来不及就把照片截屏，发截屏",
                    "this is a HEIC photo, which most computers cannot show, and it was not kept. Do: 1. On an iPhone: Settings → Camera → Formats → Most Compatible, then take it again; on Android: switch off HEIF in the camera's settings; 2. No time? Take a screenshot of the photo and send that"));
            case PhotoFile.OtherKind:
                return Refuse(ref _otherKind, new LocalText("只收 JPEG 或 PNG 照片；请在手机相机里改成「兼容性最佳」再拍", "only JPEG or PNG photos are taken; set the camera to its most compatible format"));
            default:
                return Refuse(ref _broken, new LocalText("照片不完整或已损坏，请重拍", "the photo is cut off or damaged; take it again"));
        }
    }

    /// <summary>Counts one that was too large before it was read to its end.</summary>
    public LocalText RefuseTooLarge() => Refuse(ref _tooLarge, TooLarge).Refusal!;

    /// <summary>Opens a photo; null: there is none of this name, or it is not what the name says any more.</summary>
    public byte[]? Read(string name)
    {
        if (!IsName(name))
            return null;
        try
        {
            var bytes = File.ReadAllBytes(Path.Combine(_folder, name));
            return NameOf(bytes, name[^3..]) == name ? bytes : null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Whether a text names a photo of ours: references of other programs may look otherwise.</summary>
    public static bool IsName(string name) => name.Length == 68 && name[..64].All(char.IsAsciiHexDigitLower) && name[64..] is ".jpg" or ".png";

    private static LocalText TooLarge => new($"照片超过 {PhotoFile.BytesMax >> 20} MiB；请把分辨率调低再拍", $"the photo has more than {PhotoFile.BytesMax >> 20} MiB; take it with a lower resolution");

    private static string NameOf(ReadOnlySpan<byte> bytes, string extension) => $"{Convert.ToHexStringLower(SHA256.HashData(bytes))}.{extension}";

    private static (string? Name, LocalText? Refusal) Refuse(ref long count, LocalText why)
    {
        Interlocked.Increment(ref count);
        return (null, why);
    }

    private (string? Name, LocalText? Refusal) Write(PhotoFile.Clean photo)
    {
        var full = new LocalText(
            $"照片已占满 {_bytesMax >> 20} MiB（data.photos-mib），没有保存；请写明原因关闭，并联系系统维护人员", $"photos take all of their {_bytesMax >> 20} MiB (data.photos-mib) and this one was not kept; close with a reason, and call whoever maintains the system");
        var name = NameOf(photo.Bytes, photo.Extension);
        lock (_gate)
        {
            try
            {
                Directory.CreateDirectory(_folder);
                var path = Path.Combine(_folder, name);
                if (File.Exists(path))
                    return (name, null);
                var files = new DirectoryInfo(_folder).GetFiles().ToList();
                // As long as readings: the timeline keeps the hash.
                var before = _time.GetUtcNow().UtcDateTime - _keptFor;
                foreach (var old in files.FindAll(file => file.LastWriteTimeUtc < before))
                {
                    old.Delete();
                    files.Remove(old);
                }

                if (files.Sum(file => file.Length) + photo.Bytes.Length > _bytesMax)
                    return Refuse(ref _noRoom, full);
                // Whole or not at all, and on the disk before the timeline names it.
                WholeFile.Prepare(path, photo.Bytes, isSecret: true);
                File.SetLastWriteTimeUtc(path + WholeFile.PartSuffix, _time.GetUtcNow().UtcDateTime);
                WholeFile.Place(path);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                return Refuse(ref _noRoom, new LocalText("磁盘没有收下照片；请写明原因关闭，并联系系统维护人员", "the disk did not take the photo; close with a reason, and call whoever maintains the system"));
            }
        }

        Interlocked.Increment(ref _stored);
        return (name, null);
    }

    private sealed class Place(PhotoStore store) : IDisposable
    {
        public void Dispose() => Interlocked.Decrement(ref store._inside);
    }
}
