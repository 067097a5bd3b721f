"""Kinds of machines that labs have: what each is called, and what it does.

They are finer than processes where it matters to whoever looks for one, and coarser than models.
`geomachines` is the word that the lists of Open Know-Where machines use.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

THREE_D_PRINTER = "three_d_printer"
OTHER = "other"


@dataclass(frozen=True, slots=True)
class MachineClass:
    """One kind. Without a process nothing can be said of what it does."""

    name_it: str
    name_en: str
    process: str
    geomachines: str = OTHER

    def name(self, language: str) -> str:
        """Return what the kind is called in the language."""
        return self.name_it if language == "it" else self.name_en


_P = THREE_D_PRINTER
CLASSES: Mapping[str, MachineClass] = {
    "fdm_printer": MachineClass("Stampante 3D a filamento", "Filament 3D printer", "fdm", _P),
    "resin_printer": MachineClass(
        "Stampante 3D a resina", "Resin 3D printer", "resin_printing", _P
    ),
    "powder_printer": MachineClass("Stampante 3D a polveri", "Powder 3D printer", "sls", _P),
    "clay_printer": MachineClass("Stampante 3D per argilla", "Clay 3D printer", "ceramics", _P),
    "food_printer": MachineClass("Stampante alimentare", "Food printer", "food_printing", _P),
    "printer_3d": MachineClass("Stampante 3D", "3D printer", "", _P),
    "print_finishing": MachineClass(
        "Finitura di stampe 3D", "Finishing of 3D prints", "finishing", _P
    ),
    "filament_maker": MachineClass("Estrusore di filamento", "Filament maker", "", _P),
    "laser_cutter": MachineClass("Taglio laser", "Laser cutter", "laser_cutting", "laser"),
    "laser_marker": MachineClass("Marcatore laser", "Laser marker", "laser_marking", "laser"),
    "cnc_router": MachineClass(
        "Fresa CNC per pannelli", "CNC router", "cnc_routing", "cnc_milling"
    ),
    "cnc_mill": MachineClass(
        "Centro di lavoro CNC", "CNC machining centre", "cnc_milling", "cnc_milling"
    ),
    "cnc_lathe": MachineClass("Tornio CNC", "CNC lathe", "turning", "cnc_milling"),
    "hot_wire_cnc": MachineClass(
        "Filo caldo CNC", "CNC hot-wire cutter", "foam_cutting", "cnc_milling"
    ),
    "desktop_mill": MachineClass(
        "Fresa CNC di precisione da banco",
        "Desktop precision mill",
        "cnc_milling",
        "precision_milling",
    ),
    "pcb_mill": MachineClass(
        "Fresa per circuiti stampati", "Circuit board mill", "electronics", "precision_milling"
    ),
    "circuit_printer": MachineClass(
        "Macchina per circuiti stampati",
        "Circuit board machine",
        "electronics",
        "circuit_production",
    ),
    "vinyl_cutter": MachineClass(
        "Plotter da taglio", "Vinyl cutter", "vinyl_cutting", "vinyl_cutting"
    ),
    "scanner": MachineClass("Scanner 3D", "3D scanner", "scanning_3d", "scanner"),
    "sewing_machine": MachineClass("Macchina da cucire", "Sewing machine", "sewing"),
    "embroidery_machine": MachineClass("Macchina da ricamo", "Embroidery machine", "embroidery"),
    "knitting_machine": MachineClass(
        "Macchina da maglieria o telaio", "Knitting machine or loom", "weaving_knitting"
    ),
    "heat_press": MachineClass("Pressa a caldo", "Heat press", "screen_printing"),
    "textile_printer": MachineClass(
        "Stampa su tessuto e serigrafia", "Textile and screen printing", "screen_printing"
    ),
    "vacuum_former": MachineClass("Termoformatrice", "Vacuum former", "thermoforming"),
    "waterjet": MachineClass(
        "Taglio a getto d’acqua o plasma", "Waterjet or plasma cutter", "plasma_cutting"
    ),
    "knife_table": MachineClass("Tavolo da taglio a lama", "Digital knife table", "knife_cutting"),
    "hot_wire": MachineClass("Taglio a filo caldo", "Hot-wire cutter", "foam_cutting"),
    "electronics_bench": MachineClass(
        "Strumenti per l’elettronica", "Electronics instruments", "electronics"
    ),
    "wood_tool": MachineClass("Macchina per il legno", "Woodworking machine", "woodworking"),
    "metal_tool": MachineClass("Macchina per il metallo", "Metalworking machine", "metalworking"),
    "lathe": MachineClass("Tornio", "Lathe", "turning"),
    "casting_tool": MachineClass("Stampi e colata", "Moulding and casting", "casting"),
    "kiln": MachineClass("Forno", "Kiln", "kiln"),
    "drone": MachineClass("Drone", "Drone", ""),
    "robot": MachineClass("Braccio robotico", "Robot arm", ""),
    "virtual_reality": MachineClass("Realtà virtuale", "Virtual reality", ""),
    "lab_instrument": MachineClass("Strumento di laboratorio", "Laboratory instrument", ""),
    "plastic_recycler": MachineClass("Riciclo della plastica", "Plastic recycling", ""),
    "printer_2d": MachineClass("Stampante grafica", "Large-format printer", ""),
    "hand_tool": MachineClass("Utensile", "Tool", ""),
}
CAPABILITIES: Mapping[str, str] = {
    # What fablabs.io says a lab can do, as a class; a machine behind it is not named there.
    "three_d_printing": "printer_3d",
    "laser": "laser_cutter",
    "cnc_milling": "cnc_router",
    "precision_milling": "desktop_mill",
    "vinyl_cutting": "vinyl_cutter",
    "circuit_production": "circuit_printer",
}


def processes_of(machine_class: str) -> tuple[str, ...]:
    """Return what a machine of the class does; nothing for a class that nobody knows."""
    found = CLASSES.get(machine_class)
    return (found.process,) if found and found.process else ()
