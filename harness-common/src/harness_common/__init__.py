"""Numbers that every target shares; import from the modules, nothing is re-exported here."""
