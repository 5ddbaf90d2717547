namespace FirmwareSim.Protocol;

/// <summary>A message's name for ever: the boot and the number within it.</summary>
internal readonly record struct MessageKey(string Boot, long Seq);

/// <summary>Something a device wants published.</summary>
/// <param name="Topic">Where.</param>
/// <param name="Payload">What; never changed afterwards.</param>
/// <param name="Retain">Births and statuses are retained.</param>
/// <param name="IsSpoilt">Whether the payload may be no JSON.</param>
/// <param name="IsText">Whether the payload is plain text and no JSON.</param>
/// <param name="Key">The message it carries; null for what is not counted (birth, status, ack).</param>
internal readonly record struct Outgoing(string Topic, ReadOnlyMemory<byte> Payload, bool Retain = false, MessageKey? Key = null, bool IsSpoilt = false, bool IsText = false);
