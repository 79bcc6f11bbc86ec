"""`edge-agent evaluate --report`: one HTML file with figures, charts, and a picture of every miss and false alarm.

Nothing is loaded from elsewhere. Every text is there in English and in Vietnamese; a switch shows the one or the other.
"""

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Any

from edge_agent.app.charts import histogram, scatter
from edge_agent.app.contact_sheet import Shot
from edge_agent.core.scoring import SceneScore
from edge_agent.files import whole_file
from event_contract.kinds import INCIDENT_KINDS

STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem;color:#1b1f24;background:#fff}
h1{font-size:1.6rem}h2{font-size:1.2rem;margin-top:2.2rem}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{padding:.35rem .6rem;border-bottom:1px solid #d5dae0;text-align:right}
th:first-child,td:first-child{text-align:left;min-width:11rem}
.wide{overflow-x:auto}.charts{margin-top:1.5rem;display:grid;grid-template-columns:repeat(auto-fit,minmax(20rem,1fr));gap:1rem}
.sheet{display:grid;grid-template-columns:repeat(auto-fill,minmax(18rem,1fr));gap:1rem}
figure{margin:0}figure img,figure svg{width:100%;height:auto;background:#f3f5f7;border-radius:4px}
figcaption{font-size:.9rem;color:#4a525b}.miss{color:#0b5cad}.false_alarm{color:#b3261e}.duplicate{color:#8a5300}
#vi:checked~main [lang=en],#en:checked~main [lang=vi]{display:none}
nav label{margin-right:1rem}
@media(prefers-color-scheme:dark){body{background:#14171a;color:#e4e7ea}th,td{border-color:#343a41}
figcaption{color:#aab2bb}figure svg,figure img{background:#1e2328}
.miss{color:#7db8ff}.false_alarm{color:#ff8a80}.duplicate{color:#ffc166}}
"""
COLUMNS = (
    ("Kind", "Loại"), ("Truths", "Sự thật"), ("Found", "Tìm thấy"), ("Missed", "Bỏ sót"), ("False", "Báo sai"),
    ("Duplicates", "Báo trùng"), ("Recall", "Tỷ lệ tìm thấy"), ("Precision", "Độ chính xác"),
    ("Delay p50 / p95, s", "Độ trễ p50 / p95, s"),
)  # fmt: skip
ON_TRIAL, OTHER_MODEL = ("on trial", "đang thử"), ("model on trial", "mô hình đang thử")
WHAT = {
    "miss": ("missed", "bỏ sót"),
    "false_alarm": ("false alarm", "báo sai"),
    "duplicate": ("duplicate", "báo trùng"),
}


def write_report(
    path: Path, scores: Sequence[SceneScore], figures: dict[str, Any], shots: Iterable[Shot], left_out: int
) -> None:
    """`figures` as `summary` gives them; `left_out`: verdicts without a picture. The file is there whole or not at all."""
    parts = [
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
        f"<title>Kerbwatch: evaluation</title><style>{STYLE}</style>",
        '<input type="radio" name="lang" id="en" checked><label for="en">English</label> ',
        '<input type="radio" name="lang" id="vi"><label for="vi">Tiếng Việt</label><main>',
        f"<h1>{_both('Evaluation against known truth', 'Đánh giá so với sự thật đã biết')}</h1>",
        f"<p>{_outline(figures)}</p>",
        _kinds(figures),
        _charts(scores),
        _sheet(shots, left_out),
        "</main></html>\n",
    ]
    with whole_file(path) as file:
        file.write("\n".join(parts).encode())


def _both(english: str, vietnamese: str) -> str:
    return f'<span lang="en">{escape(english)}</span><span lang="vi">{escape(vietnamese)}</span>'


def _outline(figures: dict[str, Any]) -> str:
    per_day, hours = figures["false_alarms_per_camera_day"], figures["duration_s"] / 3600
    rate, upper = _number(per_day["estimate"]), _number(per_day["upper_95"])
    unseen = figures["total"]["unseen"]
    return _both(
        f"{figures['scenes']} scenes, {hours:.2f} camera-hours. False alarms per camera-day: {rate}, below {upper} at 95 %. "
        f"Beyond what the detector finds, and not asked: {unseen['truths']} truths, {unseen['hits']} of them told.",
        f"{figures['scenes']} cảnh, {hours:.2f} giờ camera. Báo sai mỗi ngày-camera: {rate}, dưới {upper} với độ tin cậy 95 %. "
        f"Ngoài khả năng nhìn của bộ phát hiện, không tính: {unseen['truths']} sự việc, {unseen['hits']} vẫn được báo.",
    )


def _kinds(figures: dict[str, Any]) -> str:
    head = "".join(f"<th>{_both(*names)}</th>" for names in COLUMNS)
    rows = []
    lines = [(_both(*_named(name)), kind) for name, kind in figures["kinds"].items()]
    lines.append((_both("All", "Tất cả"), figures["total"]))
    lines += [(_on_trial(name, kind["more"], ON_TRIAL), kind) for name, kind in figures["shadow"].items()]
    lines += [(_on_trial(name, kind["more"], OTHER_MODEL), kind) for name, kind in figures["shadow_model"].items()]
    for label, kind in lines:
        delay = kind["delay_from_start_s"]
        cells = [kind[key] for key in ("truths", "hits", "misses", "false_alarms", "duplicates", "recall", "precision")]
        texts = [*map(_number, cells), f"{_number(delay['p50'])} / {_number(delay['p95'])}"]
        rows.append(f"<tr><td>{label}</td>" + "".join(f"<td>{text}</td>" for text in texts) + "</tr>")
    return f'<div class="wide"><table><tr>{head}</tr>{"".join(rows)}</table></div>'


def _on_trial(name: str, more: dict[str, int], what: tuple[str, str]) -> str:
    """Its line's name, with what it found more or less than the live rule."""
    (en, vi), hits, false = _named(name), more["hits"], more["false_alarms"]
    return _both(
        f"{en}, {what[0]} ({hits:+} found, {false:+} false alarms)", f"{vi}, {what[1]} ({hits:+} tìm thấy, {false:+} báo sai)"
    )


def _charts(scores: Sequence[SceneScore]) -> str:
    delays: dict[str, list[float]] = {}
    for score in scores:
        for name, kind in score.kinds.items():
            delays.setdefault(name, []).extend(kind.from_start_s)
    figures = [
        (_both(f"{_named(name)[0]}: delay, s", f"{_named(name)[1]}: độ trễ, s"), histogram(values))
        for name, values in sorted(delays.items()) if values
    ]  # fmt: skip
    counts = [pair for score in scores for pair in score.counts]
    speeds = [pair for score in scores for pair in score.speeds_kmh]
    if counts:
        figures.append((_both("Counts: true, counted", "Số đếm: thật, đã đếm"), scatter(counts)))
    if speeds:
        figures.append((_both("Speed, km/h: true, measured", "Tốc độ, km/h: thật, đã đo"), scatter(speeds)))
    drawn = "".join(f"<figure>{svg}<figcaption>{caption}</figcaption></figure>" for caption, svg in figures)
    return f'<div class="charts">{drawn}</div>' if drawn else ""


def _sheet(shots: Iterable[Shot], left_out: int) -> str:
    figures = []
    for shot in shots:
        kind, what = _named(shot.verdict.kind), WHAT[shot.verdict.what]
        caption = _both(f"{what[0]}: {kind[0]}", f"{what[1]}: {kind[1]}")
        figures.append(
            f'<figure><img loading="lazy" alt="" src="data:image/jpeg;base64,{shot.jpeg_base64}">'
            f'<figcaption><b class="{shot.verdict.what}">{caption}</b><br>{escape(shot.scene)}, {shot.verdict.at_s:.1f} s'
            "</figcaption></figure>"
        )
    if not figures:
        return ""
    note = _both(f"{left_out} more without a picture.", f"Còn {left_out} mục không có hình.") if left_out else ""
    title = _both("Every miss and false alarm", "Mọi lần bỏ sót và báo sai")
    return f'<h2>{title}</h2><p>{note}</p><div class="sheet">{"".join(figures)}</div>'


def _named(kind: str) -> tuple[str, str]:
    """English and Vietnamese. A truth may have a kind that nothing raises; it has its own name only."""
    known = INCIDENT_KINDS.get(kind)
    return (kind, kind) if known is None else (known.en, known.vi)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}"
