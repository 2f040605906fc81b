from diffprivlib import tools


def summary(ages, epsilon):
    share = epsilon / 2
    mean = tools.mean(ages, epsilon=share, bounds=(0, 120))
    return mean, tools.std(ages, epsilon=share, bounds=(0, 120))
