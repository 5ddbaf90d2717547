using FacilityMonitor.Alerts;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.OnCall.Responses;

/// <summary>The pages of one commit. Those that say the same kind of thing about one site to one person become one message; life safety always has its own.</summary>
internal sealed class PageBatch
{
    private readonly List<Page> _pages = [];

    public void Add(AlertResponse state, ResponseEvent.StepFired fired, string person, IReadOnlyList<PersonContact> contacts, bool isFlooded) => _pages.Add(new Page(state, fired, person, contacts, isFlooded));

    /// <summary>Writes them.</summary>
    public void Put(ResponseLog log, SqliteConnection connection)
    {
        foreach (var group in _pages.GroupBy(Key))
        {
            var lead = group.First();
            var others = group.Skip(1).Select(page => page.State.Alert).Distinct().Where(alert => alert != lead.State.Alert).ToList();
            foreach (var other in others)
            {
                ResponseTable.AddMember(connection, lead.State.Alert, lead.Fired.Page, lead.Person, other);
                var state = ResponseTable.Load(connection, other)!;
                ResponseTable.Append(connection, other, state, [new ResponseEvent.Grouped(lead.State.Alert, lead.Fired.Page, lead.Person) { AtMs = lead.Fired.AtMs }]);
            }

            log.Put(connection, lead.State, lead.Fired, lead.Person, lead.Contacts, others);
        }
    }

    /// <summary>In a flood a person gets one message for all sites.</summary>
    private static (string Person, string? Site, Priority Priority, PageReason Reason, int Step, Exercise Exercise, string? Alone) Key(Page page)
    {
        var (state, fired) = (page.State, page.Fired);
        var isAlone = state.Priority == Priority.P0 || fired.Reason is PageReason.CloseReminder or PageReason.Test || state.Exercise != Exercise.None;
        return (page.Person, page.IsFlooded && state.Priority >= Priority.P2 ? null : state.Site, state.Priority, fired.Reason, fired.Step, state.Exercise, isAlone ? $"{state.Alert}-{fired.Page}" : null);
    }

    private sealed record Page(AlertResponse State, ResponseEvent.StepFired Fired, string Person, IReadOnlyList<PersonContact> Contacts, bool IsFlooded);
}
