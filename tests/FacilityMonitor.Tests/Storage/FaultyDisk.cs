using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using FacilityMonitor.Journal;

namespace FacilityMonitor.Tests.Storage;

/// <summary>How an operation fails.</summary>
internal enum DiskFault
{
    /// <summary>There is no room: nothing is written.</summary>
    Full,

    /// <summary>The device reports an error: nothing is written.</summary>
    Error,

    /// <summary>Half of it is written, then the device reports an error.</summary>
    Torn,

    /// <summary>Half of it is written, and nothing after it: what a process leaves that is killed there.</summary>
    Killed,

    /// <summary>The same, and of what was written since the last sync of a file any sectors are there and any are not: what a machine leaves whose power fails there.</summary>
    PowerCut,
}

/// <summary>
/// Stands between SQLite and the file system for the files of one folder, counts every write, truncation and sync, and lets the one that a test chose fail:
/// a layer of SQLite's own kind (https://sqlite.org/vfs.html) over the one it uses otherwise.
/// </summary>
internal sealed unsafe class FaultyDisk : IDisposable
{
    private const int WriteError = 10 | (3 << 8);
    private const int SyncError = 10 | (4 << 8);
    private const int FullError = 13;

    /// <summary>What a disk writes whole or not at all, bytes.</summary>
    private const int SectorBytes = 512;

    // Offsets of sqlite3_vfs (version 3) and sqlite3_io_methods (version 3) where pointers take eight bytes.
    private const int VfsBytes = 168;
    private const int VfsNext = 16;
    private const int VfsName = 24;
    private const int VfsOpen = 40;
    private const int MethodsBytes = 152;
    private const int MethodsRead = 16;
    private const int MethodsWrite = 24;
    private const int MethodsTruncate = 32;
    private const int MethodsSync = 40;
    private const int MethodsSize = 48;

    private static readonly Lock Gate = new();
    private static readonly List<FaultyDisk> Disks = [];
    private static readonly Dictionary<nint, (FaultyDisk Disk, string Path)> Files = [];
    private static readonly Dictionary<nint, nint> Layers = [];
    private static readonly Dictionary<nint, nint> Originals = [];
    private static delegate* unmanaged[Cdecl]<nint, nint, nint, int, nint, int> _open;

    private readonly string _folder;
    private readonly Dictionary<string, List<Unsynced>> _unsynced = [];
    private int _failAt;
    private DiskFault _fault;
    private bool _lasts;

    /// <summary>Before the first file in the folder is opened.</summary>
    public FaultyDisk(string folder)
    {
        _folder = folder;
        lock (Gate)
        {
            if (_open is null)
                Register();
            Disks.Add(this);
        }
    }

    /// <summary>How long a sync takes; null: as long as the disk needs.</summary>
    public Func<TimeSpan>? SyncTakes { get; init; }

    /// <summary>Operations since it was armed.</summary>
    public int Operations { get; private set; }

    /// <summary>Whether one has failed since.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>The n-th operation from now on fails, and with it all that follow if it lasts.</summary>
    public void Arm(int failAt, DiskFault fault, bool lasts)
    {
        lock (Gate)
        {
            (_failAt, _fault, _lasts, Operations, HasFailed) = (failAt, fault, lasts, 0, false);
            _unsynced.Clear();
        }
    }

    /// <summary>From now on nothing fails.</summary>
    public void Heal()
    {
        lock (Gate)
            _failAt = 0;
    }

