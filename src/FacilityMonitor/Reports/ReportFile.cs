using Microsoft.AspNetCore.WebUtilities;

namespace FacilityMonitor.Reports;

/// <summary>What a report can be taken away as.</summary>
internal enum ReportFormat
{
    /// <summary>For every spreadsheet and program.</summary>
    Csv,

    /// <summary>For Excel and WPS.</summary>
    Xlsx,
}

/// <summary>The disk does not take a report's file; its words.</summary>
internal sealed class ReportNotWrittenException(string message, Exception inner) : Exception(message, inner);

/// <summary>A report as a file.</summary>
internal static class ReportFile
{
    /// <summary>Reads the ending of a file; null: no form that is known.</summary>
    public static ReportFormat? FormatOf(string ending) => ending switch
    {
        "csv" => ReportFormat.Csv,
        "xlsx" => ReportFormat.Xlsx,
        _ => null,
    };

    /// <summary>Name of a file.</summary>
    public static string Name(ReportDocument document, ReportFormat format) => document.FileStem + (format == ReportFormat.Csv ? ".csv" : ".xlsx");

    /// <summary>What kind of file it is.</summary>
    public static string ContentType(ReportFormat format) => format switch
    {
        ReportFormat.Csv => "text/csv; charset=utf-8",
        ReportFormat.Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    };

    /// <summary>Keeps a file on disk until it is whole; what is small, in memory.</summary>
    /// <exception cref="ReportNotWrittenException">The disk is full or broken.</exception>
    public static FileBufferingWriteStream Keep(Action<Stream> write)
    {
        var file = new FileBufferingWriteStream();
        try
        {
            write(file);
            return file;
        }
        catch (IOException error)
        {
            file.Dispose();
            throw new ReportNotWrittenException(error.Message, error);
        }
    }

    /// <summary>Writes it, a row at a time.</summary>
    public static void Write(ReportDocument document, ReportFormat format, Stream output)
    {
        if (format == ReportFormat.Csv)
            ReportCsv.Write(document, output);
        else
            ReportWorkbook.Write(document, output);
    }
}
