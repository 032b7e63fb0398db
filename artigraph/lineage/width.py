"""How wide a text will be, without a browser.

Measured with the advance widths of DejaVu Sans, the widest font a notebook is likely to use, so that it fits in any.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from artigraph.lineage.escape import cut

# Advance widths in thousandths of the font size, for the characters from space to tilde.
_REGULAR = (
    "318 401 460 838 636 950 780 275 390 390 500 838 318 361 318 337 636 636 636 636 636 636 636 636 636 636 337 337 "
    "838 838 838 531 1000 684 686 698 770 632 575 775 752 295 295 656 557 863 748 787 603 787 695 635 611 732 684 989 "
    "685 611 685 390 337 390 838 500 500 613 635 550 635 615 352 635 634 278 278 579 278 974 634 612 635 635 411 521 "
    "392 634 592 818 592 592 525 636 337 636 838"
)
_BOLD = (
    "348 456 521 838 696 1002 872 306 457 457 523 838 380 415 380 365 696 696 696 696 696 696 696 696 696 696 400 400 "
    "838 838 838 580 1000 774 762 734 830 683 683 821 837 372 372 775 637 995 837 850 733 850 770 720 682 812 774 1103 "
    "771 724 725 457 365 457 838 500 500 675 716 593 716 678 435 716 712 343 343 665 343 1042 712 687 716 716 493 595 "
    "478 712 652 924 645 652 582 712 365 712 838"
)
_ADVANCES = {bold: [int(width) for width in table.split()] for bold, table in ((False, _REGULAR), (True, _BOLD))}
_OTHER = {False: 720, True: 800}
_WIDE = 1250


def text_width(text: str, size: float, bold: bool = False) -> float:
    """Width of one line in px at a font size in px.

    >>> round(text_width("metrics", 13, bold=True), 1)
    54.9
    """
    return sum(_advance(character, bold) for character in text) * size / 1000


def fit(text: str, room: float, size: float, bold: bool = False) -> str:
    """The text, or its start and end when it is wider than ``room`` px; at least 6 characters are kept.

    >>> fit("experiments_of_november_final", 150, 13, bold=True)
    'experiments…_final'
    """
    if text_width(text, size, bold) <= room:
        return text
    for limit in range(min(len(text), int(room / size * 4) + 1), 6, -1):
        if text_width(cut(text, limit), size, bold) <= room:
            return cut(text, limit)
    return cut(text, 6)


@lru_cache(maxsize=4096)
def _advance(character: str, bold: bool) -> int:
    if " " <= character <= "~":
        return _ADVANCES[bold][ord(character) - 32]
    if unicodedata.east_asian_width(character) in "WF":
        return _WIDE
    return 0 if unicodedata.category(character) in ("Mn", "Me", "Cf") else 1000 if character == "…" else _OTHER[bold]
