using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace FacilityMonitor.OnCall.Channels;

/// <summary>Four digits by which a person who answers a message names its alert: what one can type half asleep. Two alerts may have the same; then the person is asked.</summary>
internal static class AnswerCode
{
    /// <summary>The code of an alert.</summary>
    public static string Of(string alert)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(alert));
        return (BitConverter.ToUInt32(hash) % 10_000).ToString("D4", CultureInfo.InvariantCulture);
    }

    /// <summary>What a person answers to say "I take care of it".</summary>
    public static string Phrase(string code, bool isEnglish) => (isEnglish ? "ack " : "确认 ") + code;
}
