"""The processes that machines are filed under, with their names in both languages.

Identifiers are those of the taxonomy that the city's list of labs uses, so that a machine of
a site and a machine of any other lab are found by the same word.
"""

from __future__ import annotations

# Identifier: Italian, English. Families after DIN 8580 and ISO/ASTM 52900.
PROCESSES: dict[str, tuple[str, str]] = {
    "laser_cutting": ("Taglio e incisione laser", "Laser cutting and engraving"),
    "laser_marking": ("Marcatura laser", "Laser marking"),
    "knife_cutting": ("Taglio a lama", "Digital knife cutting"),
    "plasma_cutting": ("Taglio al plasma o a getto d’acqua", "Plasma or waterjet cutting"),
    "cnc_routing": ("Fresatura CNC di pannelli", "CNC routing"),
    "cnc_milling": ("Fresatura CNC di precisione", "Precision CNC milling"),
    "turning": ("Tornitura", "Turning"),
    "foam_cutting": ("Taglio a filo caldo", "Hot-wire foam cutting"),
    "fdm": ("Stampa 3D a filamento", "3D printing with filament"),
    "resin_printing": ("Stampa 3D a resina", "3D printing with resin"),
    "sls": ("Sinterizzazione di polveri", "Powder sintering"),
    "vinyl_cutting": ("Plotter da taglio", "Vinyl cutting"),
    "thermoforming": ("Termoformatura", "Thermoforming"),
    "casting": ("Stampi e colata", "Moulding and casting"),
    "embroidery": ("Ricamo digitale", "Digital embroidery"),
    "sewing": ("Confezione e cucitura", "Sewing"),
    "weaving_knitting": ("Tessitura e maglieria digitale", "Digital weaving and knitting"),
    "screen_printing": ("Serigrafia e stampa su tessuto", "Screen and textile printing"),
    "woodworking": ("Falegnameria", "Woodworking"),
    "metalworking": ("Carpenteria metallica e saldatura", "Metalwork and welding"),
    "electronics": ("Elettronica e circuiti stampati", "Electronics and circuit boards"),
    "scanning_3d": ("Scansione 3D e rilievo", "3D scanning"),
    "food_printing": ("Stampa alimentare", "Food printing"),
    "ceramics": ("Stampa e foggiatura della ceramica", "Clay printing and forming"),
    "kiln": ("Cottura in forno", "Kiln firing"),
    "finishing": ("Finitura", "Finishing"),
}


def process_name(process: str, language: str) -> str:
    """Return the process in words; an unknown one stands for itself."""
    names = PROCESSES.get(process)
    if names is None:
        return process
    return names[0] if language == "it" else names[1]
