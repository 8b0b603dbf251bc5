"""The folder that BI tools look into: versions side by side, and links to the newest."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

from segml.errors import PublishingError
from segml.files import draft_folder, move_durably

DATABASE_NAME = "segments.duckdb"
VERSIONS, CURRENT = "versions", "current"
READ_ONLY_FILE, READABLE_FOLDER = 0o444, 0o755
READER_GRACE = timedelta(hours=1)  # a reader is done with a version this long after the next came
ID_FORMAT, ID_PATTERN = "%Y%m%dT%H%M%S%fZ", "[0-9]*T[0-9]*Z"


def require_own_links(folder: Path) -> None:
    """Refuse a folder where something else lies in the place of a link.

    Raises
    ------
    PublishingError
        Naming the file.
    """
    for link in (folder / CURRENT, folder / DATABASE_NAME):
        if link.exists() and not link.is_symlink():
            raise PublishingError(
                f"{link} is not of segml's making", "Move it away or choose another folder for --to"
            )


def publication_id_at(moment: datetime) -> str:
    """Return a name that sorts by time."""
    return f"{moment:{ID_FORMAT}}"


def show(folder: Path, draft: Path, publication_id: str) -> None:
    """Make a complete draft the current version, with one rename for all its files."""
    draft.chmod(READABLE_FOLDER)
    for file in draft.iterdir():
        file.chmod(READ_ONLY_FILE)
    move_durably(draft, folder / VERSIONS / publication_id)
    _point(folder / CURRENT, Path(VERSIONS) / publication_id)
    _point(folder / DATABASE_NAME, Path(CURRENT) / DATABASE_NAME)


def _point(link: Path, target: Path) -> None:
    """Make a link, or turn an existing one, in one step."""
    with draft_folder(link.parent, link.name) as folder:
        draft = folder / link.name
        # relative to where the link will lie, so that the whole folder can be moved or mounted
        draft.symlink_to(target)
        draft.replace(link)


def prune(versions: Path, now: datetime) -> None:
    """Remove versions that were replaced longer than ``READER_GRACE`` ago."""
    ordered = sorted(versions.glob(ID_PATTERN))
    for version, successor in pairwise(ordered):
        replaced_at = datetime.strptime(successor.name, ID_FORMAT)  # noqa: DTZ007
        if now - replaced_at >= READER_GRACE:
            shutil.rmtree(version)
