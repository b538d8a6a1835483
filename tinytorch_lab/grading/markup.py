"""Students' Markdown as HTML that cannot do anything: raw HTML is shown as text, and only plain markup remains."""

import re
from functools import cache
from html import escape

import bleach  # type: ignore[import-untyped]
import mistune

_HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
_TABLES = {"table", "thead", "tbody", "tr", "th", "td"}
_TEXT = {"p", "br", "hr", "em", "strong", "del", "code", "pre", "blockquote", "a", "ul", "ol", "li"}
_HEADING = re.compile(r"(?<=<)h[1-6](?=>)|(?<=</)h[1-6](?=>)")
_PROTOCOLS = frozenset({"http", "https", "mailto"})


def html_of(text: str, below: int = 0) -> str:
    """Return ``text``, Markdown by anyone, as HTML safe to show to anyone.

    Its highest headings become headings just ``below`` that level of the page's. Pictures are named, not loaded;
    formulas are shown as they were typed.
    """
    # The renderer escapes already; what it makes of links is not ours, so the result is cleaned too.
    rendered = str(_markdown()(text.replace("\0", "\ufffd")))
    cleaned: str = bleach.clean(
        rendered, tags=_HEADINGS | _TABLES | _TEXT, attributes={"a": ["href"]}, protocols=_PROTOCOLS, strip=True
    )
    return _with_headings_below(cleaned, below)


def _with_headings_below(html: str, below: int) -> str:
    """Return cleaned ``html`` with its levels of headings next to each other, from the one after ``below`` on."""
    levels = sorted(set(_HEADING.findall(html)))
    return _HEADING.sub(lambda match: f"h{min(below + 1 + levels.index(match.group()), 6)}", html)


class _Renderer(mistune.HTMLRenderer):
    def image(self, text: str, url: str, title: str | None = None) -> str:  # noqa: ARG002
        return f"[picture: {text}]" if text else "[picture]"


@cache
def _markdown() -> mistune.Markdown:
    renderer = _Renderer(escape=True)
    markdown = mistune.create_markdown(renderer=renderer, plugins=["table", "strikethrough", "math"])
    renderer.register("inline_math", lambda _, text: f"<code>${escape(text)}$</code>")
    renderer.register("block_math", lambda _, text: f"<pre><code>{escape(text)}</code></pre>\n")
    return markdown
