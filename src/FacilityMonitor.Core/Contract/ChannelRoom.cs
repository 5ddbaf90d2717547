using FacilityMonitor.Readings;

namespace FacilityMonitor.Contract;

/// <summary>Leaves out of messages what channels tell for which there is no room (<see cref="DeviceTable.Admits"/>): before the journal, so that none of those who read it builds up anything for them.</summary>
public static class ChannelRoom
{
    /// <summary>Leaves out readings, events and announced channels.</summary>
    /// <param name="message">A decoded message; its device is known.</param>
    /// <param name="devices">Knows the room.</param>
    /// <returns>How many were left out, to be counted.</returns>
    public static int LeaveOut(DeviceMessage message, DeviceTable devices)
    {
        ArgumentNullException.ThrowIfNull(message);
        ArgumentNullException.ThrowIfNull(devices);
        if (message.Device is not { } device)
            return 0;
        var left = message.Readings.RemoveWithoutRoom(devices, device);
        for (var fact = message.Events.Count - 1; fact >= 0; fact--)
        {
            if (devices.Admits(device, message.Events[fact].Channel))
                continue;
            message.Events.RemoveAt(fact);
            left++;
        }

        return message.Birth is { } birth ? left + LeaveOutAnnounced(message, birth, devices, device) : left;
    }

    // Apart, as nearly every message would pay for the capture otherwise.
    private static int LeaveOutAnnounced(DeviceMessage message, Birth birth, DeviceTable devices, Device device)
    {
        List<BirthChannel> admitted = [.. birth.Channels.Where(channel => devices.Admits(device, channel.Channel))];
        if (admitted.Count < birth.Channels.Count)
            message.Birth = birth with { Channels = admitted };
        return birth.Channels.Count - admitted.Count;
    }
}
