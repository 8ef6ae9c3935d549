"""A pairs report as files: JSON for programs, and one page that needs neither network nor scripts."""

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from graft_core.io.atomic import write_json, write_text
from graft_core.train.pairs.report import NamedPhoto, PairReport, counted, report_json
from graft_core.train.pairs.report_map import maps
from graft_core.train.pairs.table import PairTable

_NAMED_SHOWN = 12
"""Photos listed for one reason on the page; the JSON has more."""
_CHART_WIDTH, _CHART_HEIGHT = 960, 220

# Blue, orange and vermilion of Okabe and Ito (2008), which colour-blind readers tell apart; lighter in the dark.
_STYLE = """
:root{color-scheme:light dark;--ink:#1c2430;--soft:#5b6675;--line:#d9dee6;--paper:#fff;--card:#f6f7f9;
--train:#0072b2;--validation:#e69f00;--left:#8a93a0;--kept:#101820;--bad:#b34700}
@media(prefers-color-scheme:dark){:root{--ink:#e8ecf2;--soft:#a3adba;--line:#343c48;--paper:#14181e;--card:#1d232b;
--train:#56b4e9;--validation:#f0b93a;--left:#7b8593;--kept:#fff;--bad:#ff9a57}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1040px;padding:32px 24px 64px;background:var(--paper);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
h1{font-size:26px;line-height:1.25;margin:0 0 4px}h2{font-size:19px;margin:40px 0 12px}
p{margin:0 0 12px}.soft{color:var(--soft)}.figures{display:flex;flex-wrap:wrap;gap:12px;margin:24px 0}
.figures div{flex:1 1 140px;background:var(--card);border:1px solid var(--line);border-radius:10px;padding:12px 16px}
.figures b{display:block;font-size:26px;line-height:1.2;font-variant-numeric:tabular-nums}
.figures span{color:var(--soft);font-size:14px}
ul.warn{margin:0;padding:12px 16px 12px 34px;background:var(--card);border:1px solid var(--line);
border-left:4px solid var(--validation);border-radius:6px}
table{border-collapse:collapse;width:100%}td,th{padding:6px 10px;border-bottom:1px solid var(--line);text-align:left;
vertical-align:top}th{font-weight:600;color:var(--soft);font-size:14px}td.n,th.n{text-align:right;
font-variant-numeric:tabular-nums;white-space:nowrap}td.bar{width:38%}td.bar i{display:block;height:10px;margin-top:7px;
border-radius:3px;background:var(--left);min-width:2px}td.path{overflow-wrap:anywhere;font-size:14px}
details{border:1px solid var(--line);border-radius:8px;margin:0 0 8px;padding:8px 14px}summary{cursor:pointer}
figure{margin:0 0 20px}figcaption{font-weight:600;margin:0 0 8px;overflow-wrap:anywhere}
svg{width:100%;height:auto;display:block}svg.map{background:var(--card);border:1px solid var(--line);border-radius:10px}
.scene{fill:var(--paper);stroke:var(--soft);stroke-width:1.2}.scene.bold{fill:var(--train);fill-opacity:.25;
stroke:var(--train);stroke-width:2}
.train{fill:var(--train);fill-opacity:.28;stroke:var(--train);stroke-width:1}
.validation{fill:var(--validation);fill-opacity:.45;stroke:var(--validation);stroke-width:1.4}
.kept{fill:var(--kept)}.left{fill:none;stroke:var(--left);stroke-width:1}
.grid{stroke:var(--line);fill:none}.bar{stroke:var(--ink);fill:none;stroke-width:1.4}.column{fill:var(--train)}
.note{fill:var(--soft);font-size:13px;font-family:inherit}
.legend{display:flex;flex-wrap:wrap;gap:6px 20px;margin:0 0 12px;font-size:14px;color:var(--soft)}
.legend span{display:inline-flex;align-items:center;gap:7px}.legend svg{width:16px;height:16px}
"""


def write_pair_report(path: str | Path, report: PairReport, table: PairTable | None) -> tuple[Path, Path]:
    """Write ``NAME.report.json`` and ``NAME.report.html`` beside the table ``NAME.parquet``; their paths.

    Raises:
        ExportError: they cannot be written.
    """
    path = Path(path)
    as_json, page = path.with_suffix(".report.json"), path.with_suffix(".report.html")
    write_json(as_json, report_json(report))
    write_text(page, report_page(path.name, report, table))
    return as_json, page


def report_page(name: str, report: PairReport, table: PairTable | None) -> str:
    """The report as HTML; ``table`` is None where there are no pairs."""
    body = [f"<h1>{escape(report.outcome)}</h1>", _origin(name, report, table), _figures(report)]
    if report.warnings:
        body += ["<h2>To know</h2>", f'<ul class="warn">{_items(report.warnings)}</ul>']
    panels = maps(report, table)
    body += ["<h2>Map</h2>", _legend(table is not None)]
    body += [f"<figure><figcaption>{escape(each.title)}</figcaption>{each.svg}</figure>" for each in panels]
    if report.photos_per_tile:
        body += ["<h2>Photos per tile</h2>", _histogram(report.photos_per_tile)]
    body += ["<h2>Photos left out</h2>", _left_out(report)]
    body += ["<h2>Scenes</h2>", _scenes(report)]
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" '
        f'content="width=device-width, initial-scale=1"><title>Pairs: {escape(name)}</title><style>{_STYLE}</style>'
        f"</head><body>{''.join(body)}</body></html>\n"
    )


