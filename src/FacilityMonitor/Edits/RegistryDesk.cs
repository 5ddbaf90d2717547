using System.Security.Cryptography;
using System.Text;
using FacilityMonitor.Alerts;
using FacilityMonitor.Configuration;
using FacilityMonitor.Journal;
using FacilityMonitor.Registry;
using FacilityMonitor.Storage;
using FacilityMonitor.Users;

namespace FacilityMonitor.Edits;

/// <summary>An edit that was made on the page and is in force.</summary>
/// <param name="Name">What it is about.</param>
/// <param name="Content">What stands in it.</param>
/// <param name="AtMs">When it was written, ms since 1970-01-01 UTC.</param>
/// <param name="Seen">Tells it from a later one of the same name.</param>
internal sealed record MadeEdit(EditName Name, YamlMapping Content, long AtMs, string Seen);

/// <summary>What the page changes in the registry: one edit at a time, read and checked with everything else as if its file were there already, and only then written. Any thread.</summary>
/// <remarks>
/// First the line of the audit, then the file: of an edit that is in force there always is a line. Where the service ends between the two the line is there without the file, which
/// <see cref="ConfigurationAudit"/> shows by not confirming it.
/// </remarks>
internal sealed class RegistryDesk(FacilitySource registry, Database database, TimeProvider time) : IDisposable
{
    /// <summary>Most edits that lie beside the owner's files: ten years of two changed shifts a week.</summary>
    public const int EditsMax = 1_000;

    /// <summary>So many errors of the files are named on the page.</summary>
    private const int NamedMax = 5;

    private readonly SemaphoreSlim _turn = new(1);

