"""A course that is open: its folder, its service for all that changes it, and its database to read from."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property

from sqlalchemy import Connection, Engine

from tinytorch_lab.grading.folder import CourseFolder
from tinytorch_lab.grading.service import GradingService
from tinytorch_lab.grading.store.database import open_engine, snapshot


class OpenCourse:
    """One course as a server holds it. Reading needs no worker; whatever changes something goes through it."""

    def __init__(self, folder: CourseFolder) -> None:
        self.folder = folder
        self.service = GradingService(folder)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection that sees one state of the database and changes nothing.

        Raises:
            NotAvailableError: the database cannot be used.
        """
        with snapshot(self._engine) as connection:
            yield connection

    def close(self) -> None:
        """End the worker and the connections."""
        self.service.close()
        if "_engine" in self.__dict__:
            self._engine.dispose()

    @cached_property
    def _engine(self) -> Engine:
        # The worker makes the tables; a course that nobody has used yet has none to read from.
        self.service.start()
        return open_engine(self.folder.db_url)
