"""Load a shop's files into schema ``raw``, as a mapping file says."""

from segml.loading.counting import FileRows
from segml.loading.load import LoadSummary, load_files

__all__ = ["FileRows", "LoadSummary", "load_files"]
