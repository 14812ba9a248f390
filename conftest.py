"""Bind the name `referee` to the package, before pytest names modules after the folder of the same name."""

import referee  # noqa: F401
