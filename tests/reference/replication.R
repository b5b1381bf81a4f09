# Replicate weights and jackknife of R's survey package on regression_data.csv: Rscript replication.R
library(survey)
options(survey.replicates.mse = TRUE) # deviations from the full estimate
d <- read.csv("regression_data.csv")
d <- d[!is.na(d$overall) & !is.na(d$weight), ]
d$pair <- (as.integer(factor(d$clinic)) + 1) %/% 2
out <- list()
add <- function(design, statistic, group, estimate, se, df)
  out[[length(out) + 1]] <<- data.frame(design, statistic, group, estimate, se, df)
told <- function(name, r) {
  m <- svymean(~overall, r); add(name, "mean", "", coef(m), SE(m), degf(r))
  g <- svyby(~overall, ~channel, r, svymean)
  add(name, "mean", as.character(g$channel), coef(g), SE(g), NA)
  v <- withReplicates(r, function(w, data) {
    m <- sum(w * data$overall) / sum(w); sqrt(sum(w * (data$overall - m)^2) / sum(w)) })
  add(name, "sd", "", coef(v), SE(v), degf(r))
}
told("JKn", as.svrepdesign(svydesign(~clinic, strata = ~region, weights = ~weight, data = d), type = "JKn"))
paired <- svydesign(~clinic, strata = ~pair, weights = ~weight, data = d)
designs <- list(
  brr = as.svrepdesign(paired, type = "BRR"),
  fay = as.svrepdesign(paired, type = "Fay", fay.rho = 0.3),
  jk1 = as.svrepdesign(svydesign(~clinic, weights = ~weight, data = d), type = "JK1"))
for (name in names(designs)) {
  w <- as.data.frame(weights(designs[[name]], type = "analysis"))
  names(w) <- paste0(name, seq_along(w))
  d <- cbind(d, w)
  told(name, designs[[name]])
}
write.csv(format(do.call(rbind, out), digits = 12, trim = TRUE), "replication.csv", row.names = FALSE, quote = FALSE)
keep <- c("overall", "channel", "weight", "clinic", "region", grep("^(brr|fay|jk1)", names(d), value = TRUE))
write.csv(format(d[keep], digits = 12, trim = TRUE), "replication_data.csv", row.names = FALSE, quote = FALSE)
