"""Features in plain words: names, groups and sentences with units, for report, CLI and tables."""

from segml.wording.catalogue import feature_group, feature_label
from segml.wording.sentences import feature_sentences

__all__ = ["feature_group", "feature_label", "feature_sentences"]
