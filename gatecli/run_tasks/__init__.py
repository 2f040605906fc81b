"""The run task of HCP Terraform: a front door to `gatecli terraform check` (ADR 8); the home of aiohttp here.

It judges nothing itself: a plan is fetched, given to that command, and what the command said is sent
back. "passed" is said only of a report of a full check of exactly the bytes that were fetched.
"""
