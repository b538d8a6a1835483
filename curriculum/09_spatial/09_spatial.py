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

# %% [markdown]
r"""
# Module 09: Spatial

A linear layer sees an image as a list of numbers: it does not know which pixels are neighbours, and what it
learns about an edge in one corner it has to learn again in every other. Convolution looks at small windows, and
uses *the same* weights for all of them. In this module you write it twice. First as seven nested loops, in which
every multiplication can be seen. Then as a few strided copies and one matrix product, thousands of times faster,
and with a gradient. With pooling, the result is a network that reads handwritten digits.

**Learning objectives**

- compute the size of a convolution's output for any window, stride and padding;
- write convolution by its definition, and count its operations and the bytes it needs;
- rearrange images so that a convolution becomes a matrix product, and send gradients back through the
  rearrangement, which is its *adjoint*;
- implement max pooling with a rule for ties, forwards and backwards;
- measure what the matrix product gains in time and what it costs in memory;
- compute a receptive field, confirm it with a gradient, and explain why convolution suits images.

**Prerequisites:** Modules 01 (strides, views, `measure_memory`), 03 (`Module`, `uniform_parameter`), 06 (`Op`,
backward rules, `gradient_check`) and 08 (`Trainer`).

**Estimated time:** 4 hours.
"""

# %%
#| default_exp spatial

# %% nbgrader={"grade": false, "grade_id": "imports", "locked": true, "schema_version": 3, "solution": false, "task": false}
#| export
import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from tinytorch.autograd import backward_for
from tinytorch.layers import Module, uniform_parameter
from tinytorch.tensor import Op, Tensor

# %% [markdown]
r"""
## 1. Mathematical Foundations

### A sum over windows

An image is an array of shape $(C, H, W)$: channels, rows, columns; a batch has shape $(B, C, H, W)$. A layer
with $O$ output channels has weights of shape $(O, C, k, k)$, one small stack of $C$ *kernels* for each output
channel, and one bias $b_o$ each. With stride $s$, and after $p$ zeros have been put around the image:

$$y_{n,o,i,j} \;=\; b_o + \sum_{c=0}^{C-1} \sum_{u=0}^{k-1} \sum_{v=0}^{k-1}
   x_{n,c,\;i s + u,\;j s + v} \; w_{o,c,u,v}.$$

Three sums, four free indices: seven loops. Look at what the bias does: it stands *in front of* the sums, so it
is added once for each output, not once for each of the $C k^2$ products.

(Mathematicians flip the kernel and call this one *cross-correlation*. The weights are learned, so it does not
matter, and everybody says convolution.)

```text
   image 5 × 5, k = 3, s = 2, p = 0               the same image, p = 1: a border of zeros

   ┌───────┐                                       0 0 0 0 0 0 0
   │ a b c │ d e      windows start at rows        0 a b c d e 0       windows start at 0, 2, 4:
   │ f g h │ i j      0 and 2, columns 0 and 2:    0 f g h i j 0       3 × 3 outputs
   │ k l m │ n o      2 × 2 outputs                0 k l m n o 0
   └───────┘ s t                                   …
     u v w x y
```

### How many windows

Along a side of $n$ pixels, padded to $n + 2p$, the last window may start at $n + 2p - k$. Starting points are
multiples of $s$, so there are

$$\left\lfloor \frac{n + 2p - k}{s} \right\rfloor + 1 .$$

If $s$ does not divide evenly, the pixels at the right and at the bottom that no window reaches are not used, and
their gradient is zero.

### A matrix product in disguise

Write the $C k^2$ numbers of one window into a column, and put the columns of all windows side by side. Then all
outputs of an image are one matrix product:

$$\underbrace{Y}_{O \times L} = \underbrace{W}_{O \times C k^2} \;\underbrace{X_{\text{col}}}_{C k^2 \times L},
\qquad L = \text{number of windows}.$$

The rearrangement $x \mapsto X_{\text{col}}$, called **im2col**, copies each pixel as often as windows contain it:
up to $k^2$ times. It is *linear*, so Module 06 tells what its backward rule must be: what was copied is summed. The
sum over copies, called **col2im**, is the adjoint of im2col, that is, for all $x$ and all $c$

$$\langle \operatorname{im2col}(x),\, c \rangle \;=\; \langle x,\, \operatorname{col2im}(c) \rangle .$$

With $\bar Y$ for the gradient of the output, the rules of a matrix product then give the whole backward pass:

$$\bar W = \sum_n \bar Y_n X_{\text{col},n}^\top, \qquad
  \bar x = \operatorname{col2im}(W^\top \bar Y), \qquad
  \bar b_o = \sum_{n,l} \bar Y_{n,o,l}.$$

### Why the same weights everywhere

A linear layer from a $28 \times 28$ image to 16 images of $26 \times 26$ would have
$784 \cdot 10816 \approx 8.5$ million weights. The convolution has $16 \cdot 9 + 16 = 160$. It makes two promises
about its input: what matters is *local*, and it matters *everywhere in the same way* (shift the image, and the
output shifts with it: *equivariance*). For photographs both hold; for a table of customers, neither. Section 9
measures what the promises are worth.
"""

# %% [markdown]
r"""
## 2. Output Size

Every function below needs this number, so it comes first. Impossible requests should fail here, by name, rather
than as an array of negative length elsewhere.
"""


# %% nbgrader={"grade": false, "grade_id": "output_size", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
def output_size(n: int, k: int, stride: int = 1, padding: int = 0) -> int:
    """Number of windows of ``k`` pixels along a side of ``n`` pixels with ``padding`` zeros at both ends.

    Raises ValueError, naming the numbers, if the window does not fit, or unless k and stride are at least 1 and
    padding is not negative.
    Hint: a formula of section 1.
    """
    ### BEGIN SOLUTION
    if k < 1 or stride < 1 or padding < 0:
        raise ValueError(f"needs k >= 1, stride >= 1, padding >= 0; got {k}, {stride} and {padding}")
    if n + 2 * padding < k:
        raise ValueError(f"a window of {k} pixels does not fit into {n} pixels with padding {padding}")
    return (n + 2 * padding - k) // stride + 1
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_output_size", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
def test_unit_output_size():
    """The number of windows for common and for awkward cases, and errors for impossible ones."""
    cases = [
        ((28, 3, 1, 0), 26),
        ((28, 3, 1, 1), 28),
        ((26, 2, 2, 0), 13),
        ((13, 2, 2, 0), 6),
        ((5, 3, 2, 0), 2),
        ((6, 3, 2, 0), 2),
        ((224, 7, 2, 3), 112),
        ((3, 3, 5, 0), 1),
        ((1, 1, 1, 0), 1),
        ((1, 3, 1, 1), 1),
    ]
    for arguments, expected in cases:
        got = output_size(*arguments)
        assert got == expected, f"output_size{arguments}: got {got}, expected {expected}"
        assert isinstance(got, int), f"output_size{arguments}: expected an int, got {type(got).__name__}"
    assert output_size(10, 4) == 7, "output_size(10, 4): stride is 1 and padding 0 unless given"
    for arguments in [(2, 3, 1, 0), (4, 7, 1, 1), (5, 0, 1, 0), (5, 3, 0, 0), (5, 3, 1, -1)]:
        try:
            got = output_size(*arguments)
        except ValueError:
            continue
        raise AssertionError(f"output_size{arguments}: expected a ValueError, got {got}")
    print("output_size: all cases are right")


test_unit_output_size()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

requests = [
    (n, k, stride, padding) for n in (7, 12, 31) for k in (1, 2, 5) for stride in (1, 2, 3) for padding in (0, 2)
]
probe("sizes", [output_size(*request) for request in requests])
probe("names", output_size(n=int(rng.integers(20, 40)), k=3, stride=2, padding=1))
probe("window as large as the padded side", [output_size(1, 5, 3, 2), output_size(5, 5, 2)])
probe("too large", [raises(lambda n=n: output_size(n, 6, 1, 1)) for n in (2, 3, 4)])
probe("no window", raises(lambda: output_size(4, -1)))
probe("no stride", [raises(lambda: output_size(4, 2, 0)), raises(lambda: output_size(4, 2, -2))])
probe("negative padding", raises(lambda: output_size(9, 2, 1, -1)))
### END HIDDEN TESTS

# %% [markdown]
r"""
## 3. Convolution as Loops

Now the definition, word for word, on arrays. Nobody trains with this. It is the *oracle*: slow, and so simple
that one can see that it is right, which is what a fast version has to be compared with.

Padding can be done by `np.pad`, or by skipping products whose pixel lies outside. Remember the two places at which
such loops usually go wrong: the bias belongs to the output and not to the products, and `stride` multiplies the
position of the window, not the position in it.
"""


# %% nbgrader={"grade": false, "grade_id": "conv2d_loops", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
def conv2d_loops(
    x: np.ndarray, w: np.ndarray, b: np.ndarray | None = None, stride: int = 1, padding: int = 0
) -> np.ndarray:
    """Convolution by the definition, one multiplication at a time.

    x: (B, C, H, W), w: (O, C, k, k), b: (O,) or None; result: (B, O, rows, columns) in the dtype to which NumPy
    promotes x and w.
    Raises ValueError, naming both shapes, if x and w differ in their channels, and what ``output_size`` raises.
    Hint: four loops choose the output, three add it up.
    """
    ### BEGIN SOLUTION
    if x.shape[1] != w.shape[1]:
        raise ValueError(f"conv2d_loops: images of shape {x.shape} and weights of shape {w.shape} differ in channels")
    batch, channels, height, width = x.shape
    out_channels, _, k, _ = w.shape
    rows, columns = output_size(height, k, stride, padding), output_size(width, k, stride, padding)
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    y = np.zeros((batch, out_channels, rows, columns), dtype=np.result_type(x, w))
    for n in range(batch):
        for o in range(out_channels):
            for i in range(rows):
                for j in range(columns):
                    total = 0 if b is None else b[o]
                    for c in range(channels):
                        for u in range(k):
                            for v in range(k):
                                total += padded[n, c, i * stride + u, j * stride + v] * w[o, c, u, v]
                    y[n, o, i, j] = total
    return y
    ### END SOLUTION


# %% [markdown]
"""
### Testing the loops

The visible cases are small enough for a pencil.
"""

