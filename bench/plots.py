"""
Plots as SVG, written by hand: small, the same for the same figures, and readable in a diff. Colours
suit light and dark backgrounds.
"""

import math
from xml.sax.saxutils import escape

WIDTH = 720
LEFT, RIGHT, TOP = 190, 90, 44
COLOURS = ["#2a7de1", "#e1702a", "#7f8c8d", "#2aa876", "#b455c8"]
FONT = 'font-family="sans-serif" font-size="12" fill="#888"'


def document(height, title, shapes):
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}">'
    heading = f'<text x="12" y="22" font-family="sans-serif" font-size="15" font-weight="bold" fill="#888">{escape(title)}</text>'
    return "\n".join([head, heading, *shapes, "</svg>", ""])


def text(x, y, words, anchor="start"):
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" {FONT}>{escape(words)}</text>'


def bars(title, groups, colour_of):
    """
    `groups`: (name, [(label, whole, part)]): a bar for each, of which `part` is drawn full and the
    rest pale. Every group has a scale of its own, as units of work differ by a factor of ten.
    """
    shapes, y = [], TOP + 8
    for name, entries in groups:
        shapes.append(text(12, y + 12, name))
        y += 20
        longest = max(whole for _, whole, _ in entries)
        scale = (WIDTH - LEFT - RIGHT) / longest
        for label, whole, part in entries:
            colour = colour_of(label)
            shapes += [text(LEFT - 8, y + 12, label, "end"),
                       f'<rect x="{LEFT}" y="{y}" width="{whole * scale:.1f}" height="15" fill="{colour}" opacity="0.35"/>',
                       f'<rect x="{LEFT}" y="{y}" width="{part * scale:.1f}" height="15" fill="{colour}"/>',
                       text(LEFT + whole * scale + 6, y + 12, f"{whole:.2f} us")]
            y += 19
        y += 10
    return document(y + 6, title, shapes)


def ticks_of(low, high, logarithmic):
    if logarithmic:
        return [10.0**n for n in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)]
    step = 10 ** math.floor(math.log10(high / 2)) if high > 0 else 1
    step *= 5 if high / step > 10 else 2 if high / step > 5 else 1
    return [step * n for n in range(math.ceil(high / step) + 1)]


class Axis:
    """From values to places."""

    def __init__(self, values, start, end, logarithmic):
        self.logarithmic = logarithmic
        self.ticks = ticks_of(min(values), max(values), logarithmic)
        self.start, self.end = start, end
        self.low, self.high = self.measure(self.ticks[0]), self.measure(self.ticks[-1])

    def measure(self, value):
        return math.log10(value) if self.logarithmic else value

    def place(self, value):
        return self.start + (self.measure(value) - self.low) / (self.high - self.low) * (self.end - self.start)


def lines(title, x_name, y_name, curves, logarithmic=(False, False)):
    """`curves`: (name, [(x, y)])."""
    height, left, right, bottom = 340, 80, 150, 52
    points = [point for _, curve in curves for point in curve]
    x = Axis([point[0] for point in points], left, WIDTH - right, logarithmic[0])
    y = Axis([point[1] for point in points], height - bottom, TOP, logarithmic[1])
    shapes = [text((left + WIDTH - right) / 2, height - 12, x_name, "middle"), text(12, TOP - 4, y_name)]
    for tick in y.ticks:
        shapes += [f'<path d="M{left} {y.place(tick):.1f}H{WIDTH - right}" stroke="#888" stroke-opacity="0.25"/>',
                   text(left - 8, y.place(tick) + 4, f"{tick:,.6g}", "end")]
    for tick in x.ticks:
        shapes.append(text(x.place(tick), height - bottom + 18, f"{tick:,.6g}", "middle"))
    for n, (name, curve) in enumerate(curves):
        path = "L".join(f"{x.place(a):.1f} {y.place(b):.1f}" for a, b in curve)
        colour = COLOURS[n % len(COLOURS)]
        shapes.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        shapes += [f'<circle cx="{x.place(a):.1f}" cy="{y.place(b):.1f}" r="3" fill="{colour}"/>' for a, b in curve]
        shapes += [f'<rect x="{WIDTH - right + 12}" y="{TOP + 20 * n}" width="12" height="12" fill="{colour}"/>',
                   text(WIDTH - right + 30, TOP + 20 * n + 11, name)]
    return document(height, title, shapes)
