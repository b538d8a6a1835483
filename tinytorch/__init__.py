# Generated from the modules of this folder; edit their notebooks, not this file.
"""A small machine-learning framework, built module by module.

A module is loaded when one of its names is first used: an unfinished one is in nobody's way.
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
    "layers": [
        "Parameter", "named_members", "Module", "uniform_parameter", "Linear", "Dense", "Sequential",
        "Flatten", "parameter_count", "layer_memory",
    ],
    "losses": [
        "LogSoftmaxOp", "log_softmax", "Loss", "as_target", "mse_loss", "MSELoss", "class_indices",
        "cross_entropy", "CrossEntropyLoss", "bce_with_logits", "BinaryCrossEntropyLoss", "accuracy",
        "central_difference",
    ],
    "dataloader": [
        "Dataset", "TensorDataset", "Subset", "DataLoader", "throughput", "Normalize", "Compose",
        "train_val_split", "IDX_TYPES", "write_idx", "read_idx", "MNIST",
    ],
    "autograd": [
        "Rule", "BACKWARD", "backward_for", "input_gradients", "kept_shape", "neg_backward",
        "exp_backward", "log_backward", "pow_backward", "max_backward", "unbroadcast", "add_backward",
        "sub_backward", "mul_backward", "div_backward", "matmul_backward", "sum_backward",
        "mean_backward", "reshape_backward", "transpose_backward", "getitem_backward", "gelu_backward",
        "relu_backward", "sigmoid_backward", "tanh_backward", "softmax_backward",
        "log_softmax_backward", "topological_order", "no_grad", "detach", "backward", "gradient_check",
        "graph_memory",
    ],
    "optimizers": [
        "unique_tensors", "Optimizer", "SGD", "heavy_ball", "Adam", "AdamW", "clip_grad_norm",
        "optimizer_memory",
    ],
    "training": [
        "Batch", "Metric", "train_step", "in_order", "evaluation_mode", "evaluate", "Schedule",
        "StepDecay", "CosineSchedule", "History", "EarlyStopping", "CHECKPOINT_VERSION", "content_hash",
        "write_atomically", "save_checkpoint", "read_checkpoint", "load_checkpoint", "groups_of",
        "Trainer",
    ],
}
# Modules that add methods to classes of another are loaded with it.
_EXTENDED_BY: dict[str, list[str]] = {
    "tensor": ["autograd"],
    "activations": ["autograd"],
    "losses": ["autograd"],
}

__all__ = sorted({name for names in _NAMES.values() for name in names})


def __getattr__(name: str) -> Any:
    """Load the module that defines ``name``."""
    if name in _NAMES:
        return import_module(f"{__name__}.{name}")
    module = next((module for module, names in _NAMES.items() if name in names), None)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{module}"), name)
    for extension in _EXTENDED_BY.get(module, []):
        with suppress(Exception):  # An unfinished extension says so to those who import it.
            import_module(f"{__name__}.{extension}")
    return value


def __dir__() -> list[str]:
    return sorted({*_NAMES, *__all__})
