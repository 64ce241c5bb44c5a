module profiling.dev/profiling-operator/tests/truth/programs/go

go 1.26
