"""Which names a cell reads: a table of cells, each with the names that come from outside."""

from __future__ import annotations

import ast
import functools
import sys
import types

import pytest
from IPython.core.inputtransformer2 import TransformerManager

from artigraph_jupyter.names import function_reads, reads

CELLS: list[tuple[str, str, str]] = [
    # plain statements
    ("a name used is read", "use(a)", "use a"),
    ("a name bound first is not", "a = 1\na + 1", ""),
    ("a value is read before its target is bound", "a = a + 1", "a"),
    ("all targets of a chain bind", "a = b = c\na, b", "c"),
    ("unpacking binds, star targets too", "a, (b, *c) = d\na, b, c", "d"),
    ("an augmented assignment reads its target", "n += 1", "n"),
    ("an augmented assignment of a bound name does not", "n = 0\nn += 1\nn", ""),
    ("a subscript target reads its object", "df['x'] = 1", "df"),
    ("an attribute target reads its object", "plot.title = name", "name plot"),
    ("an augmented item reads object and index", "df[key] += step", "df key step"),
    ("del reads", "del a", "a"),
    ("after del nothing older can be seen", "del a\na", "a"),
    ("del of an item reads its object", "del d[k]", "d k"),
    ("a bare annotation binds nothing", "a: int\na", "a"),
    ("annotations do not count", "a: Frame = load()\na", "load"),
    ("imports bind", "import numpy as np, os.path\nfrom x import y as z\nnp, os, z", ""),
    ("a walrus binds", "print(n := 5)\nn", "print"),
    ("an f-string is read", "f'{a:{width}} {b!r}'", "a width b"),
    ("a name in a plain string is not", "'{a}'", ""),
    ("each name is listed once, in order of use", "b(a); a; b", "b a"),
    # if, and, or, conditional expressions
    ("both ways of an if must bind", "if c:\n  a = 1\na", "c a"),
    ("both ways of an if do bind", "if c:\n  a = 1\nelse:\n  a = 2\na", "c"),
    ("elif without else leaves a way", "if c: a = 1\nelif d: a = 2\na", "c d a"),
    ("a way that raises does not count", "if c:\n  a = 1\nelse:\n  raise E\na", "c E"),
    ("if True always runs", "if True:\n  a = 1\na", ""),
    ("if False never runs", "if False:\n  use(a)\nb", "b"),
    ("a pasted main block runs", "if __name__ == '__main__':\n  a = 1\na", ""),
    ("the right of an and may not run", "x and (a := 1)\na", "x a"),
    ("an and that was true ran all of it", "if x and (m := f(x)):\n  m", "x f"),
    ("an or that was true may not have", "if x or (m := f(x)):\n  m", "x f m"),
    ("an or that was false ran all of it", "if x or (m := f(x)): pass\nelse: m", "x f"),
    ("not swaps the ways", "if not (x and (m := f(x))): pass\nelse: m", "x f"),
    ("a conditional expression binds in both ways", "(a := 1) if c else (a := 2)\na", "c"),
    ("a conditional expression may bind in one", "(a := 1) if c else 0\na", "c a"),
    ("an assertion that holds ran", "assert (a := f())\na", "f"),
    ("the message of an assertion is read", "assert ok, why", "ok why"),
    # loops
    ("a loop target binds", "for i in items:\n  i\ni", "items"),
    ("a loop body is taken to run", "for i in items:\n  a = i\na", "items"),
    ("a first round may read from outside", "for i in items:\n  total = total + i", "items total"),
    ("continue does not undo the rest of the body", "for i in xs:\n  if i: continue\n  a = i\na", "xs"),
    ("found or else", "for x in xs:\n  if p(x):\n    a = x\n    break\nelse:\n  a = 0\na", "xs p"),
    ("a while body is taken to run", "while go():\n  a = 1\na", "go"),
    ("an endless loop is left by break only", "while True:\n  if c(): break\n  a = 1\na", "c a"),
    ("what every break has bound is bound", "while True:\n  a = 1\n  if c(): break\na", "c"),
    ("a body that always breaks", "for x in xs:\n  a = x\n  break\na", "xs"),
    ("a body that always raises may not run", "for x in xs:\n  raise E\nb", "xs E b"),
    ("nothing follows an endless loop", "while 1:\n  f()\nb", "f"),
    # try, with, match
    ("a handler must bind as well", "try:\n  a = f()\nexcept E:\n  pass\na", "f E a"),
    ("every handler binds", "try:\n  import x\nexcept ImportError:\n  x = None\nx", "ImportError"),
    ("a handler cannot rely on the body", "try:\n  a = f()\nexcept E:\n  a", "f E a"),
    ("a handler that raises does not count", "try:\n  a = f()\nexcept E as e:\n  raise G from e\na", "f E G"),
    ("else runs after the body", "try:\n  f()\nexcept E:\n  a = 1\nelse:\n  a = 2\na", "f E"),
    ("finally binds whatever happens", "try:\n  f()\nfinally:\n  a = 1\na", "f"),
    ("finally sees what the body bound", "try:\n  a = f()\nfinally:\n  a.close()", "f"),
    ("finally is read after a raise too", "try:\n  raise E\nfinally:\n  use(a)", "E use a"),
    ("an exception group", "try:\n  f()\nexcept* E as g:\n  g\n  a = 1", "f E"),
    ("with binds its target", "with open(p) as f, lock:\n  a = f\na", "open p lock"),
    ("with may swallow a raise", "with quiet():\n  raise E\nb", "quiet E b"),
    ("async with and async for", "async with s as t:\n  async for x in t:\n    a = x\na", "s"),
    ("captures bind within their case", "match v:\n  case [x, *y]: x, y\n  case {'k': z, **r}: z, r", "v"),
    ("a match without a last case leaves a way", "match v:\n  case 1: a = 1\na", "v a"),
    ("a match that catches all binds", "match v:\n  case 1: a = 1\n  case _: a = 2\na", "v"),
    ("a guard may fail", "match v:\n  case x if x > k: a = 1\n  case other: a = other\na", "v k"),
    ("patterns read the names of classes and values", "match v:\n  case Point(x=0) | Color.RED: pass", "v Point Color"),
    # functions, classes, comprehensions
    ("defining a function reads nothing of its body", "def f(x):\n  return x + k", ""),
    ("defaults and decorators are read", "@deco\ndef f(x=d, *, y: T = e): ...", "deco d e"),
    ("calling it reads its globals", "def f(x):\n  return x + k\nf(1)", "k"),
    ("handing it on counts as well", "def f(x):\n  return x + k\ndf.apply(f)", "df k"),
    ("globals bound before the call are the cell's", "def f():\n  return k\nk = 1\nf()", ""),
    ("globals bound after the call are not", "def f():\n  return k\nf()\nk = 1", "k"),
    ("through another function", "def f():\n  return k\ndef g():\n  return f()\ng()", "k"),
    ("a recursive function ends", "def f(n):\n  return f(n - 1) if n else k\nf(3)", "k"),
    ("a rebound function is forgotten", "def f():\n  k\nf = 1\nf", ""),
    ("locals hide globals", "def f():\n  k = 1\n  return k\nf()", ""),
    ("a late local hides too", "def f():\n  use(k)\n  k = 1\nf()", "use"),
    ("nested functions see outer locals", "def f(a):\n  def g():\n    return a + k\n  return g\nf(1)", "k"),
    ("nonlocal is not global", "def f():\n  n = 0\n  def g():\n    nonlocal n\n    n += 1\n  g()\nf()", ""),
    ("global in a called function binds", "def f():\n  global k\n  k = 1\nf()\nk", ""),
    ("global in a function not called does not", "def f():\n  global k\n  k = 1\nk", "k"),
    ("global and an early return", "def f():\n  global k\n  if c: return\n  k = 1\nf()\nk", "c k"),
    ("a generator has not run yet", "def f():\n  global k\n  k = 1\n  yield\nf()\nk", "k"),
    ("a lambda counts where it stands", "xs.sort(key=lambda x: x + k)", "xs k"),
    ("a named lambda counts when used", "f = lambda x: x + k", ""),
    ("a named lambda that is used", "f = lambda x, y=d: x + y + k\nf(1)", "d k"),
    ("a class body runs at once", "class A(Base, metaclass=M):\n  x = k\n  y = x", "Base M k"),
    ("methods count when the class is used", "class A:\n  def f(self): return k", ""),
    ("methods of a used class", "class A:\n  y = 1\n  def f(self): return k + y\nA().f()", "k y"),
    ("a function in a class body keeps its names", "class A:\n  def f(self): pass\n  g = f", ""),
    ("comprehension targets stay inside", "[x for x in xs if x > k]\nx", "xs k x"),
    ("later generators see earlier targets", "{a: b for a in xs for b in a}", "xs"),
    ("a walrus in a comprehension binds outside", "[y for x in xs if (y := f(x))]\ny", "xs f"),
    ("comprehensions in a class do not see its names", "class A:\n  n = 1\n  m = [n for _ in r]", "r n"),
    ("a generator expression", "sum(x * w for x in xs)", "sum xs w"),
    ("await reads", "a = await fetch(url)", "fetch url"),
    # magics
    ("a line magic that runs code", "%time a = f(b)\na", "f b"),
    ("timeit binds nothing", "%timeit -n 10 a = f(b)\na", "f b a"),
    ("the body of %%time", "%%time\na = b\na", "b"),
    ("the body of %%capture, and its name", "%%capture --no-stdout out\nshow(b)\nout", "show b out"),
    ("a name that %%capture binds", "x = 1\nget_ipython().run_cell_magic('capture', 'out', 'b')\nout", "b"),
    ("nested magics", "%%capture\n%%time\nuse(a)", "use a"),
    ("other magics and the shell read nothing", "%matplotlib inline\n!ls\nfiles = !ls\nfiles", ""),
    ("text that is no Python", "%%time\nfor for", ""),
    ("a user's own call of get_ipython is code", "get_ipython().set_next_input(text)", "get_ipython text"),
]


