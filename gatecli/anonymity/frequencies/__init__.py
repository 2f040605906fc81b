"""Tables of counts: small cells, suppressed ones that can be computed again, groups that are all alike."""
