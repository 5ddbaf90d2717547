using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FacilityMonitor.Rules;

namespace FacilityMonitor.Tests.Rules.Charging;

/// <summary>Devices that somebody invented take no place from those that are registered.</summary>
public sealed class StrangerSharesTests
{
    [Fact]
    public void Sockets_of_strangers_have_a_small_share_and_registered_ones_the_rest()
    {
        var sessions = new SocketSessions([], _ => throw new InvalidOperationException());
        for (var socket = 0; socket < SocketSessions.StrangersMax; socket++)
        {
            Assert.True(sessions.HasRoom(isStranger: true));
            sessions.Add(1, ChannelId.Socket(1), isStranger: true);
        }

        Assert.False(sessions.HasRoom(isStranger: true));
        Assert.Equal(1, sessions.Unfollowed);
        for (var socket = SocketSessions.StrangersMax; socket < SocketSessions.SocketsMax; socket++)
        {
            Assert.True(sessions.HasRoom());
            sessions.Add(2, ChannelId.Socket(1));
        }

        Assert.False(sessions.HasRoom());
        Assert.Equal(2, sessions.Unfollowed);
    }

    [Fact]
    public void Registered_sockets_leave_strangers_their_share_too()
    {
        var sessions = new SocketSessions([], _ => throw new InvalidOperationException());
        while (sessions.HasRoom())
            sessions.Add(2, ChannelId.Socket(1));

        Assert.Equal(SocketSessions.SocketsMax - SocketSessions.StrangersMax, sessions.Count);
        Assert.True(sessions.HasRoom(isStranger: true));
    }

    [Fact]
    public void Ghosts_at_a_site_do_not_keep_its_piles_from_having_sessions()
    {
        var scene = new Scene();
        for (var ghost = 0; ghost < 3; ghost++)
            scene.Observe(Relays(scene, $"ghost-{ghost}", 500));
        Assert.Equal(500, scene.Engine.Losses.Unfollowed);

        scene.Observe(Relays(scene, "pile-01", 2));

        Assert.Equal(500, scene.Engine.Losses.Unfollowed);
    }

    [Fact]
    public void Where_nobody_is_registered_strangers_have_all_the_room()
    {
        var scene = new Scene();
        for (var ghost = 0; ghost < 3; ghost++)
            scene.Observe(Relays(scene, $"ghost-{ghost}", 500, site: "elsewhere"));

        Assert.Equal(0, scene.Engine.Losses.Unfollowed);
    }

    [Fact]
    public void A_restart_gives_strangers_no_more()
    {
        var scene = new Scene();
        for (var ghost = 0; ghost < 2; ghost++)
            scene.Observe(Relays(scene, $"ghost-{ghost}", 500));
        var restarted = scene.Restarted(Scene.Lane());

        restarted.Observe(Relays(restarted, "ghost-3", 1)).Observe(Relays(restarted, "pile-01", 1));

        Assert.Equal(1, restarted.Engine.Losses.Unfollowed);
    }

    [Fact]
    public void A_restart_knows_whose_socket_it_was()
    {
        var (sessions, restarted) = (new SocketSessions([], _ => throw new InvalidOperationException()), new SocketSessions([], _ => throw new InvalidOperationException()));
        sessions.Add(1, ChannelId.Socket(1), isStranger: true);
        var output = new System.Buffers.ArrayBufferWriter<byte>();
        var writer = new SnapshotWriter(output);
        sessions.Save(ref writer, 0);

        restarted.Add(1, ChannelId.Socket(1), isStranger: true);
        var reader = new SnapshotReader(output.WrittenSpan);
        restarted.Load(ref reader, 0, SiteEngine.Format);

        Assert.True(restarted[0].IsStranger);
    }

    private static DeviceMessage Relays(Scene scene, string device, int sockets, string site = "lane")
    {
        var message = scene.Message(0, "s1", Metric.Relay, 1, device: device, site: site);
        for (var socket = 2; socket <= sockets; socket++)
            Scene.Add(message, 0, $"s{socket}", Metric.Relay, 1);
        return message;
    }
}
