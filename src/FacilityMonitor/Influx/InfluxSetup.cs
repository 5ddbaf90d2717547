using System.Globalization;
using System.Net;
using System.Text.Json;
using FacilityMonitor.Configuration;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Influx;

/// <summary>
/// Makes what readings need in an InfluxDB: the database or bucket, how long it keeps them, and on 2.x the mapping by which InfluxQL finds the bucket. Says what it made and what
/// was there; what is there is never changed, so that doing it twice does nothing. Last it asks a question, which shows that readings can be read.
/// </summary>
/// <param name="settings">Where it is, and who we are there.</param>
/// <param name="client">Asks it.</param>
/// <param name="tell">Takes each thing that was done or found.</param>
internal sealed class InfluxSetup(InfluxSettings settings, InfluxQueryClient client, Action<LocalText> tell)
{
    /// <summary>Policy of 1.x that every database begins with, and what 2.x calls that of a bucket.</summary>
    private const string DefaultPolicy = "autogen";

    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    /// <summary>Sets it up.</summary>
    /// <param name="keepDays">Days that it shall keep readings; null: for ever, or as long as what is there already.</param>
    /// <param name="cancellation">Ends it between two steps.</param>
    /// <returns>False when something is there that contradicts what is wanted; it has been told.</returns>
    /// <exception cref="InfluxException">It refused, or does not answer.</exception>
    public async Task<bool> RunAsync(int? keepDays, CancellationToken cancellation)
    {
        try
        {
            return await SetUpAsync(keepDays, cancellation);
        }
        catch (Exception error) when (error is InvalidOperationException or KeyNotFoundException or FormatException or IndexOutOfRangeException)
        {
            throw new InfluxException($"{client.Name}: it answers something that is no answer of an InfluxDB", null, error);
        }
    }

    private async Task<bool> SetUpAsync(int? keepDays, CancellationToken cancellation)
    {
        var version = await client.VersionAsync(cancellation);
        tell(new($"{client.Name}：{(version is null ? "不说自己的版本" : "InfluxDB " + version)}", $"{client.Name}: {(version is null ? "does not tell its version" : "InfluxDB " + version)}"));
        var major = version?.TrimStart('v').Split('.')[0];
        // As the writer takes it: a token means the interface of 2.x, whatever answers.
        var isV1 = settings.Version == InfluxVersion.V1 || (settings.Version == InfluxVersion.Detect && settings.Token is null && major == "1");
        var isFine = isV1 ? await DatabaseAsync(keepDays, cancellation)
            : major == "3" ? await DatabaseOfV3Async(keepDays, cancellation)
            : await BucketAsync(keepDays, cancellation);
        if (!isFine)
            return false;
        await client.SelectAsync($"SELECT last(\"quality\") FROM {InfluxQl.Name(LineProtocol.UnknownMeasurement)}", _ => { }, cancellation);
        tell(new("InfluxQL 查询有回答：网页、报表和导出可以从这里读。", "InfluxQL answers: page, reports and export can read from here."));
        return true;
    }

    private static string Of(TimeSpan? kept) => kept is { } time ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalDays:0.##}") : "∞";

