# Means, domains, ratios, totals and intervals under a design, from R's survey package on the California school data.
# The data are survey's own (data(api)), as CSV in survey_weights_api of the public data.
#   Rscript tests/reference/design.R FOLDER_OF_API_CSV > tests/reference/design.csv
# Columns: sample, design, quantity, domain, estimate, se, df, low, high
suppressPackageStartupMessages(library(survey))
folder <- commandArgs(TRUE)[1]
read <- function(name) read.csv(file.path(folder, paste0(name, ".csv")))
strat <- read("apistrat"); clus1 <- read("apiclus1"); clus2 <- read("apiclus2")
cat(sprintf("# R %s, survey %s\n", getRversion(), packageVersion("survey")))
cat("sample,design,quantity,domain,estimate,se,df,low,high\n")
row <- function(sample, design, quantity, domain, e, se, df = NA, low = NA, high = NA)
  cat(sprintf("%s,%s,%s,%s,%.12g,%.12g,%.12g,%.12g,%.12g\n", sample, design, quantity, domain, e, se, df, low, high))
means <- function(sample, label, d) {
  for (v in c("api00", "enroll")) { m <- svymean(as.formula(paste0("~", v)), d, na.rm = TRUE); row(sample, label, v, "", coef(m), SE(m), degf(d)) }
  m <- svymean(~as.numeric(api00 >= 700), d)
  row(sample, label, "share700", "", coef(m), SE(m), degf(d))
  net <- svymean(~I((api00 >= 750) - (api00 < 600)), d)
  row(sample, label, "net", "", coef(net), SE(net), degf(d))
  by <- svyby(~api00, ~awards, d, svymean)
  for (i in seq_len(nrow(by)))
    row(sample, label, "api00", as.character(by$awards[i]), by$api00[i], by$se[i], degf(subset(d, awards == by$awards[i])))
  ci <- svyciprop(~I(api00 >= 700), d, method = "beta")
  row(sample, label, "beta", "", coef(ci), SE(ci), degf(d), confint(ci)[1], confint(ci)[2])
  r <- svyratio(~api.stu, ~enroll, d, na.rm = TRUE); row(sample, label, "ratio", "", coef(r), SE(r), degf(d))
  two <- svyby(~api00, ~awards, d, svymean, covmat = TRUE)
  k <- svycontrast(two, c(-1, 1)); row(sample, label, "difference", "Yes-No", coef(k), SE(k), degf(d))
}
options(survey.lonely.psu = "adjust")
means("apistrat", "weight", svydesign(~1, weights = ~pw, data = strat))
means("apistrat", "weight+strata", svydesign(~1, strata = ~stype, weights = ~pw, data = strat))
means("apistrat", "weight+strata+population", svydesign(~1, strata = ~stype, weights = ~pw, fpc = ~fpc, data = strat))
means("apiclus1", "cluster", svydesign(~dnum, weights = ~1, data = clus1))
means("apiclus1", "weight+cluster", svydesign(~dnum, weights = ~pw, data = clus1))
means("apiclus1", "weight+cluster+population", svydesign(~dnum, weights = ~pw, fpc = ~fpc, data = clus1))
means("apiclus2", "weight+cluster", svydesign(~dnum, weights = ~pw, data = clus2))
means("apistrat", "weight+strata+cluster", svydesign(~cnum, strata = ~stype, weights = ~pw, data = strat, nest = TRUE))
strat$lonely <- ifelse(strat$cnum == 19, "LA", ifelse(seq_len(nrow(strat)) == 1, "one", "other"))
means("apistrat", "weight+lonely", svydesign(~1, strata = ~lonely, weights = ~pw, data = strat))
