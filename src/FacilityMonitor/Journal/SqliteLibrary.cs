using System.Globalization;
using System.Runtime.InteropServices;
using SQLitePCL;

namespace FacilityMonitor.Journal;

/// <summary>Binds the database provider to the system's own SQLite: the bundled one is old and carries known defects.</summary>
internal static class SqliteLibrary
{
    /// <summary>Oldest SQLite that knows STRICT tables: 3.37.0.</summary>
    private const int VersionMin = 3_037_000;

    private static readonly Lazy<bool> Bound = new(Bind);

    private static string[] Names => OperatingSystem.IsWindows() ? ["winsqlite3"] : OperatingSystem.IsMacOS() ? ["libsqlite3.dylib"] : ["libsqlite3.so.0", "libsqlite3.so"];

    /// <summary>Binds once for the process.</summary>
    /// <exception cref="DllNotFoundException">The system has no SQLite, or one that is too old; the message names the package.</exception>
    public static void Use() => _ = Bound.Value;

    private static bool Bind()
    {
        NativeLibrary.SetDllImportResolver(typeof(SQLite3Provider_e_sqlite3).Assembly, (name, assembly, path) =>
        {
            if (name != "e_sqlite3")
                return IntPtr.Zero;
            foreach (var candidate in Names)
            {
                if (NativeLibrary.TryLoad(candidate, assembly, path, out var handle))
                    return handle;
            }

            throw new DllNotFoundException("SQLite is missing on this machine. Install it: apt-get install libsqlite3-0");
        });
        raw.SetProvider(new SQLite3Provider_e_sqlite3());
        raw.FreezeProvider();
        // Its statistics of memory, which nobody asks for, take one lock of the process at every allocation of every connection.
        _ = raw.sqlite3_config(raw.SQLITE_CONFIG_MEMSTATUS, 0);
        var version = raw.sqlite3_libversion_number();
        return version >= VersionMin
            ? true
            : throw new DllNotFoundException(string.Create(CultureInfo.InvariantCulture, $"SQLite {version} is too old; 3.37 or later is needed: apt-get install libsqlite3-0"));
    }
}
