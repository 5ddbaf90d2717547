using System.Text.Json.Nodes;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Accounts;

/// <summary>An account of a device as the broker has it.</summary>
/// <param name="User">User name, <c>site/device</c>.</param>
/// <param name="ClientId">The only client id it may connect with; null: any.</param>
internal sealed record ListedAccount(string User, string? ClientId);

/// <summary>Gives devices accounts of their own at the broker, and takes them away.</summary>
/// <remarks>
/// The plugin writes its whole file after each command, and serves nobody meanwhile: 12 ms with 500 accounts, 130 ms with 5,000. So commands go one by one, with room for messages
/// between them, the first that is refused ends it, and what was cut off half-way is mended by doing it again.
/// </remarks>
internal sealed class DeviceAccounts(BrokerAdministration broker)
{
    /// <summary>Accounts asked for at once: 500 are about 100 KB.</summary>
    private const int Page = 500;

    /// <summary>Roles asked for at once with all they say: that of a gateway is tens of kilobytes.</summary>
    private const int RolesPage = 20;

    /// <summary>Makes the account. Nobody else may speak for the device from now on, the shared accounts neither.</summary>
    /// <param name="account">The device and what it may do.</param>
    /// <param name="password">Its password.</param>
    /// <param name="clientId">The only client id it may connect with; null: any.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>Why it was refused; null: done.</returns>
    public async Task<LocalText?> AddAsync(DeviceAccount account, string password, string? clientId, CancellationToken cancellationToken)
    {
        var (role, user) = (DeviceAccount.RoleOf(account.User), account.User);
        var (there, failed) = await HasAsync(user, cancellationToken);
        if (failed is not null)
            return failed;
        if (there)
            return AlreadyThere(user);
        var client = Command("createClient", ("username", user), ("password", password), ("roles", new JsonArray(new JsonObject { ["rolename"] = role, ["priority"] = 0 })));
        if (clientId is not null)
            client["clientid"] = clientId;
        var (stored, unread) = await RulesAsync(user, cancellationToken);
        if (unread is not null)
            return unread;
        // The account comes last: before it, the same command does everything again.
        return await DoAsync(
            [[(RoleOf(account, isThere: stored is not null), null)], [.. account.Denials.Select(Deny)], [(client, null)]],
            (command, error) => command == "createClient" && error == "Client already exists" ? AlreadyThere(user) : null,
            cancellationToken);
    }

    /// <summary>Gives it another password. The old one is refused at once, and who is connected with it is cut off. Its rules become what the registry says now.</summary>
    /// <param name="account">The device and what it may do.</param>
    /// <param name="password">Its new password.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>Why it was refused; null: done.</returns>
    public async Task<LocalText?> RotateAsync(DeviceAccount account, string password, CancellationToken cancellationToken)
    {
        var user = account.User;
        var (there, failed) = await HasAsync(user, cancellationToken);
        if (failed is not null)
            return failed;
        if (!there)
            return NotThere(user);
        var (stored, unread) = await RulesAsync(user, cancellationToken);
        if (unread is not null)
            return unread;
        var (outdated, unlisted) = await OnlyOfAsync(user, [.. DeviceAccount.DenialsOf(stored ?? []).Except(account.Denials)], cancellationToken);
        if (unlisted is not null)
            return unlisted;
        return await DoAsync(
            [
                [(RoleOf(account, isThere: stored is not null), null)],
                [(Command("setClientPassword", ("username", user), ("password", password)), null)],
                // Only what really changes cuts the shared accounts off for a moment.
                [.. outdated.Select(Allow), .. account.Denials.Select(Deny)],
            ],
            (command, error) => command == "setClientPassword" && error == "Client not found" ? NotThere(user) : null,
            cancellationToken);
    }

    /// <summary>Takes the account away and cuts its connection off. What is registered stays registered.</summary>
    /// <param name="user">User name, <c>site/device</c>.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>Why it was refused; null: done.</returns>
    public async Task<LocalText?> RemoveAsync(string user, CancellationToken cancellationToken)
    {
        var (stored, unread) = await RulesAsync(user, cancellationToken);
        if (unread is not null)
            return unread;
        var (outdated, unlisted) = await OnlyOfAsync(user, [.. DeviceAccount.DenialsOf(stored ?? [])], cancellationToken);
        if (unlisted is not null)
            return unlisted;
        return await DoAsync(
            [
                // A removal that was cut off has left the role: it goes on from there.
                [(Command("deleteClient", ("username", user)), stored is null ? null : "Client not found")],
                [.. outdated.Select(Allow)],
                [(Command("deleteRole", ("rolename", DeviceAccount.RoleOf(user))), "Role not found")],
            ],
            (command, error) => command == "deleteClient" && error == "Client not found" ? NotThere(user) : null,
            cancellationToken);
    }

    /// <summary>Every device that has an account, by name.</summary>
    public async Task<(IReadOnlyList<ListedAccount> Accounts, LocalText? Why)> ListAsync(CancellationToken cancellationToken)
    {
        var accounts = new List<ListedAccount>();
        for (var offset = 0; ; offset += Page)
        {
            var answer = await broker.AskAsync([Command("listClients", ("verbose", true), ("count", Page), ("offset", offset))], cancellationToken);
            if (answer is BrokerAnswer.Failed { Why: var why })
                return ([], why);
            var clients = ((BrokerAnswer.Answered)answer).Answers[0].Data?["clients"] as JsonArray ?? [];
            foreach (var client in clients.OfType<JsonObject>())
            {
                if (client["username"]?.ToString() is { } user && client["roles"] is JsonArray roles && roles.Any(role => role?["rolename"]?.ToString() == DeviceAccount.RoleOf(user)))
                    accounts.Add(new ListedAccount(user, client["clientid"]?.ToString()));
            }

            if (clients.Count < Page)
                return ([.. accounts.OrderBy(account => account.User, StringComparer.Ordinal)], null);
        }
    }

