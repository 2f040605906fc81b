from __future__ import annotations

from fractions import Fraction

from gatecli.checks.release.recomputation import Costs, costs_of, questions_of
from gatecli.checks.release.recorded_work import leaves
from gatecli.model.budget import Neighbouring
from gatecli.model.mechanism import Composed, DpSgd, Laplace, Mechanism, Parallel, Subsampled
from tests.support.releases import basic_all, bounds, claiming, evidence, pure, with_spec

RUN = {"kind": "dp-sgd", "noiseMultiplier": "1.1", "samplingRate": "0.01", "steps": 100, "clippingNorm": 1}
STATISTIC = {"kind": "laplace", "scale": 10, "count": 3}


def run(**changes: object) -> DpSgd:
    return DpSgd(noise_multiplier=Fraction(11, 10), sampling_rate=Fraction(1, 100), steps=100).model_copy(
        update=changes
    )


def test_a_claim_asks_at_its_own_delta_relation_and_contributions() -> None:
    asked = questions_of(claiming(delta="1/3", neighbouring="zero-out", maxContributions=4)).declared
    assert asked is not None
    assert (asked.delta, asked.neighbouring, asked.group) == (Fraction(1, 3), Neighbouring.ZERO_OUT, 4)


def test_a_pure_claim_asks_at_delta_zero() -> None:
    asked = questions_of(claiming(delta=None, variant="pure")).declared
    assert asked is not None
    assert asked.delta == 0


def test_nothing_is_asked_where_there_is_no_claim() -> None:
    assert not list(questions_of(with_spec(privacy="none")))


def test_nothing_is_asked_where_nothing_was_run() -> None:
    assert not list(questions_of(claiming(mechanisms=[])))


def test_equal_work_is_one_question() -> None:
    recorded = evidence(run(), neighbouring=Neighbouring.ADD_REMOVE)
    asked = questions_of(claiming(recorded, mechanisms=[{**RUN, "name": "training"}]))
    assert asked.declared == asked.recorded == asked.overlap


def test_evidence_of_another_relation_keeps_it() -> None:
    asked = questions_of(claiming(evidence(run(), neighbouring=Neighbouring.REPLACE_ONE))).recorded
    assert asked is not None
    assert asked.mechanisms[0].neighbouring is Neighbouring.REPLACE_ONE


def test_a_mechanism_s_own_relation_outweighs_its_file_s() -> None:
    own = run(neighbouring=Neighbouring.ZERO_OUT)
    asked = questions_of(claiming(evidence(own, neighbouring=Neighbouring.REPLACE_ONE))).recorded
    assert asked is not None
    assert asked.mechanisms[0].neighbouring is Neighbouring.ZERO_OUT


def test_the_overlap_is_what_the_evidence_speaks_about() -> None:
    asked = questions_of(claiming(evidence(run()), mechanisms=[RUN, STATISTIC]))
    assert asked.overlap is not None
    assert [mechanism.kind for mechanism in asked.overlap.mechanisms] == ["dp-sgd"]


def test_a_sampled_gaussian_speaks_about_dp_sgd() -> None:
    tree: Mechanism = Composed.from_file(
        {
            "kind": "composed",
            "count": 100,
            "mechanisms": [
                {
                    "kind": "subsampled",
                    "samplingRate": "0.01",
                    "mechanism": {"kind": "gaussian", "noiseMultiplier": "1.1"},
                }
            ],
        }
    )
    asked = questions_of(claiming(evidence(tree), mechanisms=[RUN, STATISTIC]))
    assert asked.overlap is not None
    assert [mechanism.kind for mechanism in asked.overlap.mechanisms] == ["dp-sgd"]


def test_leaves_are_found_at_every_depth() -> None:
    leaf = Laplace(scale=Fraction(1))
    inner = Subsampled(sampling_rate=Fraction(1, 2), mechanism=Parallel(partitions=(leaf, leaf)))
    assert list(leaves(Composed(mechanisms=(inner, leaf)))) == [leaf, leaf, leaf]


def test_no_bound_is_worse_than_any() -> None:
    subject = claiming(evidence(pure("3")))
    declared, recorded = questions_of(subject)
    costs = costs_of(subject, {declared: bounds(None), recorded: bounds("3")} | basic_all([]))
    assert costs.worst is not None
    assert costs.worst[1].upper is None


def test_the_lower_bound_of_nothing_is_zero() -> None:
    assert Costs().lower == 0
