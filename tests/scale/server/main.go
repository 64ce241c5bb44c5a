// Command server plays a kube-apiserver of any size from memory, for tests of what the operator costs
// and how it behaves in a large cluster: lists, streaming lists, watches and writes over TLS on
// loopback, for a population of pods that is made on the fly, and faults on demand (control.go).
// It authenticates no client and validates nothing.
package main

import (
	"crypto/tls"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"time"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "server:", err)
		os.Exit(1)
	}
}

func run() error {
	var c scenario
	flag.IntVar(&c.pods, "pods", 500, "pods")
	flag.IntVar(&c.workloads, "workloads", 60, "workloads that they belong to")
	flag.IntVar(&c.namespaces, "namespaces", 10, "namespaces of the workloads")
	flag.IntVar(&c.profiled, "profiled", 20, "per cent of the workloads that are profiled")
	flag.IntVar(&c.policies, "policies", 10, "ProfilingPolicies, one for each of the first namespaces")
	flag.IntVar(&c.clusterPolicies, "cluster-policies", 0, "ClusterProfilingPolicies")
	flag.Uint64Var(&c.seed, "seed", 1, "of everything that is random")
	kubeconfig := flag.String("kubeconfig", "", "file to write a kubeconfig to (required)")
	keep := flag.Int("history", 100_000, "events that are kept for each resource")
	bookmarks := flag.Duration("bookmarks", time.Minute, "time between two bookmarks")
	listen := flag.String("listen", "127.0.0.1:0", "address of the API")
	steer := flag.String("control", "127.0.0.1:0", "address of the control endpoint")
	flag.Parse()
	if *kubeconfig == "" || c.workloads < 1 || c.pods < 0 {
		return fmt.Errorf("--kubeconfig is required, --workloads must be positive")
	}
	s := &server{store: newStore(*keep), counters: newCounters(), faults: newFaults(), bookmarks: *bookmarks}
	people := populate(s.store, c)

	certificate, ca, err := selfMade()
	if err != nil {
		return err
	}
	api, err := net.Listen("tcp", *listen)
	if err != nil {
		return err
	}
	controlled, err := net.Listen("tcp", *steer)
	if err != nil {
		return err
	}
	if err := writeKubeconfig(*kubeconfig, api.Addr().String(), ca); err != nil {
		return err
	}
	// Clients that go away in the middle of a handshake are what tests do.
	quiet := log.New(io.Discard, "", 0)
	control := &control{server: s, people: people}
	go func() { _ = (&http.Server{Handler: control.routes(), ErrorLog: quiet}).Serve(controlled) }()
	_ = json.NewEncoder(os.Stdout).Encode(map[string]any{"api": api.Addr().String(), "control": controlled.Addr().String(), "state": control.state()})
	web := &http.Server{Handler: s, ErrorLog: quiet, TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){},
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}}
	return web.ServeTLS(api, "", "")
}
