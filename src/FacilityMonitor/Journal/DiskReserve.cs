namespace FacilityMonitor.Journal;

/// <summary>A file that only takes up space, so that there is some to give when the disk is full.</summary>
internal sealed class DiskReserve(string directory, long bytes)
{
    private readonly string _path = Path.Combine(directory, "reserve");

    /// <summary>What it holds back, bytes.</summary>
    public long Bytes => bytes;

    public bool Held { get; private set; }

    public long Freed { get; private set; }

    /// <summary>Free bytes on the disk; 0 when it does not answer.</summary>
    public long FreeDiskBytes
    {
        get
        {
            try
            {
                return new DriveInfo(Path.GetFullPath(directory)).AvailableFreeSpace;
            }
            catch (IOException)
            {
                return 0;
            }
        }
    }

    /// <summary>Takes the space if, that done, as much again stays free; false when it does not fit.</summary>
    public bool TryTake()
    {
        if (bytes == 0 || Held)
            return true;
        try
        {
            if (!(File.Exists(_path) && new FileInfo(_path).Length == bytes))
            {
                if (FreeDiskBytes < 2 * bytes)
                    return false;
                // Written, not only sized: a sparse file would hold nothing back.
                using var file = new FileStream(_path, FileMode.Create, FileAccess.Write, FileShare.None, 1);
                var zeros = new byte[1 << 20];
                for (var left = bytes; left > 0; left -= zeros.Length)
                    file.Write(zeros, 0, (int)Math.Min(left, zeros.Length));
            }

            Held = true;
            return true;
        }
        catch (IOException)
        {
            File.Delete(_path);
            return false;
        }
    }

    /// <summary>Gives the space up; false when there was none to give.</summary>
    public bool TryFree()
    {
        if (!Held)
            return false;
        File.Delete(_path);
        Held = false;
        Freed++;
        return true;
    }
}
