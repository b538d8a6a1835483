"""Students' Markdown as HTML that cannot do anything: raw HTML is shown as text, and only plain markup remains."""

import bleach  # type: ignore[import-untyped]
import mistune

_HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
_TABLES = {"table", "thead", "tbody", "tr", "th", "td"}
_TEXT = {"p", "br", "hr", "em", "strong", "del", "code", "pre", "blockquote", "a", "ul", "ol", "li"}
_PROTOCOLS = frozenset({"http", "https", "mailto"})
_markdown = mistune.create_markdown(escape=True, plugins=["table", "strikethrough"])


def html_of(text: str) -> str:
    """Return ``text``, Markdown by anyone, as HTML safe to show to anyone."""
    # The renderer escapes already; what it makes of links and pictures is not ours, so the result is cleaned too.
    rendered = str(_markdown(text))
    cleaned: str = bleach.clean(
        rendered, tags=_HEADINGS | _TABLES | _TEXT, attributes={"a": ["href"]}, protocols=_PROTOCOLS, strip=True
    )
    return cleaned
