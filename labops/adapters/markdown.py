"""Texts that staff write, as HTML that can do no harm."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

ELEMENTS = {
    "a", "blockquote", "br", "code", "em", "h2", "h3", "h4", "hr", "img", "li", "ol", "p", "pre",
    "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
ATTRIBUTES = {"a": {"href", "title"}, "img": {"src", "alt", "title"}, "ol": {"start"}}


def safe_html(text: str) -> Markup:
    """Return Markdown (CommonMark with tables) as HTML of harmless elements only.

    HTML in the text is shown as it was typed. Headings begin below the page's own. Images must
    come from a path of this installation; of any other the alternative text is left.
    """
    # Imported late: most workers never show such a text.
    import nh3

    clean = nh3.clean(
        _parser().render(text),
        tags=ELEMENTS,
        attributes=ATTRIBUTES,
        url_schemes={"https", "http", "mailto"},
        link_rel="noopener noreferrer",
        attribute_filter=_own_images_only,
    )
    return Markup(clean)  # noqa: S704 - that is what the line before is for


def _own_images_only(element: str, attribute: str, value: str) -> str | None:
    if element == "img" and attribute == "src":
        own = value.startswith("/") and not value.startswith(("//", "/\\"))
        return value if own else None
    return value


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    parser.core.ruler.push("lower_headings", _lower_headings)
    return parser


def _lower_headings(state: object) -> None:
    """Let the text's first heading be the page's second."""
    for token in state.tokens:  # type: ignore[attr-defined]
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(int(token.tag[1]) + 1, 4)}"
