"""Cells that a spreadsheet would run as a formula: every CSV export protects them, the import restores them.

A leading apostrophe makes a spreadsheet show a cell as text. `restore(protect(cell)) == cell` for every cell,
also for those that began with apostrophes themselves. Source: OWASP, "CSV Injection".
"""

import re

_WOULD_RUN = re.compile(r"'*[=+\-@\t\r]")
_PROTECTED = re.compile(r"'+[=+\-@\t\r]")


def protect(cell: str) -> str:
    """The cell as it may stand in an exported file."""
    return f"'{cell}" if _WOULD_RUN.match(cell) else cell


def restore(cell: str) -> str:
    """The cell as it was before `protect`; others are left alone."""
    return cell[1:] if cell[:1] == "'" and _PROTECTED.match(cell) else cell
