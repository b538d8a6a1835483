"""TinyTorch Lab: teach machine-learning systems by building."""

from tinytorch_lab._version import __version__

__all__ = ["__version__"]


def _jupyter_server_extension_points() -> list[dict[str, object]]:
    from tinytorch_lab.extension import TinyTorchLab

    return [{"module": "tinytorch_lab.extension", "app": TinyTorchLab}]


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "tinytorch-lab"}]
