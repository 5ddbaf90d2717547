using FacilityMonitor.Rules;

namespace FacilityMonitor.Tests.Rules.Charging;

public sealed class UserHistoryTests
{
    private const long Day = 24 * 3_600_000L;

    private readonly UserHistory _users = new();

    [Fact]
    public void The_most_of_the_last_thirty_days_counts()
    {
        _users.Add("h:1", 100 * Day, 900);
        _users.Add("h:1", 110 * Day, 400);
        _users.Add("h:1", 120 * Day, 500);

        Assert.Equal((900, 3), _users.Most("h:1", 130 * Day));
        Assert.Equal((500, 3), _users.Most("h:1", 131 * Day));
        Assert.Equal((0, 0), _users.Most("h:1", 151 * Day));
        Assert.Equal((0, 0), _users.Most("h:2", 120 * Day));
    }

    [Fact]
    public void After_a_pause_of_a_month_the_record_begins_anew()
    {
        _users.Add("h:1", 100 * Day, 900);
        _users.Add("h:1", 131 * Day, 300);

        Assert.Equal((300, 1), _users.Most("h:1", 131 * Day));
    }

    [Fact]
    public void There_is_room_for_so_many_users_and_who_charged_longest_ago_goes()
    {
        for (var user = 0; user < UserHistory.UsersMax; user++)
            _users.Add($"h:{user}", (100 + (user == 7 ? 0 : 1)) * Day, 100);
        Assert.Equal(0, _users.Forgotten);

        _users.Add("h:new", 102 * Day, 100);

        Assert.Equal((1, UserHistory.UsersMax), (_users.Forgotten, _users.Count));
        Assert.Equal(default, _users.Most("h:7", 102 * Day));
        Assert.Equal((100, 1), _users.Most("h:new", 102 * Day));
    }
}
