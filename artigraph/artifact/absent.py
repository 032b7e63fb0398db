"""What artifacts of other generations have and these have not: told by name, with what to do instead."""

from __future__ import annotations

from typing import Any

from artigraph.errors import NotHereError

_PLUG_IN = "a serializer of such values, in a file of its own, lets Artifact(value=...) keep them"
_VALUES = "features.get_values() are the values that annotate it, also other artifacts"

ABSENT = {
    "transform": "run is the span that made it",
    "records": _VALUES,
    "references": _VALUES,
    "json_values": _VALUES,
    "linked_in_records": _VALUES,
    "linked_by_artifacts": "Artifact.filter(name=artifact) finds those with this one as the value of a feature",
    "linked_by_runs": "runs are the spans that made or used it",
    "ablocks": "description and extra_data say more about it",
    "users": "there are none here; tags can name people",
    "from_mudata": _PLUG_IN,
    "from_spatialdata": _PLUG_IN,
    "from_tiledbsoma": _PLUG_IN,
}
"""Name -> what there is instead."""


class _Absent:
    """An attribute that is not there, neither of the class nor of its instances."""

    def __init__(self, name: str, instead: str) -> None:
        self._name, self._instead = name, instead

    def __get__(self, instance: object, owner: type) -> Any:
        raise NotHereError(owner.__name__, self._name, self._instead)


class WithoutAbsent:
    """A class that says so when it is asked for what is absent."""


for _name, _instead in ABSENT.items():
    setattr(WithoutAbsent, _name, _Absent(_name, _instead))
