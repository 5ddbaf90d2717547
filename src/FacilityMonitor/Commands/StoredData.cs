using FacilityMonitor.Configuration;
using FacilityMonitor.Influx;
using FacilityMonitor.Journal;
using FacilityMonitor.Registry;
using FacilityMonitor.Storage;

namespace FacilityMonitor.Commands;

/// <summary>The data of the service, for the commands that read them: what is not there is said, and never made.</summary>
internal static class StoredData
{
    /// <summary>Why a command cannot go on; null when the folder and the database are there.</summary>
    /// <param name="folder">The configuration folder that was resolved.</param>
    /// <param name="directory">The data directory it names.</param>
    public static LocalText? Refusal(string folder, string directory)
    {
        if (!Directory.Exists(folder))
            return new($"--config \"{folder}\"：没有这个文件夹", $"--config \"{folder}\": there is no such folder");
        return File.Exists(Path.Combine(directory, Database.FileName)) ? null : new(
            $"{directory} 里没有数据库。请用 data.directory（{folder} 的 settings.yaml）或环境变量 FM_DATA__DIRECTORY 指向数据文件夹，或用 --config 指定另一份配置；src/run.sh 的数据在 .run/data。",
            $"There is no database in {directory}. Name the data directory by data.directory (settings.yaml of {folder}) or FM_DATA__DIRECTORY, or another configuration by --config; src/run.sh keeps its data in .run/data.");
    }

    /// <summary>The embedded store is whole from the hour that the service wrote down; what it is writing now, and what it never had, is in InfluxDB.</summary>
    public static LayeredStore Layered(DataSettings data, EmbeddedStore embedded, InfluxQueryClient influx, FacilityIndex facility)
    {
        using var reader = Database.OpenReader(data.Directory);
        var wholeFrom = BlockMerger.ReadWholeFrom(reader) ?? long.MaxValue;
        return InfluxServices.Layered(embedded, influx, () => facility, data, () => wholeFrom);
    }
}
