"""Talks to id-0001."""

customer_id = "id-0002"  # id-0003
