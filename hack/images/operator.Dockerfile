# Context: the folder that hack/images/operator-rootfs.sh DIR/rootfs BINARY filled.
FROM scratch
COPY rootfs /
USER 65532:65532
ENTRYPOINT ["/usr/bin/profiling-operator"]
