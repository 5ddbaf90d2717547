using System.Globalization;
using System.Text;
using FacilityMonitor.Configuration;
using InfluxDB.Client;
using InfluxDB.Client.Api.Domain;
using InfluxDB.Client.Core.Exceptions;

namespace FacilityMonitor.Influx.Upstream;

/// <summary>
/// The package InfluxDB.Client behind our port. Only its single write is used: its batching writer drops what it could not send after a number of retries, and queues
/// without a limit (influxdb-client-csharp #478, #301, #144). What is bounded, retried and set aside is decided by <see cref="ShipWorker"/> as ever.
/// </summary>
/// <remarks>Differs from <see cref="InfluxClient"/>: the write interface of 2.x only; a batch becomes a string and bytes again before it is sent; when the server started is
/// known of InfluxDB 2.x only, of others only that they were away.</remarks>
internal sealed class UpstreamInfluxClient : IPointSink, IDisposable
{
    /// <summary>A look at when it started must not hold up the shipping for long; the package's own takes no token.</summary>
    private static readonly TimeSpan LookTimeout = TimeSpan.FromSeconds(5);

    private readonly InfluxSettings _settings;
    private readonly InfluxDBClient _client;
    private readonly WriteApiAsync _write;

    public UpstreamInfluxClient(InfluxSettings settings)
    {
        _settings = settings;
        var options = InfluxDBClientOptions.Builder.CreateNew()
            .Url(settings.Url.AbsoluteUri)
            .TimeOut(settings.Timeout)
            .AllowRedirects(false);
        // The form in which 1.8 takes a name and a password on this interface.
        if ((settings.Token ?? (settings.Username is { } user ? $"{user}:{settings.Password}" : null)) is { } token)
            options = options.AuthenticateToken(token);
        _client = new InfluxDBClient(options.Build()).EnableGzip();
        _write = _client.GetWriteApiAsync();
    }

    public string Name => _settings.ToString();

    public async Task<WriteAnswer> WriteAsync(ReadOnlyMemory<byte> lines, CancellationToken cancellationToken)
    {
        try
        {
            var bucket = _settings.RetentionPolicy is { } policy ? $"{_settings.Database}/{policy}" : _settings.Database;
            // The package wants an organisation, which 2.x alone has.
            await _write.WriteRecordAsync(Encoding.UTF8.GetString(lines.Span), WritePrecision.Ns, bucket, _settings.Organization ?? "-", cancellationToken);
            return new WriteAnswer.Written();
        }
        catch (HttpException error)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var body = error.ErrorBody is { Count: > 0 } said ? said.ToString() : error.Message;
            TimeSpan? wait = error.RetryAfter is > 0 and var seconds ? TimeSpan.FromSeconds(seconds) : null;
            return error.Status == 0 ? new WriteAnswer.Later(null, error.Message) : WriteJudgement.Of(error.Status, body, wait);
        }
        catch (Exception error) when (error is FormatException or OverflowException)
        {
            // It cannot read a Retry-After that is a date.
            return new WriteAnswer.Later(null, error.Message);
        }
    }

    public async Task<string?> BootAsync(CancellationToken cancellationToken)
    {
        try
        {
            var ready = await _client.ReadyAsync().WaitAsync(LookTimeout, cancellationToken);
            return ready?.Started?.ToString("O", CultureInfo.InvariantCulture);
        }
        catch (TimeoutException)
        {
            return null;
        }
    }

    public void Dispose() => _client.Dispose();
}
