"""A yardstick: a test's seconds are recorded as multiples of this loop's, which carry over to other machines."""

from tinytorch_lab.runner.contract import Cell

CALIBRATION = Cell(
    id="calibration",
    source=(
        "import numpy as np\n"
        "_a = np.linspace(0.0, 1.0, 4096, dtype=np.float32).reshape(64, 64)\n"
        "for _ in range(200):\n"
        "    _b = np.tanh(_a @ _a.T) + _a\n"
        "del _a, _b, _\n"
    ),
)
"""Matrix products, an elementwise function and Python's loop, a few milliseconds long; leaves no name behind."""
