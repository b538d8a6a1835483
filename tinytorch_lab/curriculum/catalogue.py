"""The catalogue of the course, read from ``course.toml``."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tinytorch_lab.errors import InvalidInputError, NotFoundError


@dataclass(frozen=True)
class ModuleInfo:
    """One module of the course, whether or not its notebook exists yet."""

    name: str
    title: str
    phase: int
    prerequisites: tuple[str, ...]
    exports: tuple[str, ...]
    summary: str

    @property
    def number(self) -> int:
        """Place in the course, from 1."""
        return int(self.name[:2])


@dataclass(frozen=True)
class Project(ModuleInfo):
    """Graded work outside the modules (midterm, final), which may use the modules up to its last prerequisite."""

    @property
    def number(self) -> int:
        """The place of the module that follows the last prerequisite."""
        return int(self.prerequisites[-1][:2]) + 1


@dataclass(frozen=True)
class Phase:
    """A run of modules that ends in something that works."""

    number: int
    title: str


@dataclass(frozen=True)
class Milestone:
    """What the student's own package must be able to do after a module."""

    number: int
    title: str
    after: str
    goal: str


@dataclass(frozen=True)
class Course:
    """Everything ``course.toml`` says."""

    id: str
    title: str
    automatic_points: int
    written_points: int
    answer_words: tuple[int, int]
    weights: Mapping[str, float]
    limits: Mapping[str, int]
    phases: tuple[Phase, ...]
    milestones: tuple[Milestone, ...]
    modules: tuple[ModuleInfo, ...]
    projects: tuple[Project, ...] = ()

    @property
    def assignments(self) -> tuple[ModuleInfo, ...]:
        """Everything that is handed in: the modules, then the projects."""
        return (*self.modules, *self.projects)

    def find(self, query: str) -> ModuleInfo:
        """Return the module meant by ``01_tensor``, ``tensor``, ``01`` or ``1``.

        Raises:
            NotFoundError: no module, or more than one, is meant.
        """
        wanted = query.strip().lower()
        for module in self.modules:
            number = module.name[:2]
            if wanted in (module.name, number, str(module.number), module.name[3:]):
                return module
        known = ", ".join(module.name for module in self.modules)
        raise NotFoundError(f"There is no module {query!r}; the modules are {known}.")

    def assignment(self, query: str) -> ModuleInfo:
        """Return the module or the project meant; projects go by their names only.

        Raises:
            NotFoundError: neither is meant.
        """
        wanted = query.strip().lower()
        return next((project for project in self.projects if project.name == wanted), None) or self.find(query)

    def milestone(self, number: int) -> Milestone:
        """Return the milestone of this number.

        Raises:
            NotFoundError: there is none.
        """
        for milestone in self.milestones:
            if milestone.number == number:
                return milestone
        known = ", ".join(str(milestone.number) for milestone in self.milestones)
        raise NotFoundError(f"There is no milestone {number}; the milestones are {known}.")

    def milestone_after(self, module: str) -> Milestone:
        """Return the milestone that comes after the module of this name.

        Raises:
            NotFoundError: there is none.
        """
        for milestone in self.milestones:
            if milestone.after == module:
                return milestone
        known = ", ".join(milestone.after for milestone in self.milestones)
        raise NotFoundError(f"No milestone comes after {module}; there is one after each of {known}.")

    def needed(self, milestone: Milestone) -> tuple[ModuleInfo, ...]:
        """Return the module that ``milestone`` comes after and all that stands under it, in order."""
        wanted = set(self._with_prerequisites(milestone.after))
        return tuple(module for module in self.modules if module.name in wanted)

    def _with_prerequisites(self, name: str) -> Iterator[str]:
        yield name
        for prerequisite in self.find(name).prerequisites:
            yield from self._with_prerequisites(prerequisite)

    def earlier(self, module: ModuleInfo) -> tuple[ModuleInfo, ...]:
        """Return the modules before ``module``, in order."""
        return tuple(other for other in self.modules if other.number < module.number)


def load_course(path: Path) -> Course:
    """Read ``course.toml`` at ``path``.

    Raises:
        NotFoundError: there is no such file.
        InvalidInputError: it is not TOML, a table lacks a key, or two milestones come after one module.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
        course = _course(tables)
    except FileNotFoundError:
        raise NotFoundError(f"There is no course description at {path}.") from None
    except tomllib.TOMLDecodeError as error:
        raise InvalidInputError(f"{path} is not valid TOML: {error}.") from None
    except (KeyError, TypeError) as error:
        raise InvalidInputError(f"{path} lacks or misspells {error}.") from None
    places = [milestone.after for milestone in course.milestones]
    if len(set(places)) < len(places):
        raise InvalidInputError(f"{path}: two milestones come after one module; give each a module of its own.")
    return course


def _course(tables: dict[str, Any]) -> Course:
    head = tables["course"]
    low, high = head["answer_words"]
    return Course(
        id=head["id"],
        title=head["title"],
        automatic_points=head["automatic_points"],
        written_points=head["written_points"],
        answer_words=(low, high),
        weights=tables["weights"],
        limits=tables["limits"],
        phases=tuple(Phase(**table) for table in tables["phase"]),
        milestones=tuple(Milestone(**table) for table in tables["milestone"]),
        modules=tuple(ModuleInfo(**_entry(table)) for table in tables["module"]),
        projects=tuple(Project(**_entry(table)) for table in tables.get("project", ())),
    )


def _entry(table: dict[str, Any]) -> dict[str, Any]:
    return {**table, **{key: tuple(table[key]) for key in ("prerequisites", "exports")}}
