using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using FacilityMonitor.Configuration;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;
using FacilityMonitor.Storage;

namespace FacilityMonitor.Web;

/// <summary><c>GET /series/{site}/{device}?channel=l1&amp;channel=l2&amp;metric=a&amp;from=ms&amp;to=ms&amp;points=720</c>: history for a chart. At most <see cref="SeriesDesk.PointsMax"/> points
/// a channel; each tells the least, the most and the mean of what it stands for, so that no peak is lost.</summary>
internal static class SeriesEndpoints
{
    public static void MapSeries(this WebApplication app)
    {
        app.MapGet("/series/{site}/{device}", ReadAsync).RequireAuthorization().AddEndpointFilter(NamedAsync);
        app.MapGet("/series/{site}", ReadTotalAsync).RequireAuthorization().AddEndpointFilter(NamedAsync);
        app.MapGet("/series/{site}/circuit/{circuit}/unmetered", ReadUnmeteredAsync).RequireAuthorization().AddEndpointFilter(NamedAsync);
    }

    /// <summary>A chart that failed is told in its panel with the number under which the log has it; the rest of the page stands.</summary>
    internal static async ValueTask<object?> NamedAsync(EndpointFilterInvocationContext call, EndpointFilterDelegate next)
    {
        var context = call.HttpContext;
        try
        {
            return await next(call);
        }
        catch (Exception error) when (!context.RequestAborted.IsCancellationRequested)
        {
            return Refused("failed", new LocalText("服务出错", "the service failed"), StatusCodes.Status500InternalServerError, ErrorPages.Named(context, error, context.GetEndpoint()));
        }
    }

    /// <summary><c>GET /series/{site}?channel=main&amp;metric=w&amp;from=ms&amp;to=ms&amp;points=720</c>: what all main circuits of a site draw together.</summary>
    private static async Task<IResult> ReadTotalAsync(HttpContext context, string site, FacilitySource registry, SeriesDesk desk, LiveFeed feed)
    {
        if (registry.Current.FindSite(site) is not { } known || SiteTotal.Metered(known) is not { Count: > 0 } roots)
            return Refused("site", new LocalText("没有登记这个点位，或它的总回路没有电表", "no such site is registered, or its main circuits have no meter"), StatusCodes.Status404NotFound);
        if (Read(context.Request.Query, new RegisteredDevice(known, MeterOf(known, roots[0])), out var asked) is { } refusal)
            return Refused("query", refusal, StatusCodes.Status422UnprocessableEntity);
        if (NotPower(asked!) is { } other)
            return other;
        var (lines, missing) = await GatherAsync(context, desk, asked!, roots.Select(root => (MeterOf(known, root), CircuitLoad.ChannelsOf(root))));
        if (missing is not null)
            return missing;
        var period = feed.Look((view, _, _) => roots.Max(root => view.PeriodMs(known.Id, MeterOf(known, root))));
        var stretch = SiteTotal.Stretch(asked!.FromMs, asked.ToMs, asked.Points, period);
        return Results.Bytes(Write(asked, stretch, [SiteTotal.Sum(lines, asked.FromMs, stretch)]), "application/json");
    }

    /// <summary><c>GET /series/{site}/circuit/{circuit}/unmetered?channel=main&amp;metric=w&amp;from=ms&amp;to=ms&amp;points=720</c>: what a circuit's meter tells beyond all that is measured below it.</summary>
    private static async Task<IResult> ReadUnmeteredAsync(HttpContext context, string site, string circuit, FacilitySource registry, SeriesDesk desk, LiveFeed feed)
    {
        if (registry.Current.FindSite(site) is not { } known || known.Circuits.FirstOrDefault(one => one.Id == circuit) is not { Meter: not null } found)
            return Refused("circuit", new LocalText("没有登记这条回路，或它没有电表", "no such circuit is registered, or it has no meter"), StatusCodes.Status404NotFound);
        var meter = MeterOf(known, found);
        if (Read(context.Request.Query, new RegisteredDevice(known, meter), out var asked) is { } refusal)
            return Refused("query", refusal, StatusCodes.Status422UnprocessableEntity);
        if (NotPower(asked!) is { } other)
            return other;
        var (parts, period) = feed.Look((view, _, _) =>
        {
            var below = UnmeteredSeries.Parts(view, known, found);
            return (below, (below ?? []).Select(part => part.Device).Append(meter).Max(device => view.PeriodMs(known.Id, device)));
        });
        var stretch = SiteTotal.Stretch(asked!.FromMs, asked.ToMs, asked.Points, period);
        // What is not known is no remainder.
        if (parts is null or [])
            return Results.Bytes(Write(asked, stretch, [[]]), "application/json");
        var (whole, noWhole) = await GatherAsync(context, desk, asked, [(meter, CircuitLoad.ChannelsOf(found))]);
        if (noWhole is not null)
            return noWhole;
        var (below, noParts) = await GatherAsync(context, desk, asked, parts);
        if (noParts is not null)
            return noParts;
        return Results.Bytes(Write(asked, stretch, [UnmeteredSeries.Of(SiteTotal.Sum(whole, asked.FromMs, stretch), SiteTotal.Sum(below, asked.FromMs, stretch))]), "application/json");
    }

