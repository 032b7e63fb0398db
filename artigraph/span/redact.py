"""Secrets out of text: credentials in URLs, values given to secret-looking names, key blocks, known key shapes.

The patterns are a list that can be added to. What is redacted becomes ``***``.
"""

from __future__ import annotations

import re

HIDDEN = "***"

_NAMES = r"(?:[A-Za-z0-9_.-]*(?:password|passwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential)[A-Za-z0-9_]*)"
_QUOTED = r"(?:[rbfu]{0,2})(?P<quote>'''|\"\"\"|'|\")"

PATTERNS: list[tuple[re.Pattern[str], str]] = [
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL), HIDDEN),
    (re.compile(r"(?P<head>\b[a-zA-Z][a-zA-Z0-9+.-]*://)[^/\s:@'\"]*:[^/\s@'\"]+@"), rf"\g<head>{HIDDEN}@"),
    (
        re.compile(
            r"(?P<head>[?&](?:[\w.-]*(?:password|passwd|secret|token|key|sig|signature|credential)[\w.-]*)=)[^&\s'\"#]+",
            re.IGNORECASE,
        ),
        rf"\g<head>{HIDDEN}",
    ),
    (
        re.compile(
            rf"(?P<head>['\"]?{_NAMES}['\"]?\s*\]?\s*(?::\s*[\w\[\], .|]+)?[=:]\s*){_QUOTED}.*?(?P=quote)",
            re.IGNORECASE | re.DOTALL,
        ),
        rf"\g<head>\g<quote>{HIDDEN}\g<quote>",
    ),
    (
        re.compile(rf"(?P<head>^\s*(?:export\s+)?{_NAMES}=)(?![=\s'\"])\S+", re.IGNORECASE | re.MULTILINE),
        rf"\g<head>{HIDDEN}",
    ),
    (
        re.compile(
            r"\b(?:AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|sk-[A-Za-z0-9_-]{20,}"
            r"|xox[abprs]-[A-Za-z0-9-]{10,}|AIza[0-9A-Za-z_-]{35}|hf_[A-Za-z0-9]{20,}|glpat-[A-Za-z0-9_-]{20,})\b"
        ),
        HIDDEN,
    ),
]
"""(pattern, replacement), applied in order; append your own."""


def redacted(text: str) -> str:
    """The text without its secrets.

    >>> redacted("api_key = 'abc'; url = 'https://me:pw@host/x?token=1'")
    "api_key = '***'; url = 'https://***@host/x?token=***'"
    """
    for pattern, replacement in PATTERNS:
        text = pattern.sub(replacement, text)
    return text
