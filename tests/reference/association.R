# Tests of a whole table under a design (Rao and Scott), from R's survey package on the California school data.
#   Rscript tests/reference/association.R > tests/reference/association.csv   (in the project's folder)
# Columns: sample, design, columns, statistic, df1, df2, p
suppressPackageStartupMessages(library(survey))
data(api)
band <- function(d) transform(d, band = ifelse(api00 < 600, 1, ifelse(api00 < 700, 2, 3)),
                              award = as.integer(awards == "Yes"))
strat <- band(apistrat); clus <- band(apiclus1)
cat(sprintf("# R %s, survey %s\n", getRversion(), packageVersion("survey")))
cat("sample,design,columns,statistic,df1,df2,p\n")
tests <- function(sample, label, d) for (by in c("stype", "award")) {
  found <- svychisq(as.formula(paste("~band +", by)), d, statistic = "F")
  cat(paste(sample, label, by, sprintf("%.12g", found$statistic), sprintf("%.12g", found$parameter[1]),
            sprintf("%.12g", found$parameter[2]), sprintf("%.12g", found$p.value), sep = ","), "\n", sep = "")
}
tests("apistrat", "weight", svydesign(~1, weights = ~pw, data = strat))
tests("apistrat", "weight+strata", svydesign(~1, strata = ~stype, weights = ~pw, data = strat))
tests("apiclus1", "cluster+weight", svydesign(~dnum, weights = ~pw, data = clus))
