"""Fill in the page on which staff decide about the bookings in the way of something."""

from __future__ import annotations

import html
import re


def shown_hits(page: str) -> dict[str, dict[str, str]]:
    """Return by uid what the page says of each booking: the revision, and value by label."""
    found = {}
    for part in page.split('<fieldset class="choices hit')[1:]:
        uid = re.search(r'name="hit" value="([0-9a-f]+)"', part)
        seen = re.search(r'name="seen-[0-9a-f]+" value="(\d+)"', part)
        assert uid, part
        assert seen, part
        inputs = re.findall(r'<input type="radio"[^>]* value="([^"]+)"( checked)?>', part)
        labels = re.findall(r"<label [^>]*>(.*?)</label>", part, re.S)
        words = [re.sub(r"\s*<.*", "", label, flags=re.S) for label in labels]
        found[uid.group(1)] = {
            "seen": seen.group(1),
            "chosen": next(html.unescape(value) for value, checked in inputs if checked),
            **{
                html.unescape(word): html.unescape(value)
                for word, (value, _checked) in zip(words, inputs, strict=True)
            },
        }
    return found


def chosen(page: str, choices: dict[str, str] | None = None) -> dict[str, object]:
    """Return the form of the page as a browser sends it, with these choices by uid."""
    hits = shown_hits(page)
    data: dict[str, object] = {"decided": "yes", "hit": list(hits)}
    for uid, hit in hits.items():
        data[f"seen-{uid}"] = hit["seen"]
        data[f"choice-{uid}"] = (choices or {}).get(uid, hit["chosen"])
        suggested = re.search(rf'name="suggested-{uid}" value="([^"]+)"', page)
        assert suggested
        data[f"suggested-{uid}"] = html.unescape(suggested.group(1))
    return data


def left_as_they_are(page: str) -> dict[str, object]:
    """Return the form with every booking left as it is."""
    return chosen(page, dict.fromkeys(shown_hits(page), "leave"))
