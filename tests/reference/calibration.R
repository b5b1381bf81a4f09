# Means and regressions under weights that were fitted to margins, from R's survey package: calibrate (raking), postStratify,
# subsets; svyolr takes rows without weight as well, so their missing answers are filled with a category.
#   Rscript tests/reference/calibration.R > tests/reference/calibration.csv   (in the project's folder)
# Columns: design, weights, domain, quantity, estimate, se
suppressPackageStartupMessages(library(survey))
options(survey.lonely.psu = "adjust")
s <- read.csv("tests/reference/domain_data.csv"); n <- nrow(s); s$wave <- factor(s$wave); s$brand <- factor(s$brand)
cat(sprintf("# R %s, survey %s\n", getRversion(), packageVersion("survey")))
cat("design,weights,domain,quantity,estimate,se\n")
s$net <- 100 * ((s$nps >= 9) - (s$nps <= 6)); net <- ~net
for (name in c("none", "weight", "cluster+weight", "cluster+strata")) {
  d <- switch(name, "none" = svydesign(~1, weights = ~1, data = s), "weight" = svydesign(~1, weights = ~w, data = s),
    "cluster+weight" = svydesign(~k, weights = ~w, data = s),
    "cluster+strata" = svydesign(~c, strata = ~h, weights = ~1, data = s, nest = TRUE))
  total <- sum(weights(d))
  raked <- calibrate(d, ~wave + brand, population = total * c(`(Intercept)` = 1, wave2 = .3, brandBeta = .35, brandGamma = .15),
                     calfun = "raking", epsilon = 1e-12, maxit = 500)
  post <- postStratify(d, ~brand, data.frame(brand = c("Alfa", "Beta", "Gamma"), Freq = total * c(.5, .35, .15)))
  for (kind in c("raked", "post")) {
    w <- if (kind == "raked") raked else post
    say <- function(domain, quantity, m) cat(sprintf("%s,%s,%s,%s,%.12g,%.12g\n", name, kind, domain, quantity, coef(m), SE(m)))
    say("", "nps", svymean(net, w)); say("", "mean", svymean(~y, w, na.rm = TRUE))
    for (b in levels(s$brand)) say(b, "nps", svymean(net, subset(w, brand == b)))
    for (b in levels(s$brand)) say(b, "mean", svymean(~y, subset(w, brand == b), na.rm = TRUE))
    t <- svytotal(~I(net * (wave == "1")) + I(net * (wave == "2")) + I(as.numeric(wave == "1")) + I(as.numeric(wave == "2")), w)
    names(t) <- c("s1", "s2", "n1", "n2"); dimnames(attr(t, "var")) <- list(names(t), names(t))
    g <- svyglm(y ~ x + t, w); for (k in names(coef(g))) cat(sprintf("%s,%s,,ols %s,%.12g,%.12g\n", name, kind, k, coef(g)[[k]], SE(g)[[k]]))
    g <- suppressWarnings(svyglm(I(nps >= 9) ~ x + t, w, family = quasibinomial(), epsilon = 1e-12))
    for (k in names(coef(g))) cat(sprintf("%s,%s,,logit %s,%.12g,%.12g\n", name, kind, k, coef(g)[[k]], SE(g)[[k]]))
    g <- suppressWarnings(svyglm(I(nps >= 9) ~ x + t, subset(w, brand != "Gamma"), family = quasibinomial(), epsilon = 1e-12))
    for (k in names(coef(g))) cat(sprintf("%s,%s,not Gamma,logit %s,%.12g,%.12g\n", name, kind, k, coef(g)[[k]], SE(g)[[k]]))
    o <- svyolr(factor(ifelse(is.na(y), 1, y)) ~ x + t, subset(w, !is.na(y))); se <- sqrt(diag(vcov(o))); e <- c(coef(o)); names(e) <- names(se)
    for (k in names(e)) cat(sprintf("%s,%s,,ordinal %s,%.12g,%.12g\n", name, kind, k, e[[k]], se[[k]]))
    say("2-1", "change", svycontrast(t, quote(s2 / n2 - s1 / n1)))
  }
}
