"""Layer 2: the origin that serves the app and its media, and the journal of what it was really asked."""
