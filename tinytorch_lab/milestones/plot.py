"""A milestone's plot, drawn without a display and the same whatever the user's Matplotlib style."""

import io
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tinytorch_lab.errors import InvalidInputError
from tinytorch_lab.files import write_bytes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MATPLOTLIB = threading.Lock()
"""Matplotlib's settings belong to the whole process, and two milestones may end together."""

_FORMATS = (".png", ".svg", ".pdf")


def check_format(path: Path) -> None:
    """Raise unless the ending of ``path`` names a format we can write.

    Raises:
        InvalidInputError: it does not.
    """
    if path.suffix.lower() not in _FORMATS:
        raise InvalidInputError(f"The plot {path} must end in {', '.join(_FORMATS[:-1])} or {_FORMATS[-1]}.")


def save_plot(path: Path, draw: Callable[["Figure"], None]) -> None:
    """Let ``draw`` fill a white figure and replace ``path`` by it.

    Raises:
        NotAvailableError: the file cannot be written.
    """
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    buffer = io.BytesIO()
    with _MATPLOTLIB, matplotlib.rc_context():
        matplotlib.rcdefaults()
        figure = Figure(figsize=(10, 4.4), dpi=120, facecolor="white", layout="constrained")
        FigureCanvasAgg(figure)
        draw(figure)
        figure.savefig(buffer, format=path.suffix.lower().lstrip("."))
    write_bytes(path, buffer.getvalue())
