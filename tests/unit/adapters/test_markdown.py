"""Whatever is written as Markdown, nothing of it acts in a browser."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labops.adapters.markdown import safe_html

HOSTILE = [
    "<script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    "<svg onload=alert(1)>",
    '<iframe src="https://evil.example"></iframe>',
    "<style>* { display: none }</style>",
    '<form action="https://evil.example"><input name="password"></form>',
    "<a href='javascript:alert(1)'>x</a>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:x)",
    "[x](java\tscript:alert(1))",
    "<javascript:alert(1)>",
    "![x](https://evil.example/pixel.gif)",
    "![x](//evil.example/pixel.gif)",
    "![x](/\\evil.example/pixel.gif)",
    "![x](data:image/svg+xml;base64,PHN2Zz4=)",
    "![x](/photos/../../sign-out?x)",
    '![x" onerror="alert(1)](/photos/a.webp)',
    '![x](/photos/a.webp "t\\" onerror=\\"alert(1)")',
    '[x](https://a.example "t\\" onclick=\\"alert(1)")',
    "[x]: javascript:alert(1)\n\n[x]",
    "`<script>alert(1)</script>`",
    "```\n</code></pre><script>alert(1)</script>\n```",
    "```html onmouseover=alert(1)\nx\n```",
    "<!-- <script> --><script>alert(1)</script>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\x00<script>alert(1)</script>",
]
TAGS = {
    *("a", "blockquote", "br", "code", "del", "em", "h3", "h4", "hr", "img", "li", "ol", "p"),
    *("pre", "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul"),
}


class Seen(HTMLParser):
    """Checks every tag that a browser would see."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS, tag
        for name, value in attrs:
            assert name in {"href", "src", "alt", "title", "rel", "start"}, name
            if name == "src":
                assert value
                assert value.startswith("/")
                assert ".." not in value.split("/")
                assert value[1:2] not in {"/", "\\"}
            if name == "href":
                # As browsers find it: they skip controls before it, tabs and breaks inside.
                scheme = re.match(r"[\x00-\x20]*([a-zA-Z][a-zA-Z0-9+.\-\t\r\n]*):", value or "")
                assert scheme is None or scheme[1] in {"http", "https", "mailto"}, value
        if tag == "a" and any(name == "href" for name, _value in attrs):
            assert ("rel", "noopener") in attrs


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_does_nothing(text: str) -> None:
    Seen().feed(str(safe_html(text)))
    Seen().feed(str(safe_html(f"- a\n- {text}\n\n> {text}")))


@given(
    st.lists(
        st.sampled_from(
            [*HOSTILE, "<", ">", "(", ")", "[", "]", "!", '"', "'", "\n", "/", ":", "x"]
        ),
        max_size=12,
    )
)
def test_hostile_pieces_do_nothing_together(pieces: list[str]) -> None:
    Seen().feed(str(safe_html("".join(pieces))))


def test_what_people_write_is_kept() -> None:
    html = str(
        safe_html(
            "# Rules\n\n*wear* **glasses**\n\n1. one\n2. two\n\n![A laser](/photos/a1-large.webp)\n\n"
            "[more](https://example.org/x)\n\n| a | b |\n|---|---|\n| 1 | 2 |"
        )
    )
    for part in (
        "<h3>Rules</h3>",
        "<em>wear</em> <strong>glasses</strong>",
        "<ol>",
        'src="/photos/a1-large.webp"',
        'alt="A laser"',
        'href="https://example.org/x"',
        "<td>2</td>",
    ):
        assert part in html, part
    assert "<h1" not in html  # the page has its own
