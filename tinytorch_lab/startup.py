"""What our own processes do before they import anything else."""

import sys
from types import ModuleType
from typing import cast


def skip_iri_grammar() -> None:
    """Keep jsonschema from building a grammar of internationalised addresses when it is imported.

    That takes a second, two thirds of the start of ``tito``, for a check that no notebook needs. Only processes
    that are ours alone call this: in a Jupyter server other extensions may want the check.
    """
    sys.modules.setdefault("rfc3987_syntax", cast(ModuleType, None))
