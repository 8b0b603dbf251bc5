import numpy as np
import pytest

from segml.bootstrap import Measurement
from segml.calibration import CalibrationChoice
from segml.challenge import Champion, challenge
from segml.dataset import Predictions
from segml.models.calibrator import Calibrator
from segml.recipe import Recipe
from segml.selection import Decision, Trial

RESAMPLES = np.linspace(-0.05, 0.05, 21)


def trial(name, log_loss):
    nothing = Predictions(np.empty((0, 3)), np.empty((0, 2)))
    calibration = CalibrationChoice(Calibrator(), nothing, {"none": log_loss})
    return Trial(Recipe(name, seed=1), (), calibration)


def measured_losses(log_loss, spread=1.0):
    return Measurement({"log_loss": log_loss}, {"log_loss": log_loss + spread * RESAMPLES})


def champion(**changes):
    values = {
        "model_version": "v1",
        "kind": "logistic",
        "parameters": {"logistic": {}},
        "obstacle": None,
        "is_current": False,
    }
    return Champion(**values | changes)


def verdict_on(served, chosen="boosting", *, validation, test, confidence=0.9):
    trials = {name: trial(name, loss) for name, loss in validation.items()}
    decision = Decision(trials[chosen], "best", beats_baselines=True)
    measured = {name: measured_losses(*loss) for name, loss in test.items()}
    return challenge(served, decision, trials, measured, confidence=confidence)


CLEAR = {"logistic": (0.6, 0.0), "boosting": (0.5,)}
UNCLEAR = {"logistic": (0.51, 0.0), "boosting": (0.5,)}
VALIDATION = {"logistic": 0.6, "boosting": 0.5, "prior": 0.9}


def test_the_first_model_is_served():
    verdict = verdict_on(None, validation=VALIDATION, test=CLEAR)
    assert (verdict.promoted, verdict.reason) == ("boosting", "there was no champion")


def test_a_challenger_that_is_surely_better_takes_over():
    verdict = verdict_on(champion(), validation=VALIDATION, test=CLEAR)
    assert verdict.promoted == "boosting"
    assert verdict.evidence.p_better == 1
    assert verdict.evidence.value == pytest.approx(-0.1)
    assert "better in 100% of resamples" in verdict.reason


def test_a_challenger_that_may_be_lucky_leaves_the_champion_as_it_is():
    verdict = verdict_on(champion(is_current=True), validation=VALIDATION, test=UNCLEAR)
    assert verdict.promoted is None
    assert 0.5 < verdict.evidence.p_better < 0.9
    assert "boosting is not better with 90% confidence" in verdict.reason


def test_with_newer_outcomes_the_champions_kind_learns_again():
    verdict = verdict_on(champion(), validation=VALIDATION, test=UNCLEAR)
    assert verdict.promoted == "logistic"
    assert "logistic has learned from the newer outcomes" in verdict.reason


def test_less_confidence_is_enough_where_settings_say_so():
    verdict = verdict_on(champion(), validation=VALIDATION, test=UNCLEAR, confidence=0.5)
    assert verdict.promoted == "boosting"


def test_the_same_kind_of_model_learns_again():
    verdict = verdict_on(champion(kind="boosting"), validation=VALIDATION, test=CLEAR)
    assert verdict.promoted == "boosting"
    assert verdict.evidence is None


def test_without_resamples_nothing_takes_over():
    trials = {name: trial(name, loss) for name, loss in VALIDATION.items()}
    measured = {name: Measurement({"log_loss": loss}, {}) for name, loss in VALIDATION.items()}
    decision = Decision(trials["boosting"], "best", beats_baselines=True)
    verdict = challenge(champion(is_current=True), decision, trials, measured, confidence=0.5)
    assert verdict.promoted is None


def test_a_champion_that_cannot_be_served_gives_way():
    verdict = verdict_on(
        champion(obstacle="The features differ"), validation=VALIDATION, test=UNCLEAR
    )
    assert verdict.promoted == "boosting"
    assert "v1 cannot be served: The features differ" in verdict.reason


def test_a_champion_that_no_longer_beats_the_baseline_gives_way_to_it():
    validation = {"logistic": 0.91, "prior": 0.9}
    verdict = verdict_on(
        champion(), "prior", validation=validation, test={"logistic": (0.9,), "prior": (0.9,)}
    )
    assert verdict.promoted == "prior"


def test_a_baseline_does_not_replace_a_champion_that_still_beats_it():
    validation = {"logistic": 0.6, "prior": 0.9}  # logistic is no candidate any more
    verdict = verdict_on(
        champion(is_current=True),
        "prior",
        validation=validation,
        test={"logistic": (0.6,), "prior": (0.9,)},
    )
    assert verdict.promoted is None


def test_what_a_person_replaced_does_not_come_back_by_itself():
    verdict = verdict_on(
        champion(taken_down=frozenset({"boosting"})), validation=VALIDATION, test=CLEAR
    )
    assert verdict.promoted is None
    assert "replaced by hand" in verdict.reason


TUNED = {"boosting-as-served": (0.51, 0.0), "boosting": (0.5,)}


def test_other_parameters_of_the_champions_kind_are_compared_with_its_own():
    served = champion(kind="boosting")
    validation = {"boosting": 0.5, "boosting-as-served": 0.6}
    clear = verdict_on(
        served, validation=validation, test={"boosting-as-served": (0.6, 0.0), "boosting": (0.5,)}
    )
    assert clear.promoted == "boosting"
    assert clear.evidence.value == pytest.approx(-0.1)
    assert "boosting, with the parameters it has, " in clear.reason
    unclear = verdict_on(served, validation=validation, test=TUNED)
    assert unclear.promoted == "boosting-as-served"
    current = champion(kind="boosting", is_current=True)
    assert verdict_on(current, validation=validation, test=TUNED).promoted is None


def test_another_kind_is_compared_with_the_parameters_that_are_served():
    verdict = verdict_on(
        champion(kind="boosting"),
        "logistic",
        validation={"logistic": 0.5, "boosting": 0.9, "boosting-as-served": 0.6},
        test={"logistic": (0.5, 0.0), "boosting": (0.9, 0.0), "boosting-as-served": (0.51,)},
    )
    assert verdict.promoted == "boosting-as-served"
