"""The ``tito`` command."""
