namespace FacilityMonitor.Journal;

/// <summary>What a type of SQLite a value has.</summary>
internal enum SqlType : byte
{
    /// <summary>None: SQL's null.</summary>
    Null,

    /// <summary>A whole number of 64 bits.</summary>
    Integer,

    /// <summary>A number of double precision.</summary>
    Real,

    /// <summary>A text.</summary>
    Text,

    /// <summary>Bytes.</summary>
    Blob,
}

/// <summary>A value on its way into a statement: unlike an object, a number costs no allocation.</summary>
internal readonly struct SqlValue
{
    private SqlValue(SqlType type, long number = 0, string? text = null, ReadOnlyMemory<byte> blob = default) => (Type, Number, TextValue, Blob) = (type, number, text, blob);

    /// <summary>Its type.</summary>
    public SqlType Type { get; }

    /// <summary>The whole number.</summary>
    public long Number { get; }

    /// <summary>The real number.</summary>
    public double Real => BitConverter.Int64BitsToDouble(Number);

    /// <summary>The text.</summary>
    public string? TextValue { get; }

    /// <summary>The bytes. They have to stay as they are until the statement has run.</summary>
    public ReadOnlyMemory<byte> Blob { get; }

    public static implicit operator SqlValue(int value) => new(SqlType.Integer, value);

    public static implicit operator SqlValue(long value) => new(SqlType.Integer, value);

    public static implicit operator SqlValue(int? value) => value is { } number ? number : default(SqlValue);

    public static implicit operator SqlValue(long? value) => value is { } number ? number : default(SqlValue);

    public static implicit operator SqlValue(double? value) => value is { } number ? new SqlValue(SqlType.Real, BitConverter.DoubleToInt64Bits(number)) : default;

    public static implicit operator SqlValue(string? value) => value is null ? default : new SqlValue(SqlType.Text, text: value);

    public static implicit operator SqlValue(byte[]? value) => value is null ? default : new SqlValue(SqlType.Blob, blob: value);

    public static implicit operator SqlValue(ReadOnlyMemory<byte> value) => new(SqlType.Blob, blob: value);
}
