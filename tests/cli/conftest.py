"""Calling ``tito`` as a shell would, within this process."""

import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tinytorch_lab.cli.main import main


@dataclass(frozen=True)
class Outcome:
    """What a command did."""

    code: int
    out: str
    err: str


@pytest.fixture
def tito(monkeypatch, capsys) -> Callable[..., Outcome]:
    """Run ``tito`` with the arguments given."""

    def run(*arguments: object) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["tito", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsys.readouterr()
        return Outcome(int(ended.value.code or 0), captured.out, captured.err)

    return run
