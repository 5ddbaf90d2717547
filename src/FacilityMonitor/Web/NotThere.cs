using Microsoft.AspNetCore.Mvc;

namespace FacilityMonitor.Web;

/// <summary>The answer of a page whose thing is not registered, or no longer: it says so, and where to go on.</summary>
/// <param name="key">What is missing.</param>
internal sealed class NotThere(string key) : IActionResult
{
    public Task ExecuteResultAsync(ActionContext context) =>
        new ViewAnswer<string>("NotThere", Texts.In(context.HttpContext, key), StatusCodes.Status404NotFound).ExecuteAsync(context.HttpContext);
}
