using FacilityMonitor.Mqtt;

namespace FacilityMonitor.Tests.Mqtt;

public sealed class ReceiveWindowTests
{
    [Theory]
    [InlineData(64)]
    [InlineData(100)]
    [InlineData(1024)]
    public void No_byte_is_lost_or_moved_under_a_batch_whatever_the_sizes_of_buffer_read_and_packet(int bufferSize)
    {
        var random = new Random(bufferSize);
        using var window = new ReceiveWindow(bufferSize);
        byte written = 0, expected = 0;
        var held = new Queue<(ReceiveBuffer Buffer, int Start, byte[] Copy)>();
        for (var packet = 0; packet < 3_000; packet++)
        {
            var length = random.Next(1, bufferSize * 2);
            while (window.Unread.Length < length)
            {
                var room = window.Room(length);
                Assert.True(room.Length > 0);
                var read = random.Next(1, Math.Min(room.Length, 200) + 1);
                foreach (ref var b in room.Span[..read])
                    b = written++;
                window.Filled(read);
            }

            foreach (var b in window.Unread[..length])
                Assert.Equal(expected++, b);
            window.Buffer.Hold();
            held.Enqueue((window.Buffer, window.Start, window.Unread[..length].ToArray()));
            window.Consume(length);
            while (held.Count > 5)
            {
                var (buffer, start, copy) = held.Dequeue();
                Assert.Equal(copy, buffer.Bytes.AsSpan(start, copy.Length).ToArray());
                buffer.Release();
            }
        }
    }
}
