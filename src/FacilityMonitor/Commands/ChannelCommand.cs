using System.CommandLine;
using FacilityMonitor.Configuration;
using FacilityMonitor.OnCall;
using FacilityMonitor.OnCall.Channels;
using FacilityMonitor.OnCall.Notices;
using Microsoft.Extensions.Logging.Abstractions;

namespace FacilityMonitor.Commands;

/// <summary><c>channel</c>: the channels to people, and whether one of them works.</summary>
internal static class ChannelCommand
{
    public static Command Create()
    {
        var config = new Option<DirectoryInfo?>("--config") { Description = "Configuration folder. Default: ./config, else the demo neighbourhood.", Recursive = true };
        var name = new Argument<string>("name") { Description = "The channel." };
        var to = new Option<string>("--to") { Description = "Address of the person; of a group bot whom to mention.", DefaultValueFactory = _ => "" };
        var test = new Command("test", "Send one message, marked as a test. It counts against the provider's limits: 0 taken, 1 refused.") { name, to };
        test.SetAction((parsed, cancellationToken) => TestAsync(
            ConfigurationFolder.Resolve(parsed.GetValue(config)), parsed.GetRequiredValue(name), parsed.GetRequiredValue(to),
            () => new HttpMessageInvoker(WebhookNotifier.Handler()), TimeProvider.System, Console.Out, cancellationToken));
        var list = new Command("list", "The channels and what each takes.");
        list.SetAction(parsed => List(ConfigurationFolder.Resolve(parsed.GetValue(config)), Console.Out));
        return new Command("channel", "Channels to people.") { config, list, test };
    }

    internal static int List(string folder, TextWriter output)
    {
        if (Load(folder, output) is not var (channels, settings))
            return 1;
        new ChannelReport(channels, settings, output).Write();
        return 0;
    }

    internal static async Task<int> TestAsync(
        string folder, string name, string to, Func<HttpMessageInvoker> connect, TimeProvider time, TextWriter output, CancellationToken cancellationToken)
    {
        if (Load(folder, output) is not var (channels, settings))
            return 1;
        var isEnglish = settings.Language == "en";
        if (channels.FirstOrDefault(channel => channel.Id == name) is not { } channel)
        {
            var known = string.Join(", ", channels.Select(candidate => candidate.Id));
            await output.WriteLineAsync(isEnglish ? $"There is no channel '{name}'. There are: {known}" : $"没有通道 '{name}'。有：{known}");
            return 1;
        }

        if (!channel.Form.Address.Fits(to))
        {
            await output.WriteLineAsync(isEnglish ? $"--to '{to}' does not fit: it is {channel.Form.Address.En}." : $"--to '{to}' 不行：应是{channel.Form.Address.Zh}。");
            return 1;
        }

        if (channel.Form.Kind == ChannelKind.Siren)
        {
            await output.WriteLineAsync(isEnglish ? $"A siren is tested through the running service: facility-monitor command {to} siren s=3" : $"警报器请通过运行中的服务测试：facility-monitor command {to} siren s=3");
            return 1;
        }

        using var http = connect();
        var factory = new ChannelFactory(http, settings.OnCall.WebhookTimeout, _ => throw new NotSupportedException("A siren needs the service."), time, NullLogger.Instance);
        var notifier = factory.Create(channel);
        var message = ChannelWatch.TestMessage(channel, time.GetUtcNow().ToUnixTimeMilliseconds());
        if (channel.Form.Kind == ChannelKind.Console)
            await output.WriteLineAsync(message.Body(int.MaxValue));
        var outcome = await notifier.SendAsync(message, to, cancellationToken);
        (notifier as IDisposable)?.Dispose();
        await output.WriteLineAsync(Say(channel, outcome, isEnglish));
        return outcome is Outcome.Accepted ? 0 : 1;
    }

    private static string Say(ChannelDefinition channel, Outcome outcome, bool isEnglish)
    {
        if (outcome is not Outcome.Failed failed)
            return isEnglish ? $"{channel.Id} took it. Whether it arrived, the person has to say." : $"{channel.Id} 已接受。是否收到，请问本人。";
        var what = FaultText.Of(failed.Fault);
        return isEnglish ? $"{channel.Id} refused it ({failed.Code}): {what.En}." : $"{channel.Id} 没有接受（{failed.Code}）：{what.Zh}。";
    }

    private static (IReadOnlyList<ChannelDefinition> Channels, ServiceSettings Settings)? Load(string folder, TextWriter output)
    {
        var (settings, errors) = SettingsLoader.Load(folder, Environment.GetEnvironmentVariables());
        var language = SettingsLoader.LanguageOf(folder, Environment.GetEnvironmentVariables());
        var (channels, refused) = ChannelReader.Load(folder, language);
        foreach (var error in errors.Concat(refused))
            output.WriteLine(error.In(language));
        return settings is null || channels is null ? null : (channels, settings);
    }
}
