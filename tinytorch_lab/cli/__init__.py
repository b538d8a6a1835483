"""The ``tito`` command."""

from tinytorch_lab.startup import skip_iri_grammar

skip_iri_grammar()