@pytest.mark.parametrize(("cell", "expected"), [pytest.param(*rest, id=name) for name, *rest in CELLS])
def test_a_cell_reads(cell: str, expected: str) -> None:
    tree = ast.parse(TransformerManager().transform_cell(cell))
    assert sorted(reads(tree)) == sorted(expected.split())


@pytest.mark.skipif(sys.version_info < (3, 12), reason="syntax of Python 3.12")
@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("type A = Frame\nA", ""),
        ("class A[T](Base[T]):\n  def f(self, x: T): return T, k\nA", "Base k"),
        ("def f[T](x: T = d): return T, k\nf()", "d k"),
    ],
)
def test_types_of_python_3_12_do_not_count(cell: str, expected: str) -> None:
    assert sorted(reads(ast.parse(cell))) == sorted(expected.split())


def test_names_come_in_order_of_first_use() -> None:
    assert reads(ast.parse("z = y + x\nw(z, x, v)")) == ["y", "x", "w", "v"]


def test_a_chain_of_functions_is_worked_out_once_each() -> None:
    chain = "def f0(): return k\n" + "".join(f"def f{n}(): return f{n - 1}() + f{n - 1}()\n" for n in range(1, 60))
    assert reads(ast.parse(chain + "f59()")) == ["k"]


def module(source: str) -> types.ModuleType:
    made = types.ModuleType("a_notebook")
    exec(source, made.__dict__)
    return made


