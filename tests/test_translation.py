"""The German translation has every string of the front end, and fills in with each what English fills in."""

import json
import re
import shutil
import subprocess

import pytest

from tests.conftest import ROOT

CATALOGUE = ROOT / "tinytorch_lab" / "locale" / "de_DE" / "LC_MESSAGES" / "tinytorch_lab.json"


@pytest.fixture(scope="module")
def messages() -> dict[str, str | None]:
    """Every string in the sources that the translator is asked for, with its plural."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("NOT TESTED: reading the strings of the front end needs Node.js")
    script = ROOT / "labextension" / "scripts" / "messages.mjs"
    if not (ROOT / "node_modules" / "typescript").is_dir():
        pytest.skip("NOT TESTED: reading the strings of the front end needs its packages; run 'npm ci'")
    printed = subprocess.run([node, script], check=True, capture_output=True, text=True)
    return dict(json.loads(printed.stdout))


@pytest.fixture(scope="module")
def german() -> dict[str, list[str]]:
    """The translation by message, its head taken off and checked."""
    catalogue = json.loads(CATALOGUE.read_text(encoding="utf-8"))
    head = catalogue.pop("")
    assert (head["domain"], head["language"]) == ("tinytorch_lab", "de-DE")
    return dict(catalogue)


def test_every_string_is_translated_and_none_is_left_over(messages, german):
    assert sorted(german) == sorted(messages)


def test_there_is_a_plural_wherever_english_has_one(messages, german):
    forms = {text: 1 if plural is None else 2 for text, plural in messages.items()}
    assert {text: len(translated) for text, translated in german.items()} == forms


def test_the_same_is_filled_in(messages, german):
    pairs = [
        (english, form)
        for text, forms in german.items()
        for english, form in zip((text, messages[text] or text), forms, strict=False)
    ]
    assert [pair for pair in pairs if places(pair[0]) != places(pair[1])] == []


def places(text: str) -> set[str]:
    return set(re.findall(r"%\d", text))
