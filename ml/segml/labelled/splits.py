"""Parts of labelled customers: folds that choose between models, and a test part that judges."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from segml.dataset import customer_fold
from segml.errors import TrainingError
from segml.splits import SelectionFold, Splits

if TYPE_CHECKING:
    from segml.dataset import Examples
    from segml.labelled.mart import LabelledCustomers

MIN_CUSTOMERS_PER_CLASS = 10  # of the training part; fewer leave a fold without the class


def split_labelled(customers: LabelledCustomers, *, folds: int, seed: int) -> Splits:
    """Turn the parts that SQL drew into rows, and deal the training part into stratified folds.

    Raises
    ------
    TrainingError
        When there is one class only, or a class has too few customers to learn from or none to
        be tested on.
    """
    examples, test = customers.examples, customers.is_test
    train = ~test
    _require_classes(examples, train, test)
    fold = np.full(len(examples), -1)
    for label in range(len(examples.class_names)):
        rows = train & (examples.value_tier == label)
        fold[rows] = customer_fold(examples.customer_key[rows], folds, f"selection:{seed}")
    never = np.datetime64("NaT", "D")
    return Splits(
        folds=tuple(
            SelectionFold(train & (fold != number), train & (fold == number))
            for number in range(folds)
        ),
        scheme=f"{folds} stratified folds of the training part: labelled customers have no times",
        validation=train,
        development=train,
        test=test,
        labelled=np.ones(len(examples), dtype=bool),
        validation_date=never,
        test_date=never,
    )


def _require_classes(
    examples: Examples,
    train: np.ndarray[tuple[int], np.dtype[np.bool_]],
    test: np.ndarray[tuple[int], np.dtype[np.bool_]],
) -> None:
    names = examples.class_names
    if len(names) < 2:  # noqa: PLR2004
        raise TrainingError(f"All customers are of the class '{names[0]}'", "Load other classes")
    for label, name in enumerate(names):
        of_class = examples.value_tier == label
        if (of_class & train).sum() < MIN_CUSTOMERS_PER_CLASS or not (of_class & test).any():
            raise TrainingError(
                f"Class '{name}' has {int((of_class & train).sum())} customers to learn from and "
                f"{int((of_class & test).sum())} to test on ({MIN_CUSTOMERS_PER_CLASS} and one "
                "are needed)",
                "Label more customers, or merge the class into another in the mapping file",
            )
