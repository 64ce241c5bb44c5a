package main

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

// The program's own account, in the form that ledger.py describes. The total is the CPU of the process, with the
// runtime's own threads, since that is what the profile holds.
type account struct {
	mutex sync.Mutex
	spent map[string]float64
	next  time.Time
	over  bool
	file  *os.File
}

const lineEvery = 50 * time.Millisecond

var (
	folder = os.Getenv("TRUTH_FOLDER")
	duty   = number("TRUTH_DUTY", 0.5)
	block  = number("TRUTH_BLOCK", 1)
	end    = time.Now().Add(time.Duration(1e9 * number("TRUTH_SECONDS", 240)))
	ledger = account{spent: map[string]float64{}}
)

func number(name string, otherwise float64) float64 {
	if value, err := strconv.ParseFloat(os.Getenv(name), 64); err == nil {
		return value
	}
	return otherwise
}

// clock is the CPU seconds of the calling thread; goroutines that use it stay on theirs.
func clock() float64 {
	const threadClock = 3
	var now syscall.Timespec
	syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, threadClock, uintptr(unsafe.Pointer(&now)), 0)
	return float64(now.Nano()) / 1e9
}

func processClock() float64 {
	var used syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &used)
	return float64(used.Utime.Nano()+used.Stime.Nano()) / 1e9
}

func (a *account) add(name string, amount float64) {
	a.mutex.Lock()
	a.spent[name] += amount
	a.mutex.Unlock()
	a.note(false)
}

func (a *account) note(now bool) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	if time.Now().Before(a.next) && !now {
		return
	}
	a.next = time.Now().Add(lineEvery)
	_, missing := os.Stat(filepath.Join(folder, "stop"))
	a.over = missing == nil || time.Now().After(end)
	line := map[string]float64{"t": float64(time.Now().UnixMicro()) / 1e6, "total": processClock()}
	for name, amount := range a.spent {
		line[name] = amount
	}
	text, _ := json.Marshal(line)
	a.file.Write(append(text, '\n'))
}

func (a *account) isOver() bool {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	return a.over
}

func timed(name string, work func(float64), seconds float64) float64 {
	runtime.LockOSThread()
	before := clock()
	work(seconds)
	used := clock() - before
	ledger.add(name, used)
	return used
}

func between(low, high float64) float64 { return low + (high-low)*rand.Float64() }

// rest pauses so that the goroutine computes for `share` of the time on average.
func rest(used, share float64) {
	time.Sleep(time.Duration(1e9 * used * (1/share - 1) * between(0.2, 1.8)))
}

// publish writes a file at once.
func publish(name, text string) {
	fresh := filepath.Join(folder, name+".new")
	os.WriteFile(fresh, []byte(text), 0o644)
	os.Rename(fresh, filepath.Join(folder, name))
}
