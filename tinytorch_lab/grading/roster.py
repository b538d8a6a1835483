"""The class list, read from a CSV file: lenient about what the columns are called, exact about what is wrong."""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tinytorch_lab.errors import InvalidInputError, NotAvailableError, NotFoundError, TinyTorchError
from tinytorch_lab.grading.intake import check_student_id

_ID = "id"
_HEADERS: Mapping[str, tuple[str, ...]] = {
    # In order of preference: what people sign in with comes before the numbers of other systems.
    _ID: (
        *("student id", "studentid", "username", "user name", "login", "login id", "sis login id", "netid"),
        *("user", "uid", "sis user id", "id number", "student number", "matriculation number", "id", "student"),
    ),
    "first_name": ("first name", "firstname", "given name", "forename", "preferred name"),
    "last_name": ("last name", "lastname", "surname", "family name"),
    "full_name": ("name", "full name", "student name", "student"),
    "email": ("email", "e mail", "email address", "mail"),
}
_NOT_STUDENTS = re.compile(r"\s*points possible\s*|\s*student, test\s*", re.IGNORECASE)
_MOST_PROBLEMS = 5
_DELIMITERS = ",;\t"


@dataclass(frozen=True)
class RosterEntry:
    """One student of the class list; names and address are empty where the file states none."""

    student: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""


def read_roster(path: Path) -> tuple[RosterEntry, ...]:
    """Return the students in the file at ``path``.

    Raises:
        NotFoundError: there is no such file.
        NotAvailableError: it cannot be read.
        InvalidInputError: it is no class list; the message names the file and up to five lines.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise NotFoundError(f"There is no class list {path}.") from None
    except OSError as error:
        raise NotAvailableError(f"Cannot read {path}: {error.strerror}.") from None
    return parse_roster(content, path.name)


def parse_roster(content: bytes, name: str) -> tuple[RosterEntry, ...]:
    """Return the students in ``content``, a CSV file called ``name`` with a line of headers.

    Commas, semicolons and tabs may separate; UTF-8 and, with its mark, UTF-16 are read. Exports of gradebooks of
    Canvas and Moodle are class lists too.

    Raises:
        InvalidInputError: it is no such file, or lines in it are wrong; the message names up to five of them.
    """
    records = _records(_text(content, name), name)
    if not records:
        raise InvalidInputError(f"{name} is empty; its first line must name the columns.")
    (line, headers), *rows = records
    columns = _columns(headers)
    if _ID not in columns and "email" not in columns:
        found = ", ".join(repr(header) for header in headers if header.strip()) or "none"
        raise InvalidInputError(
            f"{name}, line {line}: no column holds the students' ids; call one 'student id' (found: {found})."
        )
    return _entries(rows, columns, len(headers), name)


def _text(content: bytes, name: str) -> str:
    encoding = "utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InvalidInputError(f"{name}, line {line}: not UTF-8; save the file as 'CSV UTF-8'.") from None


def _records(text: str, name: str) -> list[tuple[int, list[str]]]:
    """Return the rows that hold anything, each with the number of the line it begins on."""
    if "\0" in text:
        raise InvalidInputError(f"{name}, line {text.count(chr(10), 0, text.index(chr(0))) + 1}: not a text file.")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True, skipinitialspace=True)
    records, begins = [], 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                records.append((begins, row))
            begins = reader.line_num + 1
    except csv.Error as error:
        raise InvalidInputError(f"{name}, line {begins}: {error}; check the quotes.") from None
    return records


def _delimiter(text: str) -> str:
    """Return what separates the headers: the one of the usual three that is most frequent in the first line."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    return max(_DELIMITERS, key=first.count)


def _columns(headers: Sequence[str]) -> dict[str, int]:
    """Return the place of each thing that a header names."""
    names = [" ".join(re.sub(r"[_\-.:*]+", " ", header).lower().split()) for header in headers]
    columns: dict[str, int] = {}
    for key, synonyms in _HEADERS.items():
        taken = set(columns.values())
        place = next((names.index(word) for word in synonyms if word in names), None)
        if place is not None and place not in taken:
            columns[key] = place
    return columns


def _entries(
    rows: Iterable[tuple[int, list[str]]], columns: Mapping[str, int], width: int, name: str
) -> tuple[RosterEntry, ...]:
    entries: dict[str, RosterEntry] = {}
    lines: dict[str, int] = {}
    problems: list[str] = []
    for line, row in rows:
        if _NOT_STUDENTS.fullmatch(row[0]):
            continue
        try:
            entry = _entry(row, columns, width)
            key = entry.student.casefold()
            if key in lines:
                raise InvalidInputError(f"{entry.student!r} is in line {lines[key]} already.")
        except TinyTorchError as error:
            problems.append(f"{name}, line {line}: {error}")
        else:
            entries[key], lines[key] = entry, line
    if problems:
        more = f" (and {len(problems) - _MOST_PROBLEMS} more)" if len(problems) > _MOST_PROBLEMS else ""
        raise InvalidInputError(" ".join(problems[:_MOST_PROBLEMS]) + more)
    if not entries:
        raise InvalidInputError(f"{name} names no student below its headers.")
    return tuple(entries.values())


def _entry(row: Sequence[str], columns: Mapping[str, int], width: int) -> RosterEntry:
    if any(cell.strip() for cell in row[width:]):
        raise InvalidInputError(f"{len(row)} fields where the headers name {width}; quote a field with a comma in it.")
    cells = {key: row[place].strip() if place < len(row) else "" for key, place in columns.items()}
    student = cells.get(_ID, "") if _ID in columns else cells["email"]
    if not student:
        raise InvalidInputError("the student's id is missing.")
    first, last = _split(cells.get("full_name", ""))
    return RosterEntry(
        student=check_student_id(student),
        first_name=cells.get("first_name") or first,
        last_name=cells.get("last_name") or last,
        email=cells.get("email", ""),
    )


def _split(name: str) -> tuple[str, str]:
    """Return first and last name of ``Last, First`` or ``First Middle Last``."""
    last, comma, first = name.partition(",")
    if comma:
        return first.strip(), last.strip()
    first, _, last = name.rpartition(" ")
    return first.strip(), last.strip()
