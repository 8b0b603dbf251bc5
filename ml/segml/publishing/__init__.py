"""The marketing marts as files that BI tools read while the pipeline runs."""

from segml.publishing.folder import CURRENT, DATABASE_NAME
from segml.publishing.manifest import MANIFEST_NAME, Publication, PublishedTable
from segml.publishing.publish import publish

__all__ = [
    "CURRENT",
    "DATABASE_NAME",
    "MANIFEST_NAME",
    "Publication",
    "PublishedTable",
    "publish",
]
