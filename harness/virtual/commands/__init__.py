"""Android's commands, one file per family; `table` puts them together."""
