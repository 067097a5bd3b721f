"""The waiting list as a plain list: who comes next, and for which time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.support.model import HALF_HOUR, Held, Model

HELD = timedelta(hours=3)
SHORTEST_TO_ANSWER = timedelta(minutes=10)
MOST_WISHES = 10
OPEN = {"waiting", "offered"}


@dataclass(slots=True)
class Wished:
    """A wish: so long inside a window, on all machines of one of the options."""

    uid: str
    who: str
    options: tuple[tuple[str, ...], ...]
    begins: datetime
    ends: datetime
    length: timedelta
    state: str = "waiting"

    @property
    def asked(self) -> tuple[object, ...]:
        """Return what makes two wishes the same."""
        return self.who, self.options, self.begins, self.ends, self.length


class WithWaiting(Model):
    """Bookings, and those who wait for their time; first come, first served."""

    def __init__(self, now: datetime) -> None:
        super().__init__(now)
        self.wishes: list[Wished] = []

    def candidates(self, wish: Wished) -> Iterator[tuple[tuple[str, ...], datetime, datetime]]:
        """Yield every time that could do, soonest first."""
        start = wish.begins
        while start + wish.length <= wish.ends:
            if start >= self.now:
                for machines in wish.options:
                    yield machines, start, start + wish.length
            start += HALF_HOUR

    def against_joining(self, wish: Wished) -> list[set[str]]:
        """Return with which codes the wish may be refused; none when it goes on the list."""
        found = [self.problems(wish.who, *one) for one in self.candidates(wish)]
        if not all(found):
            return [{"waiting.free-now"}]
        if all(problems != {"booking.overlap"} for problems in found):
            first = (wish.options[0], wish.begins, wish.begins + wish.length)
            found.append(self.problems(wish.who, *first))
            return [one - {"booking.overlap"} or {"booking.outside-hours"} for one in found]
        mine = [one for one in self.wishes if one.who == wish.who and one.state in OPEN]
        if len(mine) >= MOST_WISHES:
            return [{"waiting.too-many"}]
        return [{"waiting.known"}] if any(one.asked == wish.asked for one in mine) else []

    def wished(self, uid: str) -> Wished:
        """Return a wish."""
        return next(one for one in self.wishes if one.uid == uid)

    def end(self, held: Held, state: str) -> None:
        """Give an offer's time back; its wish is in that state from now on."""
        self.offers.remove(held)
        self.wished(held.wish).state = state

    def leave(self, wish: Wished, entry: str, message: str) -> None:
        """End a wish, and what is held for it."""
        for held in [one for one in self.offers if one.wish == wish.uid]:
            self.offers.remove(held)
        wish.state = "lapsed" if entry == "wish.lapsed" else "withdrawn"
        self.wrote(entry, message)

    def offer_what_is_free(self) -> list[Held]:
        """Do what a run must do, and return the offers that it makes."""
        for held in [one for one in self.offers if one.until <= self.now]:
            at = (held.starts_at, held.ends_at)
            problems = self.problems(held.who, held.machines, *at, given=held.uid)
            wish = self.wished(held.wish)
            # She loses her place, unless she could not have accepted.
            stays = problems - {"booking.past"} and wish.ends - wish.length > self.now
            self.end(held, "waiting" if stays else "lapsed")
            self.wrote("offer.lapsed", "OfferLapsed")
        for wish in self.wishes:
            if wish.state == "waiting" and wish.ends - wish.length <= self.now:
                self.leave(wish, "wish.lapsed", "WishLapsed")
        made = [self._offer(wish) for wish in self.wishes if wish.state == "waiting"]
        return [one for one in made if one is not None]

    def _offer(self, wish: Wished) -> Held | None:
        for machines, starts_at, ends_at in self.candidates(wish):
            until = min(self.now + HELD, starts_at)
            if until - self.now < SHORTEST_TO_ANSWER:
                continue
            if not self.problems(wish.who, machines, starts_at, ends_at):
                held = Held("", wish.uid, wish.who, machines, starts_at, ends_at, until)
                held.uid = f"for {wish.uid}"
                self.offers.append(held)
                wish.state = "offered"
                self.wrote("offer.made", "OfferMade")
                return held
        return None
