# A small sample whose domains are hard: clusters whose numbers start anew in every stratum, two strata of one cluster,
# brands in few clusters, questions that whole clusters were not asked.
#   Rscript tests/reference/domain_data.R > tests/reference/domain_data.csv
set.seed(11)
sizes <- c(8, 6, 5, 4, 3, 2, 1, 1); N <- c(20, 12, 30, 9, 6, 5, 4, 2)
h <- rep(seq_along(sizes), sizes); c <- unlist(lapply(sizes, seq_len)); k <- seq_along(h)
each <- sample(5:12, length(h), TRUE); at <- rep(k, each); n <- length(at)
u <- rnorm(length(h), 0, .7)[at]; x <- round(rnorm(n) + .4 * u, 2); t <- (k %% 3 == 0)[at] * 1
brand <- ifelse(at %% 4 == 0, "Gamma", sample(c("Alfa", "Beta"), n, TRUE, c(.7, .3)))
brand[h[at] %in% c(3, 8) & brand == "Beta"] <- "Alfa"
y <- pmin(5, pmax(1, round(3.2 + .5 * x + u + rnorm(n, 0, .9)))); y[k[at] %% 7 == 0] <- NA
nps <- pmin(10, pmax(0, round(7 + .8 * x + u + rnorm(n, 0, 2))))
write.csv(data.frame(h = h[at], c = c[at], k = at, N = N[h[at]], w = round(runif(n, .4, 2.2), 2), wave = sample(1:2, n, TRUE),
                     brand, x, t, y, nps), row.names = FALSE, quote = FALSE, na = "")
