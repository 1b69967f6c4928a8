"""Layer 2: the origin that serves the app and its media, and the journal of what it was really asked."""

from harness.delivery.journal import Journal, RequestEntry
from harness.delivery.origin import Document, Origin

__all__ = ["Document", "Journal", "Origin", "RequestEntry"]
