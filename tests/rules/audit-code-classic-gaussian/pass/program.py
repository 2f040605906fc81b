import math


def sigma(sensitivity, epsilon, delta):
    if epsilon > 1:
        raise ValueError("this formula holds for ε ≤ 1")
    return sensitivity * math.sqrt(2 * math.log(1.25 / delta)) / epsilon
