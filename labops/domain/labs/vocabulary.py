"""The materials and services that labs are found by, with their names in both languages.

Identifiers never change: files, addresses and other programs hold them. Processes stand in
`labops.domain.machines.processes`, machine classes in `classes.py`.
"""

from __future__ import annotations

from collections.abc import Mapping

# Identifier: Italian, English; by family.
MATERIALS: Mapping[str, tuple[str, str]] = {
    # Wood and boards
    "plywood": ("Compensato", "Plywood"),
    "mdf": ("MDF", "MDF"),
    "solid_wood": ("Legno massello", "Solid wood"),
    "hpl": ("Laminato HPL", "High-pressure laminate"),
    "cardboard": ("Cartone", "Cardboard"),
    "paper": ("Carta", "Paper"),
    # Plastics in sheets and blocks
    "pmma": ("Plexiglas (PMMA)", "Acrylic (PMMA)"),
    "pvc_foam": ("PVC espanso", "PVC foam board"),
    "dibond": ("Pannello composito di alluminio", "Aluminium composite panel"),
    "eps": ("Polistirolo espanso", "Polystyrene foam"),
    "pu_block": ("Poliuretano in blocchi", "Polyurethane block"),
    "eva": ("EVA", "EVA foam"),
    "ps": ("Polistirene in lastre", "Polystyrene sheet"),
    "pet_food": ("PET per alimenti", "Food-safe PET"),
    "acetate": ("Acetato di cellulosa", "Cellulose acetate"),
    # Leather and textiles
    "leather_veg": ("Cuoio conciato al vegetale", "Vegetable-tanned leather"),
    "leather_chrome": ("Pelle conciata al cromo", "Chrome-tanned leather"),
    "cotton": ("Cotone", "Cotton"),
    "denim": ("Denim", "Denim"),
    "silk": ("Seta", "Silk"),
    "polyester": ("Poliestere", "Polyester"),
    "wool": ("Lana", "Wool"),
    "linen": ("Lino", "Linen"),
    "felt": ("Feltro", "Felt"),
    # What grew
    "horn": ("Corno", "Horn"),
    "mother_of_pearl": ("Madreperla", "Mother-of-pearl"),
    "wax": ("Cera da modellazione", "Modelling wax"),
    # Filaments and powders
    "pla": ("PLA", "PLA"),
    "petg": ("PETG", "PETG"),
    "tpu": ("TPU flessibile", "Flexible TPU"),
    "abs": ("ABS", "ABS"),
    "pc": ("Policarbonato", "Polycarbonate"),
    "pa_cf": ("Nylon con fibra di carbonio", "Carbon-filled nylon"),
    "pa12": ("Poliammide 12", "Polyamide 12"),
    "pa11": ("Poliammide 11", "Polyamide 11"),
    # Resins, rubbers, plaster
    "resin_standard": ("Resina standard", "Standard resin"),
    "resin_tough": ("Resina resistente", "Tough resin"),
    "resin_hightemp": ("Resina per alte temperature", "High-temperature resin"),
    "resin_castable": ("Resina calcinabile", "Castable resin"),
    "resin_pu": ("Resina poliuretanica", "Polyurethane resin"),
    "silicone": ("Gomma siliconica", "Silicone rubber"),
    "silicone_food": ("Silicone per alimenti", "Food-safe silicone"),
    "plaster": ("Gesso", "Plaster"),
    # Clay
    "stoneware": ("Gres", "Stoneware"),
    "terracotta": ("Terracotta", "Terracotta"),
    "porcelain": ("Porcellana", "Porcelain"),
    # Metals
    "silver": ("Argento", "Silver"),
    "gold": ("Oro", "Gold"),
    "brass": ("Ottone", "Brass"),
    "bronze": ("Bronzo", "Bronze"),
    "steel": ("Acciaio", "Steel"),
    "stainless": ("Acciaio inossidabile", "Stainless steel"),
    "aluminium": ("Alluminio", "Aluminium"),
    # Electronics
    "fr4": ("Vetronite", "Circuit board (FR4)"),
    "pcb_smd": ("Componenti a montaggio superficiale", "Surface-mount parts"),
    "pcb_tht": ("Componenti a foro passante", "Through-hole parts"),
    # Signs and prints
    "vinyl": ("Vinile adesivo", "Adhesive vinyl"),
    "heat_transfer": ("Pellicola termotrasferibile", "Heat-transfer film"),
    # Food
    "chocolate": ("Cioccolato", "Chocolate"),
    "sugar": ("Zucchero", "Sugar"),
    "dough": ("Impasti", "Dough"),
}
SERVICES: Mapping[str, tuple[str, str]] = {
    "prototyping": ("Prototipi", "Prototypes"),
    "small_series": ("Piccole serie", "Small series"),
    "design_help": ("Aiuto nel progetto", "Help with the design"),
    "codesign": ("Progetto insieme al cliente", "Designing together with the client"),
    "training": ("Formazione", "Training"),
    "onsite_training": ("Formazione da voi", "Training at your place"),
    "digitizing": ("Ricami e cartamodelli in digitale", "Digitising embroidery and patterns"),
    "reverse_engineering": ("Ricostruzione da un pezzo", "Rebuilding from a part"),
    "onsite_survey": ("Rilievi sul posto", "Surveys on site"),
    "onsite_install": ("Montaggio sul posto", "Installing on site"),
    "assembly": ("Assemblaggio", "Assembly"),
    "finishing": ("Finitura", "Finishing"),
    "firmware": ("Programmi per schede elettroniche", "Firmware"),
    "testing": ("Prove e collaudi", "Tests"),
    "nda": ("Accordi di riservatezza", "Confidentiality agreements"),
    "food_contact": ("Pezzi a contatto con alimenti", "Parts that touch food"),
    "free_for_social": ("Gratis per il sociale", "Free for social work"),
}


def word_for(names: Mapping[str, tuple[str, str]], key: str, language: str) -> str:
    """Return the name of an identifier; an unknown one stands for itself."""
    pair = names.get(key)
    if pair is None:
        return key
    return pair[0] if language == "it" else pair[1]
