using System.Globalization;
using System.Net;
using System.Text;

namespace FirmwareSim.Realism;

/// <summary>One plot as SVG, with round numbers on its axes.</summary>
/// <param name="title">What it shows, for the caption and for who cannot see it.</param>
/// <param name="x">From, to and unit of what goes to the right.</param>
/// <param name="y">To and unit of what goes up, from 0.</param>
internal sealed class Plot(string title, (double From, double To, string Unit) x, (double To, string Unit) y)
{
    private const double Width = 400;
    private const double Height = 240;
    private const double Left = 46;
    private const double Right = 10;
    private const double Top = 20;
    private const double Bottom = 34;
    private const int Ticks = 5;

    private readonly StringBuilder _drawn = new();

    /// <summary>A curve; <paramref name="kind"/> is a class of the page's style: <c>real near sim</c>.</summary>
    public Plot Curve(IEnumerable<(double X, double Y)> points, string kind)
    {
        _drawn.Append(CultureInfo.InvariantCulture, $"<polyline class=\"{kind}\" points=\"");
        foreach (var (px, py) in points.Where(point => point.X >= x.From && point.X <= x.To))
            _drawn.Append(CultureInfo.InvariantCulture, $"{AtX(px):F1},{AtY(py):F1} ");
        _drawn.Append("\"/>\n");
        return this;
    }

    /// <summary>Bars of equal width over the whole axis.</summary>
    public Plot Bars(IReadOnlyList<double> shares, string kind)
    {
        var step = (x.To - x.From) / shares.Count;
        for (var index = 0; index < shares.Count; index++)
        {
            var from = AtX(x.From + (index * step));
            _drawn.Append(CultureInfo.InvariantCulture, $"<rect class=\"{kind}\" x=\"{from:F1}\" y=\"{AtY(shares[index]):F1}\" width=\"{AtX(x.From + ((index + 1) * step)) - from - 1:F1}\" height=\"{AtY(0) - AtY(shares[index]):F1}\"/>\n");
        }

        return this;
    }

    /// <summary>A range that something should lie in.</summary>
    public Plot Band(double from, double to)
    {
        _drawn.Append(CultureInfo.InvariantCulture, $"<rect class=\"band\" x=\"{AtX(from):F1}\" y=\"{Top}\" width=\"{AtX(to) - AtX(from):F1}\" height=\"{Height - Top - Bottom}\"/>\n");
        return this;
    }

    /// <summary>The figure with its caption, and a second line under it.</summary>
    public string Figure(string note = "")
    {
        var html = new StringBuilder();
        html.Append(CultureInfo.InvariantCulture, $"<figure><figcaption><b>{WebUtility.HtmlEncode(title)}</b>{(note.Length == 0 ? "" : $"<br>{WebUtility.HtmlEncode(note)}")}</figcaption>");
        html.Append(CultureInfo.InvariantCulture, $"<svg viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-label=\"{WebUtility.HtmlEncode(title)}\">\n");
        foreach (var tick in Round(0, y.To))
            html.Append(CultureInfo.InvariantCulture, $"<line class=\"grid\" x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{AtY(tick):F1}\" y2=\"{AtY(tick):F1}\"/><text class=\"up\" x=\"{Left - 5}\" y=\"{AtY(tick) + 4:F1}\">{tick:0.##}</text>\n");
        foreach (var tick in Round(x.From, x.To))
            html.Append(CultureInfo.InvariantCulture, $"<line class=\"grid\" x1=\"{AtX(tick):F1}\" x2=\"{AtX(tick):F1}\" y1=\"{Top}\" y2=\"{Height - Bottom}\"/><text class=\"along\" x=\"{AtX(tick):F1}\" y=\"{Height - Bottom + 14}\">{tick:0.##}</text>\n");
        html.Append(CultureInfo.InvariantCulture, $"<text class=\"unit\" x=\"{Width - Right}\" y=\"{Height - 4}\">{WebUtility.HtmlEncode(x.Unit)}</text><text class=\"unit from\" x=\"4\" y=\"{Top + 3}\">{WebUtility.HtmlEncode(y.Unit)}</text>\n");
        return html.Append(_drawn).Append("</svg></figure>\n").ToString();
    }

    /// <summary>Where an axis that has to reach a value ends.</summary>
    public static double Beyond(double value)
    {
        var step = Step(0, value);
        return step * Math.Ceiling(value / step);
    }

    private static IEnumerable<double> Round(double from, double to)
    {
        var step = Step(from, to);
        for (var tick = Math.Ceiling(from / step) * step; tick <= to + (step / 1e6); tick += step)
            yield return tick;
    }

    /// <summary>1, 2 or 5 times a power of ten, so that there are about as many as are asked for.</summary>
    private static double Step(double from, double to)
    {
        var raw = (to - from) / Ticks;
        var power = Math.Pow(10, Math.Floor(Math.Log10(raw)));
        return power * ((raw / power) switch { < 1.5 => 1, < 3.5 => 2, < 7.5 => 5, _ => 10 });
    }

    private double AtX(double value) => Left + ((value - x.From) / (x.To - x.From) * (Width - Left - Right));

    private double AtY(double value) => Top + ((1 - (value / y.To)) * (Height - Top - Bottom));
}
