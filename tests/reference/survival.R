# R 4.2, survival: curves, restricted means, competing ends, delayed entry, robust errors, log-rank, grouped Cox.
# Rscript survival.R (in this folder) writes survival.csv from survival_data.csv
library(survival)
d <- read.csv("survival_data.csv")
out <- list()
put <- function(what, key, value) out[[length(out) + 1]] <<- data.frame(what = what, key = key, value = value)
left <- as.integer(d$cause == 1)
at <- c(3, 6, 12)
keep <- function(name, f) {
  s <- summary(f, times = at)
  who <- if (is.null(s$strata)) rep("", length(s$time)) else sub("group=", "", as.character(s$strata))
  key <- paste(who, s$time, sep = "|")
  put(paste0(name, ":estimate"), key, s$surv); put(paste0(name, ":se"), key, s$std.err)
  put(paste0(name, ":low"), key, s$lower); put(paste0(name, ":high"), key, s$upper)
}
keep("plain", survfit(Surv(time, left) ~ group, d, conf.type = "log-log"))
keep("entry", survfit(Surv(entry, time, left) ~ group, d, conf.type = "log-log"))
keep("robust", survfit(Surv(time, left) ~ group, d, weights = weight, cluster = cluster, conf.type = "log-log"))
keep("robust entry", survfit(Surv(entry, time, left) ~ group, d, weights = weight, cluster = cluster, conf.type = "log-log"))
keep("weights", survfit(Surv(time, left) ~ group, d, weights = weight, robust = TRUE, conf.type = "log-log"))
q <- quantile(survfit(Surv(time, left) ~ group, d, conf.type = "log-log"), 0.5)
put("median", c("a", "b"), q$quantile[, 1]); put("median:low", c("a", "b"), q$lower[, 1]); put("median:high", c("a", "b"), q$upper[, 1])
m <- summary(survfit(Surv(time, left) ~ group, d), rmean = 12)$table
put("mean", c("a", "b"), m[, "rmean"]); put("mean:se", c("a", "b"), m[, grep("se", colnames(m))])
for (name in c("competing", "competing weights")) {
  f <- if (name == "competing") survfit(Surv(time, factor(cause)) ~ 1, d) else
    survfit(Surv(time, factor(cause)) ~ 1, d, weights = weight) # (3.5.3 takes no notice of cluster= here)
  s <- summary(f, times = at)
  for (k in 1:2) { put(paste0(name, ":estimate"), paste(k, at, sep = "|"), s$pstate[, k + 1]); put(paste0(name, ":se"), paste(k, at, sep = "|"), s$std.err[, k + 1]) }
}
test <- survdiff(Surv(time, left) ~ group, d)
put("logrank", "statistic", test$chisq)
score <- summary(coxph(Surv(time, left) ~ group, d, ties = "breslow", weights = weight, cluster = cluster, robust = TRUE))
rows <- do.call(rbind, lapply(seq_len(nrow(d)), function(i) data.frame(d[i, ], period = (d$entry[i] + 1):d$time[i], y = 0)))
last <- rows$period == rows$time
rows$y[last] <- as.integer(rows$cause[last] == 1)
seen <- sort(unique(rows$period[rows$y == 1]))
rows <- rows[rows$period %in% seen, ]
g <- glm(y ~ 0 + factor(period) + group + score, binomial("cloglog"), rows, control = list(epsilon = 1e-14, maxit = 100))
put("cloglog", c("b", "score"), tail(coef(g), 2)); put("cloglog:se", c("b", "score"), sqrt(tail(diag(vcov(g)), 2)))
put("cloglog:loglik", "", as.numeric(logLik(g)))
w <- suppressWarnings(glm(y ~ 0 + factor(period) + group + score, binomial("cloglog"), rows, weights = weight, control = list(epsilon = 1e-14, maxit = 100)))
u <- residuals(w, "working") * weights(w, "working") * model.matrix(w)
sums <- rowsum(u, rows$cluster)
v <- summary(w)$cov.unscaled %*% crossprod(sums) %*% summary(w)$cov.unscaled
put("cloglog robust", c("b", "score"), tail(coef(w), 2)); put("cloglog robust:se", c("b", "score"), sqrt(tail(diag(v), 2)))
write.csv(do.call(rbind, out), "survival.csv", row.names = FALSE)
