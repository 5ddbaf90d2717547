using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FacilityMonitor.Registry;
using FacilityMonitor.Storage;

namespace FacilityMonitor.Accounts;

/// <summary>
/// The file in which Mosquitto's dynamic security plugin keeps accounts and roles. It is read when the broker starts, so it is brought up to date before: the first time it
/// gets an administrator, afterwards the roles become those of this version and this registry. Accounts of devices and their passwords stay.
/// </summary>
internal static class AccountFile
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>Makes the file, or brings it up to date. The broker must not run: it would write over it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="passwords">Account → its password; null: it keeps the one it has, or has none and the broker asks its password file.</param>
    /// <param name="facility">The registry: the roles of devices follow it.</param>
    /// <param name="foreignTopics">Topics of foreign devices that the service reads.</param>
    /// <returns>Why it was refused; null: done.</returns>
    public static LocalText? Write(string path, IReadOnlyDictionary<string, string?> passwords, Facility facility, IReadOnlyList<string> foreignTopics)
    {
        JsonObject? file;
        try
        {
            file = !File.Exists(path) || new FileInfo(path).Length == 0 ? [] : JsonNode.Parse(File.ReadAllText(path)) as JsonObject;
        }
        catch (JsonException error)
        {
            return NotOurs(path, error.Message);
        }

        if (file is null || ListOf(file, "clients") is not { } clients || ListOf(file, "roles") is not { } roles)
            return NotOurs(path, "clients, roles");

        file["defaultACLAccess"] = new JsonObject { ["publishClientSend"] = false, ["publishClientReceive"] = false, ["subscribe"] = false, ["unsubscribe"] = true };
        SharedAccount[] shared = [SharedAccount.Admin, SharedAccount.Monitor, SharedAccount.Devices, SharedAccount.Plug(foreignTopics)];
        foreach (var account in shared)
        {
            Put(roles, Role(account.Name, account.Rules));
            if (passwords.TryGetValue(account.Name, out var password))
                PutClient(clients, account, password);
        }

        Put(roles, Role(SharedAccount.SpokenFor, RefreshDevices(clients, roles, facility)));
        WholeFile.Write(path, Encoding.UTF8.GetBytes(file.ToJsonString(Indented)), isSecret: true);
        return null;
    }

    /// <summary>Names of the accounts that <see cref="Write"/> knows.</summary>
    public static IReadOnlyList<string> Accounts => [SharedAccount.Admin.Name, SharedAccount.Monitor.Name, SharedAccount.Devices.Name, SharedAccount.Plug([]).Name];

    /// <summary>Roles of devices become what the registry says now; what the registry no longer knows keeps its role. Returns what the shared accounts may not say.</summary>
    private static List<AccessRule> RefreshDevices(JsonArray clients, JsonArray roles, Facility facility)
    {
        var denials = new List<AccessRule>();
        foreach (var client in clients.OfType<JsonObject>())
        {
            if (client["username"]?.ToString() is not { } user || user.Split('/') is not [var site, var device]
                || Find(roles, "rolename", DeviceAccount.RoleOf(user)) is not { } role)
                continue;
            if (DeviceAccount.Of(facility, site, device, out _) is { } account)
            {
                Put(roles, Role(DeviceAccount.RoleOf(user), account.Rules));
                denials.AddRange(account.Denials);
            }
            else
            {
                denials.AddRange(DeviceAccount.DenialsOf(StoredRole.RulesOf(role)));
            }
        }

        return [.. denials.Distinct()];
    }

    private static void PutClient(JsonArray clients, SharedAccount account, string? password)
    {
        var client = Find(clients, "username", account.Name);
        if (client is null)
            clients.Add(client = new JsonObject { ["username"] = account.Name });
        client["roles"] = account.IsShared
            ? new JsonArray(Belongs(SharedAccount.SpokenFor, priority: 1), Belongs(account.Name, priority: 0))
            : new JsonArray(Belongs(account.Name, priority: 0));
        if (password is not null)
            Passwords.Set(client, password);
    }

    private static JsonObject Belongs(string role, int priority) => new() { ["rolename"] = role, ["priority"] = priority };

    private static JsonObject Role(string name, IEnumerable<AccessRule> rules) => new() { ["rolename"] = name, ["acls"] = AccessRule.ToJson(rules) };

    private static void Put(JsonArray roles, JsonObject role)
    {
        if (Find(roles, "rolename", role["rolename"]!.ToString()) is { } old)
            roles[roles.IndexOf(old)] = role;
        else
            roles.Add(role);
    }

    private static JsonObject? Find(JsonArray list, string key, string value) => list.OfType<JsonObject>().FirstOrDefault(item => item[key]?.ToString() == value);

    /// <summary>A list of the file, made when it is missing; null when something else stands there.</summary>
    private static JsonArray? ListOf(JsonObject file, string key)
    {
        if (!file.ContainsKey(key))
            file[key] = new JsonArray();
        return file[key] as JsonArray;
    }

    private static LocalText NotOurs(string path, string detail) => new(
        $"--file \"{path}\"：不是动态安全插件的文件（{detail}）；请恢复备份，或移走它重新生成（设备要重新开账号）",
        $"--file \"{path}\": is no file of the dynamic security plugin ({detail}); bring back a copy of it, or move it away to begin anew (devices need accounts again)");
}
