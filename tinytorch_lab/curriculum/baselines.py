"""What the reference solution's tests cost, recorded when the release is built and shipped beside the notebook."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from tinytorch_lab.files import write_text


@dataclass(frozen=True)
class Baseline:
    """One test cell's cost with the reference solution: tracemalloc peak in bytes, time in calibration loops."""

    peak_bytes: int
    calibration_loops: float


def read_baselines(path: Path) -> dict[str, Baseline]:
    """Read the baselines by grade id; empty when none were recorded."""
    if not path.is_file():
        return {}
    return {name: Baseline(**figures) for name, figures in json.loads(path.read_text(encoding="utf-8")).items()}


def write_baselines(path: Path, baselines: Mapping[str, Baseline]) -> None:
    """Write the baselines by grade id."""
    figures = {name: asdict(baseline) for name, baseline in baselines.items()}
    write_text(path, json.dumps(figures, indent=2) + "\n")
