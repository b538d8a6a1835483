"""Students' Markdown as HTML that cannot do anything: raw HTML is shown as text, and only plain markup remains."""

import bleach
import mistune

_TAGS = frozenset(
    "p br hr h1 h2 h3 h4 h5 h6 em strong del code pre blockquote ul ol li table thead tbody tr th td a".split()
)
_markdown = mistune.create_markdown(escape=True, plugins=["table", "strikethrough"])


def html_of(text: str) -> str:
    """Return ``text``, Markdown by anyone, as HTML safe to show to anyone."""
    rendered = _markdown(text)
    # The renderer escapes already; what it makes of links and pictures is not ours, so the result is cleaned too.
    cleaned: str = bleach.clean(str(rendered), tags=_TAGS, attributes={"a": ["href"]}, protocols={"http", "https", "mailto"}, strip=True)
    return cleaned
