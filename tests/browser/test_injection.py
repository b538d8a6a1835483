"""The feedback page in Chromium: whatever students wrote, nothing runs, nothing is asked for, and it reads well."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Request, Route

from tests.grading.hostile import HTML, OUT, TEXTS
from tinytorch_lab import coursework
from tinytorch_lab.coursework import AnswerFeedback, Feedback, OwnRun, OwnTest
from tinytorch_lab.curriculum.markscheme import Level
from tinytorch_lab.grading.feedback import render_page

ADDRESS = "http://feedback.test/page.html"
ELEMENTS = {
    *(
        "html",
        "head",
        "wbr",
        "meta",
        "title",
        "style",
        "body",
        "main",
        "section",
        "div",
        "span",
        "bdi",
        "p",
        "br",
        "hr",
    ),
    *("h1", "h2", "h3", "h4", "h5", "h6", "table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td", "ul", "ol"),
    *("li", "blockquote", "pre", "code", "em", "strong", "del", "a"),
}
GOOD = Level("Good", 7, 8, ("Names the cost of `matmul`", "Points to a line of the own code"))
EXCELLENT = Level("Excellent", 9, 10, ("Quotes a figure that was measured", "Says what follows at scale"))
ANSWER = """\
In my profiling cell `matmul` of two 512 x 512 tensors took **6.1 ms**, and the peak was three times the result:

| size | time | peak |
| --- | --- | --- |
| 256 | 0.9 ms | 0.8 MB |
| 512 | 6.1 ms | 3.1 MB |

