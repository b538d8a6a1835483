"""The tests; folders mirror ``tinytorch_lab``."""
