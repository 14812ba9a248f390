"""What to try next: the `lar` command, the run branch and the ledger."""
