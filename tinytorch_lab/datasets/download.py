"""One download over HTTP(S), bounded in time and size; every way it can fail is one short clause."""

import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Callable

_CHUNK = 1 << 16
_CANNOT_CONNECT = "no connection to {url} ({reason})"


class DownloadError(Exception):
    """Why a download did not succeed, as a clause to put into a sentence."""


def download(
    url: str, size: int, progress: Callable[[int], None], *, stall_seconds: float = 20.0, total_seconds: float = 900.0
) -> bytes:
    """Return the ``size`` bytes at ``url``; ``progress`` is told how many have come.

    ``stall_seconds`` is how long the server may be silent, ``total_seconds`` how long all of it may take. Proxies
    are those of the environment.

    Raises:
        DownloadError: there is no answer in time, the answer is an error, or it has another size.
    """
    deadline = time.monotonic() + total_seconds
    try:
        # urlopen() would remember the proxies of its first use.
        with urllib.request.build_opener().open(url, timeout=stall_seconds) as answer:
            return _body(answer, url, size, progress, deadline)
    except urllib.error.HTTPError as error:
        with error:
            raise DownloadError(f"{url} answered {error.code} {error.reason}") from None
    except TimeoutError:
        raise DownloadError(f"{url} sent nothing for {stall_seconds:g} seconds") from None
    except urllib.error.URLError as error:
        raise DownloadError(_CANNOT_CONNECT.format(url=url, reason=error.reason)) from None
    except OSError as error:
        raise DownloadError(_CANNOT_CONNECT.format(url=url, reason=error.strerror or error)) from None
    except http.client.HTTPException as error:
        raise DownloadError(f"{url} sent what is not HTTP ({type(error).__name__})") from None


def _body(
    answer: http.client.HTTPResponse, url: str, size: int, progress: Callable[[int], None], deadline: float
) -> bytes:
    """Read no more than ``size`` bytes and one: a server that sends on is not asked for the rest."""
    content = bytearray()
    progress(0)
    while chunk := answer.read1(min(_CHUNK, size + 1 - len(content))):
        content += chunk
        if len(content) > size:
            raise DownloadError(f"{url} sent more than the expected {size:,} bytes")
        if time.monotonic() > deadline:
            raise DownloadError(f"{url} was too slow: {len(content):,} of {size:,} bytes came in time")
        progress(len(content))
    if len(content) < size:
        raise DownloadError(f"{url} sent only {len(content):,} of {size:,} bytes")
    return bytes(content)
