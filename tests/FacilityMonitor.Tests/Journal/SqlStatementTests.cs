using FacilityMonitor.Journal;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.Tests.Journal;

public sealed class SqlStatementTests : IDisposable
{
    private readonly SqliteConnection _connection;

    public SqlStatementTests()
    {
        SqliteLibrary.Use();
        _connection = new SqliteConnection("Data Source=:memory:");
        _connection.Open();
        Database.Execute(_connection, "create table t (id integer primary key, whole integer, part real, words text, bytes blob) strict");
    }

    public void Dispose() => _connection.Dispose();

    [Theory]
    [InlineData("水表")]
    [InlineData("")]
    [InlineData("before\0after")]
    public void A_text_comes_back_as_it_was(string text)
    {
        Insert(1, null, null, text, null);

        Assert.Equal(text, Read("select words from t"));
        Assert.Equal("text", Read("select typeof(words) from t"));
    }

    [Fact]
    public void Numbers_bytes_and_nothing_come_back_as_they_were()
    {
        Insert(1, long.MinValue, double.Epsilon, null, []);
        Insert(2, null, null, null, [1, 0, 2]);

        Assert.Equal(long.MinValue, Read("select whole from t where id = 1"));
        Assert.Equal(double.Epsilon, Read("select part from t where id = 1"));
        Assert.Equal(Array.Empty<byte>(), Read("select bytes from t where id = 1"));
        Assert.Equal("null null null blob", Read("select typeof(whole) || ' ' || typeof(part) || ' ' || typeof(words) || ' ' || typeof(bytes) from t where id = 2"));
        Assert.Equal(new byte[] { 1, 0, 2 }, Read("select bytes from t where id = 2"));
    }

    [Fact]
    public void It_says_how_many_rows_it_changed_and_none_when_one_was_ignored()
    {
        Assert.Equal(1, Insert(1, 1, null, null, null));
        Assert.Equal(1, Insert(2, 1, null, null, null));
        Assert.Equal(2, Database.Execute(_connection, "update t set whole = $whole", ("$whole", 5)));
        Assert.Equal(0, Database.Execute(_connection, "insert or ignore into t (id) values ($id)", ("$id", 1)));
    }

    [Fact]
    public void After_an_error_it_runs_again()
    {
        Insert(1, 1, null, null, null);

        Assert.Equal(19, Assert.Throws<SqliteException>(() => Insert(1, 2, null, null, null)).SqliteErrorCode);
        Insert(2, 2, null, null, null);

        Assert.Equal(2L, Read("select count(*) from t"));
    }

    [Fact]
    public void Parameters_in_another_order_are_refused_and_never_swapped()
    {
        Database.Execute(_connection, "insert into t (whole, part) values ($a, $b)", ("$a", 1), ("$b", 2));

        Assert.Throws<ArgumentException>(() => Database.Execute(_connection, "insert into t (whole, part) values ($a, $b)", ("$b", 1), ("$a", 2)));
        Assert.Throws<ArgumentException>(() => Database.Execute(_connection, "insert into t (whole) values ($a)", ("$b", 1)));
        Assert.Throws<ArgumentException>(() => Database.Execute(_connection, "insert into t (whole) values ($a); delete from t", ("$a", 1)));
        Assert.Throws<ArgumentException>(() => Database.Execute(_connection, "delete from t where whole = $a and part = $b", ("$a", 1)));
        Assert.Equal(1L, Read("select count(*) from t"));
    }

    private int Insert(int id, long? whole, double? part, string? words, byte[]? bytes) => Database.Execute(
        _connection, "insert into t (id, whole, part, words, bytes) values ($id, $whole, $part, $words, $bytes)",
        ("$id", id), ("$whole", whole), ("$part", part), ("$words", words), ("$bytes", bytes));

    private object? Read(string sql)
    {
        using var command = Database.Command(_connection, sql);
        return command.ExecuteScalar();
    }
}
