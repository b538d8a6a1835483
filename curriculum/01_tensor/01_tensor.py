# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %%
#| default_exp tensor

# %% nbgrader={"grade": false, "grade_id": "tensor_imports", "locked": true, "schema_version": 3, "solution": false, "task": false}
#| export
from typing import Any, ClassVar

import numpy as np

# %% nbgrader={"grade": false, "grade_id": "op_base", "locked": true, "schema_version": 3, "solution": false, "task": false}
#| export
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

# %% nbgrader={"grade": false, "grade_id": "tensor_class", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
class Tensor:
    """An n-dimensional array that knows which operation made it.

    data: a number, nested lists, an array or another tensor.
    dtype: the element type. ``None`` means float32, except that NumPy integers and booleans keep their own.
    requires_grad: whether operations on this tensor are to be recorded.
    """

    __array_ufunc__ = None  # array + tensor is left to Tensor.__radd__

    def __init__(self, data: Any, dtype: Any = None, requires_grad: bool = False) -> None:
        """Store ``data`` as an array of the right dtype, without a copy where none is needed.

        Hint: ``np.asarray(array, dtype=...)`` copies only when the dtype changes.
        """
        if data is None:
            raise TypeError("a Tensor needs numbers, got None (does a function lack its return?)")
        if isinstance(data, Tensor):
            data = data.data
        ### BEGIN SOLUTION
        if dtype is None:
            from_numpy = isinstance(data, (np.ndarray, np.generic))
            dtype = data.dtype if from_numpy and data.dtype.kind in "iub" else np.float32
        self.data: np.ndarray = np.asarray(data, dtype=dtype)
        ### END SOLUTION
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
        """Length of the first axis. Raises TypeError for a tensor without axes."""
        ### BEGIN SOLUTION
        return len(self.data)
        ### END SOLUTION

    def item(self) -> int | float | bool:
        """The only element, as a Python number. Raises ValueError unless there is exactly one.

        Hint: arrays have a method of this name.
        """
        ### BEGIN SOLUTION
        if self.size != 1:
            raise ValueError(f"item() needs a tensor with one element, this one has shape {self.shape}")
        return self.data.item()
        ### END SOLUTION

    def memory_footprint(self) -> int:
        """Bytes its elements take: their number times the bytes of one.

        Hint: ``dtype.itemsize`` is the size of one element in bytes.
        """
        ### BEGIN SOLUTION
        return self.size * self.dtype.itemsize
        ### END SOLUTION

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

# %% nbgrader={"grade": false, "grade_id": "op_given", "locked": true, "schema_version": 3, "solution": false, "task": false}
#| export
class Add(Op):
    """a + b, broadcast."""

    def forward(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return a + b


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
    """e to the power of a; the output is kept, because it is its own derivative."""

    def forward(self, a: np.ndarray) -> np.ndarray:
        self.output = np.exp(a)
        return self.output


class Log(Op):
    """Natural logarithm."""

    def forward(self, a: np.ndarray) -> np.ndarray:
        return np.log(a)

# %% nbgrader={"grade": false, "grade_id": "arithmetic", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
def as_operand(value: Any, like: Tensor) -> Tensor:
    ### BEGIN SOLUTION
    if isinstance(value, Tensor):
        return value
    if like.dtype.kind == "f":
        return Tensor(value, dtype=like.dtype)
    return Tensor(value, dtype=np.result_type(like.data, value))
    ### END SOLUTION


class Sub(Op):
    """a - b, broadcast."""

    def forward(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        ### BEGIN SOLUTION
        return a - b
        ### END SOLUTION


class Mul(Op):
    """a * b, element by element, broadcast."""

    def forward(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        ### BEGIN SOLUTION
        return a * b
        ### END SOLUTION


class Div(Op):
    """a / b, element by element, broadcast."""

    def forward(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        ### BEGIN SOLUTION
        return a / b
        ### END SOLUTION

# %% nbgrader={"grade": false, "grade_id": "matmul", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
class MatMul(Op):
    def forward(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        ### BEGIN SOLUTION
        return a @ b
        ### END SOLUTION

# %% nbgrader={"grade": false, "grade_id": "reductions", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
class Sum(Op):
    axis: int | tuple[int, ...] | None = None
    keepdims: bool = False

    def forward(self, a: np.ndarray) -> np.ndarray:
        ### BEGIN SOLUTION
        return a.sum(axis=self.axis, keepdims=self.keepdims)
        ### END SOLUTION


class Mean(Op):
    axis: int | tuple[int, ...] | None = None
    keepdims: bool = False

    def forward(self, a: np.ndarray) -> np.ndarray:
        ### BEGIN SOLUTION
        return a.mean(axis=self.axis, keepdims=self.keepdims)
        ### END SOLUTION


class Max(Op):
    axis: int | tuple[int, ...] | None = None
    keepdims: bool = False

    def forward(self, a: np.ndarray) -> np.ndarray:
        ### BEGIN SOLUTION
        return a.max(axis=self.axis, keepdims=self.keepdims)
        ### END SOLUTION

# %% nbgrader={"grade": false, "grade_id": "shapes", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
class Reshape(Op):
    shape: tuple[int, ...]

    def forward(self, a: np.ndarray) -> np.ndarray:
        ### BEGIN SOLUTION
        return a.reshape(self.shape)
        ### END SOLUTION


class Transpose(Op):
    axes: tuple[int, ...] | None = None

    def forward(self, a: np.ndarray) -> np.ndarray:
        ### BEGIN SOLUTION
        return a.transpose(self.axes)
        ### END SOLUTION


class GetItem(Op):
    index: Any

    def forward(self, a: np.ndarray) -> np.ndarray:
        ### BEGIN SOLUTION
        return a[self.index]
        ### END SOLUTION