    private static (JsonObject Command, string? Harmless) Deny(AccessRule rule) => (
        Command("addRoleACL", ("rolename", SharedAccount.SpokenFor), ("acltype", rule.Word), ("topic", rule.Topic), ("priority", rule.Priority), ("allow", rule.Allow)),
        "ACL with this topic already exists");

    private static (JsonObject Command, string? Harmless) Allow(AccessRule rule) => (
        Command("removeRoleACL", ("rolename", SharedAccount.SpokenFor), ("acltype", rule.Word), ("topic", rule.Topic)), "ACL not found");

    private static JsonObject RoleOf(DeviceAccount account, bool isThere) =>
        Command(isThere ? "modifyRole" : "createRole", ("rolename", DeviceAccount.RoleOf(account.User)), ("acls", AccessRule.ToJson(account.Rules)));

    private static JsonObject Command(string name, params (string Key, JsonNode Value)[] arguments)
    {
        var command = new JsonObject { ["command"] = name };
        foreach (var (key, value) in arguments)
            command[key] = value;
        return command;
    }

    private static LocalText AlreadyThere(string user) => new($"{user} 已有账号；要换口令请用 device rotate {user}", $"{user} has an account already; for another password use device rotate {user}");

    private static LocalText NotThere(string user) => new($"{user} 没有账号；device list 列出已有的，device add {user} 开一个", $"{user} has no account; device list shows which there are, device add {user} makes one");

    private async Task<(bool There, LocalText? Why)> HasAsync(string user, CancellationToken cancellationToken) =>
        await broker.AskAsync([Command("getClient", ("username", user))], cancellationToken) switch
        {
            BrokerAnswer.Answered { Answers: [{ Error: null }] } => (true, null),
            BrokerAnswer.Answered { Answers: [{ Error: "Client not found" }] } => (false, null),
            BrokerAnswer.Answered { Answers: [var other, ..] } => (false, Refused("getClient", other.Error)),
            BrokerAnswer.Failed { Why: var why } => (false, why),
            _ => throw new System.Diagnostics.UnreachableException(),
        };

    /// <summary>The rules of a device's role; null when it has no role.</summary>
    private async Task<(IReadOnlyList<AccessRule>? Rules, LocalText? Why)> RulesAsync(string user, CancellationToken cancellationToken) =>
        await broker.AskAsync([Command("getRole", ("rolename", DeviceAccount.RoleOf(user)))], cancellationToken) switch
        {
            BrokerAnswer.Answered { Answers: [{ Error: null, Data: var data }] } => (StoredRole.RulesOf(data?["role"]), null),
            BrokerAnswer.Answered { Answers: [{ Error: "Role not found" }] } => (null, null),
            BrokerAnswer.Answered { Answers: [var other, ..] } => (null, Refused("getRole", other.Error)),
            BrokerAnswer.Failed { Why: var why } => (null, why),
            _ => throw new System.Diagnostics.UnreachableException(),
        };

    /// <summary>Of denials to be taken back, those that no other device's account needs: two gateways of one dialect share their topics.</summary>
    private async Task<(IReadOnlyList<AccessRule> Denials, LocalText? Why)> OnlyOfAsync(string user, IReadOnlyList<AccessRule> denials, CancellationToken cancellationToken)
    {
        var left = denials;
        for (var offset = 0; left.Count > 0; offset += RolesPage)
        {
            switch (await broker.AskAsync([Command("listRoles", ("verbose", true), ("count", RolesPage), ("offset", offset))], cancellationToken))
            {
                case BrokerAnswer.Failed { Why: var why }:
                    return ([], why);
                case BrokerAnswer.Answered { Answers: [{ Error: { } error }] }:
                    return ([], Refused("listRoles", error));
                case BrokerAnswer.Answered { Answers: [var answer] }:
                    var roles = answer.Data?["roles"] as JsonArray ?? [];
                    left =
                    [
                        .. left.Except(roles.Where(role => role?["rolename"]?.ToString() is { } name && DeviceAccount.IsDeviceRole(name) && name != DeviceAccount.RoleOf(user))
                            .SelectMany(role => DeviceAccount.DenialsOf(StoredRole.RulesOf(role)))),
                    ];
                    if (roles.Count < RolesPage)
                        return (left, null);
                    break;
                default:
                    throw new System.Diagnostics.UnreachableException();
            }
        }

        return (left, null);
    }

    /// <summary>Carries out steps, each a few commands in one message.</summary>
    private async Task<LocalText?> DoAsync(
        IReadOnlyList<IReadOnlyList<(JsonObject Command, string? Harmless)>> steps, Func<string, string, LocalText?> known, CancellationToken cancellationToken)
    {
        foreach (var step in steps.Where(step => step.Count > 0))
        {
            var answer = await broker.AskAsync([.. step.Select(part => part.Command)], cancellationToken);
            if (answer is BrokerAnswer.Failed { Why: var why })
                return why;
            foreach (var ((command, harmless), said) in step.Zip(((BrokerAnswer.Answered)answer).Answers))
            {
                var name = command["command"]!.ToString();
                // A broker whose accounts are not ours has no shared accounts to take anything away from.
                var isHarmless = said.Error is null || said.Error == harmless || (name is "addRoleACL" or "removeRoleACL" && said.Error == "Role not found");
                if (!isHarmless)
                    return known(name, said.Error!) ?? Refused(name, said.Error);
            }
        }

        return null;
    }

    private static LocalText Refused(string command, string? error) =>
        new($"消息代理拒绝了 {command}：{error}", $"The broker refused {command}: {error}");
}