So the cost grows as $O(n^3)$ while memory grows as $O(n^2)$. See [the manual](https://numpy.org/doc/).

> Measure first.

```python
out = Tensor(self.data @ other.data)
```
"""


def one_test(
    name: str, score: float, possible: float, message: str = "", *, corrected: bool = False
) -> coursework.TestFeedback:
    status = "passed" if score == possible else "partly passed" if score else "failed"
    return coursework.TestFeedback(
        name, score, possible, status, message, corrected, 0.0123, 3_250_000, 0.011, 1_540_000
    )


def answer(number: int, text: str, comment: str = "", *, marked: bool = True, question: str = "") -> AnswerFeedback:
    asked = question or f"### Question {number}: What does it cost?\nExpected response: 150-300 words."
    level, above = (GOOD, EXCELLENT) if marked else (None, None)
    return AnswerFeedback(
        f"response_{number}", asked, text, 8.0, 10.0, marked, comment, level, above, GOOD.criteria[:1]
    )


def feedback(**changes: object) -> Feedback:
    """Return the feedback on a plausible submission."""
    values: dict[str, object] = {
        "module": "01_tensor",
        "title": "Tensor",
        "student": "ada",
        "score": 79.0,
        "total": 100.0,
        "penalty": 7.9,
        "notes": ("The notebook was named my_tensor.ipynb instead of 01_tensor.ipynb.",),
        "tests": (
            one_test("test_creation", 8, 8),
            one_test("test_matmul", 9, 12, "3 of 4 hidden checks agree: 'matmul shape error' differs in its kind."),
            one_test("test_views", 0, 9, "AssertionError: Tensor.T: expected shape (3, 2), got (2, 3)"),
            one_test("test_reductions", 9, 9, corrected=True),
        ),
        "answers": (
            answer(1, ANSWER, "Right, and *measured*. Say what it means for a framework."),
            answer(2, ""),
            answer(3, "Views share memory.", marked=False),
        ),
        "lateness": "Handed in late, 1 day begun after the due date: 10 % of the points earned are taken off.",
        "own_run": OwnRun(
            "08_training",
            "ada",
            "",
            (
                OwnTest("test_fit", 4, 16, 16, "NotImplementedError in tensor.py, line 41", ("01_tensor",)),
                OwnTest("test_steps", 10, 10, 10, ""),
            ),
            ("01_tensor", "02_activations"),
            {"03_layers": "it was not handed in and graded"},
        ),
    }
    return Feedback(**{**values, **changes})  # type: ignore[arg-type]


def hostile_feedback(text: str) -> Feedback:
    """Return feedback with ``text`` wherever somebody could have put it."""
    level = Level(text, 0, 10, (text,))
    return feedback(
        module=text,
        title=text,
        student=text,
        lateness=text,
        notes=(text, f"The notebook was named {text}.ipynb instead of 01_tensor.ipynb."),
        tests=(one_test(text, 0, 10, text),),
        answers=(AnswerFeedback(text, text, text, 1.0, 10.0, True, text, level, level, (text,)),),
        own_run=OwnRun(text, text, text, (OwnTest(text, 0, 1, 1, text, (text,)),), (text,), {text: text}),
    )


@dataclass
class Opened:
    """The page as opened, with everything it did by itself: requests it ``tried`` that a policy may have stopped,
    those ``sent``, and ``alarms`` of whatever ran.
    """

    page: Page
    html: str = ""
    tried: list[str] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    alarms: list[str] = field(default_factory=list)

    def show(self, content: Feedback) -> None:
        """Open the page for ``content`` and wait for what it might do."""
        self.load(render_page(content))
        self.page.wait_for_load_state("networkidle")

    def load(self, html: str) -> None:
        """Open ``html`` as the page."""
        for log in (self.tried, self.sent, self.alarms):
            log.clear()
        self.html = html
        self.page.goto(ADDRESS)

    def answer(self, route: Route) -> None:
        """Answer for every server there could be: with the page, or with a script that reports itself."""
        if route.request.url == ADDRESS:
            route.fulfill(body=self.html, content_type="text/html; charset=utf-8")
        else:
            self.sent.append(route.request.url)
            route.fulfill(body="alert('loaded')", content_type="text/javascript")

    def note(self, request: Request) -> None:
        if request.url != ADDRESS:
            self.tried.append(request.url)


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 900, "height": 1100})
    yield context
    context.close()


@pytest.fixture
def opened(context: BrowserContext) -> Opened:
    page = context.new_page()
    opened = Opened(page)
    page.on("request", opened.note)
    page.on("dialog", lambda dialog: (opened.alarms.append(dialog.message), dialog.dismiss()))
    page.on("pageerror", lambda error: opened.alarms.append(str(error)))
    page.on("popup", lambda popup: opened.alarms.append(popup.url))
    context.route("**/*", opened.answer)
    return opened


# Everything a reader does with a page, on every element, except following a link away.
STIR = """() => {
  for (const element of document.querySelectorAll('*')) {
    const kinds = ['mouseover', 'mouseenter', 'focus', 'pointerdown', 'click', 'toggle', 'error', 'load'];
    for (const kind of kinds) {
      const event = new Event(kind, { bubbles: true, cancelable: true });
      element.addEventListener(kind, it => it.preventDefault(), { once: true });
      element.dispatchEvent(event);
    }
  }
}"""
SURVEY = """() => [...document.querySelectorAll('*')].map(element => [
  element.localName, element.namespaceURI, [...element.attributes].map(one => [one.name, one.value])
])"""


@pytest.mark.parametrize("place", range(0, len(TEXTS), 15))
def test_nothing_runs_and_nothing_is_asked_for(opened: Opened, place: int):
    for text in TEXTS[place : place + 15]:
        opened.show(hostile_feedback(text))
        opened.page.evaluate(STIR)
        opened.page.mouse.move(300, 300)
        assert opened.page.url == ADDRESS, text
        assert (opened.alarms, opened.tried) == ([], []), text
        assert_harmless(opened.page, text)


def test_all_of_it_on_one_page_does_nothing_either(opened: Opened):
    opened.show(hostile_feedback("\n\n".join(TEXTS)))
    opened.page.evaluate(STIR)
    # A refresh, an animation or a lazy picture would take a moment.
    opened.page.wait_for_timeout(1500)
    assert opened.page.url == ADDRESS
    assert (opened.alarms, opened.tried) == ([], [])
    assert_harmless(opened.page, "all")


def test_the_policy_would_stop_what_the_cleaning_let_through(opened: Opened):
    """The second line of defence, alone: the corpus as it is, in a page of ours without its cleaning."""
    page = render_page(feedback())
    for text in HTML:
        opened.load(page.replace("</main>", f"{text}</main>", 1))
        # No policy in a page can forbid a refresh, which is why what is cleaned away matters. It must not come late,
        # into the page after it.
        if "refresh" in text:
            opened.page.wait_for_url(OUT)
        else:
            opened.page.wait_for_timeout(50)
            assert opened.page.url == ADDRESS, text
            assert opened.sent == [], text
        assert opened.alarms == [], text


def assert_harmless(page: Page, text: str) -> None:
    for name, namespace, attributes in page.evaluate(SURVEY):
        assert name in ELEMENTS, text
        assert namespace == "http://www.w3.org/1999/xhtml", text
        for attribute, value in attributes:
            assert not attribute.startswith("on"), text
            assert attribute not in ("style", "src", "srcdoc", "action", "ping", "srcset", "background"), text
            if attribute == "href":
                assert re.match(r"(https?:|mailto:|#)", value), (text, value)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_accessible(opened: Opened, scheme: str):
    opened.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    opened.show(feedback())
    picture(opened.page, f"feedback-{scheme}")
    # The page's own policy keeps axe out as it would any script, so it looks at the same page without it.
    opened.page.set_content(re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", opened.html))
    found = Axe().run(opened.page)
    assert found.violations_count == 0, found.generate_report()


def test_the_page_prints_in_dark_ink_on_white(opened: Opened):
    opened.show(feedback())
    opened.page.emulate_media(media="print", color_scheme="dark")
    colours = opened.page.evaluate(
        "[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]"
    )
    assert colours == ["rgb(28, 28, 28)", "rgb(255, 255, 255)"]
    folder = os.environ.get("TINYTORCH_SCREENSHOTS")
    if folder:
        opened.page.pdf(path=Path(folder) / "feedback.pdf", format="A4", print_background=False)


def test_what_a_student_reads(opened: Opened):
    opened.show(feedback())
    text = opened.page.locator("main").inner_text()
    for part in (
        "Provisional: not every answer is marked yet.",
        "Tests\t26 of 38",
        "Written answers\t24 of 30",
        "10 % of the points earned are taken off.\t\u22127.9",
        "Total\t71.1 of 100",
        "my_tensor.ipynb instead of",
        "✗ failed",
        "(points set by your instructor)",
        "12.3 ms, peak memory 3.1 MB: 2.11 times the reference's",
        "8 of 10 points: Good",
        "Names the cost of matmul",
        "(seen)",
        "The next level up, Excellent (9\u201310 points), shows:",
        "Say what it means for a framework.",
        "You wrote no answer.",
        "Not marked yet.",
        "does not count",
        "01_tensor\t16\t4",
        "03_layers: it was not handed in and graded",
    ):
        assert part in text, part
    assert "test_steps" not in text


def test_long_words_do_not_make_the_page_wider(opened: Opened):
    opened.page.set_viewport_size({"width": 360, "height": 700})
    opened.show(hostile_feedback("x" * 3000 + " `" + "y" * 3000 + "`\n\n```\n" + "z" * 3000 + "\n```"))
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= 360


def picture(page: Page, name: str) -> None:
    """Keep a picture of the page in the folder that TINYTORCH_SCREENSHOTS names, for a person to look at."""
    folder = os.environ.get("TINYTORCH_SCREENSHOTS")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
