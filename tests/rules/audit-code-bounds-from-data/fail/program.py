from diffprivlib import tools


def mean_age(ages, epsilon):
    return tools.mean(ages, epsilon=epsilon, bounds=(ages.min(), ages.max()))
