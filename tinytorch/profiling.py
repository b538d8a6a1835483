# Generated from curriculum/14_profiling/14_profiling.py; edit that, not this file.
# Each "# %%" line says which cell, and which of its lines, the code below it is.

__all__ = [
    "format_seconds", "TimeProfiler", "STATM", "peak_memory_usage", "resident_megabytes",
    "get_memory_usage", "FlopRule", "FLOPS", "flops_for", "per_element", "matmul_flops",
    "conv2d_flops", "reduction_flops", "mean_flops", "recorded_ops", "flops_by_op", "count_flops",
    "RooflineEstimate", "roofline", "named_layers", "observe_layers", "tensors_in", "CallTimer",
    "LayerProfile", "Profiler", "profile_table", "median_interval", "BenchmarkResult", "benchmark",
    "chance_of_order", "is_faster", "drift_score", "drift_limit", "Request", "ModelMonitor",
]


# %% cell 3 (imports), lines 2-22
import math
import os
import sys
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .activations import Activation, GELUOp, ReLUOp, SigmoidOp, SoftmaxOp, TanhOp
from .embeddings import EmbeddingOp
from .layers import Module
from .losses import LogSoftmaxOp
from .spatial import AvgPool2dOp, Conv2dOp, MaxPool2dOp
from .tensor import Add, Div, Exp, GetItem, Log, MatMul, Max, Mean, Mul, Neg, Op, Pow
from .tensor import Reshape, Sub, Sum, Tensor, Transpose
from .transformers import LayerNormOp


