using System.Collections;
using FacilityMonitor.Configuration;
using Microsoft.Extensions.Logging;

namespace FacilityMonitor.Tests.Configuration;

/// <summary>Who edits the settings of a running service is told that they wait for a restart.</summary>
public sealed class SettingsWatchTests : IDisposable, ILogger<SettingsWatch>
{
    private readonly TemporaryFolder _folder = new();
    private readonly ManualTime _time = new();
    private readonly List<(LogLevel Level, string Text)> _said = [];
    private readonly SettingsWatch _watch;

    public SettingsWatchTests()
    {
        Write("language: zh\n");
        _watch = new SettingsWatch(_folder.Path, new Hashtable(), _time, this);
        _watch.StartAsync(CancellationToken.None).GetAwaiter().GetResult();
    }

    public void Dispose()
    {
        _watch.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Nothing_is_said_while_nothing_changes()
    {
        Look(100);

        Assert.Empty(_said);
    }

    [Fact]
    public void A_good_edit_is_said_to_wait_for_a_restart_once_the_editor_is_done()
    {
        Write("language: en\n");
        Look();
        Assert.Empty(_said);

        Look(100);

        var (level, text) = Assert.Single(_said);
        Assert.Equal(LogLevel.Warning, level);
        Assert.Contains("It is valid, and takes effect when the service is restarted", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_bad_edit_is_said_to_be_one_with_its_first_error()
    {
        Write("language: zh\nbroker: {port: 0}\n");
        Look(2);

        var (level, text) = Assert.Single(_said);
        Assert.Equal(LogLevel.Warning, level);
        Assert.Contains("a restart would be refused", text, StringComparison.Ordinal);
        Assert.Contains("settings.yaml:2:16", text, StringComparison.Ordinal);
    }

    [Fact]
    public void An_edit_taken_back_is_said_too()
    {
        Write("language: en\n");
        Look(2);
        Write("language: zh\n");
        Look(2);

        Assert.Equal([LogLevel.Warning, LogLevel.Information], _said.Select(one => one.Level));
    }

    IDisposable? ILogger.BeginScope<TState>(TState state) => null;

    bool ILogger.IsEnabled(LogLevel logLevel) => true;

    void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => _said.Add((logLevel, formatter(state, exception)));

    private void Write(string text) => File.WriteAllText(Path.Combine(_folder.Path, "settings.yaml"), text);

    private void Look(int times = 1)
    {
        for (var look = 0; look < times; look++)
            _time.Advance(FacilitySource.LookEvery);
    }
}
