using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace FacilityMonitor.Tests.Mqtt;

/// <summary>An authority with a server's and a client's certificate, as PEM files in a folder.</summary>
internal static class TestCertificates
{
    public static void WriteTo(string folder)
    {
        using var caKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var caRequest = new CertificateRequest("CN=FacilityMonitor test authority", caKey, HashAlgorithmName.SHA256);
        caRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var ca = caRequest.CreateSelfSigned(From, To);
        File.WriteAllText(Path.Combine(folder, "ca.pem"), ca.ExportCertificatePem());
        Issue(ca, folder, "server", "127.0.0.1");
        Issue(ca, folder, "client", "worker");

        using var otherKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var otherRequest = new CertificateRequest("CN=Somebody else", otherKey, HashAlgorithmName.SHA256);
        otherRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var other = otherRequest.CreateSelfSigned(From, To);
        File.WriteAllText(Path.Combine(folder, "other-ca.pem"), other.ExportCertificatePem());
    }

    private static DateTimeOffset From => TimeProvider.System.GetUtcNow().AddDays(-1);

    private static DateTimeOffset To => TimeProvider.System.GetUtcNow().AddDays(1);

    private static void Issue(X509Certificate2 ca, string folder, string file, string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        if (IPAddress.TryParse(name, out var address))
        {
            var names = new SubjectAlternativeNameBuilder();
            names.AddIpAddress(address);
            request.CertificateExtensions.Add(names.Build());
        }

        using var certificate = request.Create(ca, From.AddHours(1), To.AddHours(-1), RandomNumberGenerator.GetBytes(8));
        File.WriteAllText(Path.Combine(folder, $"{file}.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(Path.Combine(folder, $"{file}.key"), key.ExportPkcs8PrivateKeyPem());
    }
}