# %% cell 6 (time_profiler), lines 2-50 without 33, 36, 43
def format_seconds(seconds: float) -> str:
    """A time as text, in s, ms, µs or ns: ``"1.24 ms"``."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if abs(seconds) >= size:
            return f"{seconds / size:.2f} {unit}"
    return f"{seconds / 1e-9:.2f} ns"


class TimeProfiler:
    """Time the body of a ``with`` statement; ``with TimeProfiler("load") as timer:`` binds the profiler.

    clock: returns seconds. report: gets the line ``"load: 1.24 ms"`` at the end of each block; None for silence.
    After a block, ``seconds`` is its time. ``calls`` counts the finished blocks, and ``total`` is the time spent
    inside at least one block of this profiler.
    """

    def __init__(
        self,
        name: str,
        clock: Callable[[], float] = time.perf_counter,
        report: Callable[[str], Any] | None = print,
    ) -> None:
        self.name, self.clock, self.report = name, clock, report
        self.calls, self.seconds, self.total = 0, 0.0, 0.0
        self.starts: list[float] = []

    def __enter__(self) -> "TimeProfiler":
        """Note when the block begins.

        Hint: blocks of one profiler may be nested, so ``self.starts`` is a stack.
        """
        self.starts.append(self.clock())
        return self

    def __exit__(self, *exception: Any) -> None:
        """Note what the block took, also if it raised; the exception goes on.

        Hint: ``format_seconds``.
        """
        now = self.clock()
        self.seconds = now - self.starts.pop()
        self.calls += 1
        if not self.starts:
            self.total += self.seconds
        if self.report is not None:
            self.report(f"{self.name}: {format_seconds(self.seconds)}")


# %% cell 11 (memory_usage), lines 2-31 without 18, 20, 28
STATM = Path("/proc/self/statm")


def peak_memory_usage() -> float:
    """Largest resident memory of this process so far, in MB (10⁶ bytes); not available on Windows."""
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def resident_megabytes(statm: str, page_size: int) -> float:
    """Resident memory in MB (10⁶ bytes) from the text of ``statm``, whose numbers are pages of ``page_size`` bytes.

    Hint: the second number.
    """
    return int(statm.split()[1]) * page_size / 1e6


def get_memory_usage() -> float:
    """Resident memory of this process now, in MB; where ``STATM`` does not exist, ``peak_memory_usage()``.

    Hint: ``os.sysconf("SC_PAGE_SIZE")``.
    """
    if not STATM.exists():
        return peak_memory_usage()
    return resident_megabytes(STATM.read_text(), os.sysconf("SC_PAGE_SIZE"))


# %% cell 16 (flop_registry), lines 2-26
FlopRule = Callable[[Any, tuple[int, ...]], int]
FLOPS: dict[type[Op], FlopRule] = {}


def flops_for(*kinds: type[Op]) -> Callable[[FlopRule], FlopRule]:
    """Decorator: register a function ``rule(op, shape of the result)`` as the FLOP count of some op classes."""

    def register(rule: FlopRule) -> FlopRule:
        FLOPS.update(dict.fromkeys(kinds, rule))
        return rule

    return register


def per_element(cost: int) -> FlopRule:
    """A rule that counts ``cost`` operations for each element of the result."""
    return lambda _op, shape: cost * math.prod(shape)


flops_for(Reshape, Transpose, GetItem, EmbeddingOp)(per_element(0))
flops_for(Add, Sub, Mul, Div, Neg, Pow, Exp, Log, ReLUOp, TanhOp)(per_element(1))
flops_for(SigmoidOp)(per_element(4))
flops_for(SoftmaxOp, LogSoftmaxOp)(per_element(5))
flops_for(LayerNormOp)(per_element(8))
flops_for(GELUOp)(per_element(9))


# %% cell 17 (flop_rules), lines 2-32 without 5, 7, 13, 17, 23, 25, 31
@flops_for(MatMul)
def matmul_flops(op: MatMul, shape: tuple[int, ...]) -> int:
    """FLOPs of ``a @ b`` for matrices, batches and vectors, whose result has ``shape``."""
    return 2 * math.prod(shape) * op.inputs[0].shape[-1]


@flops_for(Conv2dOp)
def conv2d_flops(op: Conv2dOp, shape: tuple[int, ...]) -> int:
    """FLOPs of a convolution with weights (out, in, k, k), with or without bias (out,)."""
    window = math.prod(op.inputs[1].shape[1:])
    bias = 1 if len(op.inputs) > 2 else 0
    return math.prod(shape) * (2 * window + bias)


@flops_for(Sum, Max, MaxPool2dOp, AvgPool2dOp)
def reduction_flops(op: Op, _shape: tuple[int, ...]) -> int:
    """FLOPs of a sum, a maximum or a pooling: one for each element of the input."""
    return op.inputs[0].size


@flops_for(Mean)
def mean_flops(op: Mean, shape: tuple[int, ...]) -> int:
    """FLOPs of a mean: those of a sum, and one division for each element of the result."""
    return reduction_flops(op, shape) + math.prod(shape)


# %% cell 20 (count_flops), lines 2-48 without 8, 20, 28, 36, 44
def recorded_ops(results: Iterable[Tensor], inputs: Iterable[Tensor] = ()) -> list[tuple[Op, tuple[int, ...]]]:
    """The ops between ``inputs`` and ``results``, each once and with the shape of its result, in any order.

    Without ``inputs``, all ops behind the results. Not recursive. Raises RuntimeError under ``no_grad``, where
    ``Op.recording`` is off and a count would be 0 by mistake.
    """
    if not Op.recording:
        raise RuntimeError("ops are counted in the recorded graph, and nothing is recorded under no_grad")
    ops: list[tuple[Op, tuple[int, ...]]] = []
    waiting, seen = list(results), set(inputs)
    while waiting:
        tensor = waiting.pop()
        if tensor not in seen and tensor.creator is not None:
            ops.append((tensor.creator, tensor.shape))
            waiting.extend(tensor.creator.inputs)
        seen.add(tensor)
    return ops


def flops_by_op(results: Iterable[Tensor], inputs: Iterable[Tensor] = ()) -> dict[str, int]:
    """FLOPs between ``inputs`` and ``results`` for each kind of op, by the name of its class.

    Raises LookupError, naming the op, if one of them has no rule.
    """
    counts: dict[str, int] = {}
    for op, shape in recorded_ops(results, inputs):
        name = type(op).__name__
        if type(op) not in FLOPS:
            raise LookupError(f"{name} has no FLOP rule; write one under @flops_for({name})")
        counts[name] = counts.get(name, 0) + FLOPS[type(op)](op, shape)
    return counts


def count_flops(model: Callable[[Tensor], Tensor], shape: tuple[int, ...], dtype: Any = np.float32) -> int:
    """FLOPs of one forward pass of ``model`` on an input of ``shape``; an integer dtype stands for token numbers.

    Hint: only floating-point tensors can require grad.
    """
    x = Tensor(np.zeros(shape), dtype=dtype, requires_grad=np.dtype(dtype).kind == "f")
    with np.errstate(all="ignore"):
        result = model(x)
    return sum(flops_by_op([result]).values())


# %% cell 25 (roofline), lines 2-31 without 18
@dataclass(frozen=True)
class RooflineEstimate:
    """seconds: the least time; intensity: FLOP per byte; rate: attainable FLOP/s; bound: "compute" or "memory"."""

    seconds: float
    intensity: float
    rate: float
    bound: str


def roofline(flops: float, traffic: float, peak_flops: float, peak_bandwidth: float) -> RooflineEstimate:
    """Bound work of ``flops`` operations that moves ``traffic`` bytes, on a machine with these peaks (per second).

    Raises ValueError unless both peaks are positive and both counts at least 0.
    Hint: the larger of two times; the rate is what the roof allows at that intensity.
    """
    if peak_flops <= 0 or peak_bandwidth <= 0 or flops < 0 or traffic < 0:
        raise ValueError(
            f"peaks must be positive and counts not negative: {flops} FLOPs, {traffic} bytes, {peak_flops} FLOP/s, "
            f"{peak_bandwidth} byte/s"
        )
    compute, memory = flops / peak_flops, traffic / peak_bandwidth
    intensity = flops / traffic if traffic else math.inf
    return RooflineEstimate(
        seconds=max(compute, memory),
        intensity=intensity,
        rate=min(peak_flops, intensity * peak_bandwidth),
        bound="compute" if compute >= memory else "memory",
    )


# %% cell 30 (observe_layers), lines 2-48
def named_layers(model: Any) -> dict[Any, str]:
    """The name of each module and activation that can be reached from ``model``, which is itself named ``model``."""
    names: dict[Any, str] = {}

    def visit(name: str, value: Any) -> None:
        if isinstance(value, (list, tuple)):
            for position, part in enumerate(value):
                visit(f"{name}.{position}", part)
        elif isinstance(value, (Module, Activation)) and value not in names:
            names[value] = name.removeprefix("model.")
            for key, part in vars(value).items():
                visit(f"{name}.{key}", part)

    visit("model", model)
    return names


@contextmanager
def observe_layers(
    enter: Callable[[Any], None], leave: Callable[[Any, list[Tensor], list[Tensor]], None]
) -> Iterator[None]:
    """Within the block, call ``enter(layer)`` before and ``leave(layer, inputs, results)`` after each layer's call.

    ``leave`` comes also if the call raised, with no results.
    """
    doors = {Module.__call__.__code__, Activation.__call__.__code__}

    def hook(frame: Any, event: str, value: Any) -> None:
        if frame.f_code not in doors or event not in ("call", "return"):
            return
        local = frame.f_locals
        if event == "call":
            enter(local["self"])
        else:
            inputs = [*local.get("inputs", ()), local.get("x")]
            leave(local["self"], tensors_in(inputs), tensors_in(value if isinstance(value, tuple) else [value]))

    before = sys.getprofile()
    sys.setprofile(hook)
    try:
        yield
    finally:
        sys.setprofile(before)


def tensors_in(values: Iterable[Any]) -> list[Tensor]:
    return [value for value in values if isinstance(value, Tensor)]


# %% cell 31 (call_timer), lines 2-29 without 14, 16, 23
class CallTimer:
    """Split time between calls that contain each other."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self.clock = clock
        self.open: list[list[float]] = []

    def begin(self) -> None:
        """A call begins, inside the one that began last and is still open.

        Hint: for each open call, its start and the seconds of its inner calls so far.
        """
        self.open.append([self.clock(), 0.0])

    def end(self) -> tuple[float, float]:
        """The call that began last ends. Return its seconds, and its own seconds: without those of inner calls.

        Hint: whoever ends has to tell the call around it.
        """
        now = self.clock()
        start, inner = self.open.pop()
        seconds = now - start
        if self.open:
            self.open[-1][1] += seconds
        return seconds, seconds - inner


