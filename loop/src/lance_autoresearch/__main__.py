"""`python -m lance_autoresearch` is the `lar` command."""

from lance_autoresearch.cli import main

if __name__ == "__main__":
    main()
