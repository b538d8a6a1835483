# Generated from curriculum/01_tensor/01_tensor.py; edit that, not this file.
# Each "# %%" line says which cell, and which of its lines, the code below it is.

__all__ = [
    "Op", "Tensor", "Add", "Neg", "Pow", "Exp", "Log", "broadcast_shape", "as_operand", "Sub",
    "Mul", "Div", "matmul_loops", "MatMul", "Sum", "Mean", "Max", "row_major_strides", "Reshape",
    "Transpose", "GetItem", "shares_memory",
]


# %% cell 17 (tensor_imports), lines 2-4
from typing import Any, ClassVar

import numpy as np


# %% cell 18 (op_base), lines 2-31
class Op:
    """One application of an operation: arrays in, one array out.

    A subclass writes ``forward``. What belongs to one application (``axis=0``, ``shape=(2, 3)``) is given to
    ``apply`` by keyword and becomes an attribute of the instance. ``forward`` may store more attributes.
    """

    recording: ClassVar[bool] = True
    inputs: tuple["Tensor", ...] = ()

    def __init__(self, **attributes: Any) -> None:
        self.__dict__.update(attributes)

    def forward(self, *arrays: np.ndarray) -> np.ndarray:
        raise NotImplementedError

    @classmethod
    def apply(cls, *inputs: "Tensor", **attributes: Any) -> "Tensor":
        """Run ``forward`` on the inputs' arrays; remember who made the result if an input requires grad."""
        op = cls(**attributes)
        array = np.asarray(op.forward(*[tensor.data for tensor in inputs]))
        result = Tensor(array, dtype=array.dtype)
        if Op.recording:
            for tensor in inputs:
                if tensor.requires_grad:
                    op.inputs = inputs
                    result.requires_grad = True
                    result.creator = op
                    break
        return result


