namespace FacilityMonitor.Registry;

/// <summary>Something in a registry that contradicts itself.</summary>
/// <param name="Subject">The record it stands in (<see cref="Site"/>, <see cref="Circuit"/>, <see cref="DeviceEntry"/> …), by reference: ids may be doubled.</param>
/// <param name="Key">The key of it, as written in YAML.</param>
/// <param name="Text">What is wrong, with the value, and what to do.</param>
/// <param name="IsWarning">It can run like this, but somebody should look.</param>
public sealed record FacilityProblem(object Subject, string Key, LocalText Text, bool IsWarning = false);
