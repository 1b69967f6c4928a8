"""The root conftest: Redeye's own plugin, by the same name as its entry point."""

pytest_plugins = ["harness.plugin"]