    private async Task<bool> DatabaseAsync(int? keepDays, CancellationToken cancellation)
    {
        var database = InfluxQl.Name(settings.Database);
        var hasDatabase = false;
        await client.ExecuteAsync("SHOW DATABASES", series => hasDatabase |= series.Rows.Any(row => row[0].GetString() == settings.Database), cancellation);
        if (!hasDatabase)
        {
            // A policy of another name is made below; the database's own then keeps nothing of ours.
            var duration = keepDays is { } days && settings.RetentionPolicy is null ? string.Create(CultureInfo.InvariantCulture, $" WITH DURATION {days}d") : "";
            await client.ExecuteAsync($"CREATE DATABASE {database}{duration}", _ => { }, cancellation);
        }

        Tell(hasDatabase, "数据库", "database", settings.Database);
        var policies = new List<(string Name, TimeSpan? Kept, bool IsDefault)>();
        await client.ExecuteAsync(
            $"SHOW RETENTION POLICIES ON {database}",
            series => policies.AddRange(series.Rows.Select(row => (row[series.ColumnOf("name")].GetString()!, Duration(row[series.ColumnOf("duration")].GetString()!), row[series.ColumnOf("default")].GetBoolean()))),
            cancellation);
        var wanted = settings.RetentionPolicy;
        if (policies.Where(policy => wanted is null ? policy.IsDefault : policy.Name == wanted).Select(policy => ((string, TimeSpan?)?)(policy.Name, policy.Kept)).FirstOrDefault() is var (name, kept))
        {
            Tell(isThere: hasDatabase, "保留策略", "retention policy", $"{name} ({Of(kept)} d)");
            return Agrees(name, kept, keepDays);
        }

        if (wanted is null)
            return true;
        await client.ExecuteAsync($"CREATE RETENTION POLICY {InfluxQl.Name(wanted)} ON {database} DURATION {(keepDays is { } some ? string.Create(CultureInfo.InvariantCulture, $"{some}d") : "INF")} REPLICATION 1", _ => { }, cancellation);
        Tell(isThere: false, "保留策略", "retention policy", $"{wanted} ({Of(keepDays * Day)} d)");
        return true;
    }

    private async Task<bool> BucketAsync(int? keepDays, CancellationToken cancellation)
    {
        if (await OrganizationAsync(cancellation) is not { } organization)
            return false;
        var bucket = await BucketOfAsync(organization, cancellation);
        Tell(bucket is not null, "bucket", "bucket", settings.Database);
        if (bucket is { } found)
        {
            var rules = found.TryGetProperty("retentionRules", out var all) ? all.EnumerateArray().Select(rule => rule.GetProperty("everySeconds").GetInt64()).Where(seconds => seconds > 0).ToArray() : [];
            if (!Agrees(settings.Database, rules.Length > 0 ? TimeSpan.FromSeconds(rules[0]) : null, keepDays))
                return false;
        }
        else
        {
            object[] rules = keepDays is { } days ? [new Dictionary<string, object> { ["type"] = "expire", ["everySeconds"] = days * 86_400L }] : [];
            bucket = await client.JsonAsync(
                HttpMethod.Post, "api/v2/buckets", new Dictionary<string, object> { ["orgID"] = organization, ["name"] = settings.Database, ["retentionRules"] = rules }, cancellation);
        }

        return await MappingAsync(organization, bucket.Value.GetProperty("id").GetString()!, cancellation);
    }

    private async Task<string?> OrganizationAsync(CancellationToken cancellation)
    {
        var path = "api/v2/orgs" + (settings.Organization is { } name ? "?" + InfluxClient.Query(("org", name)) : "");
        var found = (await client.JsonAsync(HttpMethod.Get, path, null, cancellation)).GetProperty("orgs").EnumerateArray()
            .Select(organization => (Id: organization.GetProperty("id").GetString()!, Name: organization.GetProperty("name").GetString()!)).ToList();
        if (found.Count == 1)
            return found[0].Id;
        var names = string.Join(", ", found.Select(organization => organization.Name));
        tell(new($"请在 settings.yaml 写明 influx.organization：这个 token 看得到 {found.Count} 个组织（{names}）。", $"Name influx.organization in settings.yaml: this token sees {found.Count} organisations ({names})."));
        return null;
    }

    private async Task<JsonElement?> BucketOfAsync(string organization, CancellationToken cancellation)
    {
        try
        {
            var buckets = await client.JsonAsync(HttpMethod.Get, "api/v2/buckets?" + InfluxClient.Query(("orgID", organization), ("name", settings.Database)), null, cancellation);
            return buckets.GetProperty("buckets").EnumerateArray().Where(bucket => bucket.GetProperty("name").GetString() == settings.Database).Select(bucket => (JsonElement?)bucket).FirstOrDefault();
        }
        catch (InfluxException error) when (error.Status == (int)HttpStatusCode.NotFound)
        {
            // How some versions say that there is no bucket of that name.
            return null;
        }
    }

