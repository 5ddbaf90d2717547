using System.CommandLine;
using FacilityMonitor.Configuration;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Commands;

/// <summary><c>check</c>: everything that is wrong with a configuration, and who would be told tonight.</summary>
internal static class CheckCommand
{
    public static Command Create()
    {
        var config = new Option<DirectoryInfo?>("--config") { Description = "Configuration folder. Default: ./config, else the demo neighbourhood." };
        var command = new Command("check", "Check registry and settings: every error at once, and tonight's chain.") { config };
        command.SetAction(parsed => Run(ConfigurationFolder.Resolve(parsed.GetValue(config)), Console.Out));
        return command;
    }

    /// <summary>Checks a folder; 0 when it can be run, 1 when not.</summary>
    public static int Run(string folder, TextWriter output)
    {
        if (!Directory.Exists(folder))
        {
            output.WriteLine($"{folder}: not found");
            return 1;
        }

        var registry = FacilityLoader.Load(folder);
        var (settings, settingErrors) = SettingsLoader.Load(folder, Environment.GetEnvironmentVariables());
        foreach (var error in registry.Errors.Concat(settingErrors))
            output.WriteLine(error);
        if (registry.Facility is not { } facility || settings is null)
        {
            output.WriteLine($"{registry.Errors.Concat(settingErrors).Count(error => !error.IsWarning)} errors");
            return 1;
        }

        output.WriteLine($"configuration  {folder}");
        output.WriteLine($"broker         {settings.Broker}");
        output.WriteLine($"data           {settings.Data.Directory}");
        output.WriteLine($"page           {settings.Web}{(settings.Web.Password is null ? "  (no sign-in password: nobody can sign in; set web.sign-in.password-file)" : "")}");
        foreach (var site in facility.Sites)
            Describe(site, facility, output);
        return 0;
    }

    private static void Describe(Site site, Facility facility, TextWriter output)
    {
        output.WriteLine();
        output.WriteLine($"{site.Id}  {site.Name.Zh} / {site.Name.En}");
        var kinds = site.Devices.GroupBy(device => device.Kind).Select(group => $"{group.Count()} {group.Key}");
        output.WriteLine($"  devices   {string.Join(", ", kinds)}; {site.Devices.Sum(device => device.Sockets)} sockets");
        foreach (var circuit in site.Circuits)
        {
            var rating = circuit.RatedA is { } rated ? $"{rated} A" : "额定未登记 (rating not registered: no overload is computed)";
            output.WriteLine($"  circuit   {circuit.Id,-14} {circuit.Name.Zh}: {rating}{(circuit.Meter is null ? ", no meter: the sum of what hangs below" : "")}");
        }

        foreach (var device in site.Devices.Where(device => device.Circuit is null && device.Sockets > 0))
            output.WriteLine($"  gap       {device.Id} hangs on no circuit: its load is in no overload prediction");
        var told = facility.Contacts.Where(contact => contact.Sites.Count == 0 || contact.Sites.Contains(site.Id)).ToList();
        foreach (var contact in told)
            output.WriteLine($"  tonight   {contact.Name.Zh} / {contact.Name.En}: {(contact.Webhook is null ? "the service's log only" : $"webhook at {contact.Webhook.Host}")}");
        if (told.All(contact => contact.Webhook is null))
            output.WriteLine("  gap       nobody is reached tonight: no contact of this site has a webhook. Rosters, calls and SMS are not there yet.");
    }
}
