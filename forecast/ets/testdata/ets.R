# Writes ets.json, the reference forecasts of the multiplicative form of package ets.
#
#     Rscript ets.R     needs R and its package forecast (Debian r-cran-forecast)
#
# The recursion is that of forecast::ets, called in C with given parameters and
# initial states: additive error, additive trend, damped or not, multiplicative
# season.

library(forecast)
day <- 24
ahead <- 48
text <- paste(readLines("statsmodels.json"), collapse = "")
values <- as.numeric(strsplit(sub('.*"values": \\[([^]]*)\\].*', "\\1", text), ",")[[1]])
season <- 1 + 0.3 * sin(2 * pi * (0:(day - 1)) / day)
cases <- character(0)
for (phi in c(0.95, 1)) {
  # states run backwards: the season of the coming cell is the last one
  x <- numeric((length(values) + 1) * (day + 2))
  x[1:(day + 2)] <- c(100, 0.1, rev(season))
  ran <- .C("etscalc", as.double(values), as.integer(length(values)), x = as.double(x), as.integer(day),
    as.integer(1), as.integer(1), as.integer(2), # error and trend additive, season multiplicative
    as.double(0.3), as.double(0.02), as.double(0.15), as.double(phi),
    e = as.double(numeric(length(values))), lik = as.double(0), amse = as.double(numeric(30)), nmse = as.integer(30),
    PACKAGE = "forecast")
  last <- tail(ran$x, day + 2)
  seasons <- rev(last[3:(day + 2)])
  path <- (last[1] + cumsum(phi^(1:ahead)) * last[2]) * seasons[((0:(ahead - 1)) %% day) + 1]
  cases <- c(cases, sprintf('{"seasonal": "mul", "alpha": 0.3, "beta": 0.02, "gamma": 0.15, "phi": %g, "season": [%s], "forecast": [%s]}',
    phi, paste(format(season, digits = 15), collapse = ", "), paste(format(path, digits = 15), collapse = ", ")))
}
origin <- sprintf("R %s, forecast %s: etscalc, the recursion of ets(), model AAM", getRversion(), packageVersion("forecast"))
cat(sprintf('{"origin": "%s", "values": [%s], "cases": [%s]}\n', origin, paste(values, collapse = ", "), paste(cases, collapse = ",\n")),
  file = "ets.json")