# %% nbgrader={"grade": true, "grade_id": "test_conv2d_loops", "locked": true, "points": 14, "schema_version": 3, "solution": false, "task": false}
def test_unit_conv2d_loops():
    """Values, channels, bias, stride and padding of the convolution by definition."""
    image = np.arange(16.0).reshape(1, 1, 4, 4)
    corner = np.array([[[[1.0, 0.0], [0.0, -1.0]]]])
    got = conv2d_loops(image, corner)
    assert got.shape == (1, 1, 3, 3), f"conv2d_loops: 4 × 4 image, k = 2: got shape {got.shape}"
    np.testing.assert_allclose(
        got,
        np.full((1, 1, 3, 3), -5.0),
        err_msg="conv2d_loops(x, w) for x[i, j] = 4 i + j and w = [[1, 0], [0, -1]]: x[i, j] - x[i+1, j+1]",
    )
    right = np.zeros((1, 1, 2, 2))
    right[0, 0, 0, 1] = 1.0
    np.testing.assert_allclose(
        conv2d_loops(image, right)[0, 0],
        image[0, 0, :3, 1:],
        err_msg="conv2d_loops, w = [[0, 1], [0, 0]]: the pixel to the right (rows come first, no flip)",
    )
    np.testing.assert_allclose(
        conv2d_loops(image, np.zeros((2, 1, 3, 3)), np.array([1.0, -2.0]))[0],
        np.array([1.0, -2.0])[:, None, None] * np.ones((2, 2, 2)),
        err_msg="conv2d_loops: with weights of 0 the output is the bias, added once for each output",
    )
    two = np.stack([np.ones((3, 3)), 10 * np.ones((3, 3))])[None]
    weights = np.stack([np.ones((2, 2, 2)), np.stack([np.zeros((2, 2)), np.ones((2, 2))])])
    np.testing.assert_allclose(
        conv2d_loops(two, weights)[0, :, 0, 0],
        [44.0, 40.0],
        err_msg="conv2d_loops: the products of all input channels are summed, each with its own kernel",
    )
    np.testing.assert_allclose(
        conv2d_loops(image, np.ones((1, 1, 1, 1)), stride=2)[0, 0],
        [[0.0, 2.0], [8.0, 10.0]],
        err_msg="conv2d_loops, k = 1, stride=2: every second pixel",
    )
    np.testing.assert_allclose(
        conv2d_loops(np.ones((1, 1, 3, 3)), np.ones((1, 1, 3, 3)), padding=1)[0, 0],
        [[4.0, 6.0, 4.0], [6.0, 9.0, 6.0], [4.0, 6.0, 4.0]],
        err_msg="conv2d_loops, padding=1: windows at the border contain zeros",
    )
    batch = np.arange(2 * 15.0).reshape(2, 1, 3, 5)
    np.testing.assert_allclose(
        conv2d_loops(batch, np.ones((1, 1, 3, 3)), stride=2)[:, 0],
        [[[54.0, 72.0]], [[189.0, 207.0]]],
        err_msg="conv2d_loops: a batch of two images of 3 × 5 pixels, stride=2",
    )
    try:
        conv2d_loops(np.ones((1, 2, 4, 4)), np.ones((1, 3, 2, 2)))
    except ValueError:
        pass
    else:
        raise AssertionError("conv2d_loops: 2 channels and weights for 3: expected a ValueError")
    print("conv2d_loops: bias, channels, stride and padding are right")


test_unit_conv2d_loops()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

for b, c, h, w, o, k, stride, padding in [
    (2, 3, 5, 4, 2, 3, 1, 0),
    (1, 2, 6, 7, 3, 2, 2, 0),
    (1, 1, 4, 5, 2, 3, 2, 1),
    (2, 1, 3, 3, 1, 1, 1, 0),
    (1, 2, 5, 5, 1, 3, 3, 2),
]:
    images, weights, bias = (rng.normal(size=size) for size in ((b, c, h, w), (o, c, k, k), (o,)))
    probe(f"k={k} stride={stride} padding={padding}", conv2d_loops(images, weights, bias, stride, padding))
probe("no bias", conv2d_loops(images, weights, stride=2, padding=1))
single = conv2d_loops(images.astype(np.float32), weights.astype(np.float32), bias.astype(np.float32))
probe("float32", [str(single.dtype), single])
probe("integers", conv2d_loops(rng.integers(0, 9, (1, 2, 3, 3)), rng.integers(-3, 4, (2, 2, 2, 2))))
probe("empty batch", conv2d_loops(np.ones((0, 2, 4, 4)), np.ones((3, 2, 2, 2))))
probe("images unchanged", [conv2d_loops(images, weights, bias, 1, 1), images, weights, bias][1:])
probe("does not fit", raises(lambda: conv2d_loops(np.ones((1, 1, 2, 5)), np.ones((1, 1, 3, 3)))))
### END HIDDEN TESTS

# %% [markdown]
"""
### What kernels see

Before we make it fast, a look at what such windows are good for. The next cell puts four kernels, chosen by hand,
over one small picture. Zero is white, positive is red, negative is blue. What to look for: the blur gives every
pixel the mean of its neighbourhood; the two edge detectors answer to one direction only, with the sign telling from
which side the brightness rises; the last one is zero on plain areas and along horizontal and vertical edges, and
answers to corners and to slanted contours. A trained network finds such kernels by itself.
"""

# %% tags=["measure"]
import matplotlib.pyplot as plt

scene = np.zeros((24, 24))
scene[4:12, 3:12] = 1.0
rows_of, columns_of = np.mgrid[:24, :24]
scene[(rows_of - 15) ** 2 + (columns_of - 16) ** 2 < 30] = 0.7
kernels = {
    "blur": np.ones((3, 3)) / 9,
    "vertical edges": np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]) / 4,
    "horizontal edges": np.array([[-1, -2, -1], [0, 0, 0], [1, 2, 1]]) / 4,
    "corners": np.array([[1, 0, -1], [0, 0, 0], [-1, 0, 1]]) / 2,
}
answers = conv2d_loops(scene[None, None], np.stack(list(kernels.values()))[:, None])[0]
figure, axes = plt.subplots(1, 5, figsize=(11, 2.5))
for axis, name, picture in zip(axes, ["scene", *kernels], [scene, *answers]):
    axis.imshow(picture, cmap="RdBu_r", vmin=-1, vmax=1)
    axis.set(title=name, xticks=[], yticks=[])
figure.tight_layout()
plt.show()

# %% [markdown]
r"""
## 4. im2col: All Windows at Once

Python spends its time on *interpreting* the innermost line, not on multiplying. So the loops have to go into NumPy.
The observation that makes it possible turns the loops inside out. Do not walk over windows and take $k^2$ pixels of
each. Walk over the $k^2$ positions *within* a window, and take this pixel of **all** windows together. It is a
strided slice:

```text
   k = 2, stride 2:   windows          element (0, 0) of all windows      element (0, 1) of all windows

                      a b │ c d            [a] b [c] d                       a [b] c [d]
                      e f │ g h             e  f  g  h                       e  f  g  h
                      ────┼────            [i] j [k] l                       i [j] k [l]
                      i j │ k l             m  n  o  p                       m  n  o  p
                      m n │ o p
                                        x[..., 0:3:2, 0:3:2]             x[..., 0:3:2, 1:4:2]
```

Nine slices for a $3 \times 3$ window, whatever the size of image and batch. `window_slices` lists them, in reading
order; im2col, col2im and pooling will all be loops over this list.

Then `im2col` is a copy of $k^2$ slices into their rows. The order of the rows is that of the weights: channel
first, then the row in the window, then the column, so that `w.reshape(O, -1)` fits. (`torch.nn.functional.unfold`
uses the same order.)

### Which axis is the innermost?

NumPy walks through a slice in *runs*: stretches of the innermost axis, on which the processor works fastest. The
innermost axis of (B, C, H, W) is a row of pixels, and the rows of a deep layer are short: eleven numbers, then a jump.
What comes in dozens is the *batch*. So we **store** the images interleaved: the first pixel of all images, then the
second pixel of all images, and so on, with the batch as the innermost axis. A row of eleven pixels becomes a run of
$11 \cdot 32$ numbers, and a run of every second pixel has at least the 32 of one pixel.

Nobody has to know. Shape and memory order are two things (Module 01): `np.moveaxis(array, -1, 0)` is a view that shows
the batch in front. Everything still has shape (B, C, H, W), indices mean what they meant, ufuncs such as `np.maximum`
give their results the memory order of their inputs, and a function that ignores all this is right, only slower. Section
9 measures the difference. `batch_last`, which is given, brings images into this order where they are not in it.
`side_by_side` reads columns stored so as one matrix for the whole batch: a view again.
"""

# %% nbgrader={"grade": false, "grade_id": "batch_last", "locked": true, "schema_version": 3, "solution": false, "task": false}
#| export
def batch_last(x: np.ndarray) -> np.ndarray:
    """x (B, …) with the batch as the innermost axis in memory: x itself if it is stored so, else a copy."""
    return np.moveaxis(np.ascontiguousarray(np.moveaxis(x, 0, -1)), -1, 0)


def side_by_side(stack: np.ndarray) -> np.ndarray:
    """(B, n, L) as one matrix (n, L·B): for each of the L places the B images. A view if the batch is innermost."""
    batch, n, places = stack.shape
    return stack.transpose(1, 2, 0).reshape(n, places * batch)


# %% [markdown]
"""
Now `window_slices` and `im2col`. To allocate an array whose batch is innermost, make it with the batch as its last axis,
and move that axis to the front.
"""


# %% nbgrader={"grade": false, "grade_id": "im2col", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
def window_slices(k: int, stride: int, rows: int, columns: int) -> list[tuple[Any, ...]]:
    """One index for each of the k² positions in a window, in reading order.

    ``x[index]`` is a view of shape (..., rows, columns): the pixel at that position in each of the
    ``rows`` × ``columns`` windows, whose upper left corners are ``stride`` apart.
    Hint: ``(..., slice(first, stop, step), slice(…))``; a stop may lie beyond the end.
    """
    ### BEGIN SOLUTION
    return [
        (..., slice(u, u + stride * rows, stride), slice(v, v + stride * columns, stride))
        for u in range(k)
        for v in range(k)
    ]
    ### END SOLUTION


def im2col(x: np.ndarray, k: int, stride: int = 1, padding: int = 0) -> np.ndarray:
    """The windows of images as columns: (B, C, H, W) becomes (B, C·k², windows), a new array of x's dtype.

    Windows in reading order; within a column channel by channel, and each channel's k² pixels in reading order.
    Hint: allocate (C, k², rows, columns, B) and move the batch to the front; fill slice by slice, reshape at the end.
    """
    ### BEGIN SOLUTION
    batch, channels, height, width = x.shape
    rows, columns = output_size(height, k, stride, padding), output_size(width, k, stride, padding)
    if padding:
        x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    x = batch_last(x)
    cols = np.moveaxis(np.empty((channels, k * k, rows, columns, batch), dtype=x.dtype), -1, 0)
    for number, index in enumerate(window_slices(k, stride, rows, columns)):
        cols[:, :, number] = x[index]
    return cols.reshape(batch, channels * k * k, rows * columns)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_im2col", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false}
