using FirmwareSim.Physics;

namespace FirmwareSim.People;

/// <summary>Somebody with a bike.</summary>
/// <param name="User">The pseudonym a pile knows the card by.</param>
/// <param name="Bike">The pack and charger: always the same.</param>
/// <param name="IsEntitled">May use the reserved sockets.</param>
internal sealed record Resident(string User, ChargerModel Bike, bool IsEntitled);
