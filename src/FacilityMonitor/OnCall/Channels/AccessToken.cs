namespace FacilityMonitor.OnCall.Channels;

/// <summary>What a provider said when it was asked for a token.</summary>
/// <param name="Token">The token; null: it gave none.</param>
/// <param name="Lasts">How long it is good for.</param>
/// <param name="Fault">Why it gave none.</param>
internal readonly record struct TokenAnswer(string? Token, TimeSpan Lasts, Outcome.Failed? Fault);

/// <summary>A token that a provider gives for some hours: fetched when it is wanted, renewed before it ends, forgotten when the provider ended it before its time.</summary>
/// <param name="http">The clock.</param>
/// <param name="fetch">Asks the provider for a new one.</param>
internal sealed class AccessToken(ProviderHttp http, Func<CancellationToken, Task<TokenAnswer>> fetch) : IDisposable
{
    /// <summary>It is fetched anew so long before it ends: the clocks of both sides differ.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(5);

    private readonly SemaphoreSlim _turn = new(1, 1);
    private (string Value, DateTimeOffset Until)? _token;

    public void Dispose() => _turn.Dispose();

    /// <summary>Sends something with a token, and once more with a new one when the provider ended the first before its time: its administrator may, or another program with the same secret.</summary>
    /// <param name="send">Sends it with a token.</param>
    /// <param name="isEnded">Whether the provider does not take the token any more.</param>
    /// <param name="judge">What became of it otherwise.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<Outcome> SendAsync(
        Func<string, Task<ProviderAnswer>> send, Func<ProviderAnswer, bool> isEnded, Func<ProviderAnswer, Outcome> judge, CancellationToken cancellationToken)
    {
        for (var isSecondTime = false; ; isSecondTime = true)
        {
            var (token, fault) = await GetAsync(cancellationToken);
            if (token is null)
                return fault!;
            var answer = await send(token);
            if (isSecondTime || !isEnded(answer))
                return judge(answer);
            await ForgetAsync(token, cancellationToken);
        }
    }

    /// <summary>Whether a token is to be had.</summary>
    public async Task<Outcome> ProbeAsync(CancellationToken cancellationToken)
    {
        var (token, fault) = await GetAsync(cancellationToken);
        return token is null ? fault! : new Outcome.Accepted();
    }

    /// <summary>A token that is good, or why there is none.</summary>
    private async Task<(string? Token, Outcome.Failed? Fault)> GetAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            if (_token is { } known && http.Now < known.Until)
                return (known.Value, null);
            var answer = await fetch(cancellationToken);
            if (answer.Token is null)
                return (null, answer.Fault ?? new Outcome.Failed(Fault.Passing, "no-token"));
            _token = (answer.Token, http.Now + answer.Lasts - Margin);
            return (answer.Token, null);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>The provider does not know this one any more.</summary>
    private async Task ForgetAsync(string token, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        // Somebody else may have fetched a new one meanwhile.
        if (_token?.Value == token)
            _token = null;
        _turn.Release();
    }
}
