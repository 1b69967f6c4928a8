"""The three scenes of the samples. Every part of each picture moves, and moves smoothly."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from harness.media.painting import (
    Canvas,
    Colour,
    Floats,
    Sprite,
    Strip,
    canvas_of,
    flat,
    glow,
    gradient,
    lettering,
    noise,
    polygon,
    ridge,
    sprite_of,
    strip_of,
)

WARM: Colour = (1.0, 0.86, 0.62)


class _Titles:
    """The title and the running time, bottom left."""

    def __init__(self, size: tuple[int, int], title: str, colour: Colour) -> None:
        self._height = size[1]
        self._title = sprite_of(lettering(title, _even(size[1] * 0.075), colour))
        self._clock = [sprite_of(lettering(f"00:{s:02d}", _even(size[1] * 0.045), colour)) for s in range(60)]

    def paint(self, canvas: Canvas, at: float) -> None:
        left = _even(self._height * 0.07)
        self._title.over(canvas, left, _even(self._height * 0.83), 0.85)
        self._clock[int(at) % 60].over(canvas, left, _even(self._height * 0.915), 0.7)


class NightFlight:
    """A small aeroplane over dark hills, under stars and a moon."""

    def __init__(self, size: tuple[int, int]) -> None:
        width, height = self._size = size
        rng = np.random.default_rng(11)
        stops = [(0.0, (0.02, 0.03, 0.11)), (0.45, (0.09, 0.11, 0.33)), (0.7, (0.45, 0.26, 0.44))]
        self._sky = canvas_of(gradient(size, [*stops, (0.86, (0.95, 0.55, 0.38)), (1.0, (0.5, 0.3, 0.3))], rng))
        self._stars = [strip_of(_stars((width, _even(height * 0.6)), 130, rng), width) for _ in range(2)]
        self._moon = sprite_of(_disc(_even(height * 0.16), (0.98, 0.95, 0.85)))
        self._halo = sprite_of(glow((_even(height * 0.6),) * 2, (0.75, 0.75, 0.95), 2.2))
        veil = np.clip(noise((width * 2, _even(height * 0.4)), (6, 2), rng) - 0.42, 0, 1) * 2.2
        veil *= np.sin(np.linspace(0, math.pi, veil.shape[0], dtype=np.float32))[:, None]
        self._clouds = strip_of(flat((0.80, 0.55, 0.62), veil), width)
        self._hills: list[tuple[Strip, int, float]] = []
        for share, colour, cells, speed in (
            (0.34, (0.34, 0.20, 0.38), 7, 14.0),
            (0.27, (0.17, 0.11, 0.27), 9, 38.0),
            (0.19, (0.05, 0.05, 0.13), 12, 84.0),
        ):
            tall = _even(height * share)
            hill = flat(colour, ridge((width * 2, tall), cells, 4, rng))
            if share < 0.2:
                _windows(hill, rng)
            self._hills.append((strip_of(hill, width), height - tall, speed * width / 1280))
        self._plane = _aeroplane(_even(width * 0.19))
        self._lamp = sprite_of(glow((_even(height * 0.06),) * 2, (1.0, 0.25, 0.2), 1.5))
        self._titles = _Titles(size, "Night Flight", WARM)

    def paint(self, time_s: Fraction) -> Canvas:
        at, (width, height) = float(time_s), self._size
        canvas = self._sky.copy()
        canvas.y[:] += 2.5 * math.sin(at * 0.7)
        for i, stars in enumerate(self._stars):
            stars.over(canvas, at * (7 + 4 * i), 0, 0.7 + 0.3 * math.sin(at * (2.1 + i) + i))
        moon = (int(width * 0.74 - at * 3), int(height * 0.26 - at * 0.8))
        self._halo.over(canvas, moon[0] - self._halo.alpha.shape[0] // 2, moon[1] - self._halo.alpha.shape[0] // 2, 0.5)
        self._moon.over(canvas, moon[0] - self._moon.alpha.shape[0] // 2, moon[1] - self._moon.alpha.shape[0] // 2)
        self._clouds.over(canvas, at * 26, _even(height * 0.36), 0.6)
        for hill, top, speed in self._hills:
            hill.over(canvas, at * speed, top)
        x = int(width * (0.30 + 0.10 * math.sin(at * 0.33)))
        y = int(height * (0.47 + 0.035 * math.sin(at * 0.9)))
        self._plane.over(canvas, x, y)
        tall, wide = self._plane.alpha.shape
        self._lamp.over(canvas, x + int(wide * 0.07) - 20, y + int(tall * 0.1) - 20, max(0.0, math.sin(at * 6.0)))
        self._titles.paint(canvas, at)
        return canvas


class Harbour:
    """Dawn over a harbour: sea, boats, and a lighthouse whose beam turns."""

    def __init__(self, size: tuple[int, int]) -> None:
        width, height = self._size = size
        rng = np.random.default_rng(23)
        stops = [(0.0, (0.16, 0.35, 0.50)), (0.35, (0.62, 0.68, 0.66)), (0.56, (1.0, 0.78, 0.52))]
        water = [(0.58, (0.80, 0.58, 0.45)), (0.68, (0.20, 0.42, 0.50)), (1.0, (0.04, 0.16, 0.24))]
        self._back = canvas_of(gradient(size, stops + water, rng))
        self._sun = sprite_of(_disc(_even(height * 0.15), (1.0, 0.93, 0.72)))
        self._halo = sprite_of(glow((_even(height * 0.9),) * 2, (1.0, 0.80, 0.45), 2.0))
        veil = np.clip(noise((width * 2, _even(height * 0.34)), (5, 3), rng) - 0.40, 0, 1) * 2.4
        veil *= np.sin(np.linspace(0, math.pi, veil.shape[0], dtype=np.float32))[:, None]
        self._clouds = strip_of(flat((1.0, 0.90, 0.80), veil), width)
        island = flat((0.36, 0.40, 0.46), ridge((width * 2, _even(height * 0.12)), 5, 4, rng))
        self._island = strip_of(island, width)
        self._waves: list[tuple[Strip, int, float]] = []
        for i in range(6):
            tall = _even(height * (0.03 + 0.018 * i))
            shine = np.clip(noise((width * 2, tall), (26 - 3 * i, 2), rng, 3) - 0.52, 0, 1) * 3.2
            shine *= np.sin(np.linspace(0, math.pi, tall, dtype=np.float32))[:, None]
            colour = (1.0 - 0.09 * i, 0.82 - 0.03 * i, 0.62 + 0.03 * i)
            top = _even(height * (0.575 + 0.012 * i + 0.0115 * i * i))
            self._waves.append((strip_of(flat(colour, shine), width), top, (14 + 13 * i) * (-1) ** i))
        self._boats = [_boat(_even(width * share)) for share in (0.09, 0.16)]
        self._tower = _lighthouse((_even(width * 0.15), _even(height * 0.50)))
        self._beams = [
            _beam((_even(width * 0.7), _even(height * 0.16)), math.sin(math.tau * k / 60)) for k in range(60)
        ]
        self._titles = _Titles(size, "Harbour", (1.0, 0.95, 0.88))

    def paint(self, time_s: Fraction) -> Canvas:
        at, (width, height) = float(time_s), self._size
        canvas = self._back.copy()
        canvas.y[:] += 2.0 * math.sin(at * 0.6)
        sun = (int(width * 0.36), int(height * (0.50 - at * 0.004)))
        half = self._halo.alpha.shape[0] // 2
        self._halo.over(canvas, sun[0] - half, sun[1] - half, 0.55)
        self._sun.over(canvas, sun[0] - self._sun.alpha.shape[0] // 2, sun[1] - self._sun.alpha.shape[0] // 2)
        self._clouds.over(canvas, at * 17, _even(height * 0.08), 0.7)
        self._island.over(canvas, at * 6, _even(height * 0.575) - self._island.sprite.alpha.shape[0])
        sea = _even(height * 0.575)
        canvas.y[sea:] += 1.5 * np.sin(np.arange(height - sea, dtype=np.float32) * 0.12 - at * 3)[:, None]
        for i, (wave, top, speed) in enumerate(self._waves):
            wave.over(canvas, at * speed * width / 960, top, 0.65 + 0.2 * math.sin(at * 1.3 + i))
            if i in (1, 4):
                boat = self._boats[i == 4]
                tall, wide = boat.alpha.shape
                x = int((at * (9 + 5 * i) + width * 0.2 * i) % (width + wide)) - wide
                boat.over(canvas, x, top - int(tall * 0.72) + int(3 * math.sin(at * 1.7 + i)))
        self._beams[int(at * 12) % 60].over(canvas, int(width * 0.47), int(height * 0.245), 0.75)
        self._tower.over(canvas, int(width * 0.745), int(height * 0.27))
        self._titles.paint(canvas, at)
        return canvas


class Cinema:
    """A city at night passes a picture palace with running lights and searchlights."""

    def __init__(self, size: tuple[int, int]) -> None:
        width, height = self._size = size
        rng = np.random.default_rng(42)
        stops = [(0.0, (0.03, 0.02, 0.08)), (0.5, (0.15, 0.05, 0.22)), (0.85, (0.52, 0.14, 0.32))]
        self._sky = canvas_of(gradient(size, [*stops, (1.0, (0.25, 0.08, 0.18))], rng))
        veil = np.clip(noise((width * 2, _even(height * 0.5)), (6, 2), rng) - 0.45, 0, 1) * 1.9
        veil *= np.sin(np.linspace(0, math.pi, veil.shape[0], dtype=np.float32))[:, None]
        self._haze = strip_of(flat((0.62, 0.25, 0.45), veil), width)
        self._searchlights = [_ray(size, math.sin(math.tau * k / 96) * 0.6) for k in range(96)]
        self._towns: list[tuple[Strip, int, float]] = []
        for share, colour, speed in (
            (0.52, (0.16, 0.07, 0.22), 12.0),
            (0.42, (0.10, 0.045, 0.16), 34.0),
            (0.30, (0.045, 0.025, 0.09), 78.0),
        ):
            tall = _even(height * share)
            town = strip_of(_houses((width * 2, tall), colour, rng), width)
            self._towns.append((town, height - tall, speed * width / 1280))
        self._palace = _palace((_even(width * 0.36), _even(height * 0.36)))
        self._bulb = sprite_of(glow((_even(height * 0.04),) * 2, (1.0, 0.98, 0.88), 0.8))
        self._titles = _Titles(size, "Cinema", WARM)

    def paint(self, time_s: Fraction) -> Canvas:
        at, (width, height) = float(time_s), self._size
        canvas = self._sky.copy()
        canvas.y[:] += 2.5 * math.sin(at * 0.8)
        self._haze.over(canvas, at * 15, _even(height * 0.15), 0.8)
        for base, phase in ((0.16, 0), (0.80, 37)):
            ray = self._searchlights[(int(at * 12) + phase) % 96]
            ray.over(canvas, int(width * base) - ray.alpha.shape[1] // 2, _even(height * 0.08), 0.5)
        x, y = int(width * 0.32), _even(height * 0.42)
        for i, (town, top, speed) in enumerate(self._towns):
            if i == len(self._towns) - 1:
                self._palace.over(canvas, x, y)
            town.over(canvas, at * speed, top)
        tall, wide = self._palace.alpha.shape
        half = self._bulb.alpha.shape[0] // 2
        for i in range(24):
            shine = 0.35 + 0.65 * max(0.0, math.cos(math.tau * (i / 6 - at * 0.9)))
            for row in (0.14, 0.46):
                self._bulb.over(
                    canvas, x + int(wide * (0.04 + 0.92 * i / 23)) - half, y + int(tall * row) - half, shine
                )
        self._titles.paint(canvas, at)
        return canvas


def _even(value: float) -> int:
    return max(2, int(value) // 2 * 2)


def _disc(side: int, colour: Colour) -> Floats:
    away = np.linspace(-1, 1, side, dtype=np.float32)
    return flat(colour, np.clip((0.96 - np.hypot(away[None, :], away[:, None])) * side / 3, 0, 1).astype(np.float32))


def _stars(size: tuple[int, int], count: int, rng: np.random.Generator) -> Floats:
    width, height = size
    alpha = np.zeros((height, width), np.float32)
    columns = rng.integers(2, width - 2, count)
    rows = (rng.random(count) ** 1.5 * (height - 4)).astype(int) + 2
    for x, y, bright in zip(columns, rows, rng.random(count), strict=True):
        alpha[y - 1 : y + 2, x - 1 : x + 2] = np.maximum(alpha[y - 1 : y + 2, x - 1 : x + 2], 0.35 * bright)
        alpha[y : y + 2, x : x + 2] = 0.5 + 0.5 * bright
    return flat((0.95, 0.95, 1.0), alpha)


def _windows(hill: Floats, rng: np.random.Generator) -> None:
    height, width = hill.shape[:2]
    for x, y in zip(rng.integers(0, width - 4, 60), rng.integers(height // 2, height - 6, 60), strict=True):
        if hill[y - 4, x, 3] > 0.99:
            hill[y : y + 3, x : x + 3, :3] = (1.0, 0.8, 0.4)


def _aeroplane(width: int) -> Sprite:
    body: Colour = (0.86, 0.88, 0.94)
    shade: Colour = (0.55, 0.58, 0.70)
    fuselage = [(0.04, 0.42), (0.12, 0.38), (0.80, 0.38), (0.93, 0.45)]
    fuselage += [(0.98, 0.53), (0.90, 0.58), (0.30, 0.60), (0.08, 0.50)]
    shapes: list[tuple[list[tuple[float, float]], Colour]] = [
        ([(0.42, 0.42), (0.60, 0.42), (0.50, 0.12), (0.45, 0.12)], shade),
        ([(0.02, 0.10), (0.10, 0.10), (0.19, 0.44), (0.05, 0.44)], (0.85, 0.30, 0.25)),
        (fuselage, body),
        ([(0.08, 0.50), (0.98, 0.53), (0.90, 0.58), (0.30, 0.60)], shade),
        ([(0.83, 0.41), (0.88, 0.42), (0.92, 0.46), (0.84, 0.46)], (0.15, 0.2, 0.35)),
        ([(0.38, 0.52), (0.60, 0.52), (0.40, 0.92), (0.33, 0.92)], (0.70, 0.73, 0.82)),
        ([(0.01, 0.42), (0.10, 0.42), (0.06, 0.54), (0.0, 0.54)], shade),
    ]
    for x in np.arange(0.2, 0.8, 0.045):
        shapes.append(([(x, 0.43), (x + 0.018, 0.43), (x + 0.018, 0.475), (x, 0.475)], WARM))
    return sprite_of(polygon((width, _even(width * 0.36)), shapes))


def _boat(width: int) -> Sprite:
    return sprite_of(
        polygon(
            (width, _even(width * 1.15)),
            [
                ([(0.50, 0.02), (0.50, 0.70), (0.93, 0.70)], (0.98, 0.93, 0.86)),
                ([(0.46, 0.14), (0.46, 0.70), (0.12, 0.70)], (0.86, 0.42, 0.34)),
                ([(0.03, 0.75), (0.97, 0.75), (0.82, 0.93), (0.18, 0.93)], (0.20, 0.17, 0.24)),
                ([(0.03, 0.75), (0.97, 0.75), (0.94, 0.79), (0.06, 0.79)], (0.9, 0.86, 0.8)),
            ],
        )
    )


def _lighthouse(size: tuple[int, int]) -> Sprite:
    white, red = (0.95, 0.92, 0.88), (0.78, 0.22, 0.20)
    rock: Colour = (0.16, 0.17, 0.20)
    shapes: list[tuple[list[tuple[float, float]], Colour]] = []
    for i in range(5):
        top, bottom = 0.16 + 0.132 * i, 0.16 + 0.132 * (i + 1)
        narrow, broad = 0.09 + 0.02 * i, 0.09 + 0.02 * (i + 1)
        stripe = [(0.5 - narrow, top), (0.5 + narrow, top), (0.5 + broad, bottom), (0.5 - broad, bottom)]
        shapes.append((stripe, red if i % 2 else white))
    shapes += [
        ([(0.37, 0.15), (0.63, 0.15), (0.63, 0.175), (0.37, 0.175)], rock),
        ([(0.43, 0.07), (0.57, 0.07), (0.57, 0.15), (0.43, 0.15)], (1.0, 0.92, 0.6)),
        ([(0.40, 0.07), (0.60, 0.07), (0.5, 0.01)], red),
        ([(0.0, 1.0), (0.08, 0.88), (0.25, 0.80), (0.5, 0.79), (0.78, 0.81), (0.95, 0.90), (1.0, 1.0)], rock),
    ]
    return sprite_of(polygon(size, shapes))


def _beam(size: tuple[int, int], turn: float) -> Sprite:
    width, height = size
    across = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    down = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    reach = across / (turn if abs(turn) > 0.05 else math.copysign(0.05, turn))
    cone = np.clip(1 - np.abs(down) / (0.12 + 0.8 * np.abs(across)), 0, 1)
    return sprite_of(flat((1.0, 0.95, 0.75), (cone * np.clip(1 - reach, 0, 1) * (reach > 0)).astype(np.float32)))


def _ray(size: tuple[int, int], lean: float) -> Sprite:
    width, height = _even(size[0] * 0.9), _even(size[1] * 0.84)
    across = np.linspace(-1, 1, width, dtype=np.float32)[None, :] * width / height / 2
    up = np.linspace(1, 0, height, dtype=np.float32)[:, None]
    aside = np.abs(across - up * math.tan(lean))
    cone = np.clip(1 - aside / (0.015 + 0.09 * up), 0, 1) * (1 - 0.85 * up)
    return sprite_of(flat((0.95, 0.90, 1.0), cone.astype(np.float32)))


def _houses(size: tuple[int, int], colour: Colour, rng: np.random.Generator) -> Floats:
    width, height = size
    rgba = np.zeros((height, width, 4), np.float32)
    rgba[..., :3] = colour
    x = 0
    while x < width:
        wide = int(rng.integers(height // 6, height // 3))
        top = int(height * rng.uniform(0.02, 0.62))
        rgba[top:, x : x + wide, 3] = 1
        rgba[top:, x : x + 2, :3] = [c * 0.6 for c in colour]
        for wx in range(x + 8, min(x + wide, width) - 10, 16):
            for wy in range(top + 10, height - 10, 20):
                if rng.random() < 0.35:
                    rgba[wy : wy + 8, wx : wx + 7, :3] = np.array(WARM) * rng.uniform(0.35, 0.95)
        x += wide
    return rgba


def _palace(size: tuple[int, int]) -> Sprite:
    gold: Colour = (0.95, 0.75, 0.35)
    picture = polygon(
        size,
        [
            ([(0.06, 0.30), (0.94, 0.30), (0.94, 1.0), (0.06, 1.0)], (0.30, 0.08, 0.12)),
            ([(0.30, 0.55), (0.70, 0.55), (0.70, 1.0), (0.30, 1.0)], (0.98, 0.80, 0.50)),
            ([(0.49, 0.55), (0.51, 0.55), (0.51, 1.0), (0.49, 1.0)], (0.30, 0.08, 0.12)),
            ([(0.0, 0.10), (1.0, 0.10), (1.0, 0.50), (0.0, 0.50)], gold),
            ([(0.02, 0.18), (0.98, 0.18), (0.98, 0.42), (0.02, 0.42)], (0.42, 0.05, 0.10)),
        ],
    )
    text = lettering("C I N E M A", _even(size[1] * 0.22), (1.0, 0.95, 0.8))
    left, top = (size[0] - text.shape[1]) // 2, int(size[1] * 0.195)
    under = picture[top : top + text.shape[0], left : left + text.shape[1]]
    under[..., :3] += (text[..., :3] - under[..., :3]) * text[..., 3:4]
    return sprite_of(picture)
