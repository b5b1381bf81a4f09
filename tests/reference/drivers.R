# Reference values of the driver analysis, made with R alone (no relaimpo): Rscript tests/reference/drivers.R
# Writes swiss.csv, birthwt.csv, apiclus1.csv (data of R packages datasets, MASS, survey) and drivers.csv (values) beside it.
# Shapley and Owen values by brute force over all orders of maximum-likelihood or least-squares fits.
suppressMessages({library(MASS); library(nnet); library(survey)})
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE)))
out <- data.frame(quantity = character(), term = character(), value = numeric())
put <- function(quantity, values) {
  out <<- rbind(out, data.frame(quantity = quantity, term = names(values), value = unname(values)))
}
orders <- function(v) if (length(v) <= 1) list(v) else
  do.call(c, lapply(seq_along(v), function(i) lapply(orders(v[-i]), function(r) c(v[i], r))))
average <- function(players, value, allowed = function(o) TRUE) {
  seen <- new.env()
  known <- function(s) {
    key <- paste(c("-", sort(s)), collapse = "|")
    if (is.null(seen[[key]])) seen[[key]] <- value(s)
    seen[[key]]
  }
  total <- setNames(numeric(length(players)), players); n <- 0
  for (o in orders(players)) if (allowed(o)) {
    n <- n + 1; before <- character()
    for (j in o) { after <- c(before, j); total[j] <- total[j] + known(after) - known(before); before <- after }
  }
  total / n
}
rhs <- function(s) if (length(s)) paste(s, collapse = " + ") else "1"

write.csv(swiss, file.path(here, "swiss.csv"), row.names = FALSE)
x <- setdiff(names(swiss), "Fertility")
r2 <- function(w) function(s) summary(lm(as.formula(paste("Fertility ~", rhs(s))), swiss, weights = w))$r.squared
put("lmg", average(x, r2(rep(1, 47))))
put("lmg weighted", average(x, r2(swiss$Catholic + 1)))
together <- function(o) abs(diff(match(c("Education", "Examination"), o))) == 1
put("owen", average(x, r2(rep(1, 47)), together))
R <- cor(swiss[x]); r <- cor(swiss[x], swiss$Fertility)[, 1]; e <- eigen(R)
root <- e$vectors %*% diag(sqrt(e$values)) %*% t(e$vectors)
put("johnson", setNames((root^2 %*% solve(root, r)^2)[, 1], x))
put("car", setNames(solve(root, r)^2, x))
put("beta", setNames(solve(R, r), x))
put("pratt", setNames(solve(R, r) * r, x))
put("last", sapply(x, function(j) r2(rep(1, 47))(x) - r2(rep(1, 47))(setdiff(x, j))))
put("vif", setNames(diag(solve(R)), x))

b <- transform(birthwt, size = cut(bwt, c(0, 2500, 3000, 3500, 6000), labels = FALSE))
b <- b[c("low", "age", "lwt", "smoke", "ht", "ftv", "race", "size")]
write.csv(b, file.path(here, "birthwt.csv"), row.names = FALSE)
x <- c("age", "lwt", "smoke", "ht")
mcfadden <- function(fit) function(s) {
  ll <- function(s) as.numeric(logLik(fit(as.formula(paste("Y ~", rhs(s))))))
  1 - ll(s) / ll(character())
}
logit <- function(f) glm(f, binomial, transform(b, Y = low), control = list(epsilon = 1e-14))
put("mcfadden logit", average(x, mcfadden(logit)))
ordinal <- function(f) polr(f, transform(b, Y = factor(size), lwt = lwt / 30, age = age / 5), control = list(reltol = 1e-14))
put("mcfadden ordinal", average(x, mcfadden(ordinal)))
multi <- function(f) multinom(f, transform(b, Y = factor(race), lwt = lwt / 30, age = age / 5), trace = FALSE, reltol = 1e-15, maxit = 1000)
put("mcfadden multinomial", average(x, mcfadden(multi)))
deviance2 <- function(s) {
  fit <- glm(as.formula(paste("ftv ~", rhs(s))), poisson, b, control = list(epsilon = 1e-14))
  1 - fit$deviance / fit$null.deviance
}
put("deviance count", average(x, deviance2))
latent <- function(fit, residual) { v <- mean((fit - mean(fit))^2); v / (v + residual) }
put("latent", c(
  logit = latent(predict(logit(Y ~ age + lwt + smoke + ht)), pi^2 / 3),
  ordinal = latent(ordinal(Y ~ age + lwt + smoke + ht)$lp, pi^2 / 3),
  count = latent(predict(glm(ftv ~ age + lwt + smoke + ht, poisson, b)), log1p(1 / mean(b$ftv)))
))

data(api)
a <- apiclus1[c("api00", "ell", "meals", "mobility", "pw", "dnum")]
write.csv(a, file.path(here, "apiclus1.csv"), row.names = FALSE)
fit <- svyglm(api00 ~ ell + meals + mobility, svydesign(id = ~dnum, weights = ~pw, data = a))
put("svyglm coef", coef(fit)); put("svyglm se", sqrt(diag(vcov(fit))))

write.csv(format(out, digits = 12), file.path(here, "drivers.csv"), row.names = FALSE, quote = FALSE)
cat(R.version.string, paste("survey", packageVersion("survey"), "MASS", packageVersion("MASS"), "nnet", packageVersion("nnet")), "\n")
