"""A model: its fields with value, how each is stored, and size. Big values are previews, nothing is loaded."""

from __future__ import annotations

from artigraph.lineage.escape import plain
from artigraph.lineage.icons import KIND_ICONS
from artigraph_jupyter.html import Html, tag, text
from artigraph_jupyter.views.card import (
    HTML_LIMIT,
    NAME_LIMIT,
    TEXT_LIMIT,
    Budget,
    badges,
    card,
    fitting,
    fold,
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
from artigraph_jupyter.views.data import FieldRow, ModelCard
from artigraph_jupyter.views.outline import Line, outline
from artigraph_jupyter.views.preview import frame_count, frame_table, is_frame, preview_line, preview_text
from artigraph_jupyter.views.quantity import count_text, moment_text, shape_text, size_text

OPEN_ENTRIES = 8
"""Fields of a model inside another that are shown at once."""


def to_html(model: ModelCard) -> str:
    """The card, at most 50 KB."""
    return fitting(HTML_LIMIT, lambda budget: _card(model, budget))


def to_text(model: ModelCard) -> str:
    """The same in text, at most 4 KB."""
    return fitting(TEXT_LIMIT, lambda budget: outline(_line(model, budget)))


def _card(model: ModelCard, budget: Budget) -> Html:
    title = head(
        "model",
        key_title(model.label or model.type_name, "model"),
        version_pill(_type(model)),
        *badges(model.badges),
        aside=_made(model),
    )
    shown = model.fields[: budget.rows]
    columns = [("Field", ""), ("Value", "wrap"), ("Stored as", "opt"), ("Size", "num opt")]
    rows = [_row(field, budget) for field in shown]
    below = foot(_summary(model, len(shown)), model.load_code)
    return card(f"Model {model.label}", title, table(columns, rows) if rows else None, below, parts=["table"])


def _row(field: FieldRow, budget: Budget) -> Html:
    kind = "model" if isinstance(field.value, ModelCard) else "field"
    name = tag("td", icon(KIND_ICONS[kind]), plain(field.name, NAME_LIMIT), " ", spaced(*badges(field.badges)))
    stored = tag("td", plain(field.stored_as, 60), class_="opt ag-2")
    return tag(
        "tr",
        name,
        tag("td", _value(field, budget), class_="wrap"),
        stored,
        tag("td", _size(field), class_="num opt ag-2"),
    )


def _value(field: FieldRow, budget: Budget) -> object:
    value = field.value
    if isinstance(value, ModelCard):
        return _inside(value, budget, 1)
    if isinstance(value, str):
        return tag("code", text(value, budget.chars))
    if is_frame(value) and budget.previews:
        what = f"{_kind(field)} {shape_text(value.get('shape'))}"
        return fold([what, " ", tag("span", frame_count(value, shown=True), class_="ag-2")], frame_table(value))
    return [_kind(field), " ", preview_line(value, budget.chars)]


def _inside(model: ModelCard, budget: Budget, depth: int) -> Html:
    """A model inside a model: it folds, and is open at first on the first level."""
    total = len(model.fields) + model.hidden
    shown = model.fields[:OPEN_ENTRIES] if depth <= budget.depth else ()
    some = "" if len(shown) == total else f"{len(shown):,} of {count_text(total, 'field')} shown"
    summary = [_type(model), " ", tag("span", some, class_="ag-2")]
    if not shown:
        return tag("span", summary)
    rows = []
    for field in shown:
        inner = _inside(field.value, budget, depth + 1) if isinstance(field.value, ModelCard) else _value(field, budget)
        rows.append((tag("dt", plain(field.name, NAME_LIMIT)), tag("dd", inner)))
    scalars = all(isinstance(field.value, str) and len(field.value) <= 24 for field in shown)
    entries = tag("dl", rows, class_="ag-facts ag-inside wide" if scalars else "ag-facts ag-inside")
    return fold(summary, entries, is_open=depth == 1)


def _line(model: ModelCard, budget: Budget) -> Line:
    name = signed(plain(model.label or model.type_name, NAME_LIMIT), "model")
    states = [signed(plain(word, 60)) for word in model.badges]
    load = [Line((f"Load: {plain(model.load_code, 200)}",))] if model.load_code else []
    return Line((name, _type(model), *states, _made(model)), (*_field_lines(model, budget, budget.depth), *load))


def _field_lines(model: ModelCard, budget: Budget, depth: int) -> tuple[Line, ...]:
    shown = model.fields[: budget.rows]
    lines = [_field_line(field, budget, depth) for field in shown]
    more = more_text(len(model.fields) - len(shown) + model.hidden, "field")
    return (*lines, Line((more,))) if more else tuple(lines)


def _field_line(field: FieldRow, budget: Budget, depth: int) -> Line:
    value = field.value
    below: tuple[Line, ...] = ()
    if isinstance(value, ModelCard):
        said = f"{_type(value)}, {count_text(len(value.fields) + value.hidden, 'field')}"
        below = _field_lines(value, budget, depth - 1) if depth > 0 else ()
    elif isinstance(value, str):
        said = " ".join(text(value, budget.chars // 2).split())
    else:
        said = " ".join(f"{_kind(field)} {preview_text(value, budget.chars // 2)}".split())
    states = " ".join(signed(plain(word, 60)) for word in field.badges)
    return Line((plain(field.name, NAME_LIMIT), said, plain(field.stored_as, 60), _size(field), states), below)


def _kind(field: FieldRow) -> str:
    """The type of a frame; an array says its dtype, and any other preview its type."""
    is_one = not isinstance(field.value, str | ModelCard) and is_frame(field.value)
    return plain(field.type_name, 60) if is_one else ""


def _type(model: ModelCard) -> str:
    name = plain(model.type_name, NAME_LIMIT)
    return f"{name} v{model.version}" if model.version is not None else name


def _size(field: FieldRow) -> str:
    if isinstance(field.value, ModelCard) and field.size is None:
        return ""
    return size_text(field.size)


def _made(model: ModelCard) -> str:
    maker = f"made by {plain(model.maker, NAME_LIMIT)}" if model.maker else ""
    return ", ".join(part for part in (maker, moment_text(model.created_at)) if part)


def _summary(model: ModelCard, shown: int) -> str:
    total = len(model.fields) + model.hidden
    size = sum(field.size or 0 for field in model.fields)
    said = count_text(total, "field") if shown == total else f"{shown:,} of {count_text(total, 'field')} shown"
    stored = f", {size_text(size)} stored" if size and not model.hidden else ""
    return f"{said}{stored}."
