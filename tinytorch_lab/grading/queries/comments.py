"""The comments that graders keep for reuse."""

from dataclasses import dataclass

from sqlalchemy import Connection, select

from tinytorch_lab.grading.store.tables import comments


@dataclass(frozen=True)
class KeptComment:
    """A comment for reuse; ``uses`` counts the marks that quote it."""

    id: int
    text: str
    author: str
    uses: int


def kept_comments(connection: Connection, module: str, response: str) -> list[KeptComment]:
    """Return the comments kept for a question, the most used first."""
    rows = connection.execute(
        select(comments)
        .where(comments.c.module == module, comments.c.response == response)
        .order_by(comments.c.uses.desc(), comments.c.id)
    )
    return [KeptComment(row.id, row.text, row.author, row.uses) for row in rows]
