"""The course folder: where everything of a course is, and the settings it was made with."""

import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tinytorch_lab.curriculum.library import Library
from tinytorch_lab.errors import InvalidInputError, NotAvailableError, NotFoundError

SETTINGS = "tinytorch.toml"


@dataclass(frozen=True)
class CourseFolder:
    """A course in nbgrader's layout below ``root``; what is ours alone lies in ``.tinytorch/``."""

    root: Path
    curriculum: Path
    course_id: str
    db_url: str
    allow_unsandboxed: bool = False

    @cached_property
    def library(self) -> Library:
        """The module sources the course is made from."""
        return Library(self.curriculum)

    @property
    def state(self) -> Path:
        """The folder of lock, log, evidence and history; students' notebooks never see it."""
        return self.root / ".tinytorch"

    @property
    def exchange(self) -> Path:
        """The folder nbgrader's ``fetch`` and ``submit`` go through."""
        return self.root / "exchange"

    def source(self, module: str) -> Path:
        """Return the instructor's notebook of ``module``."""
        return self.root / "source" / module / f"{module}.ipynb"

    def released(self, module: str) -> Path:
        """Return the students' notebook of ``module``."""
        return self.root / "release" / module / f"{module}.ipynb"

    def submitted(self, module: str, student: str) -> Path:
        """Return the notebook as ``student`` handed it in."""
        return self.root / "submitted" / student / module / f"{module}.ipynb"

    def autograded(self, module: str, student: str) -> Path:
        """Return the repaired notebook of ``student`` with the outputs of the graded run."""
        return self.root / "autograded" / student / module / f"{module}.ipynb"

    def feedback(self, module: str, student: str) -> Path:
        """Return the feedback page of ``student``."""
        return self.root / "feedback" / student / module / f"{module}.html"

    def students_with(self, step: str, module: str) -> tuple[str, ...]:
        """Return the students who have a folder for ``module`` below ``step`` (``submitted``, ``autograded``)."""
        found = (self.root / step).glob(f"*/{module}")
        return tuple(sorted(path.parent.name for path in found if path.is_dir() and not path.parent.is_symlink()))

    def assignment(self, query: str) -> str:
        """Return the name of the assignment meant: a module or project of the catalogue, or a folder in ``source/``.

        Raises:
            NotFoundError: there is neither.
        """
        try:
            return self.library.course.assignment(query).name
        except NotFoundError:
            if query and Path(query).name == query and (self.root / "source" / query).is_dir():
                return query
            raise

    def title(self, assignment: str) -> str:
        """Return the title of ``assignment``; one that the course added has no other than its name."""
        known = self.library.course.assignments
        return next((found.title for found in known if found.name == assignment), assignment)


def load_course_folder(folder: Path) -> CourseFolder:
    """Return the course in ``folder``.

    Raises:
        NotFoundError: there is no such folder, it holds no course, or its curriculum is gone.
        InvalidInputError: its settings cannot be read.
    """
    root = folder.resolve()
    path = root / SETTINGS
    if not root.is_dir():
        raise NotFoundError(f"There is no folder {folder}.")
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NotFoundError(f"{folder} is not a course folder; make one with: tito grade init {folder}") from None
    except OSError as error:
        raise NotAvailableError(f"Cannot read {path}: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"{path} is not valid TOML: {error}.") from None
    return _course_folder(root, path, settings)


def default_db_url(root: Path) -> str:
    """Return the address of the gradebook inside the course folder."""
    return f"sqlite:///{root / 'gradebook.db'}"


def _course_folder(root: Path, path: Path, settings: dict[str, object]) -> CourseFolder:
    texts = {key: settings.get(key, default) for key, default in _text_settings(root).items()}
    unsandboxed = settings.get("allow_unsandboxed", False)
    unknown = settings.keys() - texts.keys() - {"allow_unsandboxed"}
    wrong = [key for key, value in texts.items() if not isinstance(value, str) or not value]
    wrong += [] if isinstance(unsandboxed, bool) else ["allow_unsandboxed"]
    if unknown or wrong:
        first = min([*unknown, *wrong])
        raise InvalidInputError(f"{path} has a setting that is unknown or of the wrong kind: {first}.")
    curriculum = (root / str(texts["curriculum"])).resolve()
    if not (curriculum / "course.toml").is_file():
        raise NotFoundError(f"The curriculum of this course, {curriculum}, holds no course.toml; correct it in {path}.")
    return CourseFolder(root, curriculum, str(texts["course_id"]), str(texts["db_url"]), bool(unsandboxed))


def _text_settings(root: Path) -> dict[str, str]:
    return {"curriculum": "", "course_id": "", "db_url": default_db_url(root)}
