# Medians of domains of a designed sample from R's survey package: svyquantile on subset(design, ...) with Woodruff's
# errors, and the errors of Rao and Wu's bootstrap (n - 1 clusters of n drawn within each stratum; as.svrepdesign refuses
# strata of one cluster, so these are left out there), of a domain's weighted median in every replicate.
#   Rscript tests/reference/domain_quantiles.R > tests/reference/domain_quantiles.csv   (in the project's folder)
# Columns: design, domain, quantile, method, estimate, se
suppressPackageStartupMessages(library(survey))
options(survey.lonely.psu = "adjust", survey.replicates.mse = TRUE)
s <- read.csv("tests/reference/domain_data.csv")
cat(sprintf("# R %s, survey %s\n", getRversion(), packageVersion("survey")))
cat("design,domain,quantile,method,estimate,se\n")
made <- function(name, s) switch(name,
  "cluster+strata+weight" = svydesign(~c, strata = ~h, weights = ~w, data = s, nest = TRUE),
  "cluster+strata" = svydesign(~c, strata = ~h, weights = ~1, data = s, nest = TRUE),
  "cluster+weight" = svydesign(~k, weights = ~w, data = s))
inside <- list(all = quote(h > 0), beta = quote(brand == "Beta"), gamma = quote(brand == "Gamma"),
               beta_late = quote(brand == "Beta" & wave == 2))
lower <- function(w, x) { o <- order(x); x[o][which(cumsum(w[o]) >= sum(w) / 2 - 1e-12)[1]] }
set.seed(1)
for (name in c("cluster+strata+weight", "cluster+strata", "cluster+weight")) {
  for (where in names(inside)) for (p in c(.25, .5, .9)) {
    d <- subset(made(name, s), eval(inside[[where]]))
    q <- svyquantile(~x, d, p, interval.type = "mean", qrule = "math")
    cat(sprintf("%s,%s,%g,woodruff,%.12g,%.12g\n", name, where, p, coef(q), SE(q)))
  }
  few <- s[!s$h %in% c(7, 8), ]
  w <- weights(as.svrepdesign(made(name, few), type = "subbootstrap", replicates = 3000), type = "analysis")
  for (where in c("all", "beta")) {
    keep <- with(few, eval(inside[[where]]))
    q <- apply(w[keep, ], 2, lower, few$x[keep]); whole <- lower(if (grepl("weight", name)) few$w[keep] else rep(1, sum(keep)), few$x[keep])
    cat(sprintf("%s,%s,0.5,bootstrap,%.12g,%.12g\n", name, where, whole, sqrt(mean((q - mean(q))^2))))
  }
}
