using FacilityMonitor.Configuration;
using FacilityMonitor.Edits;
using FacilityMonitor.Journal;
using FacilityMonitor.Registry;
using FacilityMonitor.Users;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace FacilityMonitor.Web.Pages;

/// <summary>A field of a form.</summary>
/// <param name="Name">As the form sends it.</param>
/// <param name="Label">What it is.</param>
/// <param name="Value">What stands in it.</param>
/// <param name="Refusal">What was refused; null: nothing.</param>
internal sealed record FieldView(string Name, string Label, string? Value, EditRefusal? Refusal)
{
    /// <summary>Its own name on the page, where several are sent by one name.</summary>
    public string Id { get; init; } = Name;

    /// <summary>Type of the input.</summary>
    public string Type { get; init; } = "text";

    public string? Hint { get; init; }

    public int Max { get; init; } = MappingReader.TextLengthMax;

    /// <summary>What can be chosen; null: it is written.</summary>
    public IReadOnlyList<(string Value, string Text)>? Choices { get; init; }

    /// <summary>What is wrong with it.</summary>
    public LocalText? Wrong => Refusal?[Id];
}

/// <summary>A page on which something that is registered is changed.</summary>
internal abstract class SettingsPage(FacilitySource registry, RegistryDesk desk) : PageModel
{
    /// <summary>The disk did not take it.</summary>
    private static readonly EditRefusal NotSaved = EditRefusal.Of(new(Texts.All["sign-in-not-saved"].Zh, Texts.All["sign-in-not-saved"].En));

    /// <summary>What was refused; null: nothing.</summary>
    public EditRefusal? Refusal { get; private set; }

    public bool IsSaved => Request.Query.ContainsKey("saved");

    /// <summary>Names what this form was drawn from.</summary>
    public string Seen { get; protected set; } = "";

    /// <summary>The id of what a form would make.</summary>
    public DrawnId Drawn { get; protected set; } = DrawnId.New();

    public FacilityIndex Index => registry.Current;

    public Facility Facility => registry.Current.Facility;

    protected RegistryDesk Desk => desk;

    protected Visitor Visitor => HttpContext.Visitor();

    /// <summary>Sites that the visitor sees.</summary>
    public IReadOnlyList<Site> Sites => Visitor.Sites.Of(Facility).Sites;

    /// <summary>Teams that the visitor may change.</summary>
    public IReadOnlyList<Team> Teams => [.. Facility.People.Teams.Where(Visitor.Sites.MayChange)];

    /// <summary>Writes an edit; null: it is in force.</summary>
    protected Task<EditRefusal?> WriteAsync((RegistryEdit? Edit, EditRefusal? Refusal) made, string? seen) =>
        made.Edit is { } edit ? TryAsync(() => desk.WriteAsync(Visitor, edit, seen)) : Task.FromResult(made.Refusal);

    protected static async Task<EditRefusal?> TryAsync(Func<Task<EditRefusal?>> act)
    {
        try
        {
            return await act();
        }
        catch (DatabaseUnavailableException)
        {
            return NotSaved;
        }
    }

    /// <summary>What an edit would have done; nothing is written.</summary>
    protected async Task<(RehearsalResult? Result, EditRefusal? Refusal)> RehearseAsync(Rehearsal rehearsal, (RegistryEdit? Edit, EditRefusal? Refusal) made, LimitScope scope, string rule)
    {
        if (made.Edit is not { } edit)
            return (null, made.Refusal);
        var (tried, wrong) = desk.Try(edit);
        if (tried is null)
            return (null, wrong);
        try
        {
            var result = await rehearsal.RunAsync(Facility, tried, scope.Site.Id, scope.Devices(), rule, HttpContext.RequestAborted);
            return (result, result is null ? EditRefusal.Of(new("别人正在推演，请过半分钟再试", "another rehearsal is under way; try again in half a minute")) : null);
        }
        catch (IOException error)
        {
            return (null, EditRefusal.Of(new($"读不到存下来的读数：{error.Message}", $"the stored readings cannot be read: {error.Message}")));
        }
    }

    /// <summary>The English of a name, as a form has it: empty where the files have one name for both.</summary>
    protected static string? English(LocalText? name) => name?.En == name?.Zh ? null : name?.En;

    /// <summary>The page again, with what was written and why it was not taken.</summary>
    protected PageResult Refuse(EditRefusal refusal)
    {
        Refusal = refusal;
        // Whoever presses again after that wants what he wrote beside what is there, not instead of it.
        if (ReferenceEquals(refusal, EditRefusal.Stale))
            Drawn = DrawnId.New();
        // Nothing is wrong with what was written: a program, or a proxy, may send it again.
        Response.StatusCode = ReferenceEquals(refusal, NotSaved) ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status422UnprocessableEntity;
        return Page();
    }
}
