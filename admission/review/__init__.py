"""From a request to its answer: what is searched, what is found, what is done about it."""
