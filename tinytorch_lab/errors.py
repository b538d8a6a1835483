"""The errors a user can meet. Each carries one sentence: what is wrong, where, and what to do about it."""


class TinyTorchError(Exception):
    """Base of every error shown to a user; ``str(error)`` is the whole message."""


class NotFoundError(TinyTorchError):
    """What was asked for does not exist (HTTP 404)."""


class NotAvailableError(TinyTorchError):
    """It is known, but cannot be had now or here (HTTP 503)."""


class InvalidInputError(TinyTorchError):
    """What the user gave is wrong in itself (HTTP 400)."""


class ConflictError(TinyTorchError):
    """It contradicts the present state: already running, already there (HTTP 409)."""
