using System.Buffers;
using FacilityMonitor.Rules;

namespace FacilityMonitor.Tests.Rules.Charging;

public sealed class UserHistoryTests
{
    private const long Day = 24 * 3_600_000L;

    private readonly UserHistory _users = new();

    [Fact]
    public void The_most_of_the_last_thirty_days_counts()
    {
        _users.Add("h:1", 1, 100 * Day, 900, 0);
        _users.Add("h:1", 1, 110 * Day, 400, 0);
        _users.Add("h:1", 1, 120 * Day, 500, 0);

        Assert.Equal(new UserMost(900, 0, 3), _users.Most("h:1", 130 * Day));
        Assert.Equal(new UserMost(500, 0, 3), _users.Most("h:1", 131 * Day));
        Assert.Equal(new UserMost(0, 0, 0), _users.Most("h:1", 151 * Day));
        Assert.Equal(new UserMost(0, 0, 0), _users.Most("h:2", 120 * Day));
    }

    [Fact]
    public void The_highest_power_is_kept_apart_from_the_most_energy_and_what_told_none_says_nothing()
    {
        _users.Add("h:1", 1, 100 * Day, 900, 210);
        _users.Add("h:1", 1, 110 * Day, 400, 340);
        _users.Add("h:1", 1, 120 * Day, 500, 0);

        Assert.Equal(new UserMost(900, 340, 3), _users.Most("h:1", 130 * Day));
        Assert.Equal(new UserMost(500, 340, 3), _users.Most("h:1", 140 * Day));
        Assert.Equal(new UserMost(500, 0, 3), _users.Most("h:1", 141 * Day));
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void A_power_that_is_no_number_leaves_nothing_behind(float peakW)
    {
        _users.Add("h:1", 1, 100 * Day, 900, peakW);

        Assert.Equal(default, _users.Most("h:1", 100 * Day));
    }

    [Fact]
    public void After_a_pause_of_a_month_the_record_begins_anew()
    {
        _users.Add("h:1", 1, 100 * Day, 900, 0);
        _users.Add("h:1", 1, 131 * Day, 300, 0);

        Assert.Equal(new UserMost(300, 0, 1), _users.Most("h:1", 131 * Day));
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(1e39)]
    public void A_charge_that_is_no_number_leaves_nothing_behind_however_often_it_comes(double wh)
    {
        _users.Add("h:1", 1, 100 * Day, 900, 0);
        for (var session = 0; session < 300; session++)
            _users.Add("h:1", 1, 100 * Day, wh, 0);
        _users.Add("h:2", 1, 100 * Day, 100, 0);

        var restored = Restored();

        Assert.Equal(new UserMost(900, 0, 1), restored.Most("h:1", 100 * Day));
        Assert.Equal(new UserMost(100, 0, 1), restored.Most("h:2", 100 * Day));
    }

    [Fact]
    public void Sessions_of_a_hundred_days_come_back_whatever_they_took()
    {
        var random = new Random(4);
        for (var session = 0; session < 2_000; session++)
            _users.Add("h:1", 1, (100 + (session / 20) - random.Next(3)) * Day, random.Next(1, 5_000), random.Next(50, 900));

        var restored = Restored();

        for (var day = 195; day < 235; day++)
            Assert.Equal(_users.Most("h:1", day * Day), restored.Most("h:1", day * Day));
    }

    private UserHistory Restored()
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new SnapshotWriter(output);
        _users.Save(ref writer);
        var reader = new SnapshotReader(output.WrittenSpan);
        var restored = new UserHistory();
        restored.Load(ref reader, hasShares: true, hasPowers: true);
        Assert.True(reader.AtEnd);
        return restored;
    }

    [Fact]
    public void There_is_room_for_so_many_users_and_who_charged_longest_ago_goes()
    {
        for (var user = 0; user < UserHistory.UsersMax; user++)
            _users.Add($"h:{user}", user / UserHistory.NewUsersMax, (100 + (user == 7 ? 0 : 1)) * Day, 100, 0);
        Assert.Equal(0, _users.Forgotten);

        _users.Add("h:new", 1, 102 * Day, 100, 0);

        Assert.Equal((1, UserHistory.UsersMax), (_users.Forgotten, _users.Count));
        Assert.Equal(default, _users.Most("h:7", 102 * Day));
        Assert.Equal(new UserMost(100, 0, 1), _users.Most("h:new", 102 * Day));
    }

    [Fact]
    public void A_device_that_invents_users_drives_out_nobody()
    {
        _users.Add("h:1", 1, 100 * Day, 900, 0);
        for (var user = 0; user < UserHistory.UsersMax; user++)
            _users.Add($"x:{user}", 2, 101 * Day, 100, 0);

        Assert.Equal((UserHistory.UsersMax - UserHistory.NewUsersMax, UserHistory.NewUsersMax + 1), (_users.Forgotten, _users.Count));
        Assert.Equal(new UserMost(900, 0, 1), _users.Most("h:1", 101 * Day));
        // Nor by going back a day.
        _users.Add("x:back", 2, 100 * Day, 100, 0);
        Assert.Equal(default, _users.Most("x:back", 101 * Day));
        // Whom it brought before it may go on telling of, and the next day it may bring more.
        _users.Add("x:0", 2, 101 * Day, 200, 0);
        _users.Add("x:new", 2, 102 * Day, 100, 0);
        Assert.Equal((new UserMost(200, 0, 2), new UserMost(100, 0, 1)), (_users.Most("x:0", 102 * Day), _users.Most("x:new", 102 * Day)));
    }
}
