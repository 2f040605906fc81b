from __future__ import annotations

from fractions import Fraction

from gatecli.accounting.account import ACCOUNTANTS
from gatecli.accounting.advanced import AdvancedAccountant
from gatecli.accounting.basic import BasicAccountant
from gatecli.accounting.gaussian import GaussianAccountant
from gatecli.accounting.pld import PldAccountant
from gatecli.accounting.rdp import RdpAccountant
from gatecli.accounting.zcdp import ZcdpAccountant
from gatecli.model import mechanism as declared
from tests.contract.accountant_suite import AccountantSuite

PURE = declared.Pure(epsilon=Fraction(1, 10))
APPROXIMATE = declared.Approximate(epsilon=Fraction(1, 10), delta=Fraction(1, 10**7))
LAPLACE = declared.Laplace(scale=Fraction(10))
GAUSSIAN = declared.Gaussian(standard_deviation=Fraction(5))
DP_SGD = declared.DpSgd(noise_multiplier=Fraction(1), sampling_rate=Fraction(1, 100), steps=100)
CONCENTRATED = declared.ZeroConcentrated(rho=Fraction(1, 100))
RENYI = declared.Renyi(curve=(declared.RenyiPoint(order=Fraction(16), epsilon=Fraction(1, 2)),))


class TestBasicAccountant(AccountantSuite):
    accountant = BasicAccountant()
    supported = (PURE, APPROXIMATE, LAPLACE, declared.Exponential(epsilon=Fraction(1, 10)))
    unsupported = (GAUSSIAN, DP_SGD, CONCENTRATED)


class TestAdvancedAccountant(AccountantSuite):
    accountant = AdvancedAccountant()
    supported = (PURE, APPROXIMATE, LAPLACE, declared.AboveThreshold(epsilon=Fraction(1, 10)))
    unsupported = (GAUSSIAN, DP_SGD)


class TestZcdpAccountant(AccountantSuite):
    accountant = ZcdpAccountant()
    supported = (CONCENTRATED, GAUSSIAN, PURE, declared.DiscreteGaussian(standard_deviation=Fraction(5)))
    unsupported = (DP_SGD, RENYI)


class TestRdpAccountant(AccountantSuite):
    accountant = RdpAccountant()
    supported = (RENYI, DP_SGD, GAUSSIAN, LAPLACE, APPROXIMATE, CONCENTRATED)
    unsupported = (declared.Binomial(trials=1000, probability=Fraction(1, 2)),)


class TestPldAccountant(AccountantSuite):
    accountant = PldAccountant()
    supported = (DP_SGD, GAUSSIAN, LAPLACE, APPROXIMATE, declared.DiscreteLaplace(scale=Fraction(5)))
    unsupported = (CONCENTRATED, RENYI)


class TestGaussianAccountant(AccountantSuite):
    accountant = GaussianAccountant()
    supported = (GAUSSIAN, declared.GaussianDp(mu=Fraction(1, 2)))
    unsupported = (PURE, DP_SGD, CONCENTRATED)


def test_every_listed_accountant_has_its_suite() -> None:
    suites = [value for value in globals().values() if isinstance(value, type)]
    tested = {
        type(suite.accountant)
        for suite in suites
        if issubclass(suite, AccountantSuite) and suite is not AccountantSuite
    }
    assert tested == {type(accountant) for accountant in ACCOUNTANTS}
