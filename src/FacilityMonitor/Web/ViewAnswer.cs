using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Abstractions;
using Microsoft.AspNetCore.Mvc.ModelBinding;
using Microsoft.AspNetCore.Mvc.ViewFeatures;

namespace FacilityMonitor.Web;

/// <summary>A view as the answer of an endpoint: where a form decides first what is shown, or a link does.</summary>
/// <param name="view">Its file in <c>Web/Pages</c>, without the ending.</param>
/// <param name="model">What it shows.</param>
/// <param name="status">HTTP status.</param>
internal sealed class ViewAnswer<TModel>(string view, TModel model, int status = StatusCodes.Status200OK) : IResult
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        var metadata = httpContext.RequestServices.GetRequiredService<IModelMetadataProvider>();
        var result = new ViewResult
        {
            ViewName = $"/Web/Pages/{view}.cshtml",
            ViewData = new ViewDataDictionary<TModel>(metadata, new ModelStateDictionary()) { Model = model },
            StatusCode = status,
        };
        return result.ExecuteResultAsync(new ActionContext(httpContext, httpContext.GetRouteData(), new ActionDescriptor()));
    }
}
