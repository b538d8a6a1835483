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
        "TanhOp", "tanh", "Tanh", "SoftmaxOp", "softmax", "Softmax", "in_blocks", "SQRT_2_OVER_PI",
        "GELUOp", "gelu", "GELU", "XOR_INPUTS", "XOR_TARGETS", "best_linear_fit", "best_linear_fit_xor",
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
        "sub_backward", "mul_backward", "div_backward", "product_like", "matmul_backward",
        "sum_backward", "mean_backward", "reshape_backward", "transpose_backward", "getitem_backward",
        "gelu_backward", "relu_backward", "sigmoid_backward", "tanh_backward", "softmax_backward",
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
    "spatial": [
        "output_size", "conv2d_loops", "batch_last", "side_by_side", "window_slices", "im2col",
        "col2im", "Conv2dOp", "conv2d_backward", "Conv2d", "MaxPool2dOp", "max_pool2d_backward",
        "MaxPool2d", "AvgPool2dOp", "avg_pool2d_backward", "AvgPool2d", "conv_cost", "receptive_field",
    ],
    "tokenization": [
        "id_list", "CharTokenizer", "Pair", "Word", "WORDS", "split_words", "count_words",
        "count_pairs", "merge_tokens", "merge_pair", "learn_merges", "BPETokenizer",
        "compression_ratio", "TextDataset",
    ],
    "embeddings": [
        "normal_parameter", "token_ids", "EmbeddingOp", "Embedding", "sum_by_id", "embedding_backward",
        "sinusoidal_table", "PositionalEncoding", "TokenEmbedding", "embedding_memory",
    ],
    "attention": [
        "mask_scores", "exchange_last", "scaled_dot_product_attention", "causal_mask", "padding_mask",
        "SelfAttention", "split_heads", "merge_heads", "Extend", "MultiHeadAttention",
        "attention_memory", "longest_sequence",
    ],
    "transformers": [
        "LayerNormOp", "LayerNorm", "layer_norm_backward", "FeedForward", "TransformerBlock", "GPT",
        "parameters_by_part", "gradient_norms",
    ],
    "profiling": [
        "format_seconds", "TimeProfiler", "STATM", "peak_memory_usage", "resident_megabytes",
        "get_memory_usage", "FlopRule", "FLOPS", "flops_for", "per_element", "matmul_flops",
        "conv2d_flops", "reduction_flops", "mean_flops", "recorded_ops", "flops_by_op", "count_flops",
        "RooflineEstimate", "roofline", "named_layers", "observe_layers", "tensors_in", "CallTimer",
        "LayerProfile", "Profiler", "profile_table", "median_interval", "BenchmarkResult", "benchmark",
        "chance_of_order", "is_faster", "drift_score", "drift_limit", "Request", "ModelMonitor",
    ],
    "acceleration": [
        "blocked_matmul", "parallel_map", "inner_tanh", "LinearGELUOp", "linear_gelu_backward",
        "linear_gelu", "linear_gelu_flops", "QTensor", "quantize_int8", "dequantize", "QuantizedLinear",
        "model_bytes", "weight_matrices", "sparsity", "magnitude_prune", "apply_masks", "low_rank",
        "distillation_loss", "keep_freed_memory",
    ],
    "tinygpt": [
        "shakespeare", "text_blocks", "tokenizer_for", "TinyGPT", "perplexity", "schedule_for",
        "ngram_loss", "training_steps", "train_on_shakespeare", "sample", "KVCache", "next_logits",
        "generate", "FRAMEWORK", "component_reuse",
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
    globals()[name] = value  # The next use finds it at once.
    return value


def __dir__() -> list[str]:
    return sorted({*_NAMES, *__all__})
