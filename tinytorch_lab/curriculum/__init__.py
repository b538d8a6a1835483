"""What a module is: the catalogue, its source, its mark schemes, and the notebooks made from it."""
