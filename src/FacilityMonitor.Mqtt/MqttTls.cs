namespace FacilityMonitor.Mqtt;

/// <summary>Transport security. Files are read at every connect, so a renewed certificate needs no restart.</summary>
public sealed record MqttTls
{
    /// <summary>PEM file with the only certificate authorities that are trusted. Default null: those of the system.</summary>
    public string? CaFile { get; init; }

    /// <summary>PEM file with the client's certificate; needs <see cref="ClientKeyFile"/>. Default null: none.</summary>
    public string? ClientCertificateFile { get; init; }

    /// <summary>PEM file with the client certificate's unencrypted private key.</summary>
    public string? ClientKeyFile { get; init; }

    /// <summary>Name the server's certificate must carry. Default null: the host connected to.</summary>
    public string? ServerName { get; init; }
}
