"""The milestones: what each has run on a package, how that is judged, and its plot."""
