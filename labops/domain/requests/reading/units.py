"""Units of length, and the words that say which side of a piece a length is."""

from __future__ import annotations

from functools import lru_cache

MM = {
    "mm": 1.0, "millimetro": 1.0, "millimetri": 1.0, "millimetre": 1.0, "millimetres": 1.0,
    "millimeter": 1.0, "millimeters": 1.0,
    "cm": 10.0, "centimetro": 10.0, "centimetri": 10.0, "centimetre": 10.0, "centimetres": 10.0,
    "centimeter": 10.0, "centimeters": 10.0,
    "dm": 100.0, "m": 1000.0, "mt": 1000.0, "metro": 1000.0, "metri": 1000.0, "metre": 1000.0,
    "metres": 1000.0, "meter": 1000.0, "meters": 1000.0,
    "inch": 25.4, "inches": 25.4, "pollici": 25.4, "pollice": 25.4,
    "micron": 0.001, "um": 0.001, "µm": 0.001, "μm": 0.001, "microns": 0.001, "micrometri": 0.001,
}  # fmt: skip
FRACTIONS = {
    "decimo": 0.1, "decimi": 0.1, "centesimo": 0.01, "centesimi": 0.01, "millesimo": 0.001,
    "millesimi": 0.001, "tenth": 0.1, "tenths": 0.1, "hundredth": 0.01, "hundredths": 0.01,
}  # fmt: skip
ONE = frozenset({"un", "uno", "una", "a", "an", "one", "al", "il", "ogni"})
HALF = frozenset({"mezzo", "mezza", "half"})

AXES = {
    "height": ("alt", "altezz", "height", "high", "tall", "h"),
    "length": ("lung", "lungh", "lunghezz", "long", "length", "svilupp"),
    "width": ("larg", "largh", "larghezz", "wide", "width", "luc"),
    "depth": ("profond", "depth", "deep"),
    "diameter": ("diametr", "diam", "ø", "⌀", "tond", "circolar", "diameter", "across", "round"),
    "thickness": ("spess", "spessor", "thick", "thickness"),
    "tolerance": (
        "tolleranz", "precis", "precision", "accuratezz", "toleranc", "tolerance", "accuracy",
        "accurate", "scart", "gioc", "±", "+/-",
    ),
    "detail": (
        "griff", "dettagl", "particolar", "nitid", "finezz", "minut", "detail", "details",
        "feature", "features", "claw", "claws", "fine", "sottil", "filigran",
    ),
}  # fmt: skip
FLAT = frozenset({"height", "length", "width", "depth", "diameter"})
FORMATS = {
    "a0": (841.0, 1189.0), "a1": (594.0, 841.0), "a2": (420.0, 594.0), "a3": (297.0, 420.0),
    "a4": (210.0, 297.0), "a5": (148.0, 210.0), "a6": (105.0, 148.0),
}  # fmt: skip


@lru_cache(maxsize=4096)
def axis_of(word: str) -> str | None:
    """Return the side that a word in small letters names, if any."""
    for axis, stems in AXES.items():
        for stem in stems:
            if word == stem or (len(stem) > 3 and word.startswith(stem)):  # noqa: PLR2004
                return axis
    return _SHORT.get(word)


_SHORT = {
    "alta": "height", "alto": "height", "alti": "height", "alte": "height",
    "lunga": "length", "lungo": "length", "lunghi": "length", "lunghe": "length",
    "larga": "width", "largo": "width", "larghi": "width", "larghe": "width", "luce": "width",
}  # fmt: skip