# %% cell 34 (profiler), lines 2-70 without 31, 56
@dataclass
class LayerProfile:
    """What all calls of one layer took together; without ``own``, the layers inside it are contained.

    output_bytes: bytes of the tensors that it returned.
    """

    name: str
    kind: str
    calls: int = 0
    seconds: float = 0.0
    own_seconds: float = 0.0
    flops: int = 0
    output_bytes: int = 0


class Profiler:
    """Profile one forward pass: ``Profiler(model)(x)``."""

    def __init__(self, model: Any, clock: Callable[[], float] = time.perf_counter) -> None:
        self.model, self.clock = model, clock

    def __call__(self, x: Tensor) -> list[LayerProfile]:
        """One profile for each layer called, in the order in which their first calls began.

        ``name`` comes from ``named_layers``, or is "" for a layer outside the tree; ``kind`` is the class's name.
        Raises what the model raises.
        Hint: in ``leave``, note what the call took and what it worked on; the rest comes when the model is done.
        """
        names, timer = named_layers(self.model), CallTimer(self.clock)
        profiles: dict[Any, LayerProfile] = {}
        calls: list[tuple[LayerProfile, list[Tensor], list[Tensor]]] = []

        def enter(layer: Any) -> None:
            if layer not in profiles:
                profiles[layer] = LayerProfile(names.get(layer, ""), type(layer).__name__)
            timer.begin()

        def leave(layer: Any, inputs: list[Tensor], results: list[Tensor]) -> None:
            seconds, own_seconds = timer.end()
            profile = profiles[layer]
            profile.calls += 1
            profile.seconds += seconds
            profile.own_seconds += own_seconds
            calls.append((profile, inputs, results))

        x = Tensor(x, dtype=x.dtype, requires_grad=x.dtype.kind == "f")
        with observe_layers(enter, leave):
            self.model(x)
        for profile, inputs, results in calls:
            profile.flops += sum(flops_by_op(results, inputs).values())
            profile.output_bytes += sum(result.memory_footprint() for result in results)
        return list(profiles.values())


