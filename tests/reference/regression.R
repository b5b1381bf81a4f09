# Reference values for cxlab.models regressions. Run: Rscript regression.R   (R, MASS, lme4, sandwich, clubSandwich, survey)
# Writes regression_data.csv (made here with a fixed seed) and regression.csv (model, errors, term, estimate, se, df).
suppressMessages({library(MASS); library(lme4); library(sandwich); library(clubSandwich); library(survey)})
set.seed(20)
n <- 240
d <- data.frame(clinic = rep(sprintf("c%02d", 1:12), times = c(5, 10, 12, 15, 18, 20, 22, 24, 26, 28, 30, 30)))
d$region <- ifelse(d$clinic %in% sprintf("c%02d", 1:5), "north", ifelse(d$clinic %in% sprintf("c%02d", 6:9), "mid", "south"))
d$agent <- sprintf("a%d", sample(8, n, TRUE))
effect <- setNames(rnorm(12, 0, .8), sort(unique(d$clinic))); agent <- setNames(rnorm(8, 0, .5), sort(unique(d$agent)))
d$wait <- round(rexp(n, .1), 1)
d$care <- pmin(pmax(round(3.4 + .5 * effect[d$clinic] + rnorm(n)), 1), 5)
d$channel <- sample(c("app", "desk", "phone"), n, TRUE, c(.5, .3, .2))
latent <- .7 * d$care - .04 * d$wait + .5 * (d$channel == "desk") + effect[d$clinic] + agent[d$agent] + rlogis(n)
d$overall <- round(pmin(pmax(latent + 4, 0), 10), 2)
d$happy <- as.integer(latent > 2.2)
d$grade <- as.integer(cut(latent, c(-Inf, .5, 1.8, 3.2, Inf)))
d$weight <- round(runif(n, .3, 3), 2)
write.csv(d, "regression_data.csv", row.names = FALSE)

out <- list()
add <- function(model, errors, est, se, df = NA) {
  out[[length(out) + 1]] <<- data.frame(model = model, errors = errors, term = names(est), estimate = unname(est),
                                        se = unname(se), df = unname(df))
}
f <- overall ~ care + wait * channel
for (weighted in c(FALSE, TRUE)) {
  m <- if (weighted) lm(f, d, weights = weight) else lm(f, d)
  name <- if (weighted) "ols-weighted" else "ols"
  add(name, "classical", coef(m), sqrt(diag(vcov(m))), m$df.residual)
  for (hc in c("HC0", "HC1", "HC2", "HC3")) add(name, hc, coef(m), sqrt(diag(vcovHC(m, hc))))
  add(name, "CR1", coef(m), sqrt(diag(vcovCL(m, d$clinic, type = "HC1", cadjust = TRUE))), 11)
  test <- coef_test(m, vcovCR(m, d$clinic, "CR2"), test = "Satterthwaite")
  add(name, "CR2", coef(m), test$SE, if ("df_Satt" %in% names(test)) test$df_Satt else test$df)
}
# a cluster with a coefficient to itself: north is one clinic here, so I - H is singular
e <- subset(d, clinic %in% c("c01", "c06", "c07", "c10", "c11", "c12"))
m <- lm(overall ~ care + region, e, weights = weight)
test <- coef_test(m, vcovCR(m, e$clinic, "CR2"), test = "Satterthwaite")
add("ols-own-region", "CR2", coef(m), test$SE, if ("df_Satt" %in% names(test)) test$df_Satt else test$df)

design <- svydesign(~clinic, strata = ~region, weights = ~weight, data = d)
m <- svyglm(f, design); add("ols-design", "design", coef(m), SE(m))
m <- svyglm(happy ~ care + wait + channel, design, family = quasibinomial(), control = list(epsilon = 1e-14))
add("logit-design", "design", coef(m), SE(m))
tight <- glm.control(epsilon = 1e-14, maxit = 100)
m <- glm(happy ~ care + wait + channel, binomial, d, control = tight)
add("logit", "classical", coef(m), sqrt(diag(vcov(m)))); add("logit", "HC0", coef(m), sqrt(diag(sandwich(m))))
add("logit", "CR0", coef(m), sqrt(diag(vcovCL(m, d$clinic, type = "HC0", cadjust = FALSE))))
add("logit", "loglik", c(loglik = as.numeric(logLik(m))), NA)
# polr's Hessian is numerical with steps of 1e-3 (errors of 2e-5 in se): take its estimates, and smaller steps
fine <- function(m, x, g, w, cdf) {
  p <- ncol(x); k <- length(m$zeta)
  nll <- function(t) {
    eta <- drop(x %*% t[1:p]); z <- t[p + 1:k]
    -sum(w * log(cdf(c(z, Inf)[g] - eta) - cdf(c(-Inf, z)[g] - eta)))
  }
  h <- optimHess(c(coef(m), m$zeta), nll, control = list(ndeps = rep(1e-4, p + k)))
  sqrt(diag(solve(h)))
}
for (link in c("logistic", "probit")) {
  m <- polr(factor(grade) ~ care + wait + channel, d, Hess = TRUE, method = link, control = list(reltol = 1e-15))
  x <- model.matrix(~ care + wait + channel, d)[, -1]
  se <- fine(m, x, d$grade, rep(1, n), if (link == "logistic") plogis else pnorm)
  add(paste0("ordinal-", link), "classical", c(coef(m), m$zeta), se)
  add(paste0("ordinal-", link), "loglik", c(loglik = as.numeric(logLik(m))), NA)
}
h <- MASS::housing
house <- polr(Sat ~ Infl + Type + Cont, h, weights = Freq, Hess = TRUE, control = list(reltol = 1e-15))
se <- fine(house, model.matrix(~ Infl + Type + Cont, h)[, -1], as.integer(h$Sat), h$Freq, plogis)
add("ordinal-housing", "classical", c(coef(house), house$zeta), se)
strict <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-12, maxfun = 1e5), check.conv.singular = "ignore")
mixed <- function(name, m) {
  v <- as.data.frame(VarCorr(m))
  add(name, "REML", fixef(m), sqrt(diag(as.matrix(vcov(m)))))
  add(name, "variance", setNames(v$vcov, v$grp), NA)
  add(name, "criterion", c(reml = as.numeric(REMLcrit(m))), NA)
}
mixed("mixed", lmer(overall ~ care + wait + channel + (1 | clinic), d, control = strict))
mixed("mixed-weighted", lmer(overall ~ care + wait + channel + (1 | clinic), d, weights = weight, control = strict))
mixed("mixed-crossed", lmer(overall ~ care + wait + channel + (1 | clinic) + (1 | agent), d, control = strict))
r <- do.call(rbind, out)
r$term <- sub("(Intercept)", "Intercept", r$term, fixed = TRUE)
options(digits = 15)
write.csv(format(r, digits = 12, trim = TRUE), "regression.csv", row.names = FALSE, quote = FALSE)
cat("# ", R.version.string, " MASS ", format(packageVersion("MASS")), " lme4 ", format(packageVersion("lme4")), " sandwich ",
    format(packageVersion("sandwich")), " clubSandwich ", format(packageVersion("clubSandwich")), " survey ",
    format(packageVersion("survey")), "\n", sep = "", file = "regression.versions")
