"""What a text takes back ("niente PVC", "no NDA needed") and what is done already."""

from __future__ import annotations

from collections.abc import Sequence

from labops.domain.requests.reading.lexicon import Mention
from labops.domain.requests.reading.tokens import Token

_NEVER = frozenset(
    "niente no nessun nessuna nessuno anziche nor escluso esclusa esclusi tranne".split()
)
_LACKING = frozenset({"senza", "without"})
_NOT = frozenset("non not don't dont isnt isn't mai never".split())
_INSTEAD = ("invece", "instead", "posto", "rather")
_UNNEEDED = frozenset(
    "serve servono occorre occorrono necessario necessaria necessari necessarie vogliamo "
    "voglio deve devono usare  "
    "utilizzare importa need needed needs want necessary required use must bisogno "
    "obbligatorio interessa interessano".split()
)
_DONE = frozenset("gia already".split())
_OURS = frozenset("nostro nostra nostri nostre mio mia miei mie our my loro".split())
REACH = 8


def is_denied(tokens: Sequence[Token], mention: Mention) -> bool:
    """Say whether the words around take the mention back."""
    clause, before = mention.clause, []
    for place in range(mention.first - 1, max(-1, mention.first - REACH - 1), -1):
        token = tokens[place]
        if token.clause != clause:
            break
        before.append(token.plain)
    if any(word in _NEVER for word in before[:3]):
        return True
    if any(word in _NOT or word in _LACKING for word in before[:2]):
        return True
    if any(word in _INSTEAD for word in before[:3]) and set(before[:4]) & {
        "di",
        "of",
        "al",
        "than",
        "che",
        "a",
    }:
        return True
    for place, word in enumerate(before):
        if word in _NOT and any(one in _UNNEEDED for one in before[max(0, place - 2) : place]):
            return True
    return _denied_after(tokens, mention)


def _denied_after(tokens: Sequence[Token], mention: Mention) -> bool:
    after = [
        token.plain
        for token in tokens[mention.last + 1 : mention.last + 5]
        if token.clause == mention.clause
    ]
    for place, word in enumerate(after[:3]):
        if word in _NOT and any(one in _UNNEEDED for one in after[place + 1 : place + 3]):
            return True
    return False


def is_done(tokens: Sequence[Token], mention: Mention) -> bool:
    """Say whether the work is done already, or somebody else's ("già cuciti", "our master")."""
    before = [
        token.plain
        for token in tokens[max(0, mention.first - 2) : mention.first]
        if token.clause == mention.clause
    ]
    if any(word in _DONE for word in before):
        return True
    after = [token.plain for token in tokens[mention.last + 1 : mention.last + 3]]
    return after[:2] == ["da", "noi"] or after[:2] == ["by", "us"]


def is_ours(tokens: Sequence[Token], mention: Mention) -> bool:
    """Say whether the thing belongs to whoever writes."""
    return any(token.plain in _OURS for token in tokens[max(0, mention.first - 2) : mention.first])