def profile_table(profiles: Sequence[LayerProfile]) -> str:
    """Profiles as a table; shares of the own time add up to 100 %."""
    whole = sum(profile.own_seconds for profile in profiles)
    lines = [f"{'layer':24} {'kind':18} {'calls':>5} {'time':>10} {'own':>7} {'MFLOP':>9} {'GFLOP/s':>8} {'out kB':>8}"]
    for profile in profiles:
        share = profile.own_seconds / whole if whole else 0.0
        rate = profile.flops / profile.seconds / 1e9 if profile.seconds else 0.0
        lines.append(
            f"{profile.name[-24:]:24} {profile.kind[:18]:18} {profile.calls:5} {format_seconds(profile.seconds):>10} "
            f"{share:7.1%} {profile.flops / 1e6:9.2f} {rate:8.2f} {profile.output_bytes / 1e3:8.1f}"
        )
    return "\n".join(lines)


# %% cell 39 (benchmark), lines 2-58 without 8, 17, 32, 36, 50
def median_interval(samples: Sequence[float], confidence: float = 0.95) -> tuple[float, float]:
    """Interval that holds the true median with at least this confidence, whatever the distribution.

    Raises ValueError, naming the count, if there are too few samples for it.
    Hint: ``math.comb``, and integers: 2 · sum · 2⁻ⁿ is at most 1 - confidence.
    """
    ordered, n = sorted(samples), len(samples)
    outside, k = 0, 0
    while k < n // 2 + n % 2 and 1 - 2 * (outside + math.comb(n, k)) / 2**n >= confidence:
        outside += math.comb(n, k)
        k += 1
    if k == 0:
        raise ValueError(f"{n} samples are too few for an interval with a confidence of {confidence}")
    return float(ordered[k - 1]), float(ordered[n - k])


@dataclass(frozen=True)
class BenchmarkResult:
    """Times of one call in seconds: all samples as they came, and what they say."""

    samples: tuple[float, ...]
    median: float
    p95: float
    interval: tuple[float, float]

    @classmethod
    def of(cls, samples: Iterable[float]) -> "BenchmarkResult":
        """The result for given samples; ``p95`` is NumPy's 95 % quantile, ``interval`` that for 95 %."""
        kept = tuple(float(sample) for sample in samples)
        interval = median_interval(kept)
        return cls(kept, float(np.median(kept)), float(np.quantile(kept, 0.95)), interval)

    def __str__(self) -> str:
        low, high = (format_seconds(edge) for edge in self.interval)
        return f"{format_seconds(self.median)} [{low}, {high}], p95 {format_seconds(self.p95)}, n = {len(self.samples)}"


def benchmark(
    fn: Callable[[], Any], warmup: int = 3, repeats: int = 30, clock: Callable[[], float] = time.perf_counter
) -> BenchmarkResult:
    """Call ``fn`` ``warmup`` times without looking, then ``repeats`` times with the clock around each call.

    Raises ValueError if there are too few repeats for an interval.
    """
    for _ in range(warmup):
        fn()
    samples = []
    for _ in range(repeats):
        start = clock()
        fn()
        samples.append(clock() - start)
    return BenchmarkResult.of(samples)


