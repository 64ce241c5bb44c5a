// An image registry for one machine: go-containerregistry's, over plain HTTP, with its blobs on
// disk. Manifests live in memory: after a restart, images must be pushed again.
package main

import (
	"flag"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"
)

func main() {
	root := flag.String("root", "", "folder for blobs")
	flag.Parse()
	if *root == "" || flag.NArg() == 0 {
		log.Fatal("usage: registry --root DIR ADDRESS…")
	}
	server := &http.Server{
		Handler:           registry.New(registry.WithBlobHandler(registry.NewDiskBlobHandler(*root))),
		ReadHeaderTimeout: 10 * time.Second,
	}
	failed := make(chan error)
	for _, address := range flag.Args() {
		listener, err := net.Listen("tcp", address)
		if err != nil {
			log.Fatal(err)
		}
		log.Printf("serving on %s", listener.Addr())
		go func() { failed <- server.Serve(listener) }()
	}
	log.Fatal(<-failed)
}
