"""Checks against a ledger: releases and the budgets they are charged to."""
