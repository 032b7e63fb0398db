"""Secrets out of text: credentials in URLs, values given to secret-looking names, key blocks, known key shapes.

The patterns are a list that can be added to. What is redacted becomes ``***``. Code that only *names* a secret
(``token = get_token()``) stays as it is; every pattern takes time proportional to the text.
"""

from __future__ import annotations

import re
from typing import Any

HIDDEN = "***"

_WORD = r"(?i:password|passwd|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential)"
_NAME = rf"(?<![\w.-])(?=[\w.-]*?{_WORD})[\w.-]*?{_WORD}(?i:s)?(?![a-z]|(?<=[A-Z])[A-Z])[\w]*"
"""A name with such a word in it: ``db_password``, ``API_KEY``, ``secretKey``; not ``tokenizer``."""

_STRING = r"(?P<mark>\b[rbfuRBFU]{1,2}|)(?P<quote>'''|\"\"\"|\\?['\"])(?!\s*[)+,](?:\s|$))(?P<value>%s*?)(?P=quote)"
_LINE = _STRING % r"(?:\\.|[^\n\\])"
_BLOCK = _STRING.replace(r"|\\?['\"]", "") % r"[\s\S]"
_QUOTED = r"\g<head>\g<mark>\g<quote>" + HIDDEN + r"\g<quote>"
_GIVEN = r"(?::\s*[\w\[\], .|]+?)?\s*[=!]?=[\s\\(]*"
_ITEM = r"\\?['\"]\s*(?:\]\s*=|:)\s*"

PATTERNS: list[tuple[re.Pattern[str], str]] = [
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"), HIDDEN),
    (re.compile(r"(?P<head>://)(?![^\s/@]*:\{[^{}]*\}@)[^\s/:@'\"]*:[^\s/'\"]+@"), rf"\g<head>{HIDDEN}@"),
    (
        re.compile(
            rf"(?P<head>[?&](?:[\w.-]*?(?:{_WORD}|(?i:signature))[\w.-]*|(?:[\w.-]*[_.-])?(?i:key|sig|pwd|auth))="
            r"(?!=|\{))[^&\s'\"#]+"
        ),
        rf"\g<head>{HIDDEN}",
    ),
    (re.compile(rf"(?P<head>{_NAME}\s*{_GIVEN}){_BLOCK}"), _QUOTED),
    (re.compile(rf"(?P<head>{_NAME}\s*{_GIVEN}){_LINE}"), _QUOTED),
    (re.compile(rf"(?P<head>{_NAME}{_ITEM}){_LINE}"), _QUOTED),
    (re.compile(rf"(?P<head>\(\s*['\"]{_NAME}['\"]\s*,\s*){_LINE}"), _QUOTED),
    (re.compile(rf"(?P<head>^\s*(?:-\s+)?{_NAME}:[ \t]+){_LINE}", re.MULTILINE), _QUOTED),
    (
        re.compile(
            rf"(?P<head>(?:\bexport|%env|%set_env|--param)[ \t]+{_NAME}[= ][ \t]*|(?<!\S)(?=--?\w){_NAME}[= ][ \t]*)"
            r"(?!-|\*\*\*|['\"])\S+"
        ),
        rf"\g<head>{HIDDEN}",
    ),
    (re.compile(r"(?P<head>\bBearer\s+)[\w.~+/=-]{16,}"), rf"\g<head>{HIDDEN}"),
    (
        re.compile(
            r"\b(?:AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|sk-[A-Za-z0-9_-]{20,}"
            r"|xox[abprs]-[A-Za-z0-9-]{10,}|AIza[0-9A-Za-z_-]{35}|hf_[A-Za-z0-9]{20,}|glpat-[A-Za-z0-9_-]{20,})\b"
        ),
        HIDDEN,
    ),
]
"""(pattern, replacement), applied in order; append your own."""

_PLACE = r"\{|<|\?(?![^\s),])|:\w|%[sd(]|\$[\w{]|(?:\\?['\"])?(?:\*\*\*|(?=\s|$))|\\?['\"][)\s,]"
"""How what stands for a value begins: ``{name}``, ``?``, ``%s``, ``$NAME``, ``***``."""

