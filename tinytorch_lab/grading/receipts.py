"""Signing receipts: whoever holds one can prove what was handed in and when, and nobody can make one up."""

import hashlib
import hmac
import json
import secrets
from dataclasses import asdict, replace
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from tinytorch_lab.coursework import Receipt
from tinytorch_lab.errors import InvalidInputError, NotAvailableError, NotFoundError
from tinytorch_lab.files import write_text
from tinytorch_lab.grading.folder import CourseFolder

_RECEIPT = TypeAdapter(Receipt)


def course_key(course: CourseFolder, purpose: str) -> bytes:
    """Return 32 secret bytes for one ``purpose``; they are made once and the same ever after.

    Raises:
        NotAvailableError: the course folder is not ours to read or write.
    """
    path = course.state / "secret"
    if not path.exists():
        write_text(path, secrets.token_hex(32) + "\n")
        path.chmod(0o600)
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise NotAvailableError(f"Cannot read {path}: {error.strerror}.") from None
    return hmac.digest(secret.encode(), purpose.encode(), hashlib.sha256)


def sign(receipt: Receipt, key: bytes) -> Receipt:
    """Return ``receipt`` with the signature of ``key``."""
    return replace(receipt, signature=_signature(receipt, key))


def is_genuine(receipt: Receipt, key: bytes) -> bool:
    """Tell whether ``receipt`` carries the signature of ``key`` over just these fields."""
    return hmac.compare_digest(receipt.signature.encode(), _signature(receipt, key).encode())


def read_receipt(path: Path) -> Receipt:
    """Return the receipt in the file ``path``; whether it is genuine is another question.

    Raises:
        NotFoundError: there is no such file.
        InvalidInputError: it holds no receipt.
    """
    try:
        return _RECEIPT.validate_json(path.read_bytes())
    except FileNotFoundError:
        raise NotFoundError(f"There is no file {path}.") from None
    except (OSError, ValidationError):
        raise InvalidInputError(f"{path} is no receipt of a submission.") from None


def _signature(receipt: Receipt, key: bytes) -> str:
    signed = {name: value for name, value in asdict(receipt).items() if name != "signature"}
    text = json.dumps(signed, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
