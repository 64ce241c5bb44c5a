module profiling.dev/profiling-operator/tests/scale

go 1.26