_SAID = re.compile(rf"(?P<head>{_NAME}\\?['\"]?[ \t]*(?:==?|:)[ \t]*)(?!{_PLACE})\S+")
_SAID_IN_CODE = re.compile(
    rf"(?P<head>{_NAME}[ \t]*(?:==?[ \t]*(?!{_PLACE})|:[ \t]*(?!{_PLACE})(?=\S+[ \t]*$)))\S+", re.MULTILINE
)
"""In code, ``token: words about it`` is a documentation."""

_STRINGS = re.compile(
    r"#[^\n]*|(?P<quote>'''|\"\"\")(?P<block>(?:\\.|[^\\])*?)(?P=quote)"
    r"|(?P<mark>['\"])(?P<line>(?:\\.|[^\n\\])*?)(?P=mark)",
    re.DOTALL,
)
"""Comments and strings of code."""

_SECRET_NAME = re.compile(_NAME)
_COUNTED = re.compile(r"(?i:tokens)\Z")


def redacted(code: str) -> str:
    """Code without its secrets.

    >>> redacted("api_key = 'abc'; url = 'https://me:pw@host/x?token=1'")
    "api_key = '***'; url = 'https://***@host/x?token=***'"
    >>> redacted("password = ask(); dsn = 'host=db password=abc'")
    "password = ask(); dsn = 'host=db password=***'"
    """
    return _STRINGS.sub(_in_string, _by_pattern(code))


def redacted_text(text: str) -> str:
    """Text that is no code without its secrets: here a name and a value need no quotes.

    >>> redacted_text("no connection: host=db password=abc dbname=x; api_key: def")
    'no connection: host=db password=*** dbname=x; api_key: ***'
    """
    return _SAID.sub(_hidden, _by_pattern(text))


def _by_pattern(text: str) -> str:
    for pattern, replacement in PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def _hidden(found: re.Match[str]) -> str:
    """``max_tokens=512`` is no secret."""
    head, value = found["head"], found[0][len(found["head"]) :]
    is_count = _COUNTED.search(head.rstrip("\\'\" \t=:")) and value.rstrip(",;.)]}").replace("_", "").isdigit()
    return found[0] if is_count else f"{head}{HIDDEN}"


def _in_string(found: re.Match[str]) -> str:
    for name in ("block", "line"):
        inner = found[name]
        if inner:
            start, end = (at - found.start() for at in found.span(name))
            return f"{found[0][:start]}{_SAID_IN_CODE.sub(_hidden, inner)}{found[0][end:]}"
    return found[0]


def is_secret_name(name: str) -> bool:
    """Whether values under this name are secrets.

    >>> is_secret_name("db_password"), is_secret_name("tokenizer")
    (True, False)
    """
    return _SECRET_NAME.search(name) is not None


def holds_secret(name: str, value: object) -> bool:
    """Whether what was passed under a name must not be kept: by the name, or, of text and dicts, by what is in it.

    >>> holds_secret("db_password", 1), holds_secret("url", "https://me:pw@host"), holds_secret("n", 1)
    (True, True, False)
    """
    if is_secret_name(name) and not _is_count(name, value):
        return True
    if isinstance(value, dict):
        return any(isinstance(key, str) and holds_secret(key, part) for key, part in value.items())
    return isinstance(value, str) and redacted_text(value) != value


def redacted_data(value: Any, name: str = "") -> Any:
    """JSON-able data without its secrets; what is under a secret-looking name is hidden whatever it is.

    >>> redacted_data({"password": 123, "urls": ["https://me:pw@host/"]})
    {'password': '***', 'urls': ['https://***@host/']}
    >>> redacted_data({"max_tokens": 512})
    {'max_tokens': 512}
    """
    if value is not None and name and is_secret_name(name) and not _is_count(name, value):
        return HIDDEN
    if isinstance(value, dict):
        return {key: redacted_data(part, str(key)) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [redacted_data(part) for part in value]
    return redacted_text(value) if isinstance(value, str) else value


def _is_count(name: str, value: object) -> bool:
    """A number of tokens is no secret; a number under ``token`` may be one."""
    return isinstance(value, int | float) and _COUNTED.search(name) is not None
