// A service with all of Go's profiles enabled and non-empty: it computes, allocates, retains memory,
// waits for channels and contends for a lock.
//
//	goapp ADDRESS    serves /debug/pprof there; prints "listening ADDRESS"
//
// GOAPP_STACKS: the number of additional allocating stacks, as in a large service.
// GOAPP_REST: milliseconds of rest after each round of work and each wait for the lock.
// GOAPP_ROUNDS: exits after this many rounds of work; without it, runs for ever.
package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	_ "net/http/pprof"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"sync"
	"syscall"
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

// Each number is a path through left and right, and so a separate stack.
func left(way, depth int) { descend(way, depth) }

func right(way, depth int) { descend(way, depth) }

func descend(way, depth int) {
	switch {
	case depth == 0:
		sink += uint64(len(make([]byte, 600_000+way))) // larger than the heap sampling interval
	case way&1 == 0:
		left(way>>1, depth-1)
	default:
		right(way>>1, depth-1)
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

// As services do: SIGTERM closes the port, and requests under way are waited for.
func serve(listener net.Listener) {
	server := &http.Server{}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	go func() {
		<-stop
		fmt.Println("stopped", server.Shutdown(context.Background()))
		os.Exit(0)
	}()
	server.Serve(listener)
}

func main() {
	runtime.SetBlockProfileRate(1)
	runtime.SetMutexProfileFraction(1)
	listener, err := net.Listen("tcp", os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	go serve(listener)
	fmt.Println("listening", listener.Addr())

	milliseconds, _ := strconv.Atoi(os.Getenv("GOAPP_REST"))
	rest := time.Duration(milliseconds) * time.Millisecond
	news := make(chan struct{})
	go wait(news)
	for range 3 {
		go func() {
			for {
				contend()
				time.Sleep(rest)
			}
		}()
	}
	stacks, _ := strconv.Atoi(os.Getenv("GOAPP_STACKS"))
	rounds, _ := strconv.Atoi(os.Getenv("GOAPP_ROUNDS"))
	for way, round := 0, 0; rounds == 0 || round < rounds; round++ {
		compute()
		allocate()
		for range min(stacks, 20) {
			descend(way, 12)
			way = (way + 1) % stacks
		}
		news <- struct{}{}
		time.Sleep(5*time.Millisecond + rest)
	}
}
