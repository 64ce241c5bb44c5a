// A service with all of Go's profiles on, and something to tell in each: it computes, allocates,
// keeps some of it, waits for channels and fights for a lock.
//
//	goapp ADDRESS    where it serves /debug/pprof; says "listening ADDRESS" when it does
package main

import (
	"fmt"
	"net"
	"net/http"
	_ "net/http/pprof"
	"os"
	"runtime"
	"sync"
	"time"
)

var (
	kept [][]byte
	lock sync.Mutex
	sink uint64
)

func compute() {
	for i := uint64(0); i < 3_000_000; i++ {
		sink = sink*6364136223846793005 + i
	}
}

func allocate() {
	for range 200 {
		piece := make([]byte, 8192)
		if len(kept) < 500 {
			kept = append(kept, piece)
		}
	}
}

func contend() {
	lock.Lock()
	time.Sleep(time.Millisecond)
	lock.Unlock()
}

func wait(news <-chan struct{}) {
	for range news {
	}
}

func main() {
	runtime.SetBlockProfileRate(1)
	runtime.SetMutexProfileFraction(1)
	listener, err := net.Listen("tcp", os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	go http.Serve(listener, nil)
	fmt.Println("listening", listener.Addr())

	news := make(chan struct{})
	go wait(news)
	for range 3 {
		go func() {
			for {
				contend()
			}
		}()
	}
	for {
		compute()
		allocate()
		news <- struct{}{}
		time.Sleep(5 * time.Millisecond)
	}
}
