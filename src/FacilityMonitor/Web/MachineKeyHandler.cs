using System.Security.Claims;
using System.Text.Encodings.Web;
using FacilityMonitor.Users;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace FacilityMonitor.Web;

/// <summary>Lets this machine's command line in by its <see cref="ControlKey"/>.</summary>
internal sealed class MachineKeyHandler(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, ControlDoor door)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string SchemeName = "machine";

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (!door.IsKeyShown(Context))
            return Task.FromResult(AuthenticateResult.NoResult());
        Context.Features.Set(Visitor.Machine(Visitor.CommandLine, ""));
        var identity = new ClaimsIdentity([new Claim(ClaimTypes.Name, Visitor.CommandLine)], SchemeName);
        return Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), SchemeName)));
    }

    /// <summary>To the rest of the network there is no such door. 256 random bits are not guessed; to make this address wait would only lock out the manager behind a proxy of this machine.</summary>
    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.StatusCode = ControlDoor.IsThisMachine(Context.Connection) ? StatusCodes.Status401Unauthorized : StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }
}
