"""Markdown that people wrote, as HTML that is safe to show."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

_TAGS = {
    *("a", "blockquote", "br", "code", "del", "em", "h3", "h4", "hr", "img", "li", "ol", "p"),
    *("pre", "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul"),
}
_ATTRIBUTES = {"a": {"href", "title"}, "img": {"src", "alt", "title"}, "ol": {"start"}}
# A path of this site: not `//host`, not `/\host`, which browsers read as one.
_OWN_PATH = re.compile(r"/(?![/\\])[\w./-]*")
# The page has the first two levels of headings itself.
_HEADINGS = {"h1": "h3", "h2": "h3", "h5": "h4", "h6": "h4"}


def safe_html(text: str) -> Markup:
    """Return the text as HTML without scripts, styles, forms, or pictures from elsewhere."""
    import nh3

    html = nh3.clean(
        _reader().render(text),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=_kept,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener",
    )
    return Markup(html)  # noqa: S704 - cleaned just above


@lru_cache(maxsize=1)
def _reader() -> MarkdownIt:
    from markdown_it import MarkdownIt

    reader = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    reader.core.ruler.push("headings", _lower_headings)
    return reader


def _lower_headings(state: object) -> None:
    for token in state.tokens:  # type: ignore[attr-defined]  # a StateCore
        token.tag = _HEADINGS.get(token.tag, token.tag)


def _kept(tag: str, attribute: str, value: str) -> str | None:
    """Return the attribute's value, or nothing to drop it."""
    if tag == "img" and attribute == "src" and _OWN_PATH.fullmatch(value) is None:
        return None
    return value
