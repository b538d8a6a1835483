"""The validator: what must hold before a module reaches a student."""
