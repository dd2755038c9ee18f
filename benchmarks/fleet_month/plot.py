"""Replicas over two stretches of the month, as an SVG: a usual weekday, and the days of the outage."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from benchmarks.fleet_month.scenes import OURS, Scene
from benchmarks.fleet_month.shops import DAY_S, Floats
from benchmarks.fleet_month.simulate import Month

WIDTH, HEIGHT, LEFT, TOP, GAP, BOTTOM = 1040, 400, 44, 64, 44, 40
COLOURS = ("#8a8f98", "#e0a458", "#4f9d69", "#2460a7")
"""Fixed, Serve, Serve tuned, ours: told apart by lightness too."""


@dataclass(frozen=True, slots=True)
class _Panel:
    """Days of the month from `first` on, drawn from `left` on, `width` wide. `top`: replicas at its upper edge."""

    title: str
    first: int
    days: int
    left: float
    width: float
    top: float

    def x(self, at_s: float) -> float:
        return self.left + self.width * (at_s - self.first * DAY_S) / (self.days * DAY_S)

    def y(self, replicas: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * replicas / self.top


def svg(months: Mapping[Scene, Month]) -> str:
    """`months`: those that are compared, in the order of `COLOURS`."""
    top = max(float(month.target.max()) for month in months.values()) * 1.05
    width = (WIDTH - LEFT - GAP - 16) / 3
    panels = [
        _Panel("A Wednesday", 2, 1, LEFT, width, top),
        _Panel("The server is away from Wednesday 8:00 to Thursday 8:00", 9, 2, LEFT + width + GAP, 2 * width, top),
    ]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="12">',
        "<title>GPU replicas of 2,000 counters, by way of scaling</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        *_legend(months),
    ]
    for panel in panels:
        parts += _axes(panel)
        parts.append(_needed(panel))
        for colour, month in zip(COLOURS, months.values(), strict=True):
            parts.append(_line(panel, month, colour))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _legend(months: Mapping[Scene, Month]) -> list[str]:
    names = [*(scene.name for scene in months), "what arrives ÷ speed"]
    colours = [*COLOURS, "#d8e3f0"]
    parts, at = [], float(LEFT)
    for name, colour in zip(names, colours, strict=True):
        parts.append(f'<rect x="{at:g}" y="10" width="14" height="10" fill="{colour}"/>')
        parts.append(f'<text x="{at + 19:g}" y="19">{name}</text>')
        at += 40 + 6.6 * len(name)
    return parts


def _axes(panel: _Panel) -> list[str]:
    right, floor = panel.left + panel.width, panel.y(0)
    parts = [f'<text x="{panel.left:g}" y="{TOP - 14}" font-weight="bold">{panel.title}</text>']
    for replicas in range(0, int(panel.top) + 1, 10):
        y = panel.y(replicas)
        parts.append(f'<path d="M{panel.left:g} {y:.1f}H{right:.1f}" stroke="#e4e4e4"/>')
        parts.append(f'<text x="{panel.left - 6:g}" y="{y + 4:.1f}" text-anchor="end">{replicas}</text>')
    for hour in range(0, 24 * panel.days + 1, 6):
        x = panel.x(panel.first * DAY_S + hour * 3600)
        parts.append(f'<text x="{x:.1f}" y="{floor + 16:.1f}" text-anchor="middle">{hour % 24}:00</text>')
    return parts


def _needed(panel: _Panel) -> str:
    """The audio that is spoken, as replicas, every ten minutes."""
    shops = OURS.shops
    chosen = _within(panel, shops.at_s) & (shops.at_s % 600 == 0)
    points = zip(shops.at_s[chosen], shops.rate[chosen] * shops.mean_s / OURS.gpus.speed, strict=True)
    area = "".join(f"L{panel.x(at_s):.1f} {panel.y(need):.1f}" for at_s, need in points)
    floor = f"{panel.y(0):.1f}"
    return f'<path d="M{panel.left:g} {floor}{area}V{floor}Z" fill="#d8e3f0"/>'


def _line(panel: _Panel, month: Month, colour: str) -> str:
    """Steps: a number holds until it changes."""
    at_s = OURS.shops.at_s[_within(panel, OURS.shops.at_s)]
    target = month.target[_within(panel, OURS.shops.at_s)]
    turns = np.flatnonzero(np.diff(target, prepend=target[0]))
    path = f"M{panel.x(float(at_s[0])):.1f} {panel.y(float(target[0])):.1f}"
    path += "".join(f"H{panel.x(float(at_s[i])):.1f}V{panel.y(float(target[i])):.1f}" for i in turns)
    path += f"H{panel.left + panel.width:.1f}"
    return f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{0.8 if colour == COLOURS[1] else 1.8}"/>'


def _within(panel: _Panel, at_s: Floats) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    inside = (at_s > panel.first * DAY_S) & (at_s <= (panel.first + panel.days) * DAY_S)
    return np.asarray(inside)
