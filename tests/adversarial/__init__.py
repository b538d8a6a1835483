"""Attacks on the runner."""
