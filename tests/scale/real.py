def measure(report): raise SystemExit("real")