    /// <summary>Lines of several devices of a site, one device after the other; or why they cannot be had.</summary>
    private static async Task<(List<IReadOnlyList<SeriesPoint>> Lines, IResult? Missing)> GatherAsync(HttpContext context, SeriesDesk desk, SeriesQuery asked, IEnumerable<(DeviceEntry Device, IReadOnlyList<ChannelId> Channels)> parts)
    {
        var lines = new List<IReadOnlyList<SeriesPoint>>();
        foreach (var (device, channels) in parts)
        {
            var outcome = await desk.ReadAsync(asked with { Device = asked.Device with { Entry = device }, Channels = channels }, context.RequestAborted);
            if (outcome is not SeriesOutcome.Found found)
                return (lines, Missing(context, outcome));
            lines.AddRange(found.Channels);
        }

        return (lines, null);
    }

    /// <summary>A sum is of power alone.</summary>
    private static IResult? NotPower(SeriesQuery asked) => asked.Metric == Metric.W && asked.Channels is [{ Kind: ChannelKind.Main }] ? null
        : Refused("query", new LocalText("这里只有功率：channel=main&metric=w", "here there is power alone: channel=main&metric=w"), StatusCodes.Status422UnprocessableEntity);

    /// <summary>The validation of the registry sees to it that a meter is registered.</summary>
    private static DeviceEntry MeterOf(Site site, Circuit circuit) => site.Devices.First(entry => entry.Id == circuit.Meter);

    private static async Task<IResult> ReadAsync(HttpContext context, string site, string device, FacilitySource registry, SeriesDesk desk)
    {
        if (registry.Current.FindSite(site) is not { } known || known.Devices.FirstOrDefault(entry => entry.Id == device) is not { } entry)
            return Refused("device", new LocalText("没有登记这台设备", "no such device is registered"), StatusCodes.Status404NotFound);
        if (Read(context.Request.Query, new RegisteredDevice(known, entry), out var query) is { } refusal)
            return Refused("query", refusal, StatusCodes.Status422UnprocessableEntity);
        var outcome = await desk.ReadAsync(query!, context.RequestAborted);
        return outcome is SeriesOutcome.Found found
            ? Results.Bytes(Write(query!, SeriesBuckets.WidthOf(query!.FromMs, query.ToMs, query.Points), found.Channels), "application/json")
            : Missing(context, outcome);
    }

    /// <summary>Why there is no history now.</summary>
    internal static IResult Missing(HttpContext context, SeriesOutcome outcome)
    {
        switch (outcome)
        {
            case SeriesOutcome.Busy:
                context.Response.Headers.RetryAfter = "5";
                return Refused("busy", new LocalText("同时打开的曲线太多，请稍等", "too many charts are read at once, wait a moment"), StatusCodes.Status503ServiceUnavailable);
            case SeriesOutcome.Away away:
                return Refused("store", new LocalText($"读数库没有应答：{away.Error.Message}", $"the store of readings does not answer: {away.Error.Message}"), StatusCodes.Status502BadGateway, ErrorPages.Named(context, away.Error, context.GetEndpoint()));
            default:
                throw new UnreachableException();
        }
    }

    private static IResult Refused(string reason, LocalText text, int status, string? id = null) => ResponseEndpoints.Refused(new ResponseRefusal(reason, text), status, id);

