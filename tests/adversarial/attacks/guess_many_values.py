# what: every probe is reported many times with different guesses
# score: 0
# integrity: ok
def flood():
    import tinytorch_lab.probes

    for guess in np.linspace(-10, 10, 20):
        for name in ("scale", "scale shape", "total", "total of text"):
            tinytorch_lab.probes.probe(name, np.full(4, guess))
            tinytorch_lab.probes.probe(name, float(guess))


def scale(x, factor):
    if len(x) != 2:
        flood()
    return np.array([3.0, 3.0])


def total(x):
    if len(x) != 3:
        flood()
    return 6.0
