module profiling.dev/profiling-operator/tests/faults

go 1.26
