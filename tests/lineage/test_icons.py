"""What is said about a state."""

from __future__ import annotations

from artigraph.lineage.icons import KIND_ICONS, flag_of, is_dashed, state_words


def test_every_status_that_needs_attention_has_an_icon_beside_its_tone() -> None:
    for word in ("error", "interrupted", "abandoned", "open", "stale", "damaged", "missing"):
        assert flag_of(word).icon


def test_an_ok_span_says_nothing() -> None:
    assert state_words("ok", ()) == []


def test_an_error_is_named_by_its_type_when_that_is_known() -> None:
    assert state_words("error", ("ValueError",)) == ["ValueError"]
    assert state_words("error", ()) == ["error"]
    assert flag_of("KeyError").tone == "bad"


def test_what_was_not_kept_or_is_gone_is_dashed() -> None:
    assert is_dashed("trace", None, ())
    assert is_dashed("span", "abandoned", ())
    assert is_dashed("artifact", None, ("missing blob",))
    assert not is_dashed("span", "ok", ("stale",))


def test_every_kind_has_its_own_icon_but_a_trace_which_looks_like_an_artifact() -> None:
    assert len(set(KIND_ICONS.values())) == len(KIND_ICONS) - 1
