"""How does a chart become an SVG file? By hand, since the standard library draws none.

A chart brings its own background, so that it can be read on light and dark pages; where the reader
prefers dark ones, it is dark itself.
"""

import html
import math

WIDTH = 760
_LEFT = 170  # room for the names of servers
_RIGHT = 90  # room for the figure behind a bar
_TOP = 54
_BOTTOM = 46
_BAR = 18
_STEP = 28

_STYLE = """
.page { fill: #ffffff; stroke: #d0d7de }
.title { fill: #1f2328; font: bold 15px sans-serif }
.text { fill: #1f2328; font: 12px sans-serif }
.faint { fill: #59636e; font: 11px sans-serif }
.grid { stroke: #d8dee4; stroke-width: 1 }
.whisker { stroke: #1f2328; stroke-width: 1.5; fill: none }
.line { fill: none; stroke-width: 2 }
@media (prefers-color-scheme: dark) {
.page { fill: #0d1117; stroke: #3d444d }
.title, .text { fill: #f0f6fc }
.faint { fill: #9198a1 }
.grid { stroke: #2a313c }
.whisker { stroke: #f0f6fc }
}
"""

# Of medium brightness, so that they show on both backgrounds. The first prefix that fits decides.
_COLOURS = (
    ("weir inline", "#1f77d0"), ("weir coroutine", "#3d9be9"), ("weir blocking", "#6a7fd6"),
    ("weir", "#1f77d0"),
    ("gRPC C++ async", "#d9730d"), ("gRPC C++ callback", "#c2554d"), ("gRPC C++ sync", "#b8860b"),
    ("grpc-go", "#1a9e96"), ("tonic", "#9a5fc7"),
    ("", "#7d8590"),
)


def colour(name):
    return next(value for prefix, value in _COLOURS if name.startswith(prefix))


def nice_ticks(highest, count=5):
    """Round numbers from 0 to the first one that is not below `highest`."""
    if highest <= 0:
        return [0, 1]
    rough = highest / count
    magnitude = 10 ** math.floor(math.log10(rough))
    step = next(m * magnitude for m in (1, 2, 2.5, 5, 10) if m * magnitude >= rough * 0.999)
    return [step * i for i in range(math.ceil(highest / step - 1e-9) + 1)]


def log_ticks(lowest, highest):
    """Powers of ten around both, with 2 and 5 between them where there are few."""
    first, last = math.floor(math.log10(lowest)), math.ceil(math.log10(highest))
    last = max(last, first + 1)
    factors = (1, 2, 5) if last - first <= 3 else (1,)
    ticks = [f * 10.0 ** power for power in range(first, last) for f in factors]
    return ticks + [10.0 ** last]


def short(value):
    """A number on an axis: 0.5, 20, 1,500, 2M."""
    if value >= 1_000_000:
        return f"{value / 1_000_000:g}M"
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:g}"


def _text(x, y, text, kind="text", anchor="start"):
    return (f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">'
            f"{html.escape(str(text))}</text>")


def _line(x1, y1, x2, y2, kind):
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _page(title, height, parts):
    label = html.escape(title, quote=True)
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" role="img" aria-label="{label}">',
        f"<title>{html.escape(title)}</title>", f"<style>{_STYLE}</style>",
        f'<rect class="page" x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1}" rx="6"/>',
        _text(16, 28, title, "title"), *parts, "</svg>"]) + "\n"


