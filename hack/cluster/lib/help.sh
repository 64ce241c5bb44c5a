# The text of `cluster --help`.
# shellcheck shell=bash

print_help() {
  cat <<'TEXT'
A real Kubernetes cluster on this machine, built from source modules: no container engine, no
container registry, nothing left behind. Needs root and Linux; hack/deps installs what it uses.

usage: hack/cluster/cluster [--name NAME] COMMAND

  --name NAME   which cluster (default "profiling"): letters, digits and dashes, 12 at most.
                Clusters of different names run side by side.

Life cycle
  up                        start the whole cluster, or repair what is missing in a running one.
                            One node; CoreDNS, metrics API, a default StorageClass with twelve
                            volumes, an S3 server. Builds what is not in the cache yet.
  up --control-plane-only   only etcd and kube-apiserver: two seconds, no containers. A later `up`
                            adds the rest. There are no controllers: create the ServiceAccount
                            "default" of a namespace yourself before creating pods in it.
  down                      stop everything and remove every process, mount, link, namespace and
                            file of the cluster. Also cleans up after an `up` that was killed.
  status                    what runs, where, and what does not; fails unless all of it runs
  build [PART…]             build the programs and images into the cache; a second time costs
                            nothing. Parts: etcd apiserver kubectl node coredns metrics-server s3
                            helm registry images. Without a part: all of them (cold: 12 minutes on two cores)

Working with it
  kubectl ARG…              kubectl as cluster administrator
  helm ARG…                 helm as cluster administrator
                            Both use $KUBECONFIG where it is set and this cluster is not up.
  kubeconfig                path of the administrator's kubeconfig; works from the host
  load-image FILE…          load docker-archive files (docker save, buildah push docker-archive:…,
                            hack/images/scratch_image.py) into the node; use imagePullPolicy
                            IfNotPresent or Never
  registry [PORT]           start an image registry on the host's loopback (default port 5000,
                            plain HTTP) that the node pulls from by the same name; prints it.
                            A restart of the registry forgets its images: push them again
  images                    paths of the docker-archive files of the cluster's own images
  exec CMD…                 run a command in the cluster's network, where Services and pods answer
  host-ip                   the host's address as the cluster sees it: a process on the host that
                            listens there can be an admission webhook, https://HOST_IP:PORT
  logs [COMPONENT]          the end of a component's log, or the list of components
  s3                        apply only the S3 server, to this cluster or to $KUBECONFIG
                            (S3_IMAGE=HOST/PATH:TAG says where that cluster pulls it from; push
                            there the s3.tar that `images` names)

S3 server   http://s3.profiling.svc:7070, bucket "profiles", path-style addresses, Secret
            "s3-credentials" in namespace "profiling" (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY)

Environment
  PROFILING_CACHE   built programs and images (default ${XDG_CACHE_HOME:-~/.cache}/profiling-operator)
  PROFILING_STATE   running clusters (default /var/lib/profiling-cluster); 60 characters at most
                    with the name, for sockets live there
  CLUSTER_APISERVER_FLAGS   further flags of kube-apiserver, separated by spaces

A cluster lives in a network namespace of its own, joined to the host by one veth pair with a /30
of 198.18.0.0/15. Nothing leaves the machine, and no firewall rule, route or kernel setting of the
host is changed. Pods can not reach the outside; images must be loaded, or pushed to `registry`.

Examples
  hack/cluster/cluster up
  hack/cluster/cluster kubectl get pods -A
  export KUBECONFIG=$(hack/cluster/cluster kubeconfig)
  hack/cluster/cluster --name second up --control-plane-only
  hack/cluster/cluster exec curl -sk https://10.96.0.1/version
  hack/cluster/cluster down
TEXT
}