def _origin(name: str, report: PairReport, table: PairTable | None) -> str:
    if table is None:
        return f'<p class="soft">No table was written as {escape(name)}.</p>'
    kind = f"tiles of {table.tile_px} pixels at {table.gsd:g} m for {table.sensor} imagery, teacher {table.teacher}"
    return f'<p class="soft">{escape(name)}: {escape(kind)}</p>'


def _figures(report: PairReport) -> str:
    training = report.tiles - report.validation_tiles
    shown = (
        (report.asked, "photos given"),
        (report.kept, "photos kept"),
        (report.asked - report.kept, "photos left out"),
        (training, "training tiles"),
        (report.validation_tiles, "validation tiles"),
        (len(report.by_scene), "scenes"),
    )
    return f'<div class="figures">{"".join(f"<div><b>{n:,}</b><span>{what}</span></div>" for n, what in shown)}</div>'


def _legend(with_tiles: bool) -> str:
    marks = [("scene", "scene"), ("train", "training tile"), ("validation", "validation tile")]
    dots = [("kept", "photo kept"), ("left", "photo left out")]
    if not with_tiles:
        marks, dots = [("scene bold", "scene")], dots[1:]
    drawn = [(f'<rect class="{kind}" x="2" y="2" width="12" height="12"/>', text) for kind, text in marks]
    drawn += [(f'<circle class="{kind}" cx="8" cy="8" r="3.5"/>', text) for kind, text in dots]
    keys = (f'<span><svg viewBox="0 0 16 16" aria-hidden="true">{mark}</svg>{text}</span>' for mark, text in drawn)
    beyond = (
        '<p class="soft">Photos beyond the edge of a map are not drawn, and of many thousand only a part.</p>'
        if with_tiles
        else ""
    )
    return f'<div class="legend">{"".join(keys)}</div>{beyond}'


def _histogram(photos_per_tile: dict[int, int]) -> str:
    """A column for each number of photos, its tiles written on top."""
    last, most = max(photos_per_tile), max(photos_per_tile.values())
    step = _CHART_WIDTH / last
    room = _CHART_HEIGHT - 52
    parts = [f'<path class="grid" d="M0 {_CHART_HEIGHT - 30}H{_CHART_WIDTH}"/>']
    every = max(1, -(-last // 25))
    for number in range(1, last + 1):
        x, tiles = (number - 1) * step, photos_per_tile.get(number, 0)
        height = max(2.0, room * tiles / most) if tiles else 0.0
        top = _CHART_HEIGHT - 30 - height
        if tiles:
            title = f"{counted(tiles, 'tile')} with {counted(number, 'photo')}"
            box = f'x="{x + step * 0.1:.1f}" y="{top:.1f}" width="{step * 0.8:.1f}" height="{height:.1f}"'
            parts.append(f'<rect class="column" {box}><title>{title}</title></rect>')
            if every == 1:
                parts.append(_label(x + step / 2, top - 5, f"{tiles:,}"))
        if (number - 1) % every == 0:
            parts.append(_label(x + step / 2, _CHART_HEIGHT - 10, str(number)))
    label = "Histogram: tiles by their number of photos"
    box = f"0 0 {_CHART_WIDTH} {_CHART_HEIGHT}"
    drawing = f'<svg viewBox="{box}" role="img" aria-label="{label}">{"".join(parts)}</svg>'
    return f'<figure>{drawing}</figure><p class="soft">Below: photos in a tile. Above: how many tiles have as many.</p>'


def _label(x: float, y: float, text: str) -> str:
    return f'<text class="note" text-anchor="middle" x="{x:.1f}" y="{y:.1f}">{text}</text>'


def _left_out(report: PairReport) -> str:
    if not report.left_out:
        return "<p>None: every photo belongs to a tile.</p>"
    most = max(report.left_out.values())
    rows = "".join(
        f'<tr><td>{escape(reason)}</td><td class="n">{count:,}</td><td class="bar"><i style="width:'
        f'{100 * count / most:.1f}%"></i></td></tr>'
        for reason, count in report.left_out.items()
    )
    tiles = "".join(
        f'<p class="soft">{escape(counted(count, "tile"))} left out with their photos: {escape(reason)}.</p>'
        for reason, count in report.tiles_left_out.items()
    )
    head = '<tr><th>Reason</th><th class="n">Photos</th><th></th></tr>'
    return f"<table>{head}{rows}</table><p></p>{tiles}{''.join(_named(report, each) for each in report.left_out)}"


def _named(report: PairReport, reason: str) -> str:
    photos = [each for each in report.named if each.reason == reason]
    rows = "".join(_photo_row(each) for each in photos[:_NAMED_SHOWN])
    beyond = report.left_out[reason] - min(len(photos), _NAMED_SHOWN)
    more = f'<p class="soft">and {beyond:,} more; the JSON file beside this page names the first thousand.</p>'
    count = f"{report.left_out[reason]:,}"
    return (
        f"<details><summary>{escape(reason)} ({count})</summary><table>{rows}</table>{more if beyond else ''}</details>"
    )


def _photo_row(photo: NamedPhoto) -> str:
    return f'<tr><td class="path">{escape(photo.photo)}</td><td class="path">{escape(photo.detail)}</td></tr>'


def _scenes(report: PairReport) -> str:
    rows = "".join(
        f'<tr><td class="path">{escape(name)}</td><td class="n">{count:,}</td></tr>'
        for name, count in sorted(report.by_scene.items(), key=lambda each: -each[1])
    )
    return f'<table><tr><th>Scene</th><th class="n">Photos kept</th></tr>{rows}</table>'


def _items(sentences: Sequence[str] | Iterable[str]) -> str:
    return "".join(f"<li>{escape(each)}</li>" for each in sentences)
