"""Which addresses hold something of a place that the policy keeps a dataset at."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatecli.checks.cloud.locations import is_address, uncharged_datasets
from gatecli.cloud.jobs import Job, JobInput, JobPromise
from gatecli.cloud.leases import JobRefused, require_charged
from gatecli.model.policy import DataLocation

PLACE, STAR = "s3://acme/customers", "s3://acme/customers-*"
FOLDER = "azureml://datastores/clinic/paths/patients"


def kept(*places: str, dataset: str = "customers") -> DataLocation:
    return DataLocation(dataset=dataset, at=places)


@pytest.mark.parametrize(
    ("source", "place"),
    [
        (PLACE, PLACE),
        (f"{PLACE}/", PLACE),
        (f"{PLACE}/2026/part.csv", PLACE),
        (PLACE, f"{PLACE}/"),
        (f"{PLACE}/2026", f"{PLACE}/*"),
        ("s3://acme", PLACE),
        ("s3://acme/", PLACE),
        ("s3://acme/cust", PLACE),
        ("s3://acme/customers-2026/a", STAR),
        ("https://s3.eu-central-1.amazonaws.com/acme/customers/a.csv", PLACE),
        ("https://s3.amazonaws.com/acme/customers", PLACE),
        ("https://s3-eu-west-1.amazonaws.com/acme/customers", PLACE),
        ("https://acme.s3.eu-central-1.amazonaws.com/customers/a.csv", PLACE),
        ("https://acme.s3.amazonaws.com/custo%6Ders/a.csv", PLACE),
        ("https://acme.S3.cn-north-1.amazonaws.com.cn/customers/", PLACE),
        ("azureml:customers", "azureml:customers"),
        ("azureml:customers:3", "azureml:customers"),
        ("azureml:customers@latest", "azureml:customers:1"),
        ("azureml:customers-eu:3", "azureml:customers*"),
        (f"{FOLDER}/2026.csv", FOLDER),
        ("azureml://datastores/clinic/paths", FOLDER),
        ("azureml://datastores/clinic/paths//%70atients/", FOLDER),
        ("./data/patients.csv", "./data/*"),
    ],
)
def test_what_is_a_place_or_in_it_or_around_it_reads_its_dataset(source: str, place: str) -> None:
    assert uncharged_datasets([source], ["visits"], [kept(place)]) == ("customers",)
    assert uncharged_datasets([source], ["visits", "Customers"], [kept(place)]) == ()


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("s3://acme/customers-2026/a", PLACE),
        ("s3://acme-eu/customers", PLACE),
        ("s3://acme/visits/", PLACE),
        ("azureml:customers-eu:3", "azureml:customers"),
        ("azureml:custom", "azureml:customers"),
        ("azureml://datastores/clinic/paths/pat", FOLDER),
        ("azureml://datastores/clinic/paths/patients-2026", FOLDER),
        ("https://acme.example/customers", PLACE),
    ],
)
def test_what_only_begins_alike_does_not(source: str, place: str) -> None:
    assert uncharged_datasets([source], [], [kept(place)]) == ()


def test_of_two_datasets_at_one_place_both_are_charged() -> None:
    both = [kept(PLACE), kept("s3://acme/*", dataset="all")]
    assert uncharged_datasets([f"{PLACE}/1"], ["customers"], both) == ("all",)
    assert uncharged_datasets([f"{PLACE}/1"], ["all"], both) == ("customers",)


LOCATIONS = st.builds(
    kept,
    st.sampled_from([PLACE, STAR, FOLDER, "s3://acme/*", "azureml:customers"]),
    dataset=st.sampled_from(["customers", "visits", "all"]),
)
SOURCES = st.lists(st.sampled_from([f"{PLACE}/1", "s3://acme", FOLDER, "azureml:customers:1", "x"]))


@given(SOURCES, st.lists(LOCATIONS), st.lists(LOCATIONS), st.lists(st.sampled_from(["customers", "visits"])))
def test_one_more_location_never_makes_a_job_cheaper(
    sources: list[str], some: list[DataLocation], more: list[DataLocation], charged: list[str]
) -> None:
    assert set(uncharged_datasets(sources, charged, some)) <= set(
        uncharged_datasets(sources, charged, [*some, *more])
    )


@pytest.mark.parametrize("source", [f"{FOLDER}/../visits", "s3://acme/%2e%2E/b", "a\\..\\b", "s3://\ufdd0/"])
def test_an_address_that_leads_elsewhere_is_none(source: str) -> None:
    assert not is_address(source)
    assert is_address(f"{PLACE}/v1..2")


PROMISE = JobPromise(("visits",), Fraction(1), Fraction(0))


def job(source: str | None) -> Job:
    return Job("sagemaker", "train-1", "arn", (JobInput("data", "0" * 64, None, source),))


def test_the_entry_point_refuses_an_input_of_a_dataset_that_is_not_charged() -> None:
    with pytest.raises(JobRefused, match="the input data reads where the policy keeps customers"):
        require_charged(PROMISE, job(f"{PLACE}/1"), [kept(PLACE)])
    require_charged(PROMISE, job("s3://acme/visits"), [kept(PLACE)])
    require_charged(PROMISE, job(f"{PLACE}/1"), [])


@pytest.mark.parametrize("source", [None, "s3://acme/x/../customers"])
def test_the_entry_point_refuses_an_input_from_nobody_knows_where(source: str | None) -> None:
    with pytest.raises(JobRefused, match="where the input data comes from is not known"):
        require_charged(PROMISE, job(source), [kept(PLACE)])
    require_charged(PROMISE, job(source), [])
