"""Tables as files for spreadsheets."""

import csv
import io
from collections.abc import Iterable, Sequence

from starlette.responses import Response

# What makes a formula of a cell in the usual spreadsheets; a cell that begins so is led by an apostrophe, and by
# OWASP's advice so is one that begins with a tab or a line: https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_BYTE_ORDER_MARK = "\ufeff"  # without it some spreadsheets read another encoding


def sheet(rows: Iterable[Sequence[str]]) -> str:
    """Return rows as CSV in which no cell is a formula."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerows([harmless(cell) for cell in row] for row in rows)
    return _BYTE_ORDER_MARK + text.getvalue()


def harmless(cell: str) -> str:
    """Return a cell that a spreadsheet shows and does not work out."""
    begins = cell.lstrip(" \ufeff\u200b")
    return f"'{cell}" if begins.startswith(_FORMULA) else cell


def download(text: str, name: str) -> Response:
    """Return CSV as a file to be kept; `name` is of plain letters."""
    headers = {"content-disposition": f'attachment; filename="{name}.csv"', "cache-control": "no-store"}
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)