# %% cell 42 (is_faster), lines 2-28 without 9, 22, 27
def chance_of_order(a: Sequence[float], b: Sequence[float]) -> float:
    """Probability that equal distributions give samples in which ``a`` lies below ``b`` as clearly as here.

    Mann and Whitney's one-sided test (1947) in its normal approximation, with corrections for ties and continuity.
    Raises ValueError if a sample is empty.
    Hint: ``np.unique(..., return_counts=True)`` finds groups of equal values; ``math.erfc``.
    """
    n, m = len(a), len(b)
    if n == 0 or m == 0:
        raise ValueError(f"both samples need values, got {n} and {m}")
    ordered, total = np.sort(np.asarray(b, dtype=np.float64)), n + m
    not_above = np.searchsorted(ordered, a, side="right") + np.searchsorted(ordered, a, side="left")
    u = float(np.sum(m - not_above / 2))
    _, ties = np.unique(np.concatenate([a, b]), return_counts=True)
    tied = float(np.sum(ties.astype(np.float64) ** 3 - ties)) / (total * (total - 1))
    sigma = math.sqrt(max(0.0, n * m / 12 * (total + 1 - tied)))
    if sigma == 0:
        return 1.0
    return math.erfc((u - n * m / 2 - 0.5) / (sigma * math.sqrt(2))) / 2


def is_faster(a: BenchmarkResult, b: BenchmarkResult, confidence: float = 0.95) -> bool:
    """Whether the samples of ``a`` are smaller than those of ``b``, with this confidence that it is not chance."""
    return chance_of_order(a.samples, b.samples) < 1 - confidence


# %% cell 47 (drift_score), lines 2-25 without 9, 19, 24
def drift_score(reference: Sequence[float], live: Sequence[float]) -> float:
    """Largest gap between the distribution functions of two samples, from 0 (equal) to 1 (disjoint).

    The two-sample statistic of Kolmogorov and Smirnov, in O(n log n). Raises ValueError if a sample is empty or
    holds NaN, which no order can place.
    Hint: how many values are at most x? ``np.searchsorted(..., side="right")``, for all observed x at once.
    """
    first, second = (np.sort(np.asarray(sample, dtype=np.float64)) for sample in (reference, live))
    if first.size == 0 or second.size == 0:
        raise ValueError(f"both samples need values, got {first.size} and {second.size}")
    observed = np.concatenate([first, second])
    if np.isnan(observed).any():
        raise ValueError("a sample holds NaN")
    below = np.searchsorted(first, observed, side="right") / first.size
    live_below = np.searchsorted(second, observed, side="right") / second.size
    return float(np.abs(below - live_below).max())


def drift_limit(n: int, m: int, alpha: float = 0.01) -> float:
    """The score that samples of n and m values from one distribution exceed with probability ``alpha`` only."""
    return math.sqrt(-math.log(alpha / 2) / 2 * (n + m) / (n * m))


# %% cell 49 (model_monitor), lines 2-73 without 31, 36, 40, 46, 50, 54, 58, 63, 70
@dataclass
class Request:
    """One answered request: what was answered, in how many seconds, the watched number, and the label once known."""

    answer: Any
    seconds: float
    watched: float
    label: Any = None


class ModelMonitor:
    """The last ``window`` requests of a model in service."""

    def __init__(self, window: int) -> None:
        """Raises ValueError unless ``window`` is at least 1.

        ``self.requests`` maps the names of requests to them, the oldest first.
        """
        if window < 1:
            raise ValueError(f"window must be at least 1, got {window}")
        self.window = window
        self.requests: OrderedDict[str, Request] = OrderedDict()

    def record(self, name: str, answer: Any, seconds: float, watched: float = 0.0) -> None:
        """Note a request; a name that is there already is replaced and becomes the newest.

        Hint: a dictionary keeps the order of insertion, and a new value under an old key does not change its place. An
        ``OrderedDict`` has ``popitem(last=False)``.
        """
        self.requests.pop(name, None)
        self.requests[name] = Request(answer, seconds, watched)
        if len(self.requests) > self.window:
            self.requests.popitem(last=False)

    def add_label(self, name: str, label: Any) -> bool:
        """Note the right answer of a request. Return whether the request is still in the window."""
        request = self.requests.get(name)
        if request is None:
            return False
        request.label = label
        return True

    def latency(self, quantile: float) -> float:
        """The quantile (0 to 1) of the seconds; ``nan`` without requests."""
        if not self.requests:
            return math.nan
        return float(np.quantile([request.seconds for request in self.requests.values()], quantile))

    def accuracy(self) -> float:
        """Share of right answers among the requests with a label; ``nan`` if there are none."""
        known = [request for request in self.requests.values() if request.label is not None]
        if not known:
            return math.nan
        return sum(request.answer == request.label for request in known) / len(known)

    def drift(self, reference: Sequence[float], alpha: float = 0.01) -> tuple[float, bool]:
        """``drift_score`` of the watched numbers, and whether it exceeds ``drift_limit``.

        Raises ValueError without requests.
        """
        live = [request.watched for request in self.requests.values()]
        score = drift_score(reference, live)
        return score, score > drift_limit(len(reference), len(live), alpha)
