"""Files from the cache and into it."""

import hashlib
import socket
import threading

import pytest

from tests.datasets.conftest import truncated, whole
from tinytorch_lab.datasets import cache
from tinytorch_lab.datasets.cache import DataFile, cache_folder, ensure
from tinytorch_lab.errors import NotAvailableError

CONTENT = bytes(range(256)) * 1000


def data_file(url, content=CONTENT):
    return DataFile("set/part.bin", url, len(content), hashlib.md5(content).hexdigest())


def files_in(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_a_file_is_downloaded_once_with_progress(server, tmp_path):
    file = data_file(server.url("/part", whole(CONTENT)))
    seen = []
    path = ensure(file, tmp_path / "new", lambda *report: seen.append(report))
    assert path == tmp_path / "new" / "set" / "part.bin"
    assert path.read_bytes() == CONTENT
    assert {(name, total) for name, _, total in seen} == {("part.bin", len(CONTENT))}
    done = [done for _, done, _ in seen]
    assert done == sorted(done)
    assert (done[0], done[-1]) == (0, len(CONTENT))
    assert len(done) > 3

    assert ensure(file, tmp_path / "new") == path
    assert server.requests == ["/part"]
    assert files_in(tmp_path) == ["new/set/part.bin"]


def test_a_damaged_file_is_downloaded_again(server, tmp_path):
    file = data_file(server.url("/part", whole(CONTENT)))
    ensure(file, tmp_path).write_bytes(CONTENT[:-1] + b"?")
    assert ensure(file, tmp_path).read_bytes() == CONTENT
    assert server.requests == ["/part"] * 2


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (truncated(CONTENT), "sent only 128,000 of 256,000 bytes"),
        (whole(CONTENT[::-1]), "sent has another checksum"),
        (whole(CONTENT + b"!"), "sent more than the expected 256,000 bytes"),
        (whole(b""), "sent only 0 of 256,000 bytes"),
        (lambda handler: handler.send_error(404), "answered 404 Not Found"),
        (lambda handler: handler.send_error(503), "answered 503 Service Unavailable"),
        (lambda handler: handler.wfile.write(b"What?\r\n\r\n"), "sent what is not HTTP (BadStatusLine)"),
        (lambda _handler: None, "Remote end closed connection without response"),
    ],
)
def test_a_bad_answer_is_one_sentence_that_says_what_to_put_where(server, tmp_path, answer, words):
    file = data_file(server.url("/part", answer))
    with pytest.raises(NotAvailableError) as raised:
        ensure(file, tmp_path)
    sentence = str(raised.value)
    assert words in sentence
    assert f"{tmp_path / 'set' / 'part.bin'} is not there and cannot be downloaded" in sentence
    assert f"put the file from {file.url} (256,000 bytes, md5 {file.md5}) there" in sentence
    assert "set TINYTORCH_DATA to a folder that holds set/part.bin." in sentence
    assert "\n" not in sentence
    assert files_in(tmp_path) == []


def test_a_failed_download_leaves_what_was_there(server, tmp_path):
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "part.bin").write_bytes(b"half of it")
    with pytest.raises(NotAvailableError, match="is damaged and cannot be downloaded"):
        ensure(data_file(server.url("/part", whole(b"nonsense"))), tmp_path)
    assert (tmp_path / "set" / "part.bin").read_bytes() == b"half of it"


def test_without_a_server_the_sentence_names_the_address(tmp_path, monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with socket.create_server(("127.0.0.1", 0)) as unused:
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/part"
    with pytest.raises(NotAvailableError, match=r"no connection to http://127\.0\.0\.1:\d+/part \(.*refused\)"):
        ensure(data_file(url), tmp_path)


def test_a_proxy_that_is_not_there_is_said(server, tmp_path, monkeypatch):
    url = server.url("/part", whole(CONTENT))
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with pytest.raises(NotAvailableError, match=r"no connection to .*refused"):
        ensure(data_file(url), tmp_path)
    assert server.requests == []


def test_two_downloads_of_one_file_at_once(server, tmp_path):
    both_asked = threading.Barrier(2, timeout=20)

    def answer(handler):
        both_asked.wait()
        whole(CONTENT)(handler)

    file = data_file(server.url("/part", answer))
    found = []
    threads = [threading.Thread(target=lambda: found.append(ensure(file, tmp_path).read_bytes())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [CONTENT, CONTENT]
    assert server.requests == ["/part", "/part"]
    assert files_in(tmp_path) == ["set/part.bin"]


def test_a_read_only_cache_serves_what_it_has(server, tmp_path, monkeypatch):
    file = data_file(server.url("/part", whole(CONTENT)))
    ensure(file, tmp_path)
    make_read_only(monkeypatch, tmp_path)
    assert ensure(file, tmp_path).read_bytes() == CONTENT
    other = DataFile("set/other.bin", file.url, file.size, file.md5)
    with pytest.raises(
        NotAvailableError, match=r"other\.bin is not there and cannot be downloaded: .* may not be writ"
    ):
        ensure(other, tmp_path)
    assert server.requests == ["/part"]


def make_read_only(monkeypatch, folder):
    """Take away the right to write: root has it whatever the mode says, so the question itself is answered."""
    for place in (folder, *folder.rglob("*")):
        place.chmod(0o555)
    may = cache.os.access
    if may(folder, cache.os.W_OK):
        monkeypatch.setattr(cache.os, "access", lambda path, mode: not mode & cache.os.W_OK and may(path, mode))


def test_a_file_in_the_way_is_named(server, tmp_path):
    file = data_file(server.url("/part", whole(CONTENT)))
    (tmp_path / "set").write_text("in the way")
    with pytest.raises(NotAvailableError, match="set is not a folder"):
        ensure(file, tmp_path)
    (tmp_path / "set").unlink()
    (tmp_path / "set" / "part.bin").mkdir(parents=True)
    with pytest.raises(NotAvailableError, match=r"Cannot read .*part.bin: Is a directory"):
        ensure(file, tmp_path)
    assert server.requests == []


def test_the_cache_is_where_the_variable_says(monkeypatch, tmp_path):
    monkeypatch.setenv("TINYTORCH_DATA", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.delenv("TINYTORCH_DATA")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert cache_folder().is_relative_to(tmp_path / "home")
    assert cache_folder().name == "tinytorch-lab"
