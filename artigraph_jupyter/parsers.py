"""The options of the line magics."""

from __future__ import annotations

from artigraph_jupyter.options import Options, hops

VERBS = {
    "connect": "open a database: its URL, by default a file beside the notebook",
    "status": "say where the database is and what it holds",
    "autospan": "on: make every cell a span that is written if it touches an artifact; off: only marked cells",
    "tag": "put KEY=VALUE on the span cell that ran last",
    "nest": "let cells call asyncio.run, with nest-asyncio",
    "verify": "look for damage: blobs that are gone, rows that lead nowhere; with --data also hash every value",
    "gc": "say which blobs nothing needs; with --delete remove those that are older than a day",
}

OPTION_OF = {"on": "tag", "data": "verify", "delete": "gc"}
"""Option -> the only verb that takes it."""

ARTIGRAPH = Options("%artigraph")
ARTIGRAPH.add_argument("verb", metavar="VERB", choices=VERBS, help="; ".join(f"{k}: {v}" for k, v in VERBS.items()))
ARTIGRAPH.add_argument("words", metavar="WORD", nargs="*", help="connect: URL; autospan: on or off; tag: KEY=VALUE ...")
ARTIGRAPH.add_argument("--on", metavar="TARGET", help="tag: a label or an id to tag instead")
ARTIGRAPH.add_argument("--data", action="store_true", help="verify: hash the bytes of every value")
ARTIGRAPH.add_argument("--delete", action="store_true", help="gc: really remove them")

ARTIFACTS = Options("%artifacts")
ARTIFACTS.add_argument("text", metavar="TEXT", nargs="*", help="what labels or keys contain")
ARTIFACTS.add_argument("--tag", metavar="KEY[=VALUE]", action="append", default=[], help="has this tag; repeatable")
ARTIFACTS.add_argument("--type", metavar="NAME", help="the type of the value, or the model, is called that")
ARTIFACTS.add_argument("--span", metavar="SPAN", help="was made by this span: a label (the newest) or an id")

LINEAGE = Options("%lineage")
LINEAGE.add_argument("target", metavar="TARGET", nargs="?", help="label, id or variable; default: the newest span")
LINEAGE.add_argument("--up", metavar="HOPS", type=hops, default=1, help="how far back (1)")
LINEAGE.add_argument("--down", metavar="HOPS", type=hops, default=1, help="how far on (1)")

LOAD = Options("%load_artifact")
LOAD.add_argument("target", metavar="ID-OR-LABEL", help="an id, or a label (the newest that has it)")
LOAD.add_argument("as_", metavar="as", nargs="?", choices=["as"], help="the word as, before NAME")
LOAD.add_argument("name", metavar="NAME", nargs="?", help="the variable; by default the label, if it can be one")
LOAD.add_argument("--cell", action="store_true", help="insert a cell that loads it instead")

_SPAN = "a label (its newest span; LABEL~1 is the one before, LABEL[7] the one of cell 7) or an id"

RESTORE = Options("%restore")
RESTORE.add_argument("span", metavar="SPAN", help=_SPAN)
RESTORE.add_argument("--force", action="store_true", help="overwrite variables that are bound")

DIFF = Options("%diff")
DIFF.add_argument("before", metavar="A", help=_SPAN)
DIFF.add_argument("after", metavar="B", nargs="?", help="the same; without it, A beside the one before it")

STALE = Options("%stale")
STALE.add_argument("spans", metavar="SPAN", nargs="*", help=f"{_SPAN}; default: the newest span of every label")
