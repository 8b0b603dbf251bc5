"""Find a source's files and look at each: format, hash, encoding, delimiter and columns."""

from __future__ import annotations

import codecs
import csv
import glob
import gzip
import hashlib
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from segml.errors import LoadingError
from segml.loading.sql import sql_text
from segml.warehouse import EngineError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from io import BufferedReader

    from segml.loading.mapping import Mapping, Source
    from segml.warehouse import Warehouse

FORMAT_BY_SUFFIX = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv",
    ".parquet": "parquet", ".pq": "parquet",
    ".json": "json", ".jsonl": "json", ".ndjson": "json",
}  # fmt: skip
DELIMITERS = ",;\t|"
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class DataFile:
    """One file that a source reads.

    Parameters
    ----------
    columns : tuple of (str, str)
        Column names and engine types, in file order; text for CSV and JSON.
    encoding, delimiter : str
        How to read a CSV file; empty for other formats.
    """

    path: Path
    format: str
    sha256: str
    columns: tuple[tuple[str, str], ...]
    encoding: str = ""
    delimiter: str = ""


def find_files(mapping: Mapping, source: Source, data_path: Path | None) -> list[Path]:
    """Return the files that a source's patterns match, sorted.

    Parameters
    ----------
    data_path : Path or None
        What ``--data`` gave: a file or pattern replaces the path of a mapping's only source; a
        folder replaces the folder of every source.

    Raises
    ------
    LoadingError
        When nothing matches and the source is not optional.
    """
    if data_path is None:
        patterns = _in_folder(mapping.path.parent, source.paths)
    elif data_path.is_dir():
        patterns = _in_folder(data_path, [Path(path).name for path in source.paths])
    elif len(mapping.sources) == 1:
        patterns = [glob.escape(str(data_path)) if data_path.exists() else str(data_path)]
    else:
        raise LoadingError(
            f"{data_path} is not a folder, and {mapping.path.name} has several sources",
            "Give --data the folder that holds their files",
        )
    matches = {Path(match) for pattern in patterns for match in glob.glob(pattern, recursive=True)}  # noqa: PTH207
    # a name that looks like a pattern must be absolute for the engine to report it unchanged
    found = sorted(
        path if glob.escape(str(path)) == str(path) else path.absolute() for path in matches
    )
    if not found and not source.optional:
        fix = f"Correct sources.{source.name}.path in {mapping.path.name}, or give --data"
        raise LoadingError(
            f"No file matches {' or '.join(patterns)}",
            fix if data_path is None else "Correct the path given as --data",
        )
    return found


def _in_folder(folder: Path, patterns: Sequence[str]) -> list[str]:
    """Let patterns start from a folder whose own name is no pattern."""
    return [str(Path(glob.escape(str(folder))) / pattern) for pattern in patterns]


def inspect_file(warehouse: Warehouse, source: Source, path: Path) -> DataFile:
    """Look at one file without reading its rows into the engine.

    Raises
    ------
    LoadingError
        When the file is unreadable, empty, of an unknown format, or has an unusable header.
    """
    try:
        with path.open("rb") as stream:
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        if path.stat().st_size == 0:
            raise LoadingError(f"{path} is empty", "Give a file with rows")
        format_ = _format(source, path)
        if format_ == "csv":
            return _inspect_csv(source, path, sha256)
    except (OSError, EOFError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise LoadingError(
            f"{path} cannot be read: {reason}", "Check the file and its permissions"
        ) from None
    columns = _engine_columns(warehouse, path, format_)
    return DataFile(path, format_, sha256, columns)


def _format(source: Source, path: Path) -> str:
    if source.format != "auto":
        return source.format
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() != ".gz"]
    format_ = FORMAT_BY_SUFFIX.get(suffixes[-1]) if suffixes else None
    if format_ is None:
        raise LoadingError(
            f"{path} has no known file name ending",
            f"Set sources.{source.name}.format to csv, parquet or json",
        )
    return format_


def _inspect_csv(source: Source, path: Path, sha256: str) -> DataFile:
    encoding = source.encoding
    if encoding == "auto":
        encoding = "utf-8" if _is_utf8(path) else "latin-1"
    text_encoding = "utf-8-sig" if encoding == "utf-8" else encoding
    try:
        with _open(path) as stream:
            text = codecs.getreader(text_encoding)(stream)
            first_line = text.readline()
            delimiter = source.delimiter or _delimiter(first_line)
            header = next(csv.reader([first_line], delimiter=delimiter), [])
    except UnicodeError:
        raise LoadingError(
            f"{path}, line 1: not {encoding} text",
            f"Set sources.{source.name}.encoding to auto, utf-8, latin-1 or utf-16",
        ) from None
    names = [name.strip() or f"column{position}" for position, name in enumerate(header, start=1)]
    repeated = [name for name, count in Counter(map(str.lower, names)).items() if count > 1]
    if not names or repeated:
        reason = f"column {repeated[0]} appears twice" if repeated else "there are no column names"
        raise LoadingError(f"{path}, line 1: {reason}", "Give every column one name of its own")
    columns = tuple((name, "VARCHAR") for name in names)
    return DataFile(path, "csv", sha256, columns, encoding, delimiter)


def _open(path: Path) -> gzip.GzipFile | BufferedReader:
    return gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb")


def _is_utf8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with _open(path) as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _delimiter(header: str) -> str:
    """Return the delimiter that occurs most often outside quotes; a comma when none does."""
    unquoted = re.sub(r'"[^"]*"', "", header)
    return max(DELIMITERS, key=unquoted.count)


def _engine_columns(warehouse: Warehouse, path: Path, format_: str) -> tuple[tuple[str, str], ...]:
    name = sql_text(glob.escape(str(path)))
    reader = f"read_parquet({name})"
    if format_ == "json":
        reader = f"read_json({name}, maximum_depth = 1, sample_size = -1)"
    try:
        described = warehouse.rows(f"describe select * from {reader}")
    except EngineError as error:
        reason = str(error).splitlines()[0].partition("Error: ")[2].replace(str(path), path.name)
        reason = reason.rstrip(" .")
        raise LoadingError(
            f"{path} cannot be read as {format_}: {reason}", "Check the file, or set its format"
        ) from None
    return tuple((row[0], "VARCHAR" if format_ == "json" else row[1]) for row in described)
