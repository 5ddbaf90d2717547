using System.Threading.Channels;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.Control;

/// <summary>What devices say that matters to commands: written in the commit of the message itself, so that an answer is never acknowledged and then forgotten.</summary>
internal sealed class DeviceWords(ControlCounts counts, UnwrittenCommands unwritten)
{
    private readonly Channel<bool> _news = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Something new may be in the book.</summary>
    public ChannelReader<bool> News => _news.Reader;

    /// <summary>Says so.</summary>
    public void Announce() => _news.Writer.TryWrite(true);

    /// <summary>The part of the commit that these words are. It may run twice, when the disk refused the first time; what it found counts once, by <see cref="Kept"/>.</summary>
    public Action<SqliteConnection, long> Keep(IReadOnlyList<DeviceWord> words, List<bool?> found) => (connection, _) =>
    {
        found.Clear();
        foreach (var word in words)
        {
            // An answer to what is not in the book yet would be one to nothing.
            if (word.Ack is not null)
                unwritten.Book(connection, word.Device);
            var isNews = CommandBook.Take(connection, word, out var isOurs);
            if (word.Ack is not null && isOurs)
                found.Add(isNews);
        }
    };

    /// <summary>The commit is on disk.</summary>
    public void Kept(List<bool?> found)
    {
        foreach (var isNews in found)
            counts.AddAnswer(isNews);
        Announce();
    }
}