    /// <summary>The files of a data folder as the kernel has them, without what only lives with the process: what a kill leaves.</summary>
    public static void CopyFiles(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.GetFiles(from).Where(file => !file.EndsWith("lock", StringComparison.Ordinal) && !file.EndsWith("-shm", StringComparison.Ordinal)))
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
    }

    /// <summary>What the fault leaves of a folder of this disk: after a power cut less than the kernel had.</summary>
    /// <param name="from">The folder.</param>
    /// <param name="to">Where it is laid.</param>
    public void CopyRemains(string from, string to)
    {
        CopyFiles(from, to);
        lock (Gate)
        {
            if (_fault != DiskFault.PowerCut)
                return;
            // The same dice for the same operation: a failure can be seen again.
            var dice = new Random(_failAt);
            foreach (var (path, writes) in _unsynced.Where(file => Path.GetDirectoryName(file.Key) == from && File.Exists(Path.Combine(to, Path.GetFileName(file.Key)))))
                LoseAtRandom(Path.Combine(to, Path.GetFileName(path)), writes, dice);
        }
    }

    public void Dispose()
    {
        lock (Gate)
            Disks.Remove(this);
    }

    private static void Register()
    {
        SqliteLibrary.Use();
        var original = Find(null);
        if (*(int*)original < 3)
            throw new NotSupportedException("This SQLite has a file layer older than version 3.");
        var layer = (byte*)NativeMemory.AllocZeroed(VfsBytes);
        Buffer.MemoryCopy(original, layer, VfsBytes, VfsBytes);
        _open = (delegate* unmanaged[Cdecl]<nint, nint, nint, int, nint, int>)(*(nint*)(original + VfsOpen));
        *(nint*)(layer + VfsNext) = 0;
        *(nint*)(layer + VfsName) = Marshal.StringToCoTaskMemUTF8("faulty-disk");
        *(nint*)(layer + VfsOpen) = (nint)(delegate* unmanaged[Cdecl]<nint, nint, nint, int, nint, int>)&Open;
        if (Register(layer, 1) != 0)
            throw new InvalidOperationException("SQLite refused the file layer.");
    }

    [DllImport("libsqlite3.so.0", EntryPoint = "sqlite3_vfs_find", CallingConvention = CallingConvention.Cdecl)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern byte* Find(byte* name);

    [DllImport("libsqlite3.so.0", EntryPoint = "sqlite3_vfs_register", CallingConvention = CallingConvention.Cdecl)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Register(byte* vfs, int isDefault);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Open(nint vfs, nint name, nint file, int flags, nint outFlags)
    {
        var result = _open(vfs, name, file, flags, outFlags);
        if (result != 0)
            return result;
        var path = Marshal.PtrToStringUTF8(name) ?? "";
        lock (Gate)
        {
            Files.Remove(file);
            if (Disks.Find(disk => path.StartsWith(disk._folder, StringComparison.Ordinal)) is { } disk)
            {
                Files[file] = (disk, path);
                *(nint*)file = LayerOver(*(nint*)file);
            }
        }

        return 0;
    }

    private static nint LayerOver(nint methods)
    {
        if (Layers.TryGetValue(methods, out var known))
            return known;
        var layer = (byte*)NativeMemory.AllocZeroed(MethodsBytes);
        Buffer.MemoryCopy((void*)methods, layer, MethodsBytes, MethodsBytes);
        *(nint*)(layer + MethodsWrite) = (nint)(delegate* unmanaged[Cdecl]<nint, nint, int, long, int>)&Write;
        *(nint*)(layer + MethodsTruncate) = (nint)(delegate* unmanaged[Cdecl]<nint, long, int>)&Truncate;
        *(nint*)(layer + MethodsSync) = (nint)(delegate* unmanaged[Cdecl]<nint, int, int>)&Sync;
        Originals[(nint)layer] = methods;
        return Layers[methods] = (nint)layer;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Write(nint file, nint bytes, int count, long offset)
    {
        var write = (delegate* unmanaged[Cdecl]<nint, nint, int, long, int>)Original(file, MethodsWrite);
        var fault = Next(file);
        var written = fault switch { null => count, DiskFault.Torn => count / 2, _ => 0 };
        if (written > 0)
            Remember(file, new ReadOnlySpan<byte>((void*)bytes, written), offset, cutAt: null);
        if (fault is null)
            return write(file, bytes, count, offset);
        if (fault == DiskFault.Torn)
            _ = write(file, bytes, written, offset);
        return fault == DiskFault.Full ? FullError : WriteError;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Truncate(nint file, long size)
    {
        if (Next(file) is not null)
            return WriteError;
        Remember(file, [], size, cutAt: size);
        return ((delegate* unmanaged[Cdecl]<nint, long, int>)Original(file, MethodsTruncate))(file, size);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Sync(nint file, int flags)
    {
        if (Next(file) is not null)
            return SyncError;
        FaultyDisk? disk;
        lock (Gate)
        {
            disk = Files.TryGetValue(file, out var known) ? known.Disk : null;
            disk?._unsynced.Remove(known.Path);
        }

        // Outside the lock: the other files of the disk can be written meanwhile, as on a real one.
        if (disk?.SyncTakes?.Invoke() is { Ticks: > 0 } slow)
            Thread.Sleep(slow);
        // What a test reads again it reads out of the kernel's memory, after a kill too: a real sync would show nothing and take most of the time.
        return disk is not null ? 0 : ((delegate* unmanaged[Cdecl]<nint, int, int>)Original(file, MethodsSync))(file, flags);
    }

    private static nint Original(nint file, int method)
    {
        lock (Gate)
            return *(nint*)(Originals[*(nint*)file] + method);
    }

    private static DiskFault? Next(nint file)
    {
        lock (Gate)
        {
            if (!Files.TryGetValue(file, out var known))
                return null;
            var disk = known.Disk;
            disk.Operations++;
            if (disk._failAt == 0 || disk.Operations < disk._failAt || (disk.Operations > disk._failAt && !disk._lasts))
                return null;
            // Of what a killed process wrote only the last is torn.
            var fault = disk is { _fault: DiskFault.Killed or DiskFault.PowerCut, HasFailed: false } ? DiskFault.Torn : disk._fault;
            disk.HasFailed = true;
            return fault;
        }
    }

    /// <summary>Keeps what stands where something is about to be written or cut off, until the file is synced.</summary>
    private static void Remember(nint file, ReadOnlySpan<byte> next, long offset, long? cutAt)
    {
        lock (Gate)
        {
            if (!Files.TryGetValue(file, out var known) || known.Disk is not { _fault: DiskFault.PowerCut, _failAt: > 0 })
                return;
            long size;
            _ = ((delegate* unmanaged[Cdecl]<nint, long*, int>)Original(file, MethodsSize))(file, &size);
            var before = new byte[Math.Max(0, cutAt is null ? Math.Min(next.Length, size - offset) : size - offset)];
            fixed (byte* there = before)
            {
                // No assertion of xunit's: this lies under a service that is a process of its own, too.
                if (before.Length > 0 && ((delegate* unmanaged[Cdecl]<nint, nint, int, long, int>)Original(file, MethodsRead))(file, (nint)there, before.Length, offset) != 0)
                    throw new InvalidOperationException($"What stands in {known.Path} cannot be read.");
            }

            if (!known.Disk._unsynced.TryGetValue(known.Path, out var writes))
                known.Disk._unsynced[known.Path] = writes = [];
            writes.Add(new Unsynced(offset, before, next.ToArray(), size, cutAt));
        }
    }

    /// <summary>Takes back what was not synced, and does any sectors of it again.</summary>
    private static void LoseAtRandom(string path, List<Unsynced> writes, Random dice)
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
        foreach (var write in Enumerable.Reverse(writes))
        {
            RandomAccess.SetLength(file, write.SizeBefore);
            RandomAccess.Write(file, write.Before, write.Offset);
        }

        foreach (var write in writes)
        {
            if (write.CutAt is { } size && dice.Next(2) == 0)
                RandomAccess.SetLength(file, size);
            for (var at = 0; at < write.Bytes.Length; at += SectorBytes)
            {
                if (dice.Next(2) == 0)
                    RandomAccess.Write(file, write.Bytes.AsSpan(at, Math.Min(SectorBytes, write.Bytes.Length - at)), write.Offset + at);
            }
        }
    }

    /// <summary>A write, or a cut, that the disk may not hold yet.</summary>
    private sealed record Unsynced(long Offset, byte[] Before, byte[] Bytes, long SizeBefore, long? CutAt);
}
