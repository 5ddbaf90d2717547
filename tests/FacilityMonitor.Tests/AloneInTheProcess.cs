namespace FacilityMonitor.Tests;

/// <summary>Tests that look at the memory of the whole process; nothing else runs beside them.</summary>
[CollectionDefinition(nameof(AloneInTheProcess), DisableParallelization = true)]
public sealed class AloneInTheProcess;
