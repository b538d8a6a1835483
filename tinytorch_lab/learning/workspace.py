"""A student's folder: ``modules/NN_name/NN_name.ipynb``, their own ``tinytorch/``, and our state in ``.tinytorch/``."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from nbformat import NotebookNode

from tinytorch_lab.curriculum.catalogue import Course, ModuleInfo
from tinytorch_lab.curriculum.library import Release
from tinytorch_lab.curriculum.notebooks import parse_notebook, read_content
from tinytorch_lab.errors import NotAvailableError, NotFoundError
from tinytorch_lab.files import write_bytes


@dataclass(frozen=True)
class Opened:
    """A module's notebook in the workspace; ``backup`` is where a reset kept the one it replaced."""

    module: ModuleInfo
    path: Path
    created: bool
    backup: Path | None = None


@dataclass(frozen=True)
class Workspace:
    """The folder ``root`` and the release its notebooks come from."""

    root: Path
    release: Release = field(default_factory=Release)

    @property
    def course(self) -> Course:
        """The course description."""
        return self.release.course

    @property
    def package(self) -> Path:
        """The student's own ``tinytorch``."""
        return self.root / "tinytorch"

    @property
    def state(self) -> Path:
        """What we remember between sessions."""
        return self.root / ".tinytorch"

    def notebook_path(self, module: ModuleInfo) -> Path:
        """Return where the module's notebook is, or would be."""
        return self.root / "modules" / module.name / f"{module.name}.ipynb"

    def relative(self, path: Path) -> str:
        """Return ``path`` below the root with forward slashes, as messages and the browser name it."""
        return path.relative_to(self.root).as_posix()

    def started(self, module: ModuleInfo) -> bool:
        """Tell whether the module's notebook is in the workspace."""
        return self.notebook_path(module).is_file()

    def started_modules(self) -> tuple[ModuleInfo, ...]:
        """Return the modules whose notebooks are in the workspace, in order."""
        return tuple(module for module in self.course.modules if self.started(module))

    def notebook(self, module: ModuleInfo) -> NotebookNode:
        """Read the module's notebook.

        Raises:
            NotFoundError: the module has not been started.
            InvalidInputError: the file is no notebook.
            NotAvailableError: it may not be read.
        """
        return parse_notebook(self.content(module), str(self.notebook_path(module)))

    def content(self, module: ModuleInfo) -> bytes:
        """Return the bytes of the module's notebook as saved.

        Raises:
            NotFoundError: the module has not been started.
            NotAvailableError: the file may not be read.
        """
        self.require_started(module)
        return read_content(self.notebook_path(module))

    def require_started(self, module: ModuleInfo) -> None:
        """Raise unless the module's notebook is in the workspace.

        Raises:
            NotAvailableError: the module has not been written yet.
            NotFoundError: it has, but was not started.
        """
        if not self.release.available(module) and not self.started(module):
            raise NotAvailableError(f"Module {module.name} is not yet available.")
        if not self.started(module):
            raise NotFoundError(
                f"Module {module.name} is not started; start it with 'tito module start {module.name}'."
            )

    def start(self, module: ModuleInfo, fetched: bytes | None = None) -> Opened:
        """Copy the module's student notebook into the workspace, unless it is there already.

        ``fetched`` is the notebook as the student's course gives it out, ``None`` for the one in the release.

        Raises:
            NotAvailableError: the module has not been released yet, or the workspace cannot be written.
        """
        path = self.notebook_path(module)
        if path.is_file():
            return Opened(module, path, created=False)
        write_bytes(path, fetched or self._released(module))
        return Opened(module, path, created=True)

    def reset(self, module: ModuleInfo, fetched: bytes | None = None) -> Opened:
        """Replace the module's notebook by the released one; the present one is kept beside the state.

        ``fetched`` is as for :meth:`start`.

        Raises:
            NotFoundError: the module has not been started.
            NotAvailableError: the workspace cannot be written.
        """
        self.require_started(module)
        fresh = fetched or self._released(module)
        backup = self.back_up(module)
        path = self.notebook_path(module)
        write_bytes(path, fresh)
        return Opened(module, path, created=False, backup=backup)

    def back_up(self, module: ModuleInfo) -> Path:
        """Keep a copy of the module's notebook as it is now, and return where.

        Raises:
            NotFoundError: the module has not been started.
            NotAvailableError: the notebook may not be read, or the workspace not be written.
        """
        stamp = datetime.now().strftime("%Y%m%d-%H%M%S-%f")
        backup = self.state / "backups" / module.name / f"{stamp}.ipynb"
        write_bytes(backup, self.content(module))
        return backup

    def _released(self, module: ModuleInfo) -> bytes:
        if not self.release.available(module):
            raise NotAvailableError(f"Module {module.name} is not yet available.")
        return self.release.notebook_path(module).read_bytes()