def bars(title, unit, rows, text=str, log=False):
    """Horizontal bars. `rows` are (name, value, lowest, highest); the last two are whiskers.

    `text` makes the label of a value. A logarithmic scale (`log`) needs values above zero.
    """
    bottom = _TOP + _STEP * len(rows)
    highest = max([value for _, *values in rows for value in values] + [0])
    if log:
        ticks = log_ticks(min(value for _, *values in rows for value in values), highest)
        first, last = math.log10(ticks[0]), math.log10(ticks[-1])
    else:
        ticks = nice_ticks(highest)
        first, last = 0, ticks[-1]
    span = WIDTH - _LEFT - _RIGHT

    def x_of(value):
        place = math.log10(value) if log else max(value, 0)
        return _LEFT + span * (place - first) / (last - first)

    parts = []
    for tick in ticks:
        parts.append(_line(x_of(tick), _TOP - 6, x_of(tick), bottom, "grid"))
        parts.append(_text(x_of(tick), bottom + 16, short(tick), "faint", "middle"))
    scale = ", logarithmic scale" if log else ""
    parts.append(_text(_LEFT + span / 2, bottom + 34, f"{unit}{scale}: median, minimum, maximum",
                       "faint", "middle"))
    for index, (name, value, low, high) in enumerate(rows):
        y = _TOP + _STEP * index
        middle = y + _BAR / 2
        width = max(x_of(value) - _LEFT, 1)
        parts.append(f'<rect x="{_LEFT}" y="{y}" width="{width:.1f}" height="{_BAR}" '
                     f'fill="{colour(name)}"/>')
        parts.append(_line(x_of(low), middle, x_of(high), middle, "whisker"))
        parts += [_line(x_of(end), middle - 4, x_of(end), middle + 4, "whisker")
                  for end in (low, high)]
        parts.append(_text(_LEFT - 8, middle + 4, name, "text", "end"))
        parts.append(_text(max(x_of(high), x_of(value)) + 6, middle + 4, text(value)))
    return _page(title, bottom + _BOTTOM, parts)


def spread_out(wanted, distance, lowest, highest):
    """Places near the wanted ones, in the same order, with at least `distance` between them."""
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    places = [0.0] * len(wanted)
    last = lowest - distance
    for i in order:
        last = places[i] = max(wanted[i], last + distance)
    last = highest + distance
    for i in reversed(order):
        last = places[i] = min(places[i], last - distance)
    return places


def percentiles(title, unit, series):
    """A line for each server over percentiles, on a logarithmic scale.

    `series` are (name, [(label, value above zero), ...]); all have the same labels.
    """
    top, bottom, right = _TOP, _TOP + max(260, 18 * len(series)), WIDTH - 165
    left = 70
    labels = [label for label, _ in series[0][1]]
    values = [value for _, points in series for _, value in points]
    ticks = log_ticks(min(values), max(values))
    first, last = math.log10(ticks[0]), math.log10(ticks[-1])

    def x_of(index):
        return left + 20 + (right - left - 20) * index / max(len(labels) - 1, 1)

    def y_of(value):
        return bottom - (bottom - top) * (math.log10(value) - first) / (last - first)

    parts = []
    for tick in ticks:
        parts.append(_line(left, y_of(tick), right, y_of(tick), "grid"))
        parts.append(_text(left - 6, y_of(tick) + 4, short(tick), "faint", "end"))
    parts += [_text(x_of(i), bottom + 18, label, "faint", "middle")
              for i, label in enumerate(labels)]
    parts.append(_text(16, top - 10, f"{unit}, logarithmic scale", "faint"))
    ends = spread_out([y_of(points[-1][1]) for _, points in series], 15, top, bottom)
    for (name, points), end in zip(series, ends):
        path = " ".join(f"{x_of(i):.1f},{y_of(value):.1f}" for i, (_, value) in enumerate(points))
        parts.append(f'<polyline class="line" stroke="{colour(name)}" points="{path}"/>')
        parts += [f'<circle cx="{x_of(i):.1f}" cy="{y_of(value):.1f}" r="3" '
                  f'fill="{colour(name)}"/>' for i, (_, value) in enumerate(points)]
        parts.append(f'<rect x="{right + 10}" y="{end - 5:.1f}" width="10" height="10" '
                     f'fill="{colour(name)}"/>')
        parts.append(_text(right + 26, end + 4, name))
    return _page(title, bottom + _BOTTOM, parts)
