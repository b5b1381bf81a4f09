# Domains of a designed sample from R's survey package: subset(design, ...), lonely strata by "adjust".
#   Rscript tests/reference/domain.R > tests/reference/domain.csv   (in the project's folder)
# The sample itself comes from tests/reference/domain_data.R, as tests/reference/domain_data.csv.
# Columns: design, domain, quantity, term, estimate, se, df
suppressPackageStartupMessages({library(survey); library(MASS)})
options(survey.lonely.psu = "adjust")
s <- read.csv("tests/reference/domain_data.csv")
s$id <- seq_len(nrow(s))
cat(sprintf("# R %s, survey %s\n", getRversion(), packageVersion("survey")))
cat("design,domain,quantity,term,estimate,se,df\n")
line <- function(design, domain, quantity, term, e, se, df = NA)
  cat(sprintf("%s,%s,%s,%s,%.12g,%.12g,%.12g\n", design, domain, quantity, gsub(",", " ", term), e, se, df))
designs <- list(
  "cluster+strata+weight" = svydesign(~c, strata = ~h, weights = ~w, data = s, nest = TRUE),
  "cluster+strata" = svydesign(~c, strata = ~h, weights = ~1, data = s, nest = TRUE),
  "cluster+strata+weight+population" = svydesign(~c, strata = ~h, weights = ~w, fpc = ~N, data = s, nest = TRUE),
  "cluster+weight" = svydesign(~k, weights = ~w, data = s),
  "strata+weight" = svydesign(~1, strata = ~h, weights = ~w, data = s))
domains <- list(all = quote(id > 0), beta = quote(brand == "Beta"), gamma = quote(brand == "Gamma"),
                beta_late = quote(brand == "Beta" & wave == 2))
for (name in names(designs)) for (where in names(domains)) {
  d <- subset(designs[[name]], eval(domains[[where]]))
  say <- function(...) line(name, where, ...)
  m <- svymean(~y, d, na.rm = TRUE); say("mean", "", coef(m), SE(m), degf(subset(d, !is.na(y))))
  m <- svymean(~I(100 * ((nps >= 9) - (nps <= 6))), d, na.rm = TRUE); say("nps", "", coef(m), SE(m))
  m <- svymean(~as.numeric(y >= 4), d, na.rm = TRUE); say("share", "", coef(m), SE(m))
  two <- svyby(~y, ~wave, subset(d, !is.na(y)), svymean, covmat = TRUE)
  if (nrow(two) == 2) { k <- svycontrast(two, c(-1, 1)); say("change", "2-1", coef(k), SE(k)) }
  g <- svyglm(y ~ x + t, d); for (t in names(coef(g))) say("ols", t, coef(g)[[t]], SE(g)[[t]])
  if (where != "gamma") {
    g <- suppressWarnings(svyglm(I(nps >= 9) ~ x + t, d, family = quasibinomial(), epsilon = 1e-12))
    for (t in names(coef(g))) say("logit", t, coef(g)[[t]], SE(g)[[t]])
    o <- svyolr(factor(y) ~ x + t, subset(d, !is.na(y)))
    se <- sqrt(diag(vcov(o))); e <- c(coef(o)); names(e) <- names(se)
    for (t in names(e)) say("ordinal", t, e[[t]], se[[t]])
  }
  # jackknife of clusters within strata, the domain taken of the replicate design
  if (!grepl("population", name)) {
    j <- subset(as.svrepdesign(designs[[name]], type = if (grepl("strata", name)) "JKn" else "JK1",
                              mse = TRUE),
                eval(domains[[where]]))
    m <- svymean(~I(100 * ((nps >= 9) - (nps <= 6))), subset(j, !is.na(nps)))
    say("jackknife", "nps", coef(m), SE(m), degf(subset(j, !is.na(nps))))
  }
}
