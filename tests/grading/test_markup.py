"""Nothing in an answer can act on whoever reads it."""

import re
from html.parser import HTMLParser

import pytest

from tinytorch_lab.grading.markup import html_of

HOSTILE = [
    "<script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    "[click](javascript:alert(1))",
    "[click](JaVaScRiPt&#58;alert(1))",
    "[click](data:text/html;base64,PHNjcmlwdD4=)",
    "[click](vbscript:msgbox)",
    "![picture](javascript:alert(1))",
    "![picture](https://example.org/track.png)",
    "<svg onload=alert(1)><circle/></svg>",
    '<math><mtext><style><img src=x onerror="alert(1)"></style></mtext></math>',
    '<iframe src="https://example.org"></iframe>',
    '<meta http-equiv="refresh" content="0;url=https://example.org">',
    '<a href="javascript:alert(1)" onclick="alert(1)">x</a>',
    '<p style="background:url(https://example.org)">x</p>',
    "<javascript:alert(1)>",
    "`<script>alert(1)</script>`",
    "```html\n<script>alert(1)</script>\n```",
    '```"><script>alert(1)</script>\nx\n```',
    '[x](https://example.org "onmouseover=alert(1)")',
    '[x](https://example.org/"onmouseover="alert(1))',
    "<form action=https://example.org><input name=password></form>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "| a | b |\n| --- | --- |\n| <script>1</script> | <b onclick=1> |",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<!-- --><script>alert(1)</script>",
    "\x00<scr\x00ipt>alert(1)</script>",
]


class _Elements(HTMLParser):
    """Collects what a browser would build."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str, str | None]] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.found += [(tag, name, value) for name, value in attrs]


@pytest.mark.parametrize("text", HOSTILE)
def test_only_plain_markup_survives(text: str):
    elements = _Elements()
    elements.feed(html_of(text))
    assert elements.tags <= {"p", "a", "code", "pre", "table", "thead", "tbody", "tr", "th", "td"}
    for tag, name, value in elements.found:
        assert (tag, name) == ("a", "href")
        assert value is None or not re.match(r"\s*\w+:", value) or value.startswith("https://")


def test_what_students_write_is_shown_as_written():
    html = html_of(
        "A loop over `n < 10` costs **O(n)**; compare a<b, `Tensor<T>`.\n\n- one\n- two\n\n[source](https://pytorch.org)"
    )
    assert "<code>n &lt; 10</code>" in html
    assert "<strong>O(n)</strong>" in html
    assert "a&lt;b" in html
    assert "<li>one</li>" in html
    assert '<a href="https://pytorch.org">source</a>' in html
