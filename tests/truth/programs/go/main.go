// A program for the truth tests: main KIND [ARGUMENT] does a known amount of work and accounts for it. It serves
// /debug/pprof on loopback; TRUTH_FOLDER/pprof holds the port.
package main

import (
	"cmp"
	"fmt"
	"net"
	"net/http"
	_ "net/http/pprof"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"time"
)

const (
	work      = 0.004
	pieces    = 16
	pieceSize = 4 << 20 // far above the sampling interval, so that each is seen
	large     = 70_000
	small     = 30_000
)

var (
	sink  uint64
	piece []byte
	store [][]byte
)

//go:noinline
func spin(count int) {
	x := uint64(0)
	for i := range count {
		x = (x*31 + uint64(i)) % 1000003
	}
	sink += x
}

func priceBasket(seconds float64) {
	for end := clock() + seconds; clock() < end; {
		spin(20_000)
	}
}

func printReceipt(seconds float64) {
	for end := clock() + seconds; clock() < end; {
		spin(20_000)
	}
}

func handleOrder(seconds float64) {
	for end := clock() + seconds; clock() < end; {
		spin(5_000)
	}
}

// tinyPrice is compiled into its caller, whose time it nearly is.
func tinyPrice(x uint64) uint64 {
	for i := range uint64(24) {
		x = (x*31 + i) % 1000003
	}
	return x
}

//go:noinline
func sumOrders(seconds float64) {
	for end := clock() + seconds; clock() < end; {
		sum := uint64(0)
		for i := range uint64(2_000) {
			sum += tinyPrice(sum + i)
		}
		sink += sum
	}
}

func descend(depth int, seconds float64) {
	if depth > 0 {
		descend(depth-1, seconds)
		return
	}
	priceBasket(seconds)
}

func countWays(n int) int {
	if n < 2 {
		return 1
	}
	return countWays(n-1) + countWays(n-2)
}

func recursiveRound(seconds float64) {
	for end := clock() + seconds; clock() < end; {
		sink += uint64(countWays(18))
	}
}

func split(name string, first func(float64)) {
	for !ledger.isOver() {
		part := block * between(0.02, 0.08)
		rest(timed(name, first, 0.7*part)+timed("printReceipt", printReceipt, 0.3*part), duty)
	}
}

func burst(milliseconds float64) {
	for !ledger.isOver() {
		rest(timed("handleOrder", handleOrder, milliseconds/1000), min(duty, 0.3))
	}
}

func blocked(count int) {
	never := make(chan struct{})
	for range count {
		go func() { <-never }()
	}
	var working sync.WaitGroup
	for range 2 {
		working.Go(func() { split("priceBasket", priceBasket) })
	}
	working.Wait()
}

func watch() {
	for !ledger.isOver() {
		time.Sleep(lineEvery)
		ledger.note(false)
	}
}

func serve() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		timed("handleOrder", handleOrder, work)
		fmt.Fprint(w, "ok")
	}))
	publish("port", strconv.Itoa(listener.Addr().(*net.TCPAddr).Port))
	watch()
}

//go:noinline
func allocateBasket() { piece = make([]byte, large) }

//go:noinline
func allocateReceipt() { piece = make([]byte, small) }

func allocate() {
	for !ledger.isOver() {
		for range 20 {
			allocateBasket()
			allocateReceipt()
		}
		ledger.add("allocateBasket", 20*73728) // the size classes of both
		ledger.add("allocateReceipt", 20*32768)
		time.Sleep(5 * time.Millisecond)
	}
}

//go:noinline
func keepOrders() {
	for range pieces {
		store = append(store, make([]byte, pieceSize))
	}
}

func keep() {
	keepOrders()
	ledger.add("keepOrders", pieces*pieceSize)
	runtime.GC() // what is in use is known after a collection
	runtime.GC()
	watch()
	runtime.KeepAlive(store)
}

// awaitLock waits for a lock that another goroutine holds for 40 ms at a time.
func lock() {
	var mutex sync.Mutex
	go func() {
		for !ledger.isOver() {
			holdLock(&mutex)
			time.Sleep(20 * time.Millisecond)
		}
	}()
	for !ledger.isOver() {
		before := time.Now()
		mutex.Lock()
		waited := time.Since(before).Seconds()
		mutex.Unlock()
		ledger.add("holdLock", waited) // the profile names who let others wait
		time.Sleep(time.Duration(between(10, 60) * 1e6))
	}
}

//go:noinline
func holdLock(mutex *sync.Mutex) {
	mutex.Lock()
	time.Sleep(40 * time.Millisecond)
	mutex.Unlock()
}

func run(kind, argument string) {
	count, _ := strconv.ParseFloat(argument, 64)
	switch kind {
	case "shares":
		split("priceBasket", priceBasket)
	case "burst":
		burst(count)
	case "blocked":
		blocked(int(count))
	case "deep":
		split("priceBasket", func(seconds float64) { descend(int(count), seconds) })
	case "recursive":
		split("countWays", recursiveRound)
	case "inlined":
		split("tinyPrice", sumOrders)
	case "server":
		serve()
	case "allocate":
		allocate()
	case "keep":
		keep()
	case "lock":
		lock()
	default:
		panic("no such kind: " + kind)
	}
}

func main() {
	runtime.SetMutexProfileFraction(1)
	file, err := os.Create(filepath.Join(folder, fmt.Sprint(os.Getpid(), ".jsonl")))
	if err != nil {
		panic(err)
	}
	ledger.file = file
	ledger.note(true)
	// A restarted application is found on the same port.
	listener, err := net.Listen("tcp", "127.0.0.1:"+cmp.Or(os.Getenv("TRUTH_PPROF_PORT"), "0"))
	if err != nil {
		panic(err)
	}
	go http.Serve(listener, nil)
	publish("pprof", strconv.Itoa(listener.Addr().(*net.TCPAddr).Port))
	argument := ""
	if len(os.Args) > 2 {
		argument = os.Args[2]
	}
	run(os.Args[1], argument)
	ledger.note(true)
}