def test_unit_im2col():
    """window_slices picks the right views, and im2col has each window in its column."""
    letters = np.arange(16).reshape(4, 4)
    indices = window_slices(2, 2, 2, 2)
    assert len(indices) == 4, f"window_slices(2, 2, 2, 2): expected 4 indices, got {len(indices)}"
    for number, expected in enumerate(([[0, 2], [8, 10]], [[1, 3], [9, 11]], [[4, 6], [12, 14]], [[5, 7], [13, 15]])):
        np.testing.assert_array_equal(
            letters[indices[number]],
            expected,
            err_msg=f"window_slices(2, 2, 2, 2): index {number} applied to arange(16).reshape(4, 4)",
        )
    five = np.zeros((2, 3, 5, 7))
    for index in window_slices(3, 2, 2, 3):
        assert five[index].shape == (2, 3, 2, 3), (
            f"window_slices(3, 2, 2, 3) on images of 5 × 7: expected (…, 2, 3), got {five[index].shape}"
        )

    got = im2col(letters[None, None], 3)
    assert got.shape == (1, 9, 4), f"im2col of a 4 × 4 image, k = 3: expected shape (1, 9, 4), got {got.shape}"
    np.testing.assert_array_equal(
        got[0, :, 1], [1, 2, 3, 5, 6, 7, 9, 10, 11], err_msg="im2col: column 1 is the window at row 0, column 1"
    )
    images = np.arange(2 * 2 * 5 * 4.0).reshape(2, 2, 5, 4)
    for k, stride, padding in [(2, 1, 0), (3, 2, 0), (3, 2, 1), (1, 1, 0), (2, 3, 2)]:
        cols = im2col(images, k, stride, padding)
        padded = np.pad(images, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
        columns = output_size(4, k, stride, padding)
        expected = (2, 2 * k * k, output_size(5, k, stride, padding) * columns)
        assert cols.shape == expected, (
            f"im2col(x of (2, 2, 5, 4), k={k}, stride={stride}, padding={padding}): got shape {cols.shape}, "
            f"expected {expected}"
        )
        for column in range(cols.shape[2]):
            i, j = column // columns * stride, column % columns * stride
            np.testing.assert_array_equal(
                cols[:, :, column],
                padded[:, :, i : i + k, j : j + k].reshape(2, -1),
                err_msg=f"im2col(x, k={k}, stride={stride}, padding={padding}): column {column} must be the window "
                f"at row {i}, column {j} of the padded images",
            )
    alone = im2col(images, 1)
    assert not np.shares_memory(alone, images), "im2col: the columns must be a new array, also for k = 1"
    print("im2col: every window is in its column")


test_unit_im2col()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

for shape, k, stride, padding in [
    ((2, 3, 6, 5), 3, 1, 1),
    ((1, 1, 7, 9), 2, 2, 0),
    ((3, 2, 4, 4), 4, 1, 0),
    ((1, 4, 5, 6), 1, 2, 1),
    ((2, 1, 8, 3), 3, 4, 2),
]:
    images = rng.normal(size=shape)
    probe(f"columns {shape} k={k} stride={stride} padding={padding}", im2col(images, k, stride, padding))
probe("float32", str(im2col(images.astype(np.float32), 2, 1, 1).dtype))
probe("integers", im2col(rng.integers(0, 9, (1, 2, 3, 4)), 2))
probe("empty batch", im2col(np.ones((0, 2, 4, 4)), 3))
probe("images unchanged", [im2col(images, 2, 1, 1), images][1])
probe("views", [images[index].copy() for index in window_slices(2, 3, 2, 1)])
probe("does not fit", raises(lambda: im2col(np.ones((1, 1, 3, 2)), 3)))
### END HIDDEN TESTS

# %% [markdown]
r"""
## 5. col2im: The Way Back

`im2col` copies; its adjoint sums. Each entry of `cols` is added to the pixel from which it came: the same loop over
the same slices, with the assignment turned round and `=` become `+=`. Where windows overlap, several slices meet
in one pixel; but within *one* slice no pixel occurs twice, so `+=` with a slice is safe (with an index array it would
not be: Module 06).

What falls onto the padding belongs to no pixel, and is cut off at the end. Note that `col2im(im2col(x))` is not
`x`: each pixel comes back multiplied by the number of windows that contain it. An adjoint is not an inverse.
"""


# %% nbgrader={"grade": false, "grade_id": "col2im", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
def col2im(
    cols: np.ndarray, shape: tuple[int, ...], k: int, stride: int = 1, padding: int = 0
) -> np.ndarray:
    """Add each entry of ``cols`` to the pixel it came from: the adjoint of ``im2col``.

    cols: (B, C·k², windows), shape: (B, C, H, W) of the images without padding; the result has this shape and
    the dtype of ``cols``. Pixels in no window are 0.
    Hint: work on padded images, and cut off the border at the end.
    """
    ### BEGIN SOLUTION
    batch, channels, height, width = shape
    rows, columns = output_size(height, k, stride, padding), output_size(width, k, stride, padding)
    parts = cols.reshape(batch, channels, k * k, rows, columns)
    size = (channels, height + 2 * padding, width + 2 * padding, batch)
    padded = np.moveaxis(np.zeros(size, dtype=cols.dtype), -1, 0)
    for number, index in enumerate(window_slices(k, stride, rows, columns)):
        padded[index] += parts[:, :, number]
    return padded[:, :, padding : padding + height, padding : padding + width]
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_col2im", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false}
def test_unit_col2im():
    """col2im counts windows, restores non-overlapping images and is the adjoint of im2col."""
    counts = col2im(np.ones((1, 9, 4)), (1, 1, 4, 4), 3)
    np.testing.assert_array_equal(
        counts[0, 0],
        [[1, 2, 2, 1], [2, 4, 4, 2], [2, 4, 4, 2], [1, 2, 2, 1]],
        err_msg="col2im of ones, 4 × 4 image, k = 3: in how many windows each pixel is",
    )
    left_over = col2im(np.ones((1, 4, 4)), (1, 1, 5, 5), 2, 2)
    np.testing.assert_array_equal(
        left_over[0, 0],
        np.pad(np.ones((4, 4)), ((0, 1), (0, 1))),
        err_msg="col2im, 5 × 5 image, k = 2, stride 2: the last row and column are in no window and stay 0",
    )
    border = col2im(np.ones((1, 9, 4)), (1, 1, 2, 2), 3, 1, 1)
    np.testing.assert_array_equal(
        border[0, 0],
        [[4, 4], [4, 4]],
        err_msg="col2im, 2 × 2 image, k = 3, padding 1: what fell on the border is lost",
    )
    numbers = np.random.default_rng(0)
    for shape, k, stride, padding in [
        ((2, 3, 5, 6), 3, 1, 0),
        ((1, 2, 7, 5), 3, 2, 1),
        ((2, 1, 4, 4), 2, 2, 0),
        ((1, 2, 5, 5), 2, 3, 2),
    ]:
        x = numbers.normal(size=shape)
        windows = output_size(shape[2], k, stride, padding) * output_size(shape[3], k, stride, padding)
        c = numbers.normal(size=(shape[0], shape[1] * k * k, windows))
        before = c.copy()
        back = col2im(c, shape, k, stride, padding)
        assert back.shape == shape, f"col2im(cols, shape={shape}, k={k}, …): the result has shape {back.shape}"
        np.testing.assert_array_equal(c, before, err_msg="col2im wrote into cols")
        parts = [
            (x[n, ch, i, j] * back[n, ch, i, j])
            for n in range(shape[0]) for ch in range(shape[1]) for i in range(shape[2]) for j in range(shape[3])
        ]
        np.testing.assert_allclose(
            sum(parts),
            np.sum(im2col(x, k, stride, padding) * c),
            rtol=1e-10,
            err_msg=f"col2im(k={k}, stride={stride}, padding={padding}) is not the adjoint of im2col: "
            "⟨x, col2im(c)⟩ must equal ⟨im2col(x), c⟩",
        )
    single = col2im(np.ones((1, 4, 4), dtype=np.float32), (1, 1, 3, 3), 2)
    assert single.dtype == np.float32, f"col2im: float32 columns, expected float32 images, got {single.dtype}"
    print("col2im: the adjoint of im2col")


test_unit_col2im()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

for shape, k, stride, padding in [
    ((2, 2, 6, 5), 3, 1, 1),
    ((1, 3, 7, 8), 3, 2, 0),
    ((2, 1, 4, 6), 2, 2, 0),
    ((1, 2, 5, 4), 1, 1, 0),
    ((1, 1, 9, 7), 2, 3, 1),
]:
    windows = output_size(shape[2], k, stride, padding) * output_size(shape[3], k, stride, padding)
    c = rng.normal(size=(shape[0], shape[1] * k * k, windows))
    probe(f"images {shape} k={k} stride={stride} padding={padding}", col2im(c, shape, k, stride, padding))
x = rng.normal(size=(2, 3, 6, 6))
probe("round trip without overlap", col2im(im2col(x, 2, 2), x.shape, 2, 2))
probe("round trip with overlap", col2im(im2col(x, 3, 1, 1), x.shape, 3, 1, 1))
probe("empty batch", col2im(np.ones((0, 9, 4)), (0, 1, 4, 4), 3))
### END HIDDEN TESTS

# %% [markdown]
r"""
## 6. The Layer

Now the op. `forward` is one rearrangement and one matrix product: the $(O, Ck^2)$ weights times the columns of *all*
images side by side. Its result has $L \cdot B$ columns, place by place; taken apart into (O, rows, columns, B), and with
the batch moved to the front, it is the output, stored as the next layer wants it. The op keeps the columns for the way
back, as it would keep any factor of a product.

The rule follows section 1, with three details. The sum over $n$ in $\bar W$ takes care of itself: with all images side
by side, it is part of the product.

- **Only what is needed.** The first layer's input is data and requires no gradient. `None` there saves a product
  and a `col2im`, the more expensive half of the rule.
- **With or without bias.** The op has two or three inputs; the rule returns as many gradients.
- **The batch may be empty.** `reshape(…, -1)` cannot guess an axis when the size is 0.

$\bar Y X_{\text{col}}^\top$ may also be computed as $\big(X_{\text{col}} \bar Y^\top\big)^\top$. The same numbers;
section 9 measures whether it matters which of the two the processor gets.

The layer follows PyTorch: weight of shape (out, in, k, k), bias (out,), both uniform within $\pm 1/\sqrt{C k^2}$,
because $C k^2$ inputs meet in one output.
"""


# %% nbgrader={"grade": false, "grade_id": "conv2d", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
class Conv2dOp(Op):
    """Convolution of images (B, C, H, W) with weights (O, C, k, k) and, as a third input, maybe a bias (O,)."""

    stride: int = 1
    padding: int = 0
    columns: np.ndarray

    def forward(self, x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None = None) -> np.ndarray:
        """Result (B, O, rows, columns) by one matrix product; keeps ``self.columns``, (C·k², windows·B), for the rule.

        Raises ValueError, naming both shapes, if x is not (B, C, H, W) with the C of the weights.
        Hint: ``im2col``, ``side_by_side`` and ``@``; a bias of shape (O, 1) broadcasts over windows.
        """
        ### BEGIN SOLUTION
        if x.ndim != 4 or x.shape[1] != weight.shape[1]:
            raise ValueError(f"weights {weight.shape} need images (B, {weight.shape[1]}, H, W), got {x.shape}")
        out_channels, k = len(weight), weight.shape[-1]
        rows, columns = (output_size(n, k, self.stride, self.padding) for n in x.shape[2:])
        self.columns = side_by_side(im2col(x, k, self.stride, self.padding))
        y = weight.reshape(out_channels, -1) @ self.columns
        if bias is not None:
            y += bias[:, None]
        return np.moveaxis(y.reshape(out_channels, rows, columns, len(x)), -1, 0)
        ### END SOLUTION


@backward_for(Conv2dOp)
def conv2d_backward(op: Conv2dOp, grad: np.ndarray) -> tuple[np.ndarray | None, ...]:
    """Gradients of images (None if they require none), weights and, if there is one, bias.

    Hint: with ``grad`` as (O, windows·B), every product has one of the two shapes of section 1.
    """
    ### BEGIN SOLUTION
    x, weight = op.inputs[:2]
    batch, out_channels, rows, columns = grad.shape
    windows = rows * columns
    grad = side_by_side(grad.reshape(batch, out_channels, windows))
    grad_x = None
    if x.requires_grad:
        grad_columns = weight.data.reshape(out_channels, -1).T @ grad
        grad_columns = np.moveaxis(grad_columns.reshape(len(grad_columns), windows, batch), -1, 0)
        grad_x = col2im(grad_columns, x.shape, weight.shape[-1], op.stride, op.padding)
    grad_weight = (op.columns @ grad.T).T.reshape(weight.shape)
    return (grad_x, grad_weight, grad.sum(axis=1))[: len(op.inputs)]
    ### END SOLUTION


class Conv2d(Module):
    """Convolution layer: (B, in_channels, H, W) becomes (B, out_channels, rows, columns)."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int = 1,
        padding: int = 0,
        bias: bool = True,
        rng: np.random.Generator | None = None,
    ) -> None:
        """Keep the five numbers under their names; set ``weight`` and ``bias`` (None for no bias).

        Both are drawn by ``uniform_parameter`` with the numbers that meet in one output as fan in, the weight
        first.
        """
        ### BEGIN SOLUTION
        self.in_channels, self.out_channels = in_channels, out_channels
        self.kernel_size, self.stride, self.padding = kernel_size, stride, padding
        fan_in = in_channels * kernel_size**2
        self.weight = uniform_parameter((out_channels, in_channels, kernel_size, kernel_size), fan_in, rng)
        self.bias = uniform_parameter((out_channels,), fan_in, rng) if bias else None
        ### END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        """Apply ``Conv2dOp`` to x, weight and, if there is one, bias."""
        ### BEGIN SOLUTION
        inputs = (x, self.weight) if self.bias is None else (x, self.weight, self.bias)
        return Conv2dOp.apply(*inputs, stride=self.stride, padding=self.padding)
        ### END SOLUTION

    def __repr__(self) -> str:
        return (
            f"Conv2d({self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, "
            f"stride={self.stride}, padding={self.padding}, bias={self.bias is not None})"
        )


# %% [markdown]
"""
### Testing the layer

A kernel with a single 1 picks one pixel of each window. Since convolution is linear in the weights, a layer that is
right for every such kernel is right for all. Gradients are checked against central differences (Module 06).
"""

# %% nbgrader={"grade": true, "grade_id": "test_conv2d", "locked": true, "points": 11, "schema_version": 3, "solution": false, "task": false}
from tinytorch.autograd import gradient_check, graph_memory, no_grad


def test_unit_conv2d():
    """Parameters, values and gradients of the convolution layer."""
    layer = Conv2d(3, 8, 5, rng=np.random.default_rng(0))
    assert layer.weight.shape == (8, 3, 5, 5), f"Conv2d(3, 8, 5): weight has shape {layer.weight.shape}"
    assert layer.bias.shape == (8,), f"Conv2d(3, 8, 5): bias has shape {layer.bias.shape}"
    largest = np.abs(layer.weight.data).max()
    assert 0.9 / 75**0.5 < largest <= 1 / 75**0.5, (
        f"Conv2d(3, 8, 5): weights within ± 1/√75 = {75**-0.5:.4f} expected (fan in 3 · 5 · 5), largest {largest:.4f}"
    )
    assert [name for name, _ in layer.named_parameters()] == ["weight", "bias"], "Conv2d: parameters weight, bias"
    assert Conv2d(2, 2, 1, bias=False).bias is None, "Conv2d(…, bias=False): bias must be None"

    numbers = np.random.default_rng(1)
    for k, stride, padding, shape in [(3, 1, 0, (2, 2, 5, 6)), (2, 2, 1, (1, 2, 4, 5)), (3, 2, 1, (2, 2, 7, 6))]:
        x = Tensor(numbers.normal(size=shape))
        layer = Conv2d(2, 3, k, stride, padding)
        padded = np.pad(x.data, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
        rows, columns = (output_size(n, k, stride, padding) for n in shape[2:])
        layer.bias.data[:] = [0.5, -1.0, 2.0]
        for c, u, v in np.ndindex(2, k, k):
            layer.weight.data[:] = 0
            layer.weight.data[1, c, u, v] = 1
            expected = np.zeros((shape[0], 3, rows, columns), dtype=np.float32)
            last_row, last_column = u + stride * (rows - 1), v + stride * (columns - 1)
            expected[:, 1] = padded[:, c, u : last_row + 1 : stride, v : last_column + 1 : stride]
            np.testing.assert_allclose(
                layer(x).data,
                expected + layer.bias.data[:, None, None],
                rtol=1e-5,
                err_msg=f"Conv2d(2, 3, {k}, stride={stride}, padding={padding}) whose only weight is a 1 for output "
                f"1 at [{c}, {u}, {v}]: this pixel of each window, plus the bias",
            )
    result = layer(x)
    assert result.dtype == np.float32, f"Conv2d: float32 in, expected float32 out, got {result.dtype}"
    result.backward(np.ones(result.shape))
    assert x.grad is None, "Conv2d: images that require no gradient got one"
    per_output = shape[0] * rows * columns
    np.testing.assert_allclose(
        layer.bias.grad, [per_output] * 3, err_msg="Conv2d: gradient of the bias, one for each output it was added to"
    )

    for k, stride, padding, shape in [(3, 1, 0, (2, 2, 4, 5)), (3, 2, 1, (1, 3, 5, 4)), (2, 3, 0, (2, 1, 6, 5))]:
        layer = Conv2d(shape[1], 2, k, stride, padding, rng=numbers)
        x, mix = Tensor(numbers.normal(size=shape)), numbers.normal(size=layer(Tensor(np.ones(shape))).shape)

        def loss(x, w, b):
            return (Conv2dOp.apply(x, w, b, stride=stride, padding=padding) * mix).sum()

        error = gradient_check(loss, x, layer.weight, layer.bias)
        assert error < 1e-6, (
            f"conv2d_backward, images {shape}, k={k}, stride={stride}, padding={padding}: gradient_check reports "
            f"{error:.1e}, expected below 1e-6"
        )
    no_bias = Conv2d(1, 2, 2, bias=False)
    no_bias(Tensor(np.ones((1, 1, 3, 3)))).sum().backward()
    np.testing.assert_allclose(
        no_bias.weight.grad, np.full((2, 1, 2, 2), 4.0), err_msg="Conv2d(bias=False): gradient of the weights"
    )
    for shape in [(2, 4, 5, 5), (2, 5, 5)]:
        try:
            Conv2d(2, 3, 3)(Tensor(np.ones(shape)))
        except ValueError:
            continue
        raise AssertionError(f"Conv2d(2, 3, 3) of images of shape {shape}: expected a ValueError")
    print("Conv2d: values and gradients are right")


test_unit_conv2d()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

seen = Conv2d(2, 3, 3, 2, 1, rng=np.random.default_rng(7))
probe("weights drawn", list(seen.state_dict().values()))
probe("numbers", [seen.in_channels, seen.out_channels, seen.kernel_size, seen.stride, seen.padding])
for shape, out, k, stride, padding in [
    ((3, 2, 6, 5), 4, 3, 1, 1),
    ((1, 3, 7, 8), 2, 3, 2, 0),
    ((2, 1, 5, 5), 1, 5, 1, 0),
    ((2, 4, 3, 4), 3, 1, 1, 0),
    ((1, 2, 9, 6), 2, 2, 3, 2),
]:
    layer = Conv2d(shape[1], out, k, stride, padding, rng=np.random.default_rng(k)).to(np.float64)
    x = Tensor(rng.normal(size=shape), dtype=np.float64, requires_grad=True)
    y = layer(x)
    y.backward(rng.normal(size=y.shape))
    gradients = [x.grad, layer.weight.grad, layer.bias.grad]
    probe(f"images {shape} k={k} stride={stride} padding={padding}", [y.data, *gradients])
layer = Conv2d(2, 2, 2, bias=False, rng=np.random.default_rng(3))
x = Tensor(rng.normal(size=(2, 2, 4, 4)), requires_grad=True)
(layer(layer(x)) ** 2).mean().backward()
probe("one layer twice, no bias", [layer.weight.grad, x.grad, str(layer.weight.grad.dtype)])
empty = Tensor(np.ones((0, 2, 4, 4)), requires_grad=True)
nothing = layer(empty)
nothing.backward(np.ones(nothing.shape))
probe("empty batch", [nothing.data, empty.grad, layer.weight.grad])
with no_grad():
    probe("not recorded", layer(x).creator is None)
probe("channels", raises(lambda: layer(Tensor(np.ones((1, 3, 4, 4))))))
probe("does not fit", raises(lambda: layer(Tensor(np.ones((1, 2, 1, 4))))))
### END HIDDEN TESTS

# %% [markdown]
r"""
## 7. Pooling

Max pooling keeps the largest pixel of each window, channel by channel, usually of windows that do not overlap. It has
no weights. It makes images smaller, so that the next convolution sees more of the scene with the same $k$ and costs a
quarter; and it forgives a shift by a pixel.

With `window_slices` the forward pass is a running maximum over $k^2$ views. Backwards the gradient of a window goes
to *the* pixel that was the maximum. Which one, if several are equal? After a ReLU, windows full of zeros are the
rule, not the exception. Giving the gradient to every one of them would multiply it, so as in PyTorch's pooling
**the first one in reading order takes it all**. (Module 06 divided the gradient of `max` among the winners, as
`torch.amax` does. Both are correct slopes; what counts is that they add up to one.)

```text
   window   3 7      maximum 7, gradient g      first 7 takes g:   0 g
            7 1                                                    0 0
```

The rule falls out of the forward pass by itself. Go through the slices in reading order, and let a pixel replace the
maximum so far only if it is *strictly* larger; whoever does, leaves its number, 0 to $k^2 - 1$, as the window's
**winner**. Backwards, slice number $m$ receives the gradients of the windows that $m$ has won. One small integer per
window is all that has to be kept: the images are not needed again.

Three remarks on speed, which section 9 will make plausible. A slice that is used several times is worth a copy without
gaps first. `copy("K")` and `np.zeros_like` keep the memory order of the images, which plain `copy()` and `np.zeros` do
not. And an array of winners is written fastest without a mask: since the numbers grow, the latest winner is
`np.maximum` of the winners so far and of `larger * number`.
"""


# %% nbgrader={"grade": false, "grade_id": "max_pool", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
class MaxPool2dOp(Op):
    """Maximum over windows of the last two axes. Keeps ``self.winner``: which position of each window it came from."""

    kernel_size: int
    stride: int
    winner: np.ndarray

    def forward(self, x: np.ndarray) -> np.ndarray:
        """x: (B, C, H, W), result: (B, C, rows, columns), a new array of x's dtype. NaN stays NaN.

        Hint: ``np.maximum`` takes an ``out``; never write into a view of x.
        """
        ### BEGIN SOLUTION
        rows, columns = (output_size(n, self.kernel_size, self.stride) for n in x.shape[2:])
        first, *others = window_slices(self.kernel_size, self.stride, rows, columns)
        largest = x[first].copy("K")
        self.winner = np.zeros_like(largest, dtype=np.min_scalar_type(self.kernel_size**2))
        for number, index in enumerate(others, start=1):
            pixels = x[index].copy("K")
            np.maximum(self.winner, (pixels > largest) * self.winner.dtype.type(number), out=self.winner)
            np.maximum(largest, pixels, out=largest)
        return largest
        ### END SOLUTION


@backward_for(MaxPool2dOp)
def max_pool2d_backward(op: MaxPool2dOp, grad: np.ndarray) -> tuple[np.ndarray, ...]:
    """Gradient of the images: each window's gradient goes to its first maximum in reading order.

    Windows may overlap; a pixel that is the maximum of several windows gets the sum.
    Hint: where windows lie side by side, assigning is enough, and cheaper than adding.
    """
    ### BEGIN SOLUTION
    grad_x = np.zeros_like(op.inputs[0].data, dtype=grad.dtype)
    overlap = op.stride < op.kernel_size
    for number, index in enumerate(window_slices(op.kernel_size, op.stride, *grad.shape[2:])):
        won = grad * (op.winner == number)
        grad_x[index] = grad_x[index] + won if overlap else won
    return (grad_x,)
    ### END SOLUTION


class MaxPool2d(Module):
    """Maximum over windows of ``kernel_size`` pixels, ``stride`` apart (``None``: side by side)."""

    def __init__(self, kernel_size: int, stride: int | None = None) -> None:
        """Keep both numbers under their names, as integers."""
        ### BEGIN SOLUTION
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        ### END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        return MaxPool2dOp.apply(x, kernel_size=self.kernel_size, stride=self.stride)

    def __repr__(self) -> str:
        return f"MaxPool2d({self.kernel_size}, stride={self.stride})"


# %% nbgrader={"grade": true, "grade_id": "test_max_pool", "locked": true, "points": 12, "schema_version": 3, "solution": false, "task": false}
def test_unit_max_pool():
    """Maxima, ties, overlapping windows and gradients of max pooling."""
    image = Tensor([[[[1, 5, 2, 0], [3, 4, 8, 1], [0, -1, -3, -2], [-7, -5, -4, -9]]]])
    pool = MaxPool2d(2)
    assert pool.stride == 2, f"MaxPool2d(2): stride is the window's size unless given, got {pool.stride}"
    np.testing.assert_array_equal(
        pool(image).data, [[[[5.0, 8.0], [0.0, -2.0]]]], err_msg="MaxPool2d(2) of a 4 × 4 image, negative pixels too"
    )
    np.testing.assert_array_equal(
        MaxPool2d(3, 1)(image).data, np.full((1, 1, 2, 2), 8.0), err_msg="MaxPool2d(3, stride=1): windows overlap"
    )
    assert MaxPool2d(2)(Tensor(np.ones((2, 3, 5, 7)))).shape == (2, 3, 2, 3), "MaxPool2d(2) of 5 × 7 pixels: 2 × 3"
    view = MaxPool2d(1)(image)
    assert not np.shares_memory(view.data, image.data), "MaxPool2d(1): the result must be a new array"

    def gradient_of(pixels, layer, grad):
        x = Tensor(pixels, requires_grad=True)
        grad = np.array(grad, dtype=np.float32)
        before = grad.copy()
        y = layer(x)
        maxima = y.data.copy()
        y.backward(grad)
        np.testing.assert_array_equal(grad, before, err_msg="max_pool2d_backward wrote into grad")
        np.testing.assert_array_equal(y.data, maxima, err_msg="max_pool2d_backward wrote into the maxima")
        return x.grad

    np.testing.assert_array_equal(
        gradient_of([[[[3.0, 7.0], [7.0, 1.0]]]], MaxPool2d(2), [[[[10.0]]]]),
        [[[[0.0, 10.0], [0.0, 0.0]]]],
        err_msg="max_pool2d_backward, window [[3, 7], [7, 1]]: the first maximum takes the whole gradient",
    )
    np.testing.assert_array_equal(
        gradient_of(np.zeros((1, 1, 4, 4)), MaxPool2d(2), [[[[1.0, 2.0], [3.0, 4.0]]]])[0, 0],
        [[1, 0, 2, 0], [0, 0, 0, 0], [3, 0, 4, 0], [0, 0, 0, 0]],
        err_msg="max_pool2d_backward, windows of zeros: one pixel each, the first",
    )
    np.testing.assert_array_equal(
        gradient_of([[[[0, 9, 0], [0, 0, 0], [0, 0, 5]]]], MaxPool2d(2, 1), [[[[1, 2], [3, 4]]]])[0, 0],
        [[0, 3, 0], [3, 0, 0], [0, 0, 4]],
        err_msg="max_pool2d_backward, stride 1: the 9 is the maximum of two windows and gets 1 + 2; the window of "
        "zeros gives its 3 to its first pixel",
    )
    numbers = np.random.default_rng(0)
    for shape, k, stride in [((2, 3, 4, 6), 2, 2), ((1, 2, 7, 5), 3, 2), ((2, 1, 5, 5), 3, 1), ((1, 1, 6, 6), 2, 3)]:
        pixels = numbers.permutation(np.prod(shape)).reshape(shape) / 10.0
        layer = MaxPool2d(k, stride)
        mix = numbers.normal(size=layer(Tensor(pixels)).shape)
        error = gradient_check(lambda x, layer=layer, mix=mix: (layer(x) * mix).sum(), Tensor(pixels))
        assert error < 1e-6, (
            f"max_pool2d_backward, images {shape}, kernel_size={k}, stride={stride}: gradient_check reports "
            f"{error:.1e}, expected below 1e-6"
        )
    print("MaxPool2d: maxima, ties and overlaps are right")


test_unit_max_pool()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

for shape, k, stride in [
    ((2, 3, 6, 8), 2, None),
    ((1, 2, 7, 9), 3, 2),
    ((2, 1, 5, 5), 2, 1),
    ((1, 1, 8, 7), 3, None),
    ((2, 2, 4, 4), 4, 1),
    ((1, 2, 6, 5), 1, 2),
]:
    x = Tensor(rng.integers(0, 4, size=shape).astype(np.float64), dtype=np.float64, requires_grad=True)
    y = MaxPool2d(k, stride)(x)
    y.backward(rng.normal(size=y.shape))
    probe(f"ties {shape} k={k} stride={stride}", [y.data, x.grad])
dead = Tensor(np.maximum(rng.normal(size=(2, 2, 6, 6)) - 2, 0), requires_grad=True)
(MaxPool2d(2)(dead) * 3).sum().backward()
probe("dead windows, float32", [dead.grad, str(dead.grad.dtype)])
probe("integers", MaxPool2d(2)(Tensor(rng.integers(-9, 9, (1, 1, 4, 4)))).data)
hole = np.ones((1, 1, 4, 4))
hole[0, 0, 3, 3] = np.nan
probe("NaN", np.isnan(MaxPool2d(2)(Tensor(hole)).data))
empty = Tensor(np.ones((0, 2, 4, 4)), requires_grad=True)
nothing = MaxPool2d(2)(empty)
nothing.backward(np.ones(nothing.shape))
probe("empty batch", [nothing.data, empty.grad])
probe("does not fit", raises(lambda: MaxPool2d(3)(Tensor(np.ones((1, 1, 2, 2))))))
### END HIDDEN TESTS

# %% [markdown]
r"""
### Its relative, for comparison

Average pooling is given: each of the $k^2$ pixels of a window gets the same share of its gradient. The rule is a
`col2im` in miniature. Networks use it at their end, over the whole image ("global average pooling").
"""

# %% nbgrader={"grade": false, "grade_id": "avg_pool", "locked": true, "schema_version": 3, "solution": false, "task": false}
#| export
class AvgPool2dOp(Op):
    """Mean over windows of the last two axes."""

    kernel_size: int
    stride: int

    def forward(self, x: np.ndarray) -> np.ndarray:
        rows, columns = (output_size(n, self.kernel_size, self.stride) for n in x.shape[2:])
        slices = window_slices(self.kernel_size, self.stride, rows, columns)
        return sum(x[index] for index in slices) / self.kernel_size**2


@backward_for(AvgPool2dOp)
def avg_pool2d_backward(op: AvgPool2dOp, grad: np.ndarray) -> tuple[np.ndarray, ...]:
    grad_x = np.zeros(op.inputs[0].shape, dtype=grad.dtype)
    share = grad / op.kernel_size**2
    for index in window_slices(op.kernel_size, op.stride, *grad.shape[2:]):
        grad_x[index] += share
    return (grad_x,)


class AvgPool2d(Module):
    """Mean over windows of ``kernel_size`` pixels, ``stride`` apart (``None``: side by side)."""

    def __init__(self, kernel_size: int, stride: int | None = None) -> None:
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride

    def forward(self, x: Tensor) -> Tensor:
        return AvgPool2dOp.apply(x, kernel_size=self.kernel_size, stride=self.stride)

    def __repr__(self) -> str:
        return f"AvgPool2d({self.kernel_size}, stride={self.stride})"


# %% [markdown]
r"""
## 8. What a Convolution Costs, and How Far It Sees

### Cost

Each of the $B \cdot O \cdot \text{rows} \cdot \text{columns}$ outputs is a sum over a window of all input channels:
$C k^2$ multiplications and as many additions, and one more for the bias. The fast path touches five arrays: images,
columns, weights, bias and result. Their bytes, and the operations for each byte (the *arithmetic intensity*) decide
whether the processor or the memory is the bottleneck.

### Receptive field

One output of a $3 \times 3$ layer depends on $3 \times 3$ pixels. Put a second one on top: $5 \times 5$. In general,
a layer with window $k$ lets $k - 1$ more *neighbours* in, and neighbours after the strides $s_1, s_2, \dots$ of the
layers below are $s_1 s_2 \cdots$ pixels apart:

$$r_0 = 1, \quad d_0 = 1; \qquad r_l = r_{l-1} + (k_l - 1)\, d_{l-1}, \qquad d_l = d_{l-1}\, s_l .$$

Without strides $r$ grows with the depth, with them exponentially: the second good reason for pooling. The test does
not trust the formula: it sends a gradient back from one output and looks which pixels it reaches.
"""


# %% nbgrader={"grade": false, "grade_id": "cost", "locked": false, "schema_version": 3, "solution": true, "task": false}
#| export
def conv_cost(layer: Conv2d, shape: tuple[int, ...]) -> tuple[int, int]:
    """(FLOPs, bytes) of the layer's forward pass on images of ``shape`` = (B, C, H, W).

    FLOPs: two for each product of a pixel with a weight, and one for each addition of a bias.
    Bytes: images (without padding), columns, weights, bias and result, all in the dtype of the weights.
    Hint: tensors know their ``size``, dtypes their ``itemsize``.
    """
    ### BEGIN SOLUTION
    batch, channels, height, width = shape
    rows, columns = (output_size(n, layer.kernel_size, layer.stride, layer.padding) for n in (height, width))
    window = channels * layer.kernel_size**2
    windows = batch * rows * columns
    outputs = windows * layer.out_channels
    flops = outputs * (2 * window + (layer.bias is not None))
    parameters = sum(parameter.size for parameter in layer.parameters())
    numbers = math.prod(shape) + windows * window + parameters + outputs
    return flops, numbers * layer.weight.dtype.itemsize
    ### END SOLUTION


def receptive_field(layers: Iterable[Any]) -> int:
    """Side, in pixels, of the square of the image that one output of the last layer depends on.

    layers: a list or a Sequential. Layers without a ``kernel_size`` (such as ReLU) look at one element only.
    """
    ### BEGIN SOLUTION
    field, distance = 1, 1
    for layer in layers:
        if hasattr(layer, "kernel_size"):
            field += (layer.kernel_size - 1) * distance
            distance *= layer.stride
    return field
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_cost", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false}
from tinytorch.activations import ReLU, Tanh
from tinytorch.layers import Flatten, Linear, Sequential


def reach(layers, side):
    """Side of the square of pixels that the gradient of one output in the middle reaches."""
    x = Tensor(np.random.default_rng(0).normal(size=(1, 1, side, side)), requires_grad=True)
    y = Sequential(*layers)(x)
    y[0, 0, y.shape[2] // 2, y.shape[3] // 2].backward()
    touched = np.flatnonzero(x.grad[0, 0].any(axis=0))
    return int(touched[-1] - touched[0] + 1)


def test_unit_cost():
    """FLOPs and bytes of small and of well-known layers; receptive fields against gradients."""
    flops, size = conv_cost(Conv2d(2, 3, 2), (1, 2, 3, 4))
    assert flops == 3 * 2 * 3 * (2 * 8 + 1), (
        f"conv_cost(Conv2d(2, 3, 2), (1, 2, 3, 4)): 2 × 3 windows, 3 channels, 8 products and a bias each: "
        f"expected {3 * 2 * 3 * 17} FLOPs, got {flops}"
    )
    expected = 4 * (24 + 8 * 6 + 24 + 3 + 18)
    assert size == expected, (
        f"conv_cost(Conv2d(2, 3, 2), (1, 2, 3, 4)): 24 pixels, 8 × 6 columns, 24 weights, 3 biases, 18 results of 4 "
        f"bytes: expected {expected}, got {size}"
    )
    flops, size = conv_cost(Conv2d(3, 64, 7, stride=2, padding=3, bias=False), (1, 3, 224, 224))
    assert flops == 236_027_904, f"conv_cost, first layer of ResNet: expected 236,027,904 FLOPs, got {flops:,}"
    assert size == 4 * (3 * 224**2 + 147 * 112**2 + 64 * 147 + 64 * 112**2), (
        f"conv_cost, first layer of ResNet, without bias: got {size:,} bytes"
    )
    for label, layers, side in [
        ("two of 3 × 3", [Conv2d(1, 1, 3), Conv2d(1, 1, 3)], 11),
        ("3 × 3 and a stride", [Conv2d(1, 1, 3, stride=2), Tanh(), Conv2d(1, 1, 3)], 15),
        ("with average pooling", [Conv2d(1, 1, 3), AvgPool2d(2), Conv2d(1, 1, 3), AvgPool2d(2)], 28),
        ("overlapping windows", [AvgPool2d(3, 2), Conv2d(1, 1, 5, stride=3), Conv2d(1, 1, 1), Conv2d(1, 1, 2)], 45),
    ]:
        got, measured = receptive_field(layers), reach(layers, side)
        assert got == measured, (
            f"receptive_field, {label}: got {got}, but the gradient of one output reaches {measured} pixels"
        )
    assert receptive_field([]) == 1, "receptive_field of no layers: a pixel sees itself"
    print("conv_cost and receptive_field: the figures are right")


test_unit_cost()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

costs = {}
for c, o, k, stride, padding, bias in [
    (1, 16, 3, 1, 0, True),
    (16, 32, 3, 1, 0, False),
    (4, 2, 5, 2, 2, True),
    (3, 1, 1, 3, 0, True),
]:
    layer = Conv2d(c, o, k, stride, padding, bias)
    shape = (int(rng.integers(1, 9)), c, int(rng.integers(9, 30)), int(rng.integers(9, 30)))
    costs[f"{c} to {o}, k={k}"] = list(conv_cost(layer, shape)) + list(conv_cost(layer.to(np.float64), shape))
probe("costs", costs)
stacks = [
    Sequential(Conv2d(1, 16, 3), ReLU(), MaxPool2d(2), Conv2d(16, 32, 3), ReLU(), MaxPool2d(2)),
    [Conv2d(1, 1, 7, stride=2, padding=3), MaxPool2d(3, 2), *[Conv2d(1, 1, 3, padding=1) for _ in range(4)]],
    [MaxPool2d(2), MaxPool2d(2), MaxPool2d(2), Conv2d(1, 1, 3)],
    [Conv2d(1, 1, 1, stride=4), ReLU(), Conv2d(1, 1, 4)],
]
probe("fields", [receptive_field(stack) for stack in stacks])
### END HIDDEN TESTS

# %% [markdown]
r"""
## 9. Memory and Complexity

### From loops to one product

The same layer (the second one of the digit network: 16 channels of $13 \times 13$ pixels to 32 of $11 \times 11$)
in six ways, checked against each other, and timed per image:

1. the seven loops of section 3;
2. four loops over the outputs, and NumPy for each window;
3. all windows as a *view* (`sliding_window_view`: strides, no copy), contracted by `tensordot`;
4. columns by `im2col`, and a product, for one image after the other in a Python loop;
5. columns of all images, stored image after image, and one batched product;
6. columns of all images, stored with the batch as the innermost axis, and one product: `Conv2dOp`.

All of them do the same $2 \cdot 32 \cdot 121 \cdot 144$ operations. What to look for: where the big factors are,
and that the view of way 3, which copies nothing itself, is no faster: `tensordot` has to copy it into a matrix
before it can multiply, with an access pattern that is worse than that of nine slices. The processor does not count
copies; it counts how they walk through memory. Ways 5 and 6 copy and multiply the same numbers, and differ in their
order only (the sixth even has to reorder the images first, as only a network's first layer must).
"""

# %% tags=["measure"]
import time

from numpy.lib.stride_tricks import sliding_window_view

from tinytorch.setup import measure_memory


def milliseconds(call, repeats=15):
    """Shortest time of a call: what it takes when nothing disturbs it."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return 1e3 * min(times)


def windows_one_by_one(x, w):
    k = w.shape[-1]
    y = np.empty((len(x), len(w), x.shape[2] - k + 1, x.shape[3] - k + 1), dtype=x.dtype)
    for n, o, i, j in np.ndindex(y.shape):
        y[n, o, i, j] = np.sum(x[n, :, i : i + k, j : j + k] * w[o])
    return y


def windows_as_view(x, w):
    views = sliding_window_view(x, w.shape[2:], axis=(2, 3))
    return np.tensordot(views, w, axes=((1, 4, 5), (1, 2, 3))).transpose(0, 3, 1, 2)


def image_by_image(x, w):
    flat, rows = w.reshape(len(w), -1), x.shape[2] - w.shape[2] + 1
    parts = [flat @ im2col(x[n : n + 1], w.shape[-1])[0] for n in range(len(x))]
    return np.stack(parts).reshape(len(x), len(w), rows, -1)


def image_after_image(x, w):
    (batch, channels, rows, columns), k = x.shape, w.shape[-1]
    rows, columns = rows - k + 1, columns - k + 1
    cols = np.empty((batch, channels, k * k, rows, columns), dtype=x.dtype)
    for number, index in enumerate(window_slices(k, 1, rows, columns)):
        cols[:, :, number] = x[index]
    y = w.reshape(len(w), -1) @ cols.reshape(batch, channels * k * k, rows * columns)
    return y.reshape(batch, len(w), rows, columns)


draw = np.random.default_rng(0)
images = draw.normal(size=(64, 16, 13, 13)).astype(np.float32)
weights = draw.normal(size=(32, 16, 3, 3)).astype(np.float32)
ways = [
    ("1. seven loops", conv2d_loops, 1, 1),
    ("2. a window at a time", windows_one_by_one, 1, 3),
    ("3. a view and tensordot", windows_as_view, 64, 15),
    ("4. im2col, image by image", image_by_image, 64, 15),
    ("5. all, image after image", image_after_image, 64, 15),
    ("6. all, batch innermost", lambda x, w: Conv2dOp().forward(x, w), 64, 15),
]
expected = Conv2dOp().forward(images, weights)
operations = 2 * 32 * 121 * 144
print(f"{'way':28} {'ms per image':>13} {'times faster':>13} {'GFLOP/s':>9}")
for name, way, batch, repeats in ways:
    np.testing.assert_allclose(way(images[:batch], weights), expected[:batch], rtol=1e-3, atol=1e-3)
    spent = milliseconds(lambda: way(images[:batch], weights), repeats) / batch
    slowest = spent if way is conv2d_loops else slowest
    print(f"{name:28} {spent:13.4f} {slowest / spent:13,.0f} {operations / spent / 1e6:9.3f}")

# %% [markdown]
r"""
### Where the time of a step goes

The fast path consists of copies and of products. The next cell takes the layer apart, forwards and backwards, for
64 images, in both memory orders: image after image, and with the batch innermost. What to look for:

- the loops over slices gain about three times: a run of eleven numbers is over before it has begun, one of
  $11 \cdot 64$ is not. `col2im`, which has to read and write each pixel nine times, does no arithmetic to speak of,
  and image after image it takes longer than a product with 64 operations for each entry of the columns;
- the products hardly change: the library copies its factors into blocks of its own order anyway (Module 15);
- the two ways of writing $\bar W$: the same numbers from the same factors, in a different order. Which one is
  faster depends on how the library for matrix products cuts matrices into blocks, and nobody can tell without
  measuring.
"""

# %% tags=["measure"]
flat, slices = weights.reshape(32, -1), window_slices(3, 1, 11, 11)


def gather(x, cols):
    for number, index in enumerate(slices):
        cols[:, :, number] = x[index]


def scatter(cols, x):
    for number, index in enumerate(slices):
        x[index] += cols[:, :, number]


def pieces_of(ordered, as_factor):
    """Milliseconds of each piece, with arrays in the memory order ``ordered`` and factors of products ``as_factor``."""
    x, cols = ordered(images), ordered(np.zeros((64, 16, 9, 11, 11), dtype=np.float32))
    columns = as_factor(cols.reshape(64, 144, 121))
    slopes = as_factor(ordered(draw.normal(size=(64, 32, 121)).astype(np.float32)))
    over_images = (lambda product: product.sum(axis=0)) if columns.ndim == 3 else (lambda product: product)
    return {
        "im2col": milliseconds(lambda: gather(x, cols)),
        "W @ columns": milliseconds(lambda: flat @ columns),
        "W.T @ grad": milliseconds(lambda: flat.T @ slopes),
        "col2im": milliseconds(lambda: scatter(cols, x)),
        "grad @ columns.T": milliseconds(lambda: over_images(slopes @ columns.swapaxes(-1, -2))),
        "(columns @ grad.T).T": milliseconds(lambda: over_images(columns @ slopes.swapaxes(-1, -2)).T),
    }


outermost = pieces_of(np.ascontiguousarray, lambda stack: stack)
innermost = pieces_of(batch_last, side_by_side)
product = 2 * 64 * 32 * 121 * 144
print(f"{'piece':22} {'image after image, ms':>22} {'batch innermost, ms':>20} {'gain':>6} {'GFLOP/s':>8}")
for name, before in outermost.items():
    rate = f"{product / innermost[name] / 1e6:8.0f}" if "@" in name else f"{'–':>8}"
    print(f"{name:22} {before:22.3f} {innermost[name]:20.3f} {before / innermost[name]:6.1f} {rate}")

# %% [markdown]
r"""
### What the columns weigh

`im2col` pays for its speed with memory. The first table measures, for one batch and growing windows (with a padding
that keeps the size), the peak of a forward pass without recording, beside the images themselves and beside the
bytes of `conv_cost` (which count images, parameters and result; the peak has none of them: it comes while the columns are
filled, and holds, beside them, a copy of the images with their padding). Then `graph_memory` tells what the digit network's graph of a batch keeps alive
until `backward`, and how much of it are columns. What to look for: the first table grows with $k^2$, while the
operations for each byte soon stop growing; in the graph, the columns of two layers are the largest item, thirty
times the images, though nobody ever asked to see them.
"""

# %% tags=["measure"]
batch = Tensor(draw.normal(size=(32, 8, 24, 24)))
print(f"images: {batch.memory_footprint() / 2**20:.2f} MiB")
print(f"{'k':>2} {'columns, MiB':>13} {'× images':>9} {'peak measured':>14} {'by conv_cost':>13} {'FLOPs/byte':>11}")
for k in (1, 3, 5, 7):
    layer = Conv2d(8, 8, k, padding=k // 2)
    columns_bytes = im2col(batch.data, k, 1, k // 2).nbytes
    with no_grad():
        _, peak = measure_memory(lambda: layer(batch))
    flops, size = conv_cost(layer, batch.shape)
    print(
        f"{k:2} {columns_bytes / 2**20:13.2f} {columns_bytes / batch.memory_footprint():9.1f} "
        f"{peak / 2**20:14.2f} {size / 2**20:13.2f} {flops / size:11.1f}"
    )

digits = Tensor(draw.random((64, 1, 28, 28)))
network = Sequential(
    Conv2d(1, 16, 3), ReLU(), MaxPool2d(2), Conv2d(16, 32, 3), ReLU(), MaxPool2d(2), Flatten(), Linear(800, 10)
)
kept = graph_memory(network(digits))
in_columns = 4 * 64 * (9 * 26 * 26 + 144 * 11 * 11)
print(f"\ndigit network, batch of 64: the graph keeps {kept / 2**20:.1f} MiB,", end=" ")
print(f"columns {in_columns / 2**20:.1f} MiB ({in_columns / kept:.0%}),", end=" ")
print(f"images {digits.memory_footprint() / 2**20:.2f} MiB")

# %% [markdown]
r"""
### What the two promises are worth

Local, and the same everywhere: is that an advantage, or only thrift? The next cell makes noisy pictures of 12 × 12
pixels with one of four small signs somewhere, and trains two networks to name the sign: a dense one (144 → 32 → 4),
and a convolutional one (eight kernels of $3 \times 3$, then the maximum over the whole picture) with
forty times fewer weights. In training the signs stand in the **left** half only. Then both are tested on new
pictures with the sign on the left, and with the sign on the right. What to look for: a hundred pictures are enough
for one network, and thousands are not for the other, which learns the training pictures by heart instead. On the
right the dense network guesses (one in four): its weights for those pixels have never met a sign. The convolutional
network has no weights for places.

The promise cuts both ways: ask *where* the sign is, and the maximum over the picture has thrown the answer away.
"""

# %% tags=["measure"]
from tinytorch.dataloader import TensorDataset
from tinytorch.losses import accuracy, cross_entropy
from tinytorch.optimizers import Adam
from tinytorch.training import Trainer

signs = np.array(
    [
        [[1, 0, 1], [0, 1, 0], [1, 0, 1]],
        [[0, 1, 0], [1, 1, 1], [0, 1, 0]],
        [[1, 1, 1], [0, 0, 0], [1, 1, 1]],
        [[1, 0, 1], [1, 0, 1], [1, 0, 1]],
    ]
)


def pictures(count, first, last, seed):
    """Noisy pictures with a sign whose left edge lies in columns ``first`` to ``last``."""
    draw = np.random.default_rng(seed)
    x, labels = draw.normal(scale=0.25, size=(count, 1, 12, 12)), draw.integers(0, 4, size=count)
    for picture, label in zip(x, labels):
        row, column = draw.integers(0, 10), draw.integers(first, last + 1)
        picture[0, row : row + 3, column : column + 3] += signs[label]
    return TensorDataset(Tensor(x), labels)


def dense(draw):
    return Sequential(Flatten(), Linear(144, 32, rng=draw), ReLU(), Linear(32, 4, rng=draw))


def convolutional(draw):
    return Sequential(Conv2d(1, 8, 3, rng=draw), ReLU(), MaxPool2d(10), Flatten(), Linear(8, 4, rng=draw))


left, right = pictures(1000, 0, 3, 1), pictures(1000, 6, 9, 2)
figure, axes = plt.subplots(1, 4, figsize=(8, 2.2))
examples = [("left", left, 0), ("left", left, 1), ("right", right, 0), ("right", right, 1)]
for axis, (name, data, at) in zip(axes, examples):
    axis.imshow(data[at][0].data[0], cmap="gray_r", vmin=-0.5, vmax=1.5)
    axis.set(title=f"{name}: sign {data[at][1].item()}", xticks=[], yticks=[])
figure.tight_layout()
plt.show()
print(f"{'network':14} {'weights':>8} {'pictures':>9} {'trained on':>11} {'left':>7} {'right':>7}")
for name, make, rate in (("dense", dense, 0.01), ("convolutional", convolutional, 0.03)):
    for count in (100, 1000, 4000):
        train = pictures(count, 0, 3, 0)
        model = make(np.random.default_rng(3))
        trainer = Trainer(model, Adam(model.parameters(), lr=rate), cross_entropy, batch_size=20)
        trainer.fit(train, 12000 // count)
        scores = [trainer.evaluate(data, accuracy) for data in (train, left, right)]
        size = sum(parameter.size for parameter in model.parameters())
        print(f"{name:14} {size:8,} {count:9,} {scores[0]:11.1%} {scores[1]:7.1%} {scores[2]:7.1%}")

# %% [markdown]
r"""
## 10. In Production

**Which algorithm?** PyTorch hands a convolution to a library (oneDNN on processors, cuDNN on NVIDIA's cards) that
knows several: *implicit* GEMM computes the matrix product, but forms small tiles of the columns on the fly, in
registers, so they never exist as a whole; *Winograd* needs 2.25 times fewer multiplications for $3 \times 3$
windows, at some loss of accuracy; the FFT pays for large windows. `torch.backends.cudnn.benchmark = True` times
them on the first batch of each shape and keeps the winner, which is why the first step is slow, and why shapes that
keep changing stay slow.

**Layout.** Frameworks choose the innermost axis, too. PyTorch's default is a row of pixels (NCHW); many processors
prefer all channels of a pixel side by side (NHWC, in PyTorch `memory_format=torch.channels_last`), which makes long
runs for a batch of one as well. Our runs are as long as the batch. As with ours, shapes and indices stay the same,
and only strides tell.

**Fusion.** Convolution, bias and ReLU are one pass over memory in an inference engine. We make three;
`y += bias` saves one array by writing in place.

**Other convolutions.** Kernels need not be square, nor dense: *dilated* ones leave gaps, *grouped* and *depthwise*
ones connect each output channel with few input channels (`groups=` in PyTorch), which saves arithmetic and not
memory traffic: their arithmetic intensity is poor, and they are slower than their FLOPs promise.

**Deterministic?** Several GPU algorithms add in an order that depends on timing, so two runs differ in the last
digits. `torch.use_deterministic_algorithms(True)` forbids them, for a price.

**Ties.** PyTorch's max pooling stores each winner, too: its position in the image, in 8 bytes (`return_indices=True`
hands it out). A number within the window fits into one byte.

## 11. What Breaks First at Scale

The columns. A digit's $3 \times 3$ layer is small; the next cell applies `conv_cost`'s formula to layers of
well-known sizes, for a batch of 64. The second part shows the remedy: a batch that goes through the layer in
pieces, *one set of columns at a time*. What to look for: the columns of a single layer of a picture classifier take
seven gigabytes; and in pieces the peak falls to a fraction, while the time even falls at first, because smaller columns stay
in the cache, and rises again only when the pieces become so small that calls count. There is no need to have all
windows side by side, only enough of them to keep the product busy. Implicit GEMM is this thought, taken to its end.

While *training* it is not enough: our op keeps all columns for $\bar W$. Keeping the images instead, and
rearranging once more on the way back, would divide the memory by $k^2$, for one more `im2col`: checkpointing
(Module 06) within an op.
"""

# %% tags=["measure"]
print(f"{'layer, batch 64':34} {'images':>10} {'columns':>10} {'result':>10} {'TFLOPs':>7}")
for name, channels, out, k, side in (
    ("digits, second layer", 16, 32, 3, 13),
    ("VGG, second layer", 64, 64, 3, 224),
    ("VGG, in the middle", 256, 256, 3, 56),
    ("U-Net on 1024 × 1024 pixels", 64, 64, 3, 1024),
):
    rows = output_size(side, k, 1, 1)
    sizes = [64 * 4 * numbers / 2**30 for numbers in (channels * side**2, channels * k**2 * rows**2, out * rows**2)]
    flops = 64 * out * rows**2 * 2 * channels * k**2
    print(f"{name:34} " + " ".join(f"{size:6.2f} GiB" for size in sizes) + f" {flops / 1e12:7.2f}")

wide, layer = Tensor(draw.normal(size=(64, 16, 32, 32))), Conv2d(16, 16, 3, padding=1)


def in_pieces(size):
    """The layer's output, computed for ``size`` images at a time."""
    result = np.empty(wide.shape, dtype=np.float32)
    with no_grad():
        for start in range(0, len(wide), size):
            result[start : start + size] = layer(wide[start : start + size]).data
    return result


print(f"\n{'images at a time':>16} {'peak, MiB':>10} {'ms':>8}")
for size in (64, 32, 16, 8, 4, 2, 1):
    _, peak = measure_memory(lambda: in_pieces(size))
    print(f"{size:16} {peak / 2**20:10.1f} {milliseconds(lambda: in_pieces(size), 7):8.2f}")

# %% [markdown]
"""
## 12. Integration Test

Loops and layer agree; the gradient of a whole network is right; and a network learns to tell lying from standing
bars, wherever they are.
"""

# %% nbgrader={"grade": true, "grade_id": "test_spatial", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
from tinytorch.dataloader import TensorDataset
from tinytorch.losses import accuracy, cross_entropy
from tinytorch.optimizers import Adam
from tinytorch.training import Trainer


def bars(count, seed):
    """Pictures of 8 × 8 pixels with a lying (0) or standing (1) bar of four pixels."""
    numbers = np.random.default_rng(seed)
    x, labels = numbers.normal(scale=0.1, size=(count, 1, 8, 8)), numbers.integers(0, 2, size=count)
    for picture, label in zip(x, labels):
        i, j = numbers.integers(0, 5), numbers.integers(0, 8)
        lying = picture[0] if label == 0 else picture[0].T
        lying[j, i : i + 4] += 1
    return TensorDataset(Tensor(x), labels)


def test_unit_spatial():
    """The fast layer agrees with the loops, a network's gradients with differences, and it learns."""
    numbers = np.random.default_rng(0)
    for stride, padding in [(1, 0), (2, 1)]:
        layer = Conv2d(2, 3, 3, stride, padding, rng=numbers)
        x = numbers.normal(size=(2, 2, 6, 5)).astype(np.float32)
        np.testing.assert_allclose(
            layer(Tensor(x)).data,
            conv2d_loops(x, layer.weight.data, layer.bias.data, stride, padding),
            rtol=1e-4,
            atol=1e-5,
            err_msg=f"Conv2d and conv2d_loops disagree for stride={stride}, padding={padding}",
        )
    first, second = Conv2d(1, 2, 3, padding=1, rng=numbers), Conv2d(2, 3, 2, rng=numbers)
    last, labels = Linear(12, 3, rng=numbers), np.array([0, 2])

    def loss(x, w, v):
        hidden = MaxPool2d(2)(Conv2dOp.apply(x, w, first.bias, padding=1))
        seen = AvgPool2d(2, 1)(Tanh()(Conv2dOp.apply(hidden, v, second.bias)))
        return cross_entropy(last(Flatten()(seen)), labels)

    error = gradient_check(loss, Tensor(numbers.normal(size=(2, 1, 8, 8))), first.weight, second.weight)
    assert error < 1e-6, f"a network of all layers: gradient_check reports {error:.1e}, expected below 1e-6"
    draw = np.random.default_rng(1)
    network = Sequential(
        Conv2d(1, 4, 3, rng=draw), ReLU(), MaxPool2d(2), Flatten(), Linear(36, 2, rng=draw)
    )
    trainer = Trainer(network, Adam(network.parameters(), lr=0.02), cross_entropy, batch_size=16)
    trainer.fit(bars(320, 0), 5)
    share = trainer.evaluate(bars(200, 1), accuracy)
    assert share > 0.95, f"lying or standing bars: {share:.0%} right after five epochs, expected more than 95 %"
    print(f"integration: loops and layer agree, gradients are right, {share:.1%} of new bars are told apart")


test_unit_spatial()
### BEGIN HIDDEN TESTS
from tinytorch_lab.probes import probe, raises, rng

model = Sequential(
    Conv2d(2, 4, 3, padding=1, rng=np.random.default_rng(1)), ReLU(), MaxPool2d(2),
    Conv2d(4, 3, 2, stride=2, rng=np.random.default_rng(2)), ReLU(), AvgPool2d(2), Flatten(),
    Linear(3, 4, rng=np.random.default_rng(3)),
).to(np.float64)
x = Tensor(rng.normal(size=(5, 2, 9, 8)), dtype=np.float64, requires_grad=True)
value = cross_entropy(model(x), rng.integers(0, 4, size=5))
value.backward()
probe("a network", [value.item(), x.grad, *[parameter.grad for parameter in model.parameters()]])
pixels = rng.integers(0, 3, size=(2, 1, 6, 6)).astype(np.float64)
weights = rng.integers(-2, 3, size=(2, 1, 3, 3)).astype(np.float64)
fast = Conv2dOp(stride=2, padding=1).forward(pixels, weights)
probe("loops and layer", conv2d_loops(pixels, weights, None, 2, 1) - fast)
### END HIDDEN TESTS

# %% [markdown]
"""
### Milestone 3: a network that reads

`tito milestone run 3`, or the milestone in the sidebar, trains

```text
Conv2d(1, 16, 3)  ReLU  MaxPool2d(2)  Conv2d(16, 32, 3)  ReLU  MaxPool2d(2)  Flatten  Linear(32 · 5 · 5, 10)
```

on MNIST, with every line of it yours, and shows which digits it still misreads.
"""

# %% [markdown]
"""
## 🤔 ML Systems Thinking

Three questions, each answered in 150–300 words. Argue with your own code and with figures from your own run,
with their units.
"""

# %% [markdown] nbgrader={"grade": false, "grade_id": "question_1", "locked": true, "schema_version": 3, "solution": false, "task": false}
"""
### Question 1: The memory of im2col

**Context:** You measured the columns against the images for windows of 1 to 7 pixels, the share of the columns in
what the graph of the digit network keeps, the layers of well-known networks, and a batch in pieces.

**Question:** Derive how the memory of `im2col` depends on batch, channels, size, window and stride, and check it
against your table. For which layers is it a waste in any case? A colleague's network trains with a batch of 16 and
runs out of memory with 24, though inference works with 64: explain that with what `Conv2dOp` keeps, and with your
figures. Propose two changes of the op, one for inference and one for training, with what each costs in time.
Finally: col2im does one addition for each entry. From its time in your table, compute the bytes of
columns and the additions per second, compare them with the product's rate, and argue whether it is limited by
arithmetic or by memory, and what a faster processor would change.

**Expected response:** 150–300 words, with at least two of your own figures.
"""

# %% [markdown] nbgrader={"grade": true, "grade_id": "response_1", "locked": false, "points": 10, "schema_version": 3, "solution": true, "task": false}
"""
=== BEGIN MARK SCHEME ===
EXCELLENT (9-10 points):
- Derives B·C·k²·rows·columns numbers, about k²/s² times the images, and confirms it with own figures, such as 9 times for k = 3
- Names 1 × 1 windows (columns are a mere copy), or strides of at least k (no overlap, nothing is repeated), as layers for which the copy is a waste
- Explains that recording keeps the columns of every layer until backward, while under no_grad those of one layer exist at a time; quotes the share of columns in the graph
- Inference: pieces of the batch (or tiles, implicit GEMM), with the measured peak and the nearly unchanged time; training: keep the images and rearrange again, at the price of one more im2col from the table
- Compares col2im's rate in GB/s and its operations per entry with those of a product, and concludes that memory access limits it, so that more arithmetic per second changes nothing
- Notes that the figures depend on cache sizes, so the batch at which pieces pay differs between machines
GOOD (7-8 points):
- Correct formula, checked against one figure
- Explains why training needs more than inference by what the op keeps
- One sound change of the op with its price
- Bandwidth argument without rates
SATISFACTORY (5-6 points):
- Knows that im2col repeats pixels up to k² times
- Suggests smaller batches without saying what they change
- Few or no own figures
NEEDS IMPROVEMENT (1-4 points):
- Blames the weights of the convolution for the memory
- Confuses the number of operations with the number of bytes
- No reference to the measurements
NO CREDIT (0 points):
- No answer, or unrelated to convolution
- Copied question text only
- Every claim wrong
=== END MARK SCHEME ===

**Your response:**
"""

# %% [markdown] nbgrader={"grade": false, "grade_id": "question_2", "locked": true, "schema_version": 3, "solution": false, "task": false}
"""
### Question 2: Loops, products and kernels

**Context:** You timed one layer in six ways, from seven loops to one product for the whole batch, and took the fast one apart, in
two memory orders.

**Question:** All six do the same arithmetic. Where, then, does the factor between the first and the last come
from? Attribute it in steps, with your figures: interpretation, short vectors, memory access, use of the processor's
units. Why is the view of way 3, which copies nothing, not the fastest? How far is your product from what your
processor could do, and how would you find out? Now a library offers you im2col, implicit GEMM, Winograd and FFT for
a layer: what decides, why do libraries *measure* at run time instead of calculating, and when does this measuring
hurt? What, after all, are the seven loops still good for?

**Expected response:** 150–300 words, with at least two of your own figures.
"""

# %% [markdown] nbgrader={"grade": true, "grade_id": "response_2", "locked": false, "points": 10, "schema_version": 3, "solution": true, "task": false}
"""
=== BEGIN MARK SCHEME ===
EXCELLENT (9-10 points):
- Quotes the measured factor between loops and product and splits it with the intermediate ways, such as the interpreter's price per operation and the gain of one call per batch
- Explains that one interpreted operation costs tens of nanoseconds while the product does many multiplications per nanosecond with vector units and blocks that stay in cache
- Explains that tensordot must copy the view into a matrix, with a worse order of access than strided slices
- Compares the measured GFLOP/s with the peak (clock times lanes times two times units, or a large square product) and states the share reached
- Names window size, channels, stride, batch, memory limit and accuracy as what decides between algorithms; measuring because caches and blocking are not predictable; it hurts when shapes change or at the first batch
- Keeps the loops as the oracle against which fast versions are tested
GOOD (7-8 points):
- Factor quoted and attributed to at least two causes with figures
- View of way 3 explained
- Sensible criteria for choosing an algorithm
- The peak of the processor only mentioned
SATISFACTORY (5-6 points):
- Knows that NumPy moves loops into compiled code
- Quotes a factor without attributing it
- Choice of algorithm without criteria
NEEDS IMPROVEMENT (1-4 points):
- Claims that im2col needs fewer operations
- Attributes everything to parallel threads, although one was measured
- No figures
NO CREDIT (0 points):
- No answer, or unrelated to performance
- Copied question text only
- Every claim wrong
=== END MARK SCHEME ===

**Your response:**
"""

# %% [markdown] nbgrader={"grade": false, "grade_id": "question_3", "locked": true, "schema_version": 3, "solution": false, "task": false}
"""
### Question 3: Why convolution, and what pooling throws away

**Context:** Two networks learned signs on the left and were asked about signs on the right. You computed receptive
fields and confirmed them with gradients.

**Question:** Which two assumptions does a convolution make about its input, and how do your figures show what they
are worth, in data and in weights? Compute the receptive field of the digit network's last pooling layer, and that
of three further 3 × 3 convolutions on top of it; compare with the same five convolutions without any pooling. What
do you gain and lose by pooling, in sight, cost and position? Give a task for which the maximum over the whole image
is fatal, and one for which it is ideal. Where do the assumptions fail (think of passport photos, in which the eyes
are always in the same place, or of the columns of a table), and what would you use there?

**Expected response:** 150–300 words, with at least two of your own figures.
"""

# %% [markdown] nbgrader={"grade": true, "grade_id": "response_3", "locked": false, "points": 10, "schema_version": 3, "solution": true, "task": false}
"""
=== BEGIN MARK SCHEME ===
EXCELLENT (9-10 points):
- Names locality and sharing (equivariance to shifts), and quotes accuracies left and right for both networks with their numbers of weights
- Explains that the dense network has separate weights for each place, which were never trained on the right, and that sharing saves data as well as weights
- Computes the fields by the recursion: 10 pixels after the second pooling (3, 4, 8, 10), 34 with three more layers, against 11 for five convolutions without pooling
- States what pooling gives (field grows with the product of strides, a quarter of the cost, tolerance for small shifts) and what it loses (position, thin detail)
- Gives a fatal task (where is it, segmentation, counting small objects) and an ideal one (what is in the picture, wherever)
- Names failures: aligned images, tables, or data without neighbourhood, and a fitting alternative such as positions as extra channels, unshared weights, dense layers or attention
GOOD (7-8 points):
- Both assumptions and at least one figure for each network
- One receptive field correct with its derivation
- Sound advantages and disadvantages of pooling
- One failure named without alternative
SATISFACTORY (5-6 points):
- Fewer weights named as the only advantage
- Receptive field explained in words
- Few or no own figures
NEEDS IMPROVEMENT (1-4 points):
- Confuses receptive field with kernel size
- Claims that convolution recognises rotated or scaled objects by itself
- No reference to the experiment
NO CREDIT (0 points):
- No answer, or unrelated to images
- Copied question text only
- Every claim wrong
=== END MARK SCHEME ===

**Your response:**
"""

# %% [markdown]
r"""
## 🎯 Module Summary

**Built.** `output_size`; convolution by the definition, `conv2d_loops`; `window_slices`, `im2col` and its adjoint
`col2im`; `Conv2d` with its backward rule; `MaxPool2d`, in which the first maximum wins; `conv_cost` and
`receptive_field`.

**Measured.** One layer in six ways, from seven loops to one product; the pieces of a step, forwards and backwards;
what columns weigh, for one layer and in a graph; a batch in pieces; and what locality and shared weights are worth
on signs in new places.

**Understood.**

- Loops turned inside out: a few strided slices over everything, instead of many small windows.
- Arithmetic is cheap. The way through memory decides, and copying first can be the faster way.
- What was copied forwards is summed backwards: `col2im` is the adjoint of `im2col`, not its inverse.
- Speed is paid with memory: the columns are $k^2$ times the images, and recording keeps them.
- A bias belongs to an output, not to a product; a tie has one winner; what no window reaches has no gradient.
- Convolution promises that what matters is local and the same everywhere. Where that holds, it saves weights *and*
  data.

**Next.** Milestone 3 reads handwritten digits. Then phase 4 leaves images for language: Module 10 turns text into
integers.
"""