# %% cell 20 (tensor_class), lines 2-172 without 21, 26, 54, 56, 65, 69, 76, 78
class Tensor:
    """An n-dimensional array that knows which operation made it.

    data: a number, nested lists, an array or another tensor.
    dtype: the element type. ``None`` means float32, except that NumPy integers and booleans keep their own.
    requires_grad: whether operations on this tensor are to be recorded.
    """

    __array_ufunc__ = None  # leaves array - tensor to Tensor.__rsub__

    def __init__(self, data: Any, dtype: Any = None, requires_grad: bool = False) -> None:
        """Set ``self.data`` to an array of the right dtype, without a copy where none is needed.

        Hint: ``np.asarray(values, dtype=...)`` copies only if it has to; ``dtype.kind`` is a letter.
        """
        if data is None:
            raise TypeError("a Tensor needs numbers, got None (does a function lack its return?)")
        if isinstance(data, Tensor):
            data = data.data
        if dtype is None:
            from_numpy = isinstance(data, (np.ndarray, np.generic))
            dtype = data.dtype if from_numpy and data.dtype.kind in "biu" else np.float32
        self.data: np.ndarray = np.asarray(data, dtype=dtype)
        if requires_grad and self.data.dtype.kind != "f":
            raise TypeError(f"only floating-point tensors can require grad, this one is {self.data.dtype}")
        self.requires_grad = requires_grad
        self.grad: np.ndarray | None = None
        self.creator: Op | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        return self.data.shape

    @property
    def dtype(self) -> np.dtype:
        return self.data.dtype

    @property
    def size(self) -> int:
        return self.data.size

    @property
    def ndim(self) -> int:
        return self.data.ndim

    def __len__(self) -> int:
        """Length of the first axis. Raises TypeError for a tensor without axes.

        Hint: this is how arrays behave too.
        """
        return len(self.data)

    def item(self) -> int | float | bool:
        """Return the only element as a Python number.

        Raises ValueError, naming the shape, if there is not exactly one element.

        Hint: arrays have a method of the same name.
        """
        if self.size != 1:
            raise ValueError(f"item() needs a tensor with one element, this one has shape {self.shape}")
        return self.data.item()

    def memory_footprint(self) -> int:
        """Bytes that the elements take: how many there are times the bytes of one.

        Hint: the dtype knows its ``itemsize``.
        """
        return self.size * self.dtype.itemsize

    def numpy(self) -> np.ndarray:
        """The array itself, not a copy."""
        return self.data

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.data, dtype=dtype, copy=copy)

    def __bool__(self) -> bool:
        return bool(self.data)

    def __repr__(self) -> str:
        values = np.array2string(self.data, separator=", ", prefix="Tensor(")
        grad = ", requires_grad=True" if self.requires_grad else ""
        return f"Tensor({values}, dtype={self.dtype}{grad})"

    def __add__(self, other: Any) -> "Tensor":
        return Add.apply(self, as_operand(other, self))

    def __radd__(self, other: Any) -> "Tensor":
        return Add.apply(as_operand(other, self), self)

    def __sub__(self, other: Any) -> "Tensor":
        return Sub.apply(self, as_operand(other, self))

    def __rsub__(self, other: Any) -> "Tensor":
        return Sub.apply(as_operand(other, self), self)

    def __mul__(self, other: Any) -> "Tensor":
        return Mul.apply(self, as_operand(other, self))

    def __rmul__(self, other: Any) -> "Tensor":
        return Mul.apply(as_operand(other, self), self)

    def __truediv__(self, other: Any) -> "Tensor":
        return Div.apply(self, as_operand(other, self))

    def __rtruediv__(self, other: Any) -> "Tensor":
        return Div.apply(as_operand(other, self), self)

    def __matmul__(self, other: Any) -> "Tensor":
        return MatMul.apply(self, as_operand(other, self))

    def __rmatmul__(self, other: Any) -> "Tensor":
        return MatMul.apply(as_operand(other, self), self)

    def __neg__(self) -> "Tensor":
        return Neg.apply(self)

    def __pow__(self, exponent: float) -> "Tensor":
        if isinstance(exponent, np.generic):
            exponent = exponent.item()
        if not isinstance(exponent, (int, float)):
            raise TypeError(f"the exponent must be a number, got {type(exponent).__name__}")
        return Pow.apply(self, exponent=exponent)

    def exp(self) -> "Tensor":
        return Exp.apply(self)

    def log(self) -> "Tensor":
        return Log.apply(self)

    def sum(self, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> "Tensor":
        return Sum.apply(self, axis=axis, keepdims=keepdims)

    def mean(self, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> "Tensor":
        return Mean.apply(self, axis=axis, keepdims=keepdims)

    def max(self, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> "Tensor":
        return Max.apply(self, axis=axis, keepdims=keepdims)

    def reshape(self, *shape: Any) -> "Tensor":
        """``t.reshape(2, 3)`` or ``t.reshape((2, 3))``; one length may be -1."""
        if len(shape) == 1 and isinstance(shape[0], (tuple, list)):
            shape = tuple(shape[0])
        return Reshape.apply(self, shape=shape)

    def transpose(self, *axes: Any) -> "Tensor":
        """``t.transpose(0, 2, 1)`` or ``t.transpose((0, 2, 1))``; without axes, the order is reversed."""
        if len(axes) == 1 and isinstance(axes[0], (tuple, list)):
            axes = tuple(axes[0])
        return Transpose.apply(self, axes=axes or None)

    @property
    def T(self) -> "Tensor":
        return Transpose.apply(self, axes=None)

    def __getitem__(self, index: Any) -> "Tensor":
        """``t[0]``, ``t[1:, None]``, ``t[mask]``, ``t[[3, 0]]``: everything NumPy's indexing knows."""
        if isinstance(index, tuple):
            index = tuple(part.data if isinstance(part, Tensor) else part for part in index)
        elif isinstance(index, Tensor):
            index = index.data
        return GetItem.apply(self, index=index)


# %% cell 23 (given_ops), lines 2-46
class Add(Op):
    """a + b, element by element, with broadcasting.

    ``in_place`` writes the sum into the array of a, which must have the result's shape; if its dtype does not fit, a new
    array is made after all.
    """

    in_place: bool = False

    def forward(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        fits = self.in_place and np.result_type(a, b) == a.dtype
        return np.add(a, b, out=a if fits else None)


class Neg(Op):
    """-a."""

    def forward(self, a: np.ndarray) -> np.ndarray:
        return -a


class Pow(Op):
    """a to the power of one fixed number."""

    exponent: float

    def forward(self, a: np.ndarray) -> np.ndarray:
        return a**self.exponent


class Exp(Op):
    """e to the power of a."""

    output: np.ndarray

    def forward(self, a: np.ndarray) -> np.ndarray:
        self.output = np.exp(a)
        return self.output


class Log(Op):
    """Natural logarithm."""

    def forward(self, a: np.ndarray) -> np.ndarray:
        return np.log(a)


# %% cell 25 (arithmetic), lines 2-60 without 9, 17, 28, 34, 41, 43, 50, 52, 59
def broadcast_shape(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    """Shape of the result when arrays of shapes ``a`` and ``b`` are combined element by element.

    Raises ValueError, naming both shapes, if they cannot be.

    Hint: walk from the last axis to the first; a missing axis counts as 1.
    """
    axes = max(len(a), len(b))
    result = []
    for m, n in zip((1,) * (axes - len(a)) + tuple(a), (1,) * (axes - len(b)) + tuple(b)):
        if m != n and m != 1 and n != 1:
            raise ValueError(f"shapes {a} and {b} do not broadcast: {m} meets {n}, and neither is 1")
        result.append(n if m == 1 else m)
    return tuple(result)


def as_operand(value: Any, like: Tensor) -> Tensor:
    """``value`` as the other operand of an operation with ``like``.

    A tensor is returned as it is. A number or an array takes the dtype of ``like`` if that is floating,
    otherwise the dtype to which NumPy promotes the two.

    Hint: ``like.dtype.kind`` is "f" for floating dtypes.
    """
    if isinstance(value, Tensor):
        return value
    if like.dtype.kind == "f":
        return Tensor(value, dtype=like.dtype)
    return Tensor(value, dtype=np.result_type(like.data, value))


class Sub(Op):
    """a - b, element by element, with broadcasting."""

    def forward(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return a - b


class Mul(Op):
    """a * b, element by element, with broadcasting."""

    def forward(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return a * b


class Div(Op):
    """a / b, element by element, with broadcasting."""

    def forward(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return a / b


# %% cell 30 (matmul), lines 2-39 without 10, 20, 33
def matmul_loops(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Product of two matrices by the definition, one multiplication at a time.

    a: (n, m), b: (m, p), result: (n, p) in the dtype to which NumPy promotes the two.
    Raises ValueError, naming both shapes, if the inner lengths differ.

    Hint: two loops choose the element of the result, the third one adds it up.
    """
    (n, m), (inner, p) = a.shape, b.shape
    if m != inner:
        raise ValueError(f"matmul_loops: {a.shape} @ {b.shape}: {m} columns meet {inner} rows")
    result = np.zeros((n, p), dtype=np.result_type(a, b))
    for i in range(n):
        for j in range(p):
            for k in range(m):
                result[i, j] += a[i, k] * b[k, j]
    return result


class MatMul(Op):
    """Matrix product over the last two axes; the axes before them are batches and broadcast."""

    def forward(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """a: (..., n, m) or (m,), b: (..., m, p) or (m,), result: (..., n, p).

        Raises ValueError, naming both shapes, if the contracted lengths differ or an operand has no axis.

        Hint: which axis of ``b`` is contracted depends on whether ``b`` is a vector.
        """
        if a.ndim == 0 or b.ndim == 0:
            raise ValueError(f"matmul: {a.shape} @ {b.shape}: a number has no axis to contract, use *")
        inner = b.shape[0] if b.ndim == 1 else b.shape[-2]
        if a.shape[-1] != inner:
            raise ValueError(f"matmul: {a.shape} @ {b.shape}: inner lengths {a.shape[-1]} and {inner} differ")
        return np.matmul(a, b)


# %% cell 35 (reductions), lines 2-40 without 10, 12, 23, 25, 39
class Sum(Op):
    """Sum over ``axis`` (one axis, several, or all for None)."""

    axis: int | tuple[int, ...] | None = None
    keepdims: bool = False

    def forward(self, a: np.ndarray) -> np.ndarray:
        """Hint: the attributes of the application are on ``self``."""
        return a.sum(axis=self.axis, keepdims=self.keepdims)


class Mean(Op):
    """Arithmetic mean over ``axis``."""

    axis: int | tuple[int, ...] | None = None
    keepdims: bool = False

    def forward(self, a: np.ndarray) -> np.ndarray:
        """Hint: divide by the number of elements that were folded into one, not by the size of ``a``."""
        return a.mean(axis=self.axis, keepdims=self.keepdims)


class Max(Op):
    """Largest element over ``axis``."""

    axis: int | tuple[int, ...] | None = None
    keepdims: bool = False

    def forward(self, a: np.ndarray) -> np.ndarray:
        """Raises ValueError where there is no element to choose from.

        Hint: arrays do the same by themselves.
        """
        return a.max(axis=self.axis, keepdims=self.keepdims)


# %% cell 38 (shapes), lines 2-62 without 7, 14, 27, 29, 39, 41, 51, 53, 61
def row_major_strides(shape: tuple[int, ...], itemsize: int) -> tuple[int, ...]:
    """Strides in bytes of a contiguous row-major array of ``shape`` whose elements take ``itemsize`` bytes.

    Hint: start at the last axis; each step to the left multiplies by a length.
    """
    strides = []
    step = itemsize
    for length in reversed(shape):
        strides.append(step)
        step *= length
    return tuple(reversed(strides))


class Reshape(Op):
    """The same elements, in the same row-major order, in another shape."""

    shape: tuple[int, ...]

    def forward(self, a: np.ndarray) -> np.ndarray:
        """Raises ValueError if the number of elements would change. A length of -1 is worked out.

        Hint: a view where one is possible.
        """
        return a.reshape(self.shape)


class Transpose(Op):
    """The axes in a new order: axis ``k`` of the result is axis ``axes[k]`` of the input; None reverses."""

    axes: tuple[int, ...] | None = None

    def forward(self, a: np.ndarray) -> np.ndarray:
        """Hint: NumPy's ``transpose`` reads ``axes`` the same way."""
        return a.transpose(self.axes)


class GetItem(Op):
    """The elements that ``index`` selects."""

    index: Any

    def forward(self, a: np.ndarray) -> np.ndarray:
        """Hint: ``index`` is whatever stood between the brackets; an array takes it as it is."""
        return a[self.index]


def shares_memory(a: Tensor, b: Tensor) -> bool:
    """Whether the two tensors have at least one byte of memory in common.

    Hint: overlapping ranges do not prove it.
    """
    return np.shares_memory(a.data, b.data)
