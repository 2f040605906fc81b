from diffprivlib import tools


def summary(ages, epsilon):
    mean = tools.mean(ages, epsilon=epsilon, bounds=(0, 120))
    return mean, tools.std(ages, epsilon=epsilon, bounds=(0, 120))
