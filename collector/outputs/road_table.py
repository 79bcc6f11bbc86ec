"""Traffic of a road over time as a table (CSV): docs/api.md says what each column means."""

import csv
import io
from collections.abc import Iterable
from typing import Any

from collector.core import sheet
from collector.outputs.telling import Desk, moment

CSV_TYPE = "text/csv"
CLASSES = ("motorcycle", "bicycle", "car", "bus", "truck", "three_wheeler", "person", "unknown")
FIGURES = ("vehicles", "vehicles_per_h", "pcu", "pcu_per_h", "mean_kmh", "speed_se_kmh")
COLUMNS = ("road", "from", "cameras", "observed_s", *CLASSES, *FIGURES)


def table(road: str, rows: Iterable[dict[str, Any]], desk: Desk) -> bytes:
    """RFC 4180 with a line of column names and, for Excel, a byte-order mark; an empty cell is what was not measured."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for row in rows:
        counts = {cls: row["counts"].get(cls, 0) for cls in CLASSES}
        told = {**row, **counts, "road": road, "from": desk.local(moment(row["from"]) or 0.0)}
        writer.writerow([sheet.cell(told[name]) for name in COLUMNS])
    return text.getvalue().encode("utf-8-sig")
