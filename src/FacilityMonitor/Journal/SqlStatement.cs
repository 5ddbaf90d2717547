using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace FacilityMonitor.Journal;

/// <summary>
/// A statement compiled once and run many times. The provider's command allocates about a kilobyte a run, and a busy service runs tens of thousands a second;
/// this binds to SQLite directly and allocates nothing for numbers and bytes.
/// </summary>
internal sealed class SqlStatement : IDisposable
{
    private readonly sqlite3 _database;
    private readonly sqlite3_stmt _statement;
    private readonly string[] _names;
    private readonly int[] _places;

    /// <summary>Compiles it.</summary>
    /// <param name="connection">For which connection.</param>
    /// <param name="sql">One statement.</param>
    /// <param name="parameters">The names of its parameters; every run gives the values in this order.</param>
    /// <exception cref="SqliteException">It is no statement of SQLite.</exception>
    public SqlStatement(SqliteConnection connection, string sql, ReadOnlySpan<(string Name, SqlValue Value)> parameters)
    {
        _database = connection.Handle!;
        Check(raw.sqlite3_prepare_v2(_database, sql, out _statement, out var rest));
        if (!string.IsNullOrWhiteSpace(rest))
            throw new ArgumentException($"'{sql}' is more than one statement.", nameof(sql));
        if (raw.sqlite3_bind_parameter_count(_statement) != parameters.Length)
            throw new ArgumentException($"'{sql}' has {raw.sqlite3_bind_parameter_count(_statement)} parameters; {parameters.Length} are given.", nameof(parameters));
        _names = new string[parameters.Length];
        _places = new int[parameters.Length];
        for (var index = 0; index < _places.Length; index++)
        {
            _names[index] = parameters[index].Name;
            _places[index] = raw.sqlite3_bind_parameter_index(_statement, parameters[index].Name);
            if (_places[index] == 0)
                throw new ArgumentException($"'{sql}' has no parameter {parameters[index].Name}.", nameof(parameters));
        }
    }

    /// <summary>Runs it.</summary>
    /// <returns>Rows it inserted, changed or deleted.</returns>
    /// <exception cref="SqliteException">The database refused it.</exception>
    public int Run(ReadOnlySpan<(string Name, SqlValue Value)> parameters)
    {
        try
        {
            for (var index = 0; index < parameters.Length; index++)
            {
                // The same constants every time: equal by reference.
                if (parameters[index].Name != _names[index])
                    throw new ArgumentException($"Parameter {index} is {parameters[index].Name}; the first run of this statement named it {_names[index]}.", nameof(parameters));
                Check(Bind(_places[index], parameters[index].Value));
            }

            var result = raw.sqlite3_step(_statement);
            while (result == raw.SQLITE_ROW)
                result = raw.sqlite3_step(_statement);
            Check(result);
            return raw.sqlite3_changes(_database);
        }
        finally
        {
            // Its result is that of the run, which has been looked at.
            _ = raw.sqlite3_reset(_statement);
            if (_places.Length > 0)
                _ = raw.sqlite3_clear_bindings(_statement);
        }
    }

    public void Dispose() => _statement.Dispose();

    private int Bind(int place, in SqlValue value) => value.Type switch
    {
        SqlType.Null => raw.sqlite3_bind_null(_statement, place),
        SqlType.Integer => raw.sqlite3_bind_int64(_statement, place, value.Number),
        SqlType.Real => raw.sqlite3_bind_double(_statement, place, value.Real),
        SqlType.Text when value.TextValue!.Length == 0 => raw.sqlite3_bind_text(_statement, place, ""),
        // By its length: a text may hold a NUL.
        SqlType.Text => raw.sqlite3_bind_text(_statement, place, Encoding.UTF8.GetBytes(value.TextValue!)),
        SqlType.Blob when value.Blob.IsEmpty => raw.sqlite3_bind_zeroblob(_statement, place, 0),
        SqlType.Blob => raw.sqlite3_bind_blob(_statement, place, value.Blob.Span),
    };

    private void Check(int result)
    {
        if (result is not (raw.SQLITE_OK or raw.SQLITE_DONE))
            SqliteException.ThrowExceptionForRC(result, _database);
    }
}
