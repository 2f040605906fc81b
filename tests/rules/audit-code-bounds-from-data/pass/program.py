from diffprivlib import tools


def mean_age(ages, epsilon):
    return tools.mean(ages, epsilon=epsilon, bounds=(0, 120))