    private async Task<bool> MappingAsync(string organization, string bucket, CancellationToken cancellation)
    {
        var mappings = await client.JsonAsync(HttpMethod.Get, "api/v2/dbrps?" + InfluxClient.Query(("orgID", organization), ("db", settings.Database)), null, cancellation);
        var policy = settings.RetentionPolicy;
        foreach (var mapping in mappings.TryGetProperty("content", out var content) && content.ValueKind == JsonValueKind.Array ? content.EnumerateArray() : default)
        {
            var isOurs = mapping.GetProperty("database").GetString() == settings.Database
                && (policy is null ? mapping.GetProperty("default").GetBoolean() : mapping.GetProperty("retention_policy").GetString() == policy);
            if (!isOurs)
                continue;
            if (mapping.GetProperty("bucketID").GetString() == bucket)
            {
                Tell(isThere: true, "DBRP 映射", "DBRP mapping", settings.Database);
                return true;
            }

            tell(new(
                $"名字 {settings.Database} 已映射到另一个 bucket；没有改动。请删去那个映射，或换一个 influx.database。",
                $"The name {settings.Database} is mapped to another bucket; nothing was changed. Delete that mapping, or use another influx.database."));
            return false;
        }

        await client.JsonAsync(
            HttpMethod.Post, "api/v2/dbrps",
            new Dictionary<string, object> { ["orgID"] = organization, ["bucketID"] = bucket, ["database"] = settings.Database, ["retention_policy"] = policy ?? DefaultPolicy, ["default"] = true }, cancellation);
        Tell(isThere: false, "DBRP 映射", "DBRP mapping", settings.Database);
        return true;
    }

    private async Task<bool> DatabaseOfV3Async(int? keepDays, CancellationToken cancellation)
    {
        var all = await client.JsonAsync(HttpMethod.Get, "api/v3/configure/database?format=json", null, cancellation);
        var isThere = all.EnumerateArray().Any(database => database.TryGetProperty("iox::database", out var name) && name.GetString() == settings.Database);
        if (!isThere)
        {
            var body = new Dictionary<string, object> { ["db"] = settings.Database };
            if (keepDays is { } days)
                body["retention_period"] = string.Create(CultureInfo.InvariantCulture, $"{days}d");
            try
            {
                await client.JsonAsync(HttpMethod.Post, "api/v3/configure/database", body, cancellation);
            }
            catch (InfluxException error) when (error.Status == (int)HttpStatusCode.Conflict)
            {
                isThere = true;
            }
        }

        Tell(isThere, "数据库", "database", settings.Database);
        if (isThere && keepDays is not null)
            tell(new("3.x 的保留时间建库时就定了，这里不核对。", "On 3.x the time that a database keeps is set when it is made; it is not compared here."));
        return true;
    }

    private bool Agrees(string name, TimeSpan? kept, int? keepDays)
    {
        if (keepDays is not { } days || kept == days * Day)
            return true;
        tell(new(
            $"{name} 保留 {Of(kept)} 天，不是 --keep-days 写的 {days} 天；没有改动：改短会删去读数。请在 InfluxDB 里自己改，或去掉 --keep-days。",
            $"{name} keeps {Of(kept)} days, not the {days} of --keep-days; nothing was changed: a shorter time deletes readings. Change it in InfluxDB yourself, or leave out --keep-days."));
        return false;
    }

    private void Tell(bool isThere, string zh, string en, string name) =>
        tell(isThere ? new($"{zh} {name}：已有，没有改动", $"{en} {name}: is there, nothing changed") : new($"{zh} {name}：已建", $"{en} {name}: made"));

    /// <summary>Go's form of a time, <c>168h0m0s</c>; null for 0, which is for ever.</summary>
    private static TimeSpan? Duration(string text)
    {
        var hours = text.IndexOf('h', StringComparison.Ordinal) is > 0 and var end ? long.Parse(text[..end], CultureInfo.InvariantCulture) : 0;
        return hours == 0 ? null : TimeSpan.FromHours(hours);
    }
}
