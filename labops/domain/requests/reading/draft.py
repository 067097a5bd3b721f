"""A step that is being put together."""

from __future__ import annotations

from dataclasses import dataclass, field

from labops.domain.requests.reading.findings import Findings
from labops.domain.requests.reading.lexicon import Mention

CASTABLE = frozenset({"resin_castable", "wax"})


@dataclass(slots=True)
class Draft:
    """A step that is being put together."""

    processes: tuple[str, ...]
    mentions: list[Mention] = field(default_factory=list)
    materials: list[tuple[Mention, tuple[str, ...]]] = field(default_factory=list)
    must: bool = True
    fallback: tuple[str, ...] = ()
    """Materials that the thing is usually made of."""
    implied: bool = False

    @property
    def places(self) -> list[int]:
        """Return the tokens that speak of the step."""
        return [one.first for one in self.mentions] + [one.first for one, _ in self.materials]


def all_materials(found: Findings) -> set[str]:
    return {material for _, ids in found.materials for material in ids}
