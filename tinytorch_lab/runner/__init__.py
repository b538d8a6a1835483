"""Run a notebook's cells in a confined process and judge what they computed from outside it."""
