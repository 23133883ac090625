"""Writes statsmodels.json and bats.json, the reference forecasts of package ets.

    python3 generate.py     needs statsmodels 0.13.5 (Debian python3-statsmodels) and numpy

statsmodels.json: statsmodels.tsa.exponential_smoothing.ets.ETSModel with given
parameters and initial states, smoothed over values, forecast 48 cells ahead.

bats.json: the matrices of De Livera, Hyndman and Snyder (JASA 106, 2011, section
2.1) written out, for two seasons and an AR(1) error: y = w'x + e, x = F x + g e.
"""

import json

import numpy as np
import pandas as pd
import statsmodels
from statsmodels.tsa.exponential_smoothing.ets import ETSModel

DAY, AHEAD = 24, 48


def wave(n):
    return np.sin(2 * np.pi * np.arange(n) / DAY)


def write(name, origin, values, cases):
    with open(name, "w") as f:
        json.dump({"origin": origin, "values": [round(v, 3) for v in values], "cases": cases}, f)
        f.write("\n")


def by_statsmodels():
    rng = np.random.default_rng(7)
    values = np.round(100 + 0.05 * np.arange(14 * DAY) + 30 * wave(14 * DAY) + rng.normal(0, 4, 14 * DAY), 3)
    alpha, beta, gamma, phi = 0.3, 0.02, 0.15, 0.95
    cases = []
    for damped in (True, False):  # products divide by the new level there, which is not the innovations form: see ets.R
        season = 30 * wave(DAY)
        model = ETSModel(
            pd.Series(values), error="add", trend="add", damped_trend=damped, seasonal="add", seasonal_periods=DAY,
            initialization_method="known", initial_level=100.0, initial_trend=0.1, initial_seasonal=list(season),
        )
        start = {"smoothing_level": alpha, "smoothing_trend": beta, "smoothing_seasonal": gamma, "damping_trend": phi,
                 "initial_level": 100.0, "initial_trend": 0.1}
        start.update({"initial_seasonal.%d" % i: s for i, s in enumerate(season)})
        names = model.param_names
        fitted = model.smooth([start[n] for n in names])
        cases.append({
            "alpha": alpha, "beta": beta, "gamma": gamma, "phi": phi if damped else 1.0,
            "season": list(season), "forecast": list(fitted.forecast(AHEAD)),
        })
    origin = "statsmodels %s: ETSModel(error='add', trend='add', ..., initialization_method='known').smooth(params).forecast(48)" % statsmodels.__version__
    write("statsmodels.json", origin, values, cases)


def by_matrices():
    rng = np.random.default_rng(8)
    week, n = 7 * DAY, 28 * DAY
    days = np.repeat(np.array([0, 5, 5, 0, 0, -20, -15.0]), DAY)
    noise = np.zeros(n)
    for i in range(1, n):
        noise[i] = 0.6 * noise[i - 1] + rng.normal(0, 3)
    values = np.round(200 + 40 * wave(n) + np.tile(days, n // week) + noise, 3)
    alpha, beta, phi, g1, g2, rho = 0.1, 0.01, 0.9, 0.12, 0.08, 0.7
    # state: level, slope, DAY seasonal values, week ones, last error
    size = 2 + DAY + week + 1
    f, g, w = np.zeros((size, size)), np.zeros(size), np.zeros(size)
    w[0], w[1], w[2], w[2 + DAY], w[-1] = 1, phi, 1, 1, rho
    f[0, 0], f[0, 1], f[1, 1] = 1, phi, phi
    f[0, -1], f[1, -1] = alpha * rho, beta * rho
    for first, m, gamma in ((2, DAY, g1), (2 + DAY, week, g2)):  # the value used now comes back m cells later
        for i in range(m - 1):
            f[first + i, first + i + 1] = 1
        f[first + m - 1, first] = 1
        f[first + m - 1, -1] = gamma * rho
        g[first + m - 1] = gamma
    f[-1, -1] = rho
    g[0], g[1], g[-1] = alpha, beta, 1
    x = np.zeros(size)
    x[0], x[1] = 200, 0.05
    x[2 : 2 + DAY], x[2 + DAY : 2 + DAY + week] = 40 * wave(DAY), days
    for y in values:
        x = f @ x + g * (y - w @ x)
    path = []
    for _ in range(AHEAD):
        path.append(float(w @ x))
        x = f @ x
    write("bats.json", "numpy %s: BATS matrices F, g, w" % np.__version__, values, [{
        "alpha": alpha, "beta": beta, "phi": phi, "gamma": g1, "longGamma": g2, "rho": rho,
        "season": list(40 * wave(DAY)), "longSeason": list(days), "forecast": path,
    }])


by_statsmodels()
by_matrices()
