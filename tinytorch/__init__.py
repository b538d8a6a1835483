# Generated from the modules of this folder; edit their notebooks, not this file.
"""A small machine-learning framework, built module by module.

A module is loaded when one of its names is first used, so that an unfinished one stands in nobody's way.
"""

from contextlib import suppress
from importlib import import_module
from typing import Any

_NAMES: dict[str, list[str]] = {
    "setup": ["environment_report", "measure_memory", "TestResult", "TestReport", "run_tests"],
    "tensor": [
        "Op", "Tensor", "Add", "Neg", "Pow", "Exp", "Log", "broadcast_shape", "as_operand", "Sub",
        "Mul", "Div", "matmul_loops", "MatMul", "Sum", "Mean", "Max", "row_major_strides", "Reshape",
        "Transpose", "GetItem", "shares_memory",
    ],
    "activations": [
        "as_floating", "Activation", "ReLUOp", "relu", "ReLU", "SigmoidOp", "sigmoid", "Sigmoid",
        "TanhOp", "tanh", "Tanh", "SoftmaxOp", "softmax", "Softmax", "SQRT_2_OVER_PI", "GELUOp", "gelu",
        "GELU", "XOR_INPUTS", "XOR_TARGETS", "best_linear_fit", "best_linear_fit_xor",
    ],
}
# Modules that add methods to classes of another are loaded with it.
_EXTENDED_BY: dict[str, list[str]] = {}

__all__ = sorted({name for names in _NAMES.values() for name in names})


def __getattr__(name: str) -> Any:
    """Load the module that defines ``name``."""
    if name in _NAMES:
        return import_module(f"{__name__}.{name}")
    # The last module that defines a name wins, as with one star import after the other.
    module = next((module for module in reversed(_NAMES) if name in _NAMES[module]), None)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{module}"), name)
    for extension in _EXTENDED_BY.get(module, []):
        with suppress(Exception):  # An unfinished extension says so to those who import it.
            import_module(f"{__name__}.{extension}")
    return value


def __dir__() -> list[str]:
    return sorted({*_NAMES, *__all__})
