"""Layer 3: app adapters. An adapter knows how one app is operated; it judges nothing."""

from harness.apps.adapter import AppAdapter, DownloadSeen, PlayerSeen, StartSeen, StoredCheck

__all__ = ["AppAdapter", "DownloadSeen", "PlayerSeen", "StartSeen", "StoredCheck"]
