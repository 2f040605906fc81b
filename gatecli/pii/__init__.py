"""Personal data: how it is recognised, decoded, masked and fingerprinted."""
