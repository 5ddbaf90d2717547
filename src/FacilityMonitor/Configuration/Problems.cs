using FacilityMonitor.Registry;

namespace FacilityMonitor.Configuration;

/// <summary>Collects everything there is to mend, so that nobody has to mend and try again line by line.</summary>
internal sealed class Problems
{
    /// <summary>Most problems kept; a wrong file would otherwise fill the page. Those beyond are counted.</summary>
    public const int KeptMax = 500;

    private readonly List<ConfigurationError> _kept = [];

    public bool HasErrors { get; private set; }

    public int BeyondKept { get; private set; }

    public void Error(YamlElement at, string path, string zh, string en) => Add(new(at.File, at.Line, at.Column, path, new(zh, en), IsWarning: false));

    public void Warning(YamlElement at, string path, string zh, string en) => Add(new(at.File, at.Line, at.Column, path, new(zh, en), IsWarning: true));

    public void Error(string file, string zh, string en, int line = 0, int column = 0) =>
        Add(new(file, line, column, "", new(zh, en), IsWarning: false));

    public void Warning(string file, string zh, string en) => Add(new(file, 0, 0, "", new(zh, en), IsWarning: true));

    public void Add(ConfigurationError problem)
    {
        HasErrors |= !problem.IsWarning;
        if (_kept.Count < KeptMax)
            _kept.Add(problem);
        else
            BeyondKept++;
    }

    /// <summary>By file, then line: as one walks through an editor.</summary>
    public IReadOnlyList<ConfigurationError> ToList()
    {
        var sorted = _kept.Distinct().OrderBy(problem => problem.File, StringComparer.Ordinal)
            .ThenBy(problem => problem.Line).ThenBy(problem => problem.Column).ToList();
        if (BeyondKept > 0)
        {
            sorted.Add(new("", 0, 0, "", new LocalText(
                $"另有 {BeyondKept} 条未列出；请先改好上面的", $"and {BeyondKept} more; mend those above first"), IsWarning: !HasErrors));
        }

        return sorted;
    }
}
