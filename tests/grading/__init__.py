"""Tests of the grading side."""
