"""Open data: vehicles per road and hour, as a table (CSV) and on a map (GeoJSON). docs/feeds.md says what each column means."""

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any

from collector.core import sheet
from collector.core.road_hours import CLASSES, OTHER, RoadHour
from collector.outputs.geojson import collection
from collector.outputs.telling import Desk, moment, point
from event_contract.messages import Position

CSV_TYPE = "text/csv"
COLUMNS = ("road", "from", "cameras", "observed_share", "vehicles", *CLASSES, OTHER, "mean_kmh")


def table(hours: Iterable[RoadHour], desk: Desk) -> bytes:
    """RFC 4180 with a line of column names; an empty cell is a number that is not told."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for hour in hours:
        told = _told(hour, desk)
        writer.writerow([sheet.cell(told[name]) for name in COLUMNS])
    return text.getvalue().encode()


def features(hours: Iterable[RoadHour], positions: Mapping[str, Position], desk: Desk) -> dict[str, Any]:
    """One feature per road and hour, at one of the road's sites; null where no site of it has a position."""
    return collection(
        {
            "type": "Feature",
            "geometry": point(positions[hour.road]) if hour.road in positions else None,
            "properties": _told(hour, desk),
        }
        for hour in hours
    )


def _told(hour: RoadHour, desk: Desk) -> dict[str, Any]:
    return {
        "road": hour.road,
        "from": desk.local(moment(hour.begins) or 0.0),
        "cameras": hour.cameras,
        "observed_share": hour.observed_share,
        "vehicles": hour.vehicles,
        **hour.counts,
        "mean_kmh": hour.mean_kmh,
    }