def test_a_function_reads_the_globals_it_uses_and_those_of_its_callees() -> None:
    names = module(
        "import math\nscale = 2\nshift = 1\nunused = 0\n"
        "def inner(x): return x + shift\n"
        "def outer(x): return [inner(math.sqrt(y)) * scale for y in x]\n"
    )
    assert function_reads(names.outer) == ["math", "scale", "shift"]


def test_names_that_do_not_exist_and_builtins_are_left_out() -> None:
    assert function_reads(module("def f(): return len(later)").f) == []


def test_a_class_reads_what_its_methods_read() -> None:
    names = module(
        "a = b = c = d = 1\n"
        "class K:\n"
        "  def m(self): return a\n"
        "  @property\n  def p(self): return b\n"
        "  @staticmethod\n  def s(): return c\n"
        "  @classmethod\n  def k(cls): return d\n"
        "def f(): return K()\n"
    )
    assert function_reads(names.f) == ["a", "b", "c", "d"]


def test_wrapped_functions_are_looked_through() -> None:
    names = module("k = j = 1\ndef f(): return k\ndef wrapper(): return j\n")
    assert function_reads(functools.cache(names.f)) == ["k"]
    assert sorted(function_reads(functools.wraps(names.f)(names.wrapper))) == ["j", "k"]


def test_functions_that_call_one_another_end() -> None:
    names = module("k = 1\ndef f(n): return g(n)\ndef g(n): return f(n) + k\nf.__wrapped__ = f\n")
    assert function_reads(names.f) == ["k"]


def test_at_most_the_given_number_of_functions_is_followed() -> None:
    names = module("k = 1\ndef h(): return k\ndef g(): return h()\ndef f(): return g()\n")
    assert (function_reads(names.f, limit=2), function_reads(names.f, limit=3)) == ([], ["k"])


def test_other_values_read_nothing() -> None:
    assert [function_reads(value) for value in (1, "text", len, None, functools.partial(print))] == [[]] * 5
