"""From notebooks to the package ``tinytorch``: directives, export, provenance, dependencies."""
