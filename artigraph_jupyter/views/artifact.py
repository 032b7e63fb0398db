"""Artifacts: one in full with its versions and first rows, and many as a table."""

from __future__ import annotations

from collections.abc import Sequence

from artigraph.lineage.escape import plain
from artigraph.lineage.icons import KIND_ICONS
from artigraph_jupyter.html import Html, tag
from artigraph_jupyter.views.card import (
    HTML_LIMIT,
    NAME_LIMIT,
    TEXT_LIMIT,
    Budget,
    badges,
    card,
    facts,
    fitting,
    foot,
    head,
    icon,
    key_title,
    more_text,
    signed,
    spaced,
    table,
    version_pill,
)
from artigraph_jupyter.views.data import ArtifactCard, ArtifactRow, ArtifactTable, Version
from artigraph_jupyter.views.outline import Line, outline
from artigraph_jupyter.views.preview import frame_count, frame_table, is_frame, preview_line, preview_text
from artigraph_jupyter.views.quantity import count_text, moment_text, size_text

VERSIONS = 6
"""Versions that a card names; the one it shows is always among them."""


def to_html(shown: ArtifactCard) -> str:
    """The card, at most 50 KB."""
    return fitting(HTML_LIMIT, lambda budget: _card(shown, budget))


def to_text(shown: ArtifactCard) -> str:
    """The same in text, at most 4 KB."""
    return fitting(TEXT_LIMIT, lambda budget: outline(_line(shown, budget)))


def table_to_html(found: ArtifactTable) -> str:
    """What a query found, at most 50 KB."""
    return fitting(HTML_LIMIT, lambda budget: _table(found, budget))


def table_to_text(found: ArtifactTable) -> str:
    """The same in text, at most 4 KB."""
    return fitting(TEXT_LIMIT, lambda budget: outline(_table_line(found, budget)))


def _card(shown: ArtifactCard, budget: Budget) -> Html:
    one = shown.artifact
    version = version_pill(f"v{one.version}") if one.version is not None else None
    tags = tag("span", spaced(*(tag("span", plain(name, 60), class_="ag-chip tag") for name in shown.tags[:12])))
    more_tags = more_text(len(shown.tags) - 12, "tag")
    title = head(
        one.kind,
        key_title(one.label, one.kind),
        version,
        *badges(one.badges),
        aside=[tags, more_tags] if shown.tags else None,
    )
    known = [(name, plain(value, budget.chars)) for name, value in _facts(shown)]
    rows = [tag("div", facts(known), class_="ag-sec")] if known else []
    parts = ["table", "versions"] if len(shown.versions) > 1 else ["table"]
    return card(
        f"{one.label} {f'version {one.version}' if one.version is not None else ''}",
        title,
        _strip(shown) if len(shown.versions) > 1 else None,
        *rows,
        *_preview(shown, budget),
        parts=parts,
    )


def _preview(shown: ArtifactCard, budget: Budget) -> list[Html]:
    preview = shown.preview
    if preview is None:
        return [foot("", shown.load_code)] if shown.load_code else []
    if is_frame(preview):
        rows = [frame_table(preview)] if budget.previews else []
        return [*rows, foot(frame_count(preview, shown=budget.previews), shown.load_code)]
    line = tag("div", preview_line(preview, 2 * budget.chars, budget.previews), class_="ag-sec")
    return [line, *([foot("", shown.load_code)] if shown.load_code else [])]


def _facts(shown: ArtifactCard) -> list[tuple[str, str]]:
    one = shown.artifact
    made = ", ".join(part for part in (one.maker, moment_text(one.saved_at)) if part)
    what = ", ".join(part for part in (plain(one.type_name, NAME_LIMIT), size_text(one.size)) if part)
    return [pair for pair in (("Made by", made), ("What", what), *shown.facts) if pair[1]]


def _around(shown: ArtifactCard) -> tuple[tuple[Version, ...], int]:
    """The versions to name, and how many earlier ones there are; the card's own is among them."""
    newest = shown.versions[-VERSIONS:]
    own = [version for version in shown.versions if version.number == shown.artifact.version]
    if own and own[0] not in newest:
        newest = (own[0], *newest[1:])
    return newest, len(shown.versions) - len(newest)


