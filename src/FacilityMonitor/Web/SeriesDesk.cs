using System.Diagnostics.CodeAnalysis;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Storage;

namespace FacilityMonitor.Web;

/// <summary>What a chart asks for: one metric of some channels of a device in a time.</summary>
internal sealed record SeriesQuery(RegisteredDevice Device, IReadOnlyList<ChannelId> Channels, Metric Metric, long FromMs, long ToMs, int Points);

/// <summary>What came of it.</summary>
internal abstract record SeriesOutcome
{
    private SeriesOutcome()
    {
    }

    /// <summary>The points of each channel, in the order asked for.</summary>
    public sealed record Found(IReadOnlyList<IReadOnlyList<SeriesPoint>> Channels) : SeriesOutcome;

    /// <summary>Too many ask at once.</summary>
    public sealed record Busy : SeriesOutcome;

    /// <summary>The store is away; what it said.</summary>
    public sealed record Away(IOException Error) : SeriesOutcome;
}

/// <summary>Reads history for charts, from whichever store is configured: a bounded answer, by a bounded number of readers, so that nobody's ninety days keep the others waiting.</summary>
internal sealed class SeriesDesk(IReadingStore store, DeviceTable devices, TimeProvider time) : IDisposable
{
    /// <summary>Points of one line: a phone shows no more.</summary>
    public const int PointsMax = 1_500;

    /// <summary>Lines of one chart: three phases and what they come to.</summary>
    public const int ChannelsMax = 4;

    /// <summary>Longest time: ninety days, and what a zoom may stand over.</summary>
    public static readonly TimeSpan SpanMax = TimeSpan.FromDays(92);

    /// <summary>How long one waits for its turn.</summary>
    public static readonly TimeSpan TurnMax = TimeSpan.FromSeconds(10);

    /// <summary>Readers at work: what is left of two cores is the store's and the rules'.</summary>
    public const int AtOnceMax = 2;

    private readonly ReadTurns _turns = new(AtOnceMax, TurnMax, time);

    /// <summary>Charts that were refused because too many were asked for at once.</summary>
    public long Refused => _turns.Refused;

    /// <summary>Reads it.</summary>
    /// <returns>Points of equal stretches with least, most and mean of the readings in each; each reading by itself where there are few.</returns>
    public async Task<SeriesOutcome> ReadAsync(SeriesQuery query, CancellationToken cancellation)
    {
        if (!TryFind(query.Device, out var device))
            return new SeriesOutcome.Found([.. query.Channels.Select(_ => Array.Empty<SeriesPoint>())]);
        if (!await _turns.TakeAsync(cancellation))
            return new SeriesOutcome.Busy();
        try
        {
            // The embedded store reads without ever waiting: on a thread of its own it holds up no other request.
            return new SeriesOutcome.Found(await Task.Run(
                () => store.SeriesAsync(device, query.Channels, query.Metric, query.FromMs, query.ToMs, query.Points, cancellation).AsTask(), cancellation));
        }
        catch (IOException error)
        {
            return new SeriesOutcome.Away(error);
        }
        finally
        {
            _turns.End();
        }
    }

    public void Dispose() => _turns.Dispose();

    /// <summary>A look through all devices, of which reading any history costs many times more.</summary>
    private bool TryFind(RegisteredDevice registered, [NotNullWhen(true)] out Device? device)
    {
        var id = registered.Entry.Foreign ?? new DeviceId(Dialect.Fm1, registered.Site.Id, registered.Entry.Id);
        device = devices.All.FirstOrDefault(known => known.Id == id);
        return device is not null;
    }
}
