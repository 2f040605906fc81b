import opendp.prelude as dp


def private_count(values, epsilon):
    space = dp.atom_domain(T=int), dp.absolute_distance(T=int)
    return dp.m.make_laplace(*space, scale=1 / epsilon)(len(values))
