"""One question a file; each has `look(scene)`, which gives findings and never a verdict."""