def _strip(shown: ArtifactCard) -> Html:
    named, hidden = _around(shown)
    points = [tag("li", f"{hidden:,} others")] if hidden else []
    for version in named:
        here = version.number == shown.artifact.version
        name = tag("span", f"v{version.number}{' shown' if here else ''}", class_="nb")
        lines = [name, tag("br"), moment_text(version.saved_at), tag("br"), plain(version.maker, 24)]
        points.append(tag("li", lines, aria_current="true" if here else None))
    return tag("ol", points, class_="ag-vs", aria_label="Versions")


def _line(shown: ArtifactCard, budget: Budget) -> Line:
    one = shown.artifact
    states = [signed(plain(word, 60)) for word in one.badges]
    below = [Line((plain(name, 60), plain(value, budget.chars))) for name, value in _facts(shown)]
    if shown.tags:
        more = more_text(len(shown.tags) - 12, "tag")
        below.append(
            Line(("Tags", ", ".join([*(plain(name, 60) for name in shown.tags[:12]), *([more] if more else [])])))
        )
    named, hidden = _around(shown) if len(shown.versions) > 1 else ((), 0)
    said = ", ".join(f"v{version.number} {moment_text(version.saved_at)}".strip() for version in named)
    if said:
        below.append(Line(("Versions", (f"{hidden:,} others, " if hidden else "") + said)))
    if shown.preview is not None:
        below.append(Line(("Content", preview_text(shown.preview, budget.chars))))
    if shown.load_code:
        below.append(Line(("Load", plain(shown.load_code, 200))))
    return Line((_name(one), *states), tuple(below))


def _table(found: ArtifactTable, budget: Budget) -> Html:
    shown = found.rows[: budget.rows]
    total = max(found.total, len(found.rows))
    title = head("artifact", count_text(total, "artifact"), tag("span", plain(found.query, 200), class_="ag-2 ag-sm"))
    body = artifact_rows(shown) if shown else None
    below = foot(f"{len(shown):,} of {total:,} shown.") if len(shown) < total else None
    return card("Artifacts", title, body, below, parts=["table"])


def artifact_rows(rows: Sequence[ArtifactRow]) -> Html:
    """A table of artifacts."""
    columns = ("Key", ""), ("Version", ""), ("Type", "opt"), ("Size", "num opt"), ("Made by", "opt")
    return table([*columns, ("Saved", "opt"), ("State", "")], map(_row, rows))


def artifact_line(row: ArtifactRow) -> Line:
    """One of them in text."""
    states = " ".join(signed(plain(word, 60)) for word in row.badges)
    maker, saved = plain(row.maker, 40), moment_text(row.saved_at)
    return Line((_name(row), plain(row.type_name, 40), size_text(row.size), maker, saved, states))


def _row(row: ArtifactRow) -> Html:
    return tag(
        "tr",
        tag("td", icon(KIND_ICONS.get(row.kind, "")), key_title(row.label, row.kind)),
        tag("td", version_pill(f"v{row.version}") if row.version is not None else None),
        tag("td", plain(row.type_name, 40), class_="opt"),
        tag("td", size_text(row.size), class_="num opt"),
        tag("td", plain(row.maker, 40), class_="opt"),
        tag("td", moment_text(row.saved_at), class_="opt ag-2"),
        tag("td", spaced(*badges(row.badges))),
    )


def _table_line(found: ArtifactTable, budget: Budget) -> Line:
    shown = found.rows[: budget.rows]
    total = max(found.total, len(found.rows))
    lines = [artifact_line(row) for row in shown]
    more = more_text(total - len(shown), "artifact")
    return Line((count_text(total, "artifact"), plain(found.query, 200)), (*lines, *([Line((more,))] if more else [])))


def _name(row: ArtifactRow) -> str:
    version = f" v{row.version}" if row.version is not None else ""
    return signed(plain(row.label, NAME_LIMIT) + version, row.kind)
