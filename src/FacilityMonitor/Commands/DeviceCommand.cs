using System.CommandLine;
using System.Globalization;
using FacilityMonitor.Accounts;
using FacilityMonitor.Configuration;
using FacilityMonitor.Contract;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Commands;

/// <summary><c>device</c>: gives each device an account of its own at the broker, so that none can speak as another.</summary>
internal static class DeviceCommand
{
    /// <summary>What <c>--client-id</c> says when any will do.</summary>
    private const string AnyClientId = "any";

    public static Command Create() => new("device", "Accounts of devices at the broker: a device with one of its own cannot speak as another, nor another as it.")
    {
        Add(), Rotate(), Remove(), List(), Init(),
    };

    private static Command Add()
    {
        var (config, target, password) = (Config(), Target(), PasswordFile());
        var clientId = new Option<string?>("--client-id") { Description = "The only client id it may connect with; \"any\": every one. Default: SITE/DEVICE, as the user." };
        var command = new Command("add", "Give a device an account. Prints its password, once.") { target, config, password, clientId };
        command.SetAction((parsed, cancellationToken) => WithAccountAsync(parsed.GetRequiredValue(target), parsed.GetValue(config), parsed.GetValue(password), async (accounts, account, secret, said, settings) =>
        {
            var id = parsed.GetValue(clientId) switch { null => account.User, AnyClientId => null, var given => given };
            if (await accounts.AddAsync(account, secret, id, cancellationToken) is { } why)
                return why;
            await PrintAsync(account, settings, said, id ?? "*", secret);
            return null;
        }, cancellationToken));
        return command;
    }

    private static Command Rotate()
    {
        var (config, target, password) = (Config(), Target(), PasswordFile());
        var command = new Command("rotate", "Give its account another password. The old one ends at once, and so does its connection. Prints the new one, once.") { target, config, password };
        command.SetAction((parsed, cancellationToken) => WithAccountAsync(parsed.GetRequiredValue(target), parsed.GetValue(config), parsed.GetValue(password), async (accounts, account, secret, said, settings) =>
        {
            if (await accounts.RotateAsync(account, secret, cancellationToken) is { } why)
                return why;
            await PrintAsync(account, settings, said, null, secret);
            return null;
        }, cancellationToken));
        return command;
    }

