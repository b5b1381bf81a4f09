# Between-unit variance and BLUPs of R metafor, for tests/stats/test_shrinkage.py: Rscript tests/reference/shrinkage.R
# Ten units with estimates y and variances v typed in below; PM and REML, with and without one covariate.
suppressMessages(library(metafor))
y <- c(28.4, 7.9, -2.8, 6.8, -0.6, 0.6, 18.0, 12.2, 31.5, 3.3)
v <- c(14.9, 10.2, 16.3, 11.0, 9.4, 11.4, 10.4, 17.6, 6.1, 25.0)^2 / 9
x <- c(1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
out <- NULL
add <- function(what, value) out <<- rbind(out, data.frame(what = what, value = format(value, digits = 15)))
tight <- list(threshold = 1e-10, maxiter = 10000, stepadj = 0.5, tol = 1e-14)
for (method in c("PM", "REML")) {
  plain <- rma(y, v, method = method, control = tight)
  mods <- rma(y, v, mods = ~x, method = method, control = tight)
  add(paste0("tau2_", method), plain$tau2)
  add(paste0("tau2_x_", method), mods$tau2)
  if (method == "PM") {
    add("q", plain$QE)
    add("q_p", plain$QEp)
    b <- blup(plain)
    for (j in seq_along(y)) add(paste0("blup_", j), b$pred[j])
  }
}
write.csv(out, "tests/reference/shrinkage.csv", row.names = FALSE, quote = FALSE)
cat("R", as.character(getRversion()), "metafor", as.character(packageVersion("metafor")), "\n")
