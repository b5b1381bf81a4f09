# Between-group variation and robust errors from R's metafor and sandwich.
# Rscript tests/reference/heterogeneity.R > tests/reference/heterogeneity.csv
# R 4.2.2, metafor 3.8.1, sandwich 3.0.2; dat.bcg and mtcars are public example data. Tolerance of the tests: 1e-6.
suppressMessages({library(metafor); library(sandwich)})
tpos <- c(4,6,3,62,33,180,8,505,29,17,186,5,27);   tneg <- c(119,300,228,13536,5036,1361,2537,87886,7470,1699,50448,2493,16886)
cpos <- c(11,29,11,248,47,372,10,499,45,65,141,3,29); cneg <- c(128,274,209,12619,5761,1079,619,87892,7232,1600,27197,2338,17825)
say <- function(topic, name, value) cat(topic, name, format(value, digits=15), sep=",", fill=TRUE)
cat("topic,name,value\n")
d <- escalc(measure="RR", ai=tpos, bi=tneg, ci=cpos, di=cneg)
m <- rma(yi, vi, data=d, method="REML", test="knha", control=list(threshold=1e-12, maxiter=10000))
i <- confint(m)$random["tau",]
say("bcg", "tau", sqrt(m$tau2)); say("bcg", "low", i["ci.lb"]); say("bcg", "high", i["ci.ub"])
say("bcg", "mean", m$beta[1]); say("bcg", "mean_low", m$ci.lb); say("bcg", "mean_high", m$ci.ub); say("bcg", "q", m$QE)
for (k in seq_along(d$yi)) { say("yi", k, d$yi[k]); say("vi", k, d$vi[k]) }
l <- lm(mpg ~ wt + hp, data=mtcars)
se <- function(v) sqrt(diag(v))
for (j in 1:3) {
  say("hc3", j, se(vcovHC(l, type="HC3"))[j])
  say("cl", j, se(vcovCL(l, cluster=mtcars$carb, type="HC1"))[j])
  say("nw", j, se(NeweyWest(l, lag=floor(4*(32/100)^(2/9)), prewhite=FALSE, adjust=TRUE))[j])
  say("b", j, coef(l)[j])
}
for (k in 1:32) { say("mpg", k, mtcars$mpg[k]); say("wt", k, mtcars$wt[k]); say("hp", k, mtcars$hp[k]); say("carb", k, mtcars$carb[k]) }
