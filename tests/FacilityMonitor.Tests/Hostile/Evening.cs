using System.Globalization;

namespace FacilityMonitor.Tests.Hostile;

/// <summary>
/// Four minutes in the lane: one pile charges quietly and then dies, another is overloaded for a while, the meter shows what they take. Somebody may do what he
/// likes beside them; what is told of these three and stored of them must not differ by a byte.
/// </summary>
internal sealed class Evening
{
    public const int Seconds = 240;

    /// <summary>What is told of everybody but the hostile one, and stored of two of them.</summary>
    public required IReadOnlyList<string> Others { get; init; }

    public static bool IsOther(string asset) =>
        asset.StartsWith("huaihai/", StringComparison.Ordinal) && !asset.Contains("pile-03", StringComparison.Ordinal) && !asset.Contains("ghost", StringComparison.Ordinal);

    /// <summary>The evening without anybody hostile.</summary>
    public static async Task<Evening> QuietAsync()
    {
        await using var street = await Street.OpenAsync();
        return await LiveAsync(street, (_, _) => { });
    }

    /// <param name="street">Where.</param>
    /// <param name="attack">What the hostile one does in each second.</param>
    public static async Task<Evening> LiveAsync(Street street, Action<Street, int> attack)
    {
        street.Take("fm/1/huaihai/pile-01/birth", """{"v":1,"boot":"good","bd":1,"ts":1795168801000,"model":"PILE","fw":"1","clk":"ntp","period":20,"channels":{"s1":{"metrics":["w"]}}}""");
        for (var second = 0; second < Seconds; second++)
        {
            attack(street, second);
            if (second < 100)
                Say(street, "pile-01", second, "s1", "\"w\":130.5,\"wh\":" + (1_000 + (second / 10.0)).ToString(CultureInfo.InvariantCulture));
            if (second == 100)
                street.Take("fm/1/huaihai/pile-01/status", """{"s":"offline","bd":1,"boot":"good"}""");
            Say(street, "pile-02", second, "s7", second is >= 130 and < 170 ? "\"w\":1250" : "\"w\":110");
            Say(street, "meter-stair", second, "main", "\"a\":" + (second >= 60 ? "14.5" : "1.5"));
            attack(street, second);
            await street.SecondAsync();
        }

        await street.SettleAsync();
        var others = new List<string>(street.Told(IsOther));
        others.AddRange(await street.StoredAsync("huaihai", "pile-01"));
        others.AddRange(await street.StoredAsync("huaihai", "pile-02"));
        Assert.Equal(street.Books.Received, street.Books.Journaled + street.Books.Duplicates + street.Books.DeadLetteredTotal);
        return new Evening { Others = others };
    }

    private static void Say(Street street, string device, int seq, string channel, string values) => Assert.Equal(
        FacilityMonitor.Mqtt.MqttReasonCode.Success,
        street.Take($"fm/1/huaihai/{device}/data", string.Create(
            CultureInfo.InvariantCulture, $$"""{"v":1,"boot":"good","seq":{{seq}},"ts":{{street.NowMs}},"clk":"ntp","r":[{"dt":0,"ch":"{{channel}}",{{values}}}]}""")));
}
