"""How fast the two big documents are written, and how long one step of it keeps others waiting."""

from figure import at_least, at_most
from measures.hotpath import told

ROUNDS = 20


def figures(binaries):
    found = []
    for certificates in (1_000, 10_000):
        metrics = told(binaries / "certplane-gauge", "metrics", certificates, ROUNDS)
        status = told(binaries / "certplane-gauge", "status", certificates, ROUNDS // 4)
        size = f"{metrics['bytes'] / 1e6:.1f} MB"
        what = f"of {certificates} certificates"
        found += [
            at_least(
                "rendering", f"metrics {what}, {size}", metrics["megabytes_per_second"], 400, "MB/s", digits=0),
            at_most("rendering", f"metrics {what}, longest step", metrics["longest_step_ms"], 5, "ms", digits=2),
            at_most("rendering", f"status {what}, longest step", status["longest_step_ms"], 5, "ms", digits=2),
        ]
    return found