    private static Command Remove()
    {
        var (config, target) = (Config(), Target());
        var command = new Command("remove", "Take its account away and cut its connection off.") { target, config };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            if (Parse(parsed.GetRequiredValue(target)) is not var (site, device))
                return await UsageAsync();
            return await AtBrokerAsync(Read(parsed.GetValue(config)), async (accounts, settings, _) =>
            {
                if (await accounts.RemoveAsync($"{site}/{device}", cancellationToken) is { } why)
                    return why;
                await Console.Out.WriteLineAsync(new LocalText($"{site}/{device} 的账号已删除，连接已断开", $"{site}/{device} has no account any more and is cut off").In(settings.Language));
                return null;
            }, cancellationToken);
        });
        return command;
    }

    private static Command List()
    {
        var config = Config();
        var command = new Command("list", "Which devices have an account: user and client id, one a line.") { config };
        command.SetAction((parsed, cancellationToken) => AtBrokerAsync(Read(parsed.GetValue(config)), async (accounts, _, _) =>
        {
            var (listed, why) = await accounts.ListAsync(cancellationToken);
            foreach (var account in listed)
                await Console.Out.WriteLineAsync($"{account.User} {account.ClientId ?? "*"}");
            return why;
        }, cancellationToken));
        return command;
    }

    private static Command Init()
    {
        var config = Config();
        var file = new Option<FileInfo>("--file") { Description = "The file that plugin_opt_config_file of the broker names.", Required = true };
        var account = new Option<string[]>("--account")
        {
            Description = $"NAME=PASSWORD-FILE, or NAME alone for one whose password stays as it is; NAME is {string.Join(", ", AccountFile.Accounts)}. May stand several times.",
        };
        var command = new Command("init", "Before the broker starts: make its file of accounts, or bring its roles up to this version and registry. Accounts of devices stay.") { file, account, config };
        command.SetAction(async (parsed, _) =>
        {
            if (Read(parsed.GetValue(config)) is not var (settings, facility))
                return 1;
            var passwords = new Dictionary<string, string?>();
            foreach (var text in parsed.GetValue(account) ?? [])
            {
                var parts = text.Split('=', 2);
                if (!AccountFile.Accounts.Contains(parts[0]))
                {
                    await Console.Error.WriteLineAsync($"--account \"{text}\": write NAME or NAME=PASSWORD-FILE, with one of {string.Join(", ", AccountFile.Accounts)}.");
                    return 2;
                }

                var refused = "";
                passwords[parts[0]] = parts.Length == 1 ? null : SecretFile.Read(parts[1], out refused);
                if (refused.Length > 0)
                {
                    await Console.Error.WriteLineAsync(Unreadable("--account", parts[^1], refused).In(settings.Language));
                    return 1;
                }
            }

            var path = parsed.GetRequiredValue(file).FullName;
            try
            {
                if (AccountFile.Write(path, passwords, facility, [.. settings.Broker.ForeignTopics, .. facility.Mappings.Select(mapping => mapping.Topic)]) is not { } why)
                    return 0;
                await Console.Error.WriteLineAsync(why.In(settings.Language));
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                await Console.Error.WriteLineAsync(new LocalText($"--file \"{path}\"：写不了：{error.Message}", $"--file \"{path}\": cannot be written: {error.Message}").In(settings.Language));
            }

            return 1;
        });
        return command;
    }

    private static Option<DirectoryInfo?> Config() => new("--config") { Description = "Configuration folder. Default: ./config, else the demo neighbourhood." };

    private static Argument<string> Target() => new("device") { Description = "<site>/<device>, such as huaihai/pile-02." };

    private static Option<string?> PasswordFile() => new("--password-file")
    {
        Description = $"File that holds only the password it shall have, {Passwords.LengthMin} to {Passwords.LengthMax} characters; \"-\": standard input. Default: a new one is made and printed.",
    };

    private static (string Site, string Device)? Parse(string target) =>
        target.Split('/') is [var site, var device] && Fm1Topic.IsId(System.Text.Encoding.UTF8.GetBytes(site)) && Fm1Topic.IsId(System.Text.Encoding.UTF8.GetBytes(device)) ? (site, device) : null;

    private static async Task<int> UsageAsync()
    {
        await Console.Error.WriteLineAsync("Write it as: facility-monitor device add|rotate|remove <site>/<device>, ids of a-z, 0-9 and '-', such as huaihai/pile-02.");
        return 2;
    }

    /// <summary>Settings and registry; null when there are errors, which are printed.</summary>
    private static (ServiceSettings Settings, Facility Facility)? Read(DirectoryInfo? config)
    {
        var folder = ConfigurationFolder.Resolve(config);
        var (settings, refused) = SettingsLoader.Load(folder, Environment.GetEnvironmentVariables());
        var registry = FacilityLoader.Load(folder, RunCommand.Rules);
        var language = SettingsLoader.LanguageOf(folder, Environment.GetEnvironmentVariables());
        // Warnings of the registry are for who edits it; that a password goes in the clear concerns us.
        foreach (var error in registry.Errors.Where(error => !error.IsWarning).Concat(refused))
            Console.Error.WriteLine(error.In(language));
        return settings is null || registry.Facility is null ? null : (settings, registry.Facility);
    }

    private static async Task<int> WithAccountAsync(
        string target, DirectoryInfo? config, string? passwordFile, Func<DeviceAccounts, DeviceAccount, string, bool, ServiceSettings, Task<LocalText?>> work, CancellationToken cancellationToken)
    {
        if (Parse(target) is not var (site, device))
            return await UsageAsync();
        if (Read(config) is not { } read)
            return 1;
        var (settings, facility) = read;
        if (DeviceAccount.Of(facility, site, device, out var refusal) is not { } account)
            return await SayAsync(refusal!, settings);
        if (facility.Sites.FirstOrDefault(known => known.Id == site)?.Devices.All(known => known.Id != device) ?? true)
            await Console.Error.WriteLineAsync(Unregistered(facility, site, device).In(settings.Language));
        if (account.Warning is { } warning)
            await Console.Error.WriteLineAsync(warning.In(settings.Language));
        var (password, unusable) = await PasswordAsync(passwordFile);
        if (password is null)
            return await SayAsync(unusable!, settings);
        return await AtBrokerAsync(read, (accounts, _, _) => work(accounts, account, password, passwordFile is not null, settings), cancellationToken);
    }

    private static async Task<int> AtBrokerAsync(
        (ServiceSettings Settings, Facility Facility)? read, Func<DeviceAccounts, ServiceSettings, Facility, Task<LocalText?>> work, CancellationToken cancellationToken)
    {
        if (read is not var (settings, facility))
            return 1;
        if (settings.Broker.AdminPassword is null && settings.Broker.AdminPasswordFile is null)
        {
            return await SayAsync(new(
                "没有管理员口令；请在 settings.yaml 写 broker.admin-password-file，或设环境变量 FM_BROKER__ADMIN_PASSWORD_FILE（src/run.sh 的在 .run/admin.password）",
                "There is no password of the administrator; set broker.admin-password-file in settings.yaml or FM_BROKER__ADMIN_PASSWORD_FILE (src/run.sh keeps it in .run/admin.password)"), settings);
        }

        var password = settings.Broker.AdminPassword;
        if (password is null && (password = SecretFile.Read(settings.Broker.AdminPasswordFile!, out var refused)) is null)
            return await SayAsync(Unreadable("broker.admin-password-file", settings.Broker.AdminPasswordFile!, refused), settings);
        var (administration, why) = await BrokerAdministration.OpenAsync(settings.Broker, password, BrokerAdministration.PatienceDefault, TimeProvider.System, cancellationToken);
        if (administration is null)
            return await SayAsync(why!, settings);
        await using (administration)
            why = await work(new DeviceAccounts(administration), settings, facility);
        return why is null ? 0 : await SayAsync(why, settings);
    }

    private static async Task<int> SayAsync(LocalText why, ServiceSettings settings)
    {
        await Console.Error.WriteLineAsync(why.In(settings.Language));
        return 1;
    }

    private static async Task<(string? Password, LocalText? Refused)> PasswordAsync(string? file)
    {
        if (file is null)
            return (Passwords.New(), null);
        var refused = "";
        var password = file == "-" ? (await Console.In.ReadLineAsync())?.TrimEnd('\r') : SecretFile.Read(file, out refused);
        if (refused.Length > 0)
            return (null, Unreadable("--password-file", file, refused));
        return password is not null && Passwords.IsAllowed(password) ? (password, null) : (null, new(
            $"--password-file：口令要 {Passwords.LengthMin} 到 {Passwords.LengthMax} 个字符，不含控制字符",
            $"--password-file: a password has {Passwords.LengthMin} to {Passwords.LengthMax} characters and no control characters"));
    }

    private static LocalText Unreadable(string option, string path, string refused) => new(
        $"{option} \"{path}\"：读不到（{refused}）；请核对路径和权限", $"{option} \"{path}\": cannot be read ({refused}); check its path and permissions");

    private static LocalText Unregistered(Facility facility, string site, string device)
    {
        var known = facility.Sites.SelectMany(place => place.Devices.Select(entry => $"{place.Id}/{entry.Id}"));
        var near = Suggestion.For($"{site}/{device}", known);
        return new(
            $"注意：{site}/{device} 没有登记，按 fm/1 设备处理{(near is null ? "" : $"；是不是 {near}？")}",
            $"Note: {site}/{device} is not registered and taken as an fm/1 device{(near is null ? "" : $"; did you mean {near}?")}");
    }

    /// <summary>What is to be entered into the device, a key and its value a line for scripts too. The password goes here and nowhere else: it is not to be had again.</summary>
    private static async Task PrintAsync(DeviceAccount account, ServiceSettings settings, bool passwordIsKnown, string? clientId, string password)
    {
        var output = Console.Out;
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"broker {settings.Broker.Host}:{settings.Broker.Port}"));
        await output.WriteLineAsync($"user {account.User}");
        if (!passwordIsKnown)
            await output.WriteLineAsync($"password {password}");
        if (clientId is not null)
            await output.WriteLineAsync($"client-id {clientId}");
        if (!passwordIsKnown)
            await Console.Error.WriteLineAsync(new LocalText("口令只显示这一次。", "The password is shown this once.").In(settings.Language));
        if (clientId is not null)
        {
            await Console.Error.WriteLineAsync(new LocalText(
                $"从现在起只有这个账号能代表 {account.User}；用共用账号以它的名义发的消息会被拒绝。",
                $"From now on only this account speaks for {account.User}; what is said in its name under a shared account is refused.").In(settings.Language));
        }
    }
}
