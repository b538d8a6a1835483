"""Written answers of synthetic students: different from each other, and as good as is asked for."""

from random import Random
from typing import Literal

Quality = Literal["strong", "fair", "thin"]

_STRONG_FIRST = (
    "My own measurements are the best argument here.",
    "I started from the profiling cell, because a claim without a figure is only an opinion.",
    "Two numbers from my run decide this question.",
    "The short answer is memory traffic, and the long answer is in what I measured.",
)
_STRONG = (
    "For a float32 array of a million elements the result takes 4 MB, while the peak that tracemalloc saw was 12 MB: "
    "every intermediate result is a fresh array of full size, written once and read once.",
    "Doubling the number of elements doubled the time almost exactly, so this is linear in the bytes that move and "
    "not in the operations that are counted.",
    "That is why a framework such as PyTorch fuses neighbouring elementwise operations into one kernel: the values "
    "stay in registers instead of going out to memory and back.",
    "A strided read wastes most of each cache line, which is why I made the array contiguous first; the copy cost "
    "3 ms and saved 9 ms on the way.",
    "In my implementation I subtract the maximum before the exponential. It costs one more pass over the data and buys "
    "a result that is right for every input.",
    "At a billion elements in half precision the same operation needs 2 GB for the result alone, so the trade "
    "decides whether the step fits the device at all.",
    "I would not cache the transposed weights: at this size that is 16 MB for a saving that I could not tell from "
    "noise in ten runs.",
    "The batch dimension is where the parallel work is, and a batch of one leaves an "
    "accelerator idle most of the time.",
    "The ratio between both versions stayed near 3.1 from ten thousand elements on; below that the overhead of the "
    "Python call hides everything.",
    "An in-place version brought the peak down by a third, but it destroys what the backward pass needs, so I use it "
    "for inference only.",
)
_STRONG_LAST = (
    "The figures of a laptop carry over as ratios, not as seconds, so on other hardware I would measure again before "
    "changing anything.",
    "Given more time I would measure the same at three sizes and change one thing at a time.",
    "So I would accept the extra pass, and look for the saving in the number of arrays that are alive at once.",
)
_FAIR = (
    "Memory matters more than I expected.",
    "When I ran the measurement the peak was larger than the size of the result, because NumPy makes temporary arrays "
    "for each step.",
    "Frameworks like PyTorch avoid some of this with optimized kernels that combine several steps.",
    "GPUs have a lot of bandwidth, and that helps with operations of this kind.",
    "In my code the stable version needs one more pass, but otherwise it would overflow.",
    "In production with large models this would be very important because there are many more values.",
    "I think one simple call for every function is a good design because the hardware can change behind it.",
    "It took 12 ms on my machine, which I think is fast.",
    "With a larger batch it should be more efficient, although I have not tried that.",
    "Views are cheaper than copies since the data stays where it is.",
)
_THIN = (
    "It is faster because NumPy is vectorized and GPUs are fast.",
    "Because of memory. Arrays are better than lists.",
    "The framework does that for you, so it does not matter much.",
    "I think it is O(n), but it depends on the computer.",
)


def answer(quality: Quality, seed: str) -> str:
    """Return an answer of this ``quality``; the same ``seed`` gives the same one."""
    random = Random(seed)
    if quality == "thin":
        return random.choice(_THIN)
    if quality == "fair":
        return " ".join(random.sample(_FAIR, 6))
    middle = random.sample(_STRONG, 6)
    first = " ".join([random.choice(_STRONG_FIRST), *middle[:3]])
    return "\n\n".join([first, " ".join([*middle[3:], random.choice(_STRONG_LAST)])])
