# Columns of tables against each other under a design, from R's survey package on the California school data.
#   Rscript tests/reference/crosstab.R > tests/reference/crosstab.csv   (in the project's folder; writes crosstab_data.csv too)
# Columns: sample, design, question, columns, first, second, difference, se
suppressPackageStartupMessages(library(survey))
data(api)
band <- function(d) transform(d, band = ifelse(api00 < 600, 1, ifelse(api00 < 700, 2, 3)),
                              award = as.integer(awards == "Yes"), wide = as.integer(sch.wide == "Yes"))
strat <- band(apistrat); clus <- band(apiclus1)
keep <- c("stype", "award", "wide", "band", "api00", "pw", "dnum")
write.csv(rbind(cbind(sample = "apistrat", strat[keep]), cbind(sample = "apiclus1", clus[keep])),
          "tests/reference/crosstab_data.csv", row.names = FALSE, quote = FALSE)
cat(sprintf("# R %s, survey %s\n", getRversion(), packageVersion("survey")))
cat("sample,design,question,columns,first,second,difference,se\n")
row <- function(...) cat(paste(..., sep = ","), "\n", sep = "")
tables <- function(sample, label, d) {
  for (by in c("stype", "award")) for (q in c("band1", "band2", "band3", "api00")) {
    y <- if (q == "api00") ~api00 else as.formula(sprintf("~I(as.numeric(band == %s))", substr(q, 5, 5)))
    cells <- svyby(y, as.formula(paste0("~", by)), d, svymean, covmat = TRUE)
    names <- as.character(cells[[by]])
    for (i in seq_along(names)) for (j in seq_along(names)) if (i < j) {
      k <- rep(0, length(names)); k[i] <- 1; k[j] <- -1
      found <- svycontrast(cells, k)
      row(sample, label, q, by, names[i], names[j], sprintf("%.12g", coef(found)), sprintf("%.12g", SE(found)))
    }
  }
  # columns that share respondents: schools with an award, and those that met the school-wide target
  for (k in 1:3) {
    d2 <- update(d, a = (band == k) * award, w = (band == k) * wide)
    r <- svyratio(~a + w, ~award + wide, d2, covmat = TRUE)   # a/award, w/award, a/wide, w/wide
    v <- vcov(r); e <- c(r$ratio[1, 1], r$ratio[2, 2]); at <- c(1, 4)
    row(sample, label, paste0("band", k), "both", "award", "wide", sprintf("%.12g", e[1] - e[2]),
        sprintf("%.12g", sqrt(v[1, 1] + v[4, 4] - 2 * v[1, 4])))
  }
}
tables("apistrat", "weight", svydesign(~1, weights = ~pw, data = strat))
tables("apistrat", "weight+strata", svydesign(~1, strata = ~stype, weights = ~pw, data = strat))
tables("apiclus1", "cluster+weight", svydesign(~dnum, weights = ~pw, data = clus))
