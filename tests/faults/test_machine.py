"""Row 34: anything a user may do, in any order, beside a plain Python model of what should be there then."""

from __future__ import annotations

import shutil
import tempfile
from contextvars import Context, copy_context
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

import artigraph as ag
from artigraph.errors import ArtigraphError, ImmutableError, NodeNotFoundError
from artigraph.persist.tags import read_tags
from tests.faults.conftest import amount
from tests.faults.machine_model import Kept, Ran, Version, model_class
from tests.faults.machine_stores import FileStore, PostgresStore
from tests.servers.use import POSTGRES

LABELS = st.sampled_from(["a", "b", "ü"])
VALUES = st.one_of(st.integers(-5, 5), st.lists(st.text(max_size=3), max_size=3), st.binary(max_size=5), st.none())
BLOBS = st.sampled_from([b"", b"one", b"two" * 99])
KEYS = st.sampled_from(["k", "folder/k"])
CONTENTS = st.sampled_from(["", "x", "y" * 999])
PICK = st.integers(0, 99)


class Machine(RuleBasedStateMachine):
    """The store and its model."""

    store_class: ClassVar[type[FileStore]] = FileStore

    def __init__(self):
        super().__init__()
        memory = Path("/dev/shm")
        self.folder = Path(tempfile.mkdtemp(dir=memory if memory.is_dir() else None))
        self.store = self.store_class(self.folder)
        self.version, self.model = 1, model_class(1)
        self.kept: dict[UUID, Kept] = {}
        self.ran: dict[UUID, Ran] = {}
        self.keys: dict[str, list[Version]] = {}
        self.tops: dict[str, int] = {}
        self.failed = False
        """Whether something was made to fail, which may leave orphans."""
        self.open: list[tuple[UUID, Any]] = []
        self.context = copy_context()
        self.store.connect()

    def do(self, function, *arguments, **options):
        """Call in the context in which the spans are open."""
        return self.context.run(function, *arguments, **options)

    def pick(self, number, *, models=False, closed=False):
        """One of what is there; None when nothing is."""
        if closed:
            found = [key for key, ran in self.ran.items() if ran.status != "open"]
        else:
            found = [key for key, kept in self.kept.items() if kept.is_model or not models]
        return found[number % len(found)] if found else None

    def note(self, node_id, kept):
        """It was saved: as an output of the innermost open span, too."""
        self.kept[node_id] = kept
        if self.open:
            ran = self.ran[self.open[-1][0]]
            if kept.label is None:
                ran.unnamed.add(node_id)
            else:
                before = ran.outputs.get(kept.label)
                if before is not None:
                    ran.unnamed.add(before)
                ran.outputs[kept.label] = node_id

    # ------------------------------------------------------------ saving

    @rule(value=VALUES, label=LABELS | st.none(), big=st.booleans())
    def save_value(self, value, label, big):
        node_id = self.do(ag.save, value, label, storage="blobs" if big else None)
        self.note(node_id, Kept(label, value))

    @rule(number=st.integers(0, 9), blob=BLOBS, label=LABELS | st.none(), tags=st.dictionaries(LABELS, LABELS))
    def save_model(self, number, blob, label, tags):
        fields = {"numbers": [number], "blob": blob, **({"note": "new"} if self.version == 2 else {})}
        node_id = self.do(ag.save, self.model(**fields), label, tags=tags)
        self.note(node_id, Kept(label, fields, True, tags))

    @rule(items=st.lists(st.tuples(VALUES, LABELS), min_size=1, max_size=4))
    def save_several(self, items):
        artifacts = [ag.Artifact(value=value, label=label) for value, label in items]
        self.do(ag.write_many, artifacts)
        for artifact, (value, label) in zip(artifacts, items, strict=True):
            self.note(artifact.id, Kept(label, value))

    @rule(blob=BLOBS, label=LABELS, step=st.integers(0, 60), full=st.booleans())
    def save_while_something_fails(self, blob, label, step, full):
        self.failed = True
        with self.store.failing(step, full=full):
            try:
                node_id = self.do(ag.save, [blob.decode()], label, storage="blobs")
            except ArtigraphError:
                return
        self.note(node_id, Kept(label, [blob.decode()]))

    @precondition(lambda self: not self.open)
    @rule(number=PICK, blob=BLOBS, how=st.sampled_from(["raise", "replace", "ignore"]))
    def revise(self, number, blob, how):
        node_id = self.pick(number, models=True)
        if node_id is None:
            return
        model, kept = self.do(ag.load, node_id), self.kept[node_id]
        migrated = len(kept.value) < len(self.fields_of(model))
        was, model.blob = model.blob, blob
        if migrated and how == "raise":  # the older one stays, beside the new one
            saved = self.do(ag.save, model)
            assert saved not in self.kept
            self.note(saved, Kept(None, self.fields_of(model), True))
        elif migrated and how == "ignore":
            return
        elif how == "raise" and was != blob:
            with pytest.raises(ImmutableError):
                self.do(ag.save, model)
        else:
            assert self.do(ag.save, model, on_conflict=how) == node_id
            if how == "replace":
                kept.value = self.fields_of(model)

    @precondition(lambda self: not self.open)
    @rule(number=PICK, name=LABELS, value=LABELS)
    def tag(self, number, name, value):
        node_id = self.pick(number, models=True)
        if node_id is not None:
            kept = self.kept[node_id]
            if set(kept.value) == {"numbers", "blob"} and self.version == 2:
                return  # it would be saved as another version, which revise does
            self.do(ag.save, self.do(ag.load, node_id), tags={name: value})
            kept.tags[name] = value

    # ------------------------------------------------------------ loading

    @rule(number=PICK)
    def load(self, number):
        node_id = self.pick(number)
        if node_id is not None:
            self.check_value(self.do(ag.load, node_id), self.kept[node_id])
            assert self.do(read_tags, node_id) == self.kept[node_id].tags

    @rule(label=LABELS)
    def load_by_label(self, label):
        found = [key for key, kept in self.kept.items() if kept.label == label]
        if found:
            self.check_value(self.do(ag.load, label), self.kept[found[-1]])
        else:
            with pytest.raises(NodeNotFoundError):
                self.do(ag.load, label)

    # ------------------------------------------------------------ deleting

    @rule(number=PICK)
    def delete(self, number):
        node_id = self.pick(number)
        if node_id is None:
            return
        self.do(ag.delete_one, node_id)
        self.forget({node_id})
        with pytest.raises(NodeNotFoundError):
            self.do(ag.load, node_id)

    @rule(number=PICK, outputs=st.booleans())
    def delete_span(self, number, outputs):
        node_id = self.pick(number, closed=True)
        if node_id is None:
            return
        ran = self.ran.pop(node_id)
        self.do(ag.delete_one, node_id, outputs=outputs)
        for each in self.ran.values():
            each.parent = None if each.parent == node_id else each.parent
        if outputs:
            self.forget({*ran.outputs.values(), *ran.unnamed})

    def forget(self, ids):
        for node_id in ids & set(self.kept):
            del self.kept[node_id]
        for ran in self.ran.values():
            ran.unnamed -= ids
            ran.outputs = {label: each for label, each in ran.outputs.items() if each not in ids}

    # ------------------------------------------------------------ keys

    @precondition(lambda self: not self.open)
    @rule(key=KEYS, value=CONTENTS)
    def keep(self, key, value):
        saved = self.do(ag.Artifact(value=value, key=key).save)
        versions = self.keys.setdefault(key, [])
        live = [version for version in versions if not version.trashed]
        if versions and versions[-1].value == value:
            versions[-1].trashed = False
            number = versions[-1].number
        elif live and live[-1].value == value:
            number = live[-1].number
        else:
            number = self.top(key) + 1
            versions.append(Version(number, value))
        assert saved.version == number
        self.tops[key] = max(self.top(key), number)

    def top(self, key):
        """The highest number that was ever given to what is left of a family."""
        return self.tops.get(key, 0) if self.keys.get(key) else 0

    @precondition(lambda self: not self.open)
    @rule(key=KEYS)
    def get(self, key):
        live = [version for version in self.keys.get(key, []) if not version.trashed]
        if not live:
            with pytest.raises(NodeNotFoundError):
                self.do(ag.Artifact.get, key=key)
            return
        found = self.do(ag.Artifact.get, key=key)
        assert (found.version, self.do(found.load)) == (live[-1].number, live[-1].value)

    @precondition(lambda self: not self.open)
    @rule(key=KEYS)
    def trash(self, key):
        live = [version for version in self.keys.get(key, []) if not version.trashed]
        if live:
            self.do(self.do(ag.Artifact.get, key=key).delete)
            live[-1].trashed = True

    @precondition(lambda self: not self.open)
    @rule(key=KEYS)
    def restore(self, key):
        thrown = [version for version in self.keys.get(key, []) if version.trashed]
        if thrown:
            found = self.do(ag.read, ag.Artifact)
            (artifact,) = [each for each in found if each.key == key and each.version == thrown[-1].number]
            self.do(artifact.restore)
            thrown[-1].trashed = False

    @rule()
    def purge(self):
        thrown = sum(version.trashed for versions in self.keys.values() for version in versions)
        assert self.do(ag.purge_trash).count == thrown
        self.keys = {key: [each for each in versions if not each.trashed] for key, versions in self.keys.items()}

    @rule()
    def collect(self):
        found = len(self.store.state().orphans)
        report = self.do(ag.gc, dry_run=False, grace=0)
        assert report.orphans + report.unfinished == found
        assert self.failed or not found
        assert self.store.state().orphans == []

    # ------------------------------------------------------------ spans

    @precondition(lambda self: len(self.open) < 3)
    @rule()
    def open_span(self):
        context = ag.span_context("span")
        span = self.do(context.__enter__)
        self.ran[span.id] = Ran(parent=self.open[-1][0] if self.open else None)
        self.open.append((span.id, context))

    @precondition(lambda self: self.open)
    @rule(error=st.sampled_from([None, ValueError("x"), KeyboardInterrupt()]))
    def close_span(self, error):
        node_id, context = self.open.pop()
        self.do(context.__exit__, type(error) if error else None, error, None)
        statuses = {type(None): "ok", ValueError: "error", KeyboardInterrupt: "interrupted"}
        self.ran[node_id].status = statuses[type(error)]

    @precondition(lambda self: self.ran)
    @rule(number=PICK)
    def read_span(self, number):
        node_id = list(self.ran)[number % len(self.ran)]
        ran = self.ran[node_id]
        assert self.do(ag.read_span, node_id).status == ran.status
        parent = self.do(ag.read_parent_span, node_id)
        assert (parent.id if parent else None) == ran.parent
        values = self.do(ag.read_span_artifacts, node_id, track=False)
        assert set(values) == set(ran.outputs)
        for label, output in ran.outputs.items():
            self.check_value(values[label], self.kept[output])

    # ------------------------------------------------------------ the process, and the code

    @rule()
    def reopen(self):
        self.store.disconnect()
        self.store.connect()

    @precondition(lambda self: self.open)
    @rule()
    def crash(self):
        """The process is gone: nothing is closed, and its start time is nobody's."""
        self.store.disconnect()
        self.store.run("UPDATE artigraph_owner SET started = 'long ago'")
        for node_id, _ in self.open:
            self.ran[node_id].status = "abandoned"
        self.open.clear()
        self.context = Context()
        self.store.connect()

    @precondition(lambda self: self.version == 1)
    @rule()
    def change_the_class(self):
        self.version, self.model = 2, model_class(2)

    # ------------------------------------------------------------ what always holds

    @invariant()
    def what_is_there_is_what_should_be(self):
        statement = """
            SELECT id, node_label FROM artigraph_node n
            WHERE node_type NOT IN ('span', 'run') AND artifact_stem IS NULL
            AND NOT EXISTS (SELECT 1 FROM artigraph_link l WHERE l.target_id = n.id AND l.kind = 'field')
        """
        there = dict(self.store.rows(statement))
        keyed = """
            SELECT k.key, n.artifact_version, n.artifact_trashed_at IS NOT NULL FROM artigraph_node n
            JOIN artigraph_key k ON k.stem = n.artifact_stem WHERE n.artifact_uid IS NOT NULL
        """
        versions = set(self.store.rows(keyed))
        assert there == {key: kept.label for key, kept in self.kept.items()}
        assert versions == {(key, each.number, each.trashed) for key, found in self.keys.items() for each in found}

    def teardown(self):
        try:
            while self.open:
                self.close_span(None)
            for node_id, kept in self.kept.items():
                self.check_value(self.do(ag.load, node_id), kept)
            state = self.store.state()
            assert state.is_whole, state
            report = ag.verify(data=True)
            assert {problem.kind for problem in report.problems} <= {"abandoned"}, report.to_text()
        finally:
            self.store.disconnect()
            self.store.remove()
            shutil.rmtree(self.folder, ignore_errors=True)

    def fields_of(self, model):
        return {name: getattr(model, name) for name in type(model).__dataclass_fields__}

    def check_value(self, value, kept):
        if not kept.is_model:
            assert value == kept.value
            assert type(value) is type(kept.value)
            return
        expected = dict(kept.value)
        if self.version == 2:
            expected.setdefault("note", "migrated")
        assert self.fields_of(value) == expected


class PostgresMachine(Machine):
    """The same on a server, whose connections end where a file's database has errors."""

    store_class = PostgresStore


@pytest.mark.row(34)
@pytest.mark.timeout(7200)
@pytest.mark.parametrize(
    ("machine", "quick", "full"),
    [pytest.param(Machine, 40, 2000, id="file"), pytest.param(PostgresMachine, 3, 200, id=POSTGRES)],
)
def test_any_history_of_calls_leaves_what_a_plain_model_says(machine, quick, full, record_property):
    examples = amount(quick, full)
    steps = 30
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            phases=[Phase.generate],  # a failing history is shown as it is: shortening it takes minutes
            suppress_health_check=list(HealthCheck),
        ),
    )
    record_property("cases", examples)
