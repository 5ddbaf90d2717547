using System.Text.Json;
using FacilityMonitor.Configuration;
using FacilityMonitor.Contract;
using FacilityMonitor.Control;
using FacilityMonitor.Influx;
using FacilityMonitor.Journal;
using FacilityMonitor.Readings;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace FacilityMonitor.Web;

/// <summary><c>/control</c>: orders of this machine's command line. Only from this machine, and only with <see cref="ControlKey"/>.</summary>
internal static class ControlEndpoints
{
    private const long BodyBytesMax = 4 * 1024;

    public static void MapControl(this WebApplication app)
    {
        var door = app.Services.GetRequiredService<ControlDoor>();
        var settings = app.Services.GetRequiredService<ServiceSettings>();
        // The port is known only once it listens.
        app.Lifetime.ApplicationStarted.Register(() => door.Open(
            ControlKey.Write(settings.Data.Directory, Loopback(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()))));
        var group = app.MapGroup("/control").RequireAuthorization(Access.Machine);
        group.MapUsers();
        group.MapPost("/commands", OrderAsync);
        group.MapPost("/influx/filled", FilledAsync);
        group.MapGet("/commands/{id}", (string id, CommandDesk desk) => desk.Find(id) is { } command ? Answer(command, StatusCodes.Status200OK) : Results.NotFound());
    }

    /// <summary>A request that is none of ours.</summary>
    internal static IResult NotUnderstood => Refused("body", "看不懂这个请求", "this is not understood");

    /// <summary>The object that a request holds; null: it is none, or too long. Nothing is an empty one.</summary>
    internal static async Task<JsonElement?> ReadAsync(HttpContext context)
    {
        if (context.Request.ContentLength is not (>= 0 and <= BodyBytesMax))
            return null;
        if (context.Request.ContentLength == 0)
            return JsonDocument.Parse("{}").RootElement;
        try
        {
            using var body = await JsonDocument.ParseAsync(context.Request.Body);
            return body.RootElement.ValueKind == JsonValueKind.Object ? body.RootElement.Clone() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static async Task<IResult> OrderAsync(HttpContext context, CommandDesk desk)
    {
        if (context.Request.ContentLength is not (> 0 and <= BodyBytesMax))
            return Refused("body", "正文要写明长度，最多 4 KiB", "a body says its length, at most 4 KiB");
        var order = await ReadAsync(context) is { } body ? Read(body) : null;
        if (order is null)
            return Refused("body", "看不懂这条命令", "this is no command");
        try
        {
            var outcome = await desk.OrderAsync(order);
            if (outcome is OrderOutcome.Taken)
            {
                // The address is the same for every device: an order without its device tells nobody anything.
                context.BelongsTo(order.Device.Site);
                context.IsAbout($"{Fm1Words.Operations[(int)order.Operation]} {order.Device.Site}/{order.Device.Name}{(order.Channel is { } channel ? $"/{channel}" : "")}");
            }

            return outcome switch
            {
                OrderOutcome.Taken taken => Answer(taken.Command, taken.IsNew ? StatusCodes.Status202Accepted : StatusCodes.Status200OK),
                OrderOutcome.Refused refused => Refused(refused.Refusal.Reason, refused.Refusal.Text.Zh, refused.Refusal.Text.En),
                _ => throw new System.Diagnostics.UnreachableException(),
            };
        }
        catch (DatabaseUnavailableException)
        {
            return Results.StatusCode(StatusCodes.Status503ServiceUnavailable);
        }
    }

    /// <summary>A time was sent to InfluxDB by the command line: it is no gap any more.</summary>
    private static async Task<IResult> FilledAsync(HttpContext context, Database database)
    {
        if (context.Request.ContentLength is not (> 0 and <= BodyBytesMax))
            return Results.BadRequest();
        try
        {
            using var body = await JsonDocument.ParseAsync(context.Request.Body);
            var (fromMs, toMs, lastBlock) = (body.RootElement.GetProperty("from").GetInt64(), body.RootElement.GetProperty("to").GetInt64(), body.RootElement.GetProperty("block").GetInt64());
            await database.CommitAsync(CommitPriority.Housekeeping, connection => ShippingGaps.Fill(connection, fromMs, toMs, lastBlock));
            return Results.NoContent();
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            return Results.BadRequest();
        }
        catch (DatabaseUnavailableException)
        {
            return Results.StatusCode(StatusCodes.Status503ServiceUnavailable);
        }
    }

    private static CommandOrder? Read(JsonElement body)
    {
        if (Text(body, "id") is not { } id || Text(body, "site") is not { } site || Text(body, "device") is not { } device
            || Array.IndexOf(Fm1Words.Operations, Text(body, "op")) is not (>= 0 and var operation))
            return null;
        ChannelId? channel = null;
        if (Text(body, "channel") is { } text)
        {
            if (!ChannelId.TryParse(text, out var parsed))
                return null;
            channel = parsed;
        }

        return new CommandOrder
        {
            Id = id,
            Device = new DeviceId(Dialect.Fm1, site, device),
            Channel = channel,
            Operation = (Operation)operation,
            Watts = Number(body, "w"),
            Seconds = (int?)Number(body, "s") ?? ((Operation)operation == Operation.Siren ? CommandLimits.SirenDefaultS : null),
            By = Text(body, "by") ?? "",
            Why = Text(body, "why") ?? "",
            TtlS = (int?)Number(body, "ttl") ?? CommandLimits.TtlDefaultS,
            IsConfirmed = body.TryGetProperty("confirm", out var confirmed) && confirmed.ValueKind == JsonValueKind.True,
        };
    }

    internal static string? Text(JsonElement body, string name) => body.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static double? Number(JsonElement body, string name) =>
        body.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) ? number : null;

    /// <summary>An address that listens everywhere is reached on this machine by the loopback.</summary>
    private static string Loopback(string address)
    {
        var url = new UriBuilder(address);
        if (url.Host is "0.0.0.0" or "[::]" or "*" or "+")
            url.Host = "127.0.0.1";
        return url.Uri.GetLeftPart(UriPartial.Authority);
    }

    internal static IResult Refused(string reason, string zh, string en) =>
        Json(StatusCodes.Status422UnprocessableEntity, new() { ["refused"] = reason, ["zh"] = zh, ["en"] = en });

    private static IResult Answer(StoredCommand command, int status) => Json(status, new()
    {
        ["id"] = command.Order.Id,
        ["state"] = StateWord(command.State),
        ["open"] = CommandLife.IsOpen(command.State, command.Order.Operation),
        ["result"] = command.Result,
        ["expires"] = command.ExpiresMs,
        ["changed"] = command.ChangedMs,
    });

    internal static string StateWord(CommandState state) => Registry.Words.Of(state);

    internal static IResult Json(int status, Dictionary<string, object?> body) => Results.Json(body, CommandJson.Options, statusCode: status);
}

/// <summary>How answers are written: text as it is read.</summary>
internal static class CommandJson
{
    public static JsonSerializerOptions Options { get; } = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
