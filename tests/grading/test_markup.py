"""Nothing in an answer can act on whoever reads it."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.grading.hostile import TEXTS
from tinytorch_lab.grading.markup import html_of

PLAIN = {"p", "a", "code", "pre", "table", "thead", "tbody", "tr", "th", "td", "h1", "h2", "h3", "br", "strong"}


class _Elements(HTMLParser):
    """Collects what a browser would build."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str, str | None]] = []
        self.tags: set[str] = set()
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.found += [(tag, name, value) for name, value in attrs]


def assert_plain(html: str, tags: set[str]) -> None:
    elements = _Elements(html)
    assert elements.tags <= tags
    for tag, name, value in elements.found:
        assert (tag, name) == ("a", "href")
        assert value is None or not re.match(r"\s*[\w+.-]+:", value) or value.startswith(("https://", "mailto:"))


@pytest.mark.parametrize("text", TEXTS)
def test_only_plain_markup_survives(text: str):
    assert_plain(html_of(text), PLAIN)


PIECES = st.sampled_from(
    (
        *("<", ">", "</", "script", "img", " onerror=", "alert(1)", '"', "'", "[", "](", ")", "javascript:", "&#58;"),
        *(
            "`",
            "$",
            "\n",
            "\n\n",
            "|",
            "#",
            "!",
            "svg",
            "style",
            "<!--",
            "-->",
            "&lt;",
            "\\",
            "*",
            "~~",
            "> ",
            "- ",
            "\0",
        ),
    )
)


@given(st.lists(PIECES, max_size=25).map("".join))
def test_no_mixture_of_pieces_gets_through(text: str):
    every = PLAIN | {"em", "strong", "del", "blockquote", "ul", "ol", "li", "hr", "h3", "h4", "h5"}
    assert_plain(html_of(text), every)


def test_what_students_write_is_shown_as_written():
    html = html_of(
        "A loop over `n < 10` costs **O(n)**; compare a<b, `Tensor<T>`.\n\n- one\n- two\n\n[source](https://pytorch.org)"
    )
    assert "<code>n &lt; 10</code>" in html
    assert "<strong>O(n)</strong>" in html
    assert "a&lt;b" in html
    assert "<li>one</li>" in html
    assert '<a href="https://pytorch.org">source</a>' in html


def test_formulas_are_shown_as_typed():
    assert html_of(r"It is $x_1 * y_1 < \sum_i x_i$.") == "<p>It is <code>$x_1 * y_1 &lt; \\sum_i x_i$</code>.</p>\n"
    assert html_of("$$\na*b*c\n$$") == "<pre><code>a*b*c</code></pre>\n"


def test_pictures_are_named_and_not_loaded():
    assert html_of("![my plot](attachment:plot.png)") == "<p>[picture: my plot]</p>\n"
    assert html_of("![](x.png)") == "<p>[picture]</p>\n"


def test_headings_take_their_place_below_the_page_s():
    assert html_of("### Mine\n##### Deep\n### More", below=3) == "<h4>Mine</h4>\n<h5>Deep</h5>\n<h4>More</h4>\n"
    assert html_of("# a\n## b\n### c", below=4) == "<h5>a</h5>\n<h6>b</h6>\n<h6>c</h6>\n"
    assert html_of("`<h1>`") == "<p><code>&lt;h1&gt;</code></p>\n"