    /// <summary>A plain hash of a telephone number could be tried out; with this one nobody can. A restart makes every open form an old one, which costs a second press.</summary>
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);

    /// <summary>What is written now.</summary>
    public WrittenRegistry Written() => WrittenRegistry.Of(ConfigurationFolder.Read(registry.Folder, new Problems()), new Problems());

    /// <summary>What is written without one of the edits.</summary>
    public WrittenRegistry WrittenWithout(EditName name) => WrittenRegistry.Of(ConfigurationFolder.Read(registry.Folder, new Problems()).With(name.File, null), new Problems());

    /// <summary>Names what a form was drawn from; tells nothing of it.</summary>
    public string Seen(YamlElement? part) => Keyed(Encoding.UTF8.GetBytes(part is null ? "" : YamlPrinter.Print(Yaml.Map(("part", part)))));

    /// <summary>The edits in force, the newest first.</summary>
    public IReadOnlyList<MadeEdit> Made()
    {
        var made = new List<MadeEdit>();
        foreach (var (file, content) in ConfigurationFolder.Read(registry.Folder, new Problems()).Files)
        {
            if (EditName.Of(file) is { } name && YamlText.Read(content, file, new Problems()) is YamlMapping written)
                made.Add(new MadeEdit(name, written, new DateTimeOffset(File.GetLastWriteTimeUtc(Path.Combine(registry.Folder, file))).ToUnixTimeMilliseconds(), Keyed(content)));
        }

        return [.. made.OrderByDescending(edit => edit.AtMs)];
    }

    /// <summary>Makes an edit.</summary>
    /// <param name="by">Who; that he may was judged by whoever made the edit.</param>
    /// <param name="edit">The edit.</param>
    /// <param name="seen">What <see cref="Seen"/> said when the form was drawn.</param>
    /// <returns>Null: it is in force.</returns>
    /// <exception cref="DatabaseUnavailableException">The audit could not be written: nothing was done.</exception>
    public Task<EditRefusal?> WriteAsync(Visitor by, RegistryEdit edit, string? seen) => InTurnAsync(async now =>
    {
        var file = edit.Name.File;
        // A form that is sent twice says the same twice.
        var said = YamlPrinter.Print(edit.Content);
        if (now.Files.FirstOrDefault(known => known.Name == file).Content is { } there && Encoding.UTF8.GetString(there).Split('\n', 2)[^1] == said)
            return null;
        var before = edit.Part(WrittenRegistry.Of(now, new Problems()));
        if (Seen(before) != seen)
            return EditRefusal.Stale;
        if (now.Files.All(known => known.Name != file) && now.Files.Count(known => EditName.Of(known.Name) is not null) >= EditsMax)
            return EditRefusal.Of(new($"网页上的改动已有 {EditsMax} 处；请先撤销用不着的", $"there are {EditsMax} edits of the page; undo some that are of no use any more"));
        var text = $"# {AlertText.Clock(NowMs())} {by.Name}。网页写的：请在网页上撤销，或删去这个文件。 Written by the page: undo it there, or delete this file.\n{said}";
        var next = now.With(file, Encoding.UTF8.GetBytes(text));
        if (RefusalOf(registry.Try(next), edit) is { } refusal)
            return refusal;
        var after = edit.Part(WrittenRegistry.Of(next, new Problems()));
        if (Seen(after) == seen)
            return null;
        var path = Path.Combine(registry.Folder, file);
        var entry = new AuditEntry(NowMs(), by.Name, by.Place, edit.Word, edit.Name.Subject, edit.Sites.InAudit, EditDifference.Between(before, after));
        return await DoAsync(entry, () => EditFiles.Prepare(path, text, edit.Name.IsOfPeople), () => WholeFile.Place(path), () => WholeFile.Forget(path));
    });

    /// <summary>The registry as it would be with an edit; nothing is written.</summary>
    /// <returns>The registry; or what is wrong with the edit.</returns>
    public (Facility? Facility, EditRefusal? Refusal) Try(RegistryEdit edit)
    {
        var (now, broken) = ReadNow();
        if (broken is not null)
            return (null, broken);
        var loaded = registry.Try(now.With(edit.Name.File, Encoding.UTF8.GetBytes(YamlPrinter.Print(edit.Content))));
        return (loaded.Facility, RefusalOf(loaded, edit));
    }

    /// <summary>Takes an edit back: all is as it was without it.</summary>
    /// <param name="by">Who; that he may was judged before.</param>
    /// <param name="name">The edit.</param>
    /// <param name="seen">As <see cref="Made"/> told it.</param>
    /// <param name="sites">The sites it is about.</param>
    /// <inheritdoc cref="WriteAsync" path="/returns"/>
    /// <inheritdoc cref="WriteAsync" path="/exception"/>
    public Task<EditRefusal?> UndoAsync(Visitor by, EditName name, string? seen, SiteScope sites) => InTurnAsync(async now =>
    {
        if (now.Files.FirstOrDefault(known => known.Name == name.File).Content is not { } content || Keyed(content) != seen)
            return EditRefusal.Stale;
        var next = now.With(name.File, null);
        var loaded = registry.Try(next);
        if (loaded.HasErrors)
        {
            return new EditRefusal([], [new("还有别的改动要用到它，先撤销那些：", "Other edits need it; undo those first:"), .. loaded.Errors.Where(error => !error.IsWarning).Take(NamedMax).Select(Line)]);
        }

        var (was, will) = (YamlText.Read(content, name.File, new Problems()), default(YamlElement));
        return await DoAsync(
            new AuditEntry(NowMs(), by.Name, by.Place, "edit-undo", $"{Words.Of(name.Kind)} {name.Subject}", sites.InAudit, EditDifference.Between(was, will)), () => { },
            () => WholeFile.Remove(Path.Combine(registry.Folder, name.File)), () => { });
    });

    public void Dispose() => _turn.Dispose();

    /// <summary>One at a time.</summary>
    private async Task<EditRefusal?> InTurnAsync(Func<ConfigurationFolder, Task<EditRefusal?>> edit)
    {
        await _turn.WaitAsync();
        try
        {
            var (now, broken) = ReadNow();
            return broken ?? await edit(now);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>The files, and a refusal unless they are right as they are: else nobody could tell whose error it is, and the errors of other sites would be told.</summary>
    private (ConfigurationFolder Now, EditRefusal? Broken) ReadNow()
    {
        var problems = new Problems();
        var now = ConfigurationFolder.Read(registry.Folder, problems);
        var errors = (problems.HasErrors ? problems.ToList() : registry.Try(now).Errors).Count(error => !error.IsWarning);
        return (now, errors == 0 ? null : EditRefusal.Of(new(
            $"配置文件里现在有 {errors} 处错误，改好之前网页不能改（没有保存）。请管理员看首页的“配置有误”，或运行 facility-monitor check",
            $"the configuration files have {errors} errors now, and until they are mended nothing can be changed here (nothing was saved). The administrator sees them on the start page, or by facility-monitor check")));
    }

    private async Task<EditRefusal?> DoAsync(AuditEntry entry, Action prepare, Action place, Action forget)
    {
        try
        {
            prepare();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return ReadOnly(error);
        }

        try
        {
            await database.CommitAsync(CommitPriority.Alerts, connection => AuditLog.Add(connection, entry));
        }
        catch (DatabaseUnavailableException)
        {
            forget();
            throw;
        }

        try
        {
            place();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            await database.CommitAsync(CommitPriority.Alerts, connection => AuditLog.Add(connection, entry with { AtMs = NowMs(), What = "edit-failed", Detail = error.Message }));
            return ReadOnly(error);
        }

        registry.ReadNow();
        return null;
    }

    private EditRefusal ReadOnly(Exception error) => EditRefusal.Of(new(
        $"没有保存：服务写不了配置文件夹 {registry.Folder}（{error.Message}）。请管理员让服务可以写其中的 {ConfigurationFolder.EditsFolder} 和 {ConfigurationFolder.PeopleEditsFolder}",
        $"Nothing was saved: the service cannot write the configuration folder {registry.Folder} ({error.Message}). The administrator has to let it write {ConfigurationFolder.EditsFolder} and {ConfigurationFolder.PeopleEditsFolder} there"));

    /// <summary>Each error beside the field it is about, as far as it is about one.</summary>
    private static EditRefusal? RefusalOf(LoadResult loaded, RegistryEdit edit)
    {
        if (!loaded.HasErrors)
            return null;
        var (fields, general) = (new List<(string, LocalText)>(), new List<LocalText>());
        foreach (var error in loaded.Errors.Where(error => !error.IsWarning))
        {
            var field = edit.Fields.Where(one => error.Key.EndsWith(one.Way, StringComparison.Ordinal)).OrderByDescending(one => one.Way.Length).Select(one => one.Field).FirstOrDefault();
            if (field is not null)
                fields.Add((field, error.Text));
            else if (general.Count < NamedMax)
                general.Add(Line(error));
        }

        return new EditRefusal(fields, general);
    }

    private static LocalText Line(ConfigurationError error) => new($"{error.Key}：{error.Text.Zh}", $"{error.Key}: {error.Text.En}");

    private string Keyed(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(HMACSHA256.HashData(_key, bytes))[..16];

    private long NowMs() => time.GetUtcNow().ToUnixTimeMilliseconds();
}