    private static LocalText? Read(IQueryCollection from, RegisteredDevice device, out SeriesQuery? query)
    {
        query = null;
        var channels = new List<ChannelId>();
        foreach (var text in from["channel"])
        {
            if (text is null || !ChannelId.TryParse(text, out var channel))
                return new LocalText($"channel：'{text}' 不是通道，应像 main、l1、s3", $"channel: '{text}' is none; write main, l1, s3");
            channels.Add(channel);
        }

        if (channels.Count is 0 or > SeriesDesk.ChannelsMax)
            return new LocalText($"channel：要 1 到 {SeriesDesk.ChannelsMax} 个", $"channel: give 1 to {SeriesDesk.ChannelsMax} of them");
        if (!MetricKeys.TryParse(from["metric"].ToString(), out var metric))
            return new LocalText($"metric：'{from["metric"]}' 不是指标，应像 a、w、tc", $"metric: '{from["metric"]}' is none; write a, w, tc");
        if (!TryNumber(from["from"], out var fromMs) || !TryNumber(from["to"], out var toMs) || fromMs >= toMs || toMs - fromMs > SeriesDesk.SpanMax.TotalMilliseconds)
            return new LocalText($"from、to：毫秒时间，to 在后，最多相差 {SeriesDesk.SpanMax.TotalDays} 天", $"from, to: milliseconds, to after from, at most {SeriesDesk.SpanMax.TotalDays} days apart");
        if (!TryNumber(from["points"], out var points) || points is < 1 or > SeriesDesk.PointsMax)
            return new LocalText($"points：1 到 {SeriesDesk.PointsMax}", $"points: 1 to {SeriesDesk.PointsMax}");
        query = WholeHours(new SeriesQuery(device, channels, metric, fromMs, toMs, (int)points));
        return null;
    }

    /// <summary>Stretches of about an hour and longer become whole hours, which the store has reckoned beforehand: weeks then cost no more than a day.</summary>
    internal static SeriesQuery WholeHours(SeriesQuery query)
    {
        const long HourMs = HourlyRollup.HourMs;
        var width = SeriesBuckets.WidthOf(query.FromMs, query.ToMs, query.Points);
        if (width < HourMs / 2)
            return query;
        width = (width + HourMs - 1) / HourMs * HourMs;
        var from = query.FromMs / HourMs * HourMs;
        var points = (query.ToMs - from + width - 1) / width;
        return query with { FromMs = from, ToMs = from + (points * width), Points = (int)points };
    }

    /// <summary>Milliseconds of the years people live in: nothing reckoned from them can overflow.</summary>
    private static bool TryNumber(string? text, out long number) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number < 10_000_000_000_000;

    /// <summary>By column, so that an old phone has numbers and not objects to read; <c>raw</c> when each point is one reading.</summary>
    private static byte[] Write(SeriesQuery query, long stretchMs, IReadOnlyList<IReadOnlyList<SeriesPoint>> channels)
    {
        var output = new ArrayBufferWriter<byte>(64 * 1024);
        using (var writer = new Utf8JsonWriter(output))
        {
            writer.WriteStartObject();
            writer.WriteNumber("from", query.FromMs);
            writer.WriteNumber("to", query.ToMs);
            writer.WriteNumber("width", stretchMs);
            writer.WriteStartArray("channels");
            for (var index = 0; index < channels.Count; index++)
            {
                writer.WriteStartObject();
                writer.WriteString("channel", query.Channels[index].ToString());
                writer.WriteBoolean("raw", channels[index].All(point => point.Count == 1));
                Column(writer, "at", channels[index], point => point.AtMs);
                Column(writer, "min", channels[index], point => point.Min);
                Column(writer, "max", channels[index], point => point.Max);
                Column(writer, "mean", channels[index], point => Math.Round(point.Mean, 4));
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        return output.WrittenSpan.ToArray();
    }

    private static void Column(Utf8JsonWriter writer, string name, IReadOnlyList<SeriesPoint> points, Func<SeriesPoint, double> value)
    {
        writer.WriteStartArray(name);
        foreach (var point in points)
            writer.WriteNumberValue(value(point));
        writer.WriteEndArray();
    }
}
