import numpy as np


def private_count(values, epsilon):
    return len(values) + np.random.laplace(scale=1 / epsilon)
