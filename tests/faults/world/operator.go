package world

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Exit is the end of one process of the operator.
type Exit struct {
	Client  string
	Code    int            // -1 when a signal ended it
	Signal  syscall.Signal // 0 when it ended by itself
	Planned bool           // the harness or a fault sent that signal
	Asked   bool           // SIGTERM was sent
}

// Operator runs one replica and starts it again when it ends, as kubelet does.
type Operator struct {
	Client  string
	LogPath string
	binary  string
	flags   []string
	note    func(kind, client, note string)

	mutex    sync.Mutex
	process  *exec.Cmd
	ended    chan struct{} // of the process that runs now
	killed   bool
	asked    bool
	stopping bool
	exits    []Exit
	log      *os.File
	began    int64 // where in the log the process that runs now begins
}

// As short as a loaded machine and a sanitizer allow: fail-over by expiry takes six seconds.
var leases = map[string][]string{
	"quick": {"--leader-elect-lease-duration=6s", "--leader-elect-renew-deadline=5s", "--leader-elect-retry-period=500ms"},
	"slow":  {"--leader-elect-lease-duration=60s", "--leader-elect-renew-deadline=45s", "--leader-elect-retry-period=2s"},
}

// StartOperator starts a replica; note is called for each start and end.
func StartOperator(binary, client, kubeconfig, folder, lease string, flags []string, note func(kind, client, note string)) (*Operator, error) {
	if lease == "" {
		lease = "quick"
	}
	o := &Operator{Client: client, LogPath: filepath.Join(folder, client+".log"), binary: binary, note: note}
	o.flags = append([]string{
		"controller", "--kubeconfig=" + kubeconfig, "--health-address=127.0.0.1:0", "--log-level=debug",
		"--owner-deployment=profiling-operator-controller",
	}, leases[lease]...)
	for _, language := range []string{"java", "python", "node"} {
		o.flags = append(o.flags, "--agent-image-"+language+"=registry.example/agent-"+language+":1", "--agent-version-"+language+"=1.0")
	}
	o.flags = append(o.flags, flags...)
	var err error
	if o.log, err = os.OpenFile(o.LogPath, os.O_CREATE|os.O_TRUNC|os.O_WRONLY|os.O_APPEND, 0o644); err != nil {
		return nil, err
	}
	return o, o.start()
}

func (o *Operator) start() error {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if info, err := o.log.Stat(); err == nil {
		o.began = info.Size()
	}
	o.process = exec.Command(o.binary, o.flags...)
	o.process.Stdout, o.process.Stderr = o.log, o.log
	// A harness that is killed must not leave operators behind.
	o.process.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := o.process.Start(); err != nil {
		return err
	}
	o.killed, o.asked = false, false
	o.ended = make(chan struct{})
	o.note("process", o.Client, fmt.Sprintf("started, pid %d", o.process.Process.Pid))
	go o.wait(o.process, o.ended)
	return nil
}

func (o *Operator) wait(process *exec.Cmd, ended chan struct{}) {
	_ = process.Wait()
	o.mutex.Lock()
	exit := Exit{Client: o.Client, Code: process.ProcessState.ExitCode(), Asked: o.asked}
	if status, ok := process.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		exit.Signal = status.Signal()
		exit.Planned = o.killed && exit.Signal == syscall.SIGKILL
	}
	o.exits = append(o.exits, exit)
	again := !o.stopping
	count := len(o.exits)
	o.mutex.Unlock()
	o.note("process", o.Client, fmt.Sprintf("ended, code %d, signal %d", exit.Code, exit.Signal))
	close(ended)
	if !again {
		return
	}
	// kubelet's back-off, scaled down: a process that cannot stay up is seen by its number of exits.
	if count > 1 {
		time.Sleep(time.Duration(min(count, 10)) * 200 * time.Millisecond)
	}
	if err := o.start(); err != nil {
		o.note("process", o.Client, "cannot be started: "+err.Error())
	}
}

// Signal acts on the process that runs now. After kill it has ended; stop is undone after a while.
func (o *Operator) Signal(signal string, length time.Duration) {
	o.mutex.Lock()
	process, ended := o.process.Process, o.ended
	switch signal {
	case "kill":
		o.killed = true
	case "term":
		o.asked = true
	}
	o.mutex.Unlock()
	o.note("process", o.Client, signal)
	switch signal {
	case "kill":
		_ = process.Kill()
		<-ended
	case "term":
		_ = process.Signal(syscall.SIGTERM)
	case "stop":
		_ = process.Signal(syscall.SIGSTOP)
		time.AfterFunc(length, func() {
			o.note("process", o.Client, "continue")
			_ = process.Signal(syscall.SIGCONT)
		})
	}
}

// Stop terminates the process and waits; kills it after a deadline.
func (o *Operator) Stop(deadline time.Duration) (Exit, time.Duration) {
	o.mutex.Lock()
	o.stopping, o.asked = true, true
	process, ended := o.process.Process, o.ended
	o.mutex.Unlock()
	began := time.Now()
	_ = process.Signal(syscall.SIGCONT)
	_ = process.Signal(syscall.SIGTERM)
	select {
	case <-ended:
	case <-time.After(deadline):
		_ = process.Kill()
		<-ended
	}
	_ = o.log.Close()
	exits := o.Exits()
	return exits[len(exits)-1], time.Since(began)
}

// Kill ends everything at once, for a run that is given up.
func (o *Operator) Kill() {
	o.mutex.Lock()
	o.stopping, o.killed = true, true
	process, ended := o.process.Process, o.ended
	o.mutex.Unlock()
	_ = process.Kill()
	<-ended
}

// Exits of all processes so far.
func (o *Operator) Exits() []Exit {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return append([]Exit(nil), o.exits...)
}

// Log of the process that runs now.
func (o *Operator) Log() string {
	o.mutex.Lock()
	began := o.began
	o.mutex.Unlock()
	file, err := os.Open(o.LogPath)
	if err != nil {
		return ""
	}
	defer file.Close()
	_, _ = file.Seek(began, io.SeekStart)
	text, _ := io.ReadAll(file)
	return string(text)
}

var healthPort = regexp.MustCompile(`Health endpoints served.*?port=(\d+)`)

func (o *Operator) health(ctx context.Context, path string) (string, int, error) {
	found := healthPort.FindStringSubmatch(o.Log())
	if found == nil {
		return "", 0, fmt.Errorf("no health port yet")
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1:"+found[1]+path, nil)
	if err != nil {
		return "", 0, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", 0, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return string(text), response.StatusCode, err
}

// Ready waits for the process that runs now.
func (o *Operator) Ready(ctx context.Context) error {
	return Until(ctx, o.Client+" to be ready", func() (bool, error) {
		_, code, err := o.health(ctx, "/readyz")
		return err == nil && code == http.StatusOK, nil
	})
}

// Metrics are the samples without labels, and the whole text.
func (o *Operator) Metrics(ctx context.Context) (map[string]float64, string, error) {
	text, _, err := o.health(ctx, "/metrics")
	if err != nil {
		return nil, "", err
	}
	values := map[string]float64{}
	scanner := bufio.NewScanner(strings.NewReader(text))
	for scanner.Scan() {
		name, value, found := strings.Cut(scanner.Text(), " ")
		if number, err := strconv.ParseFloat(value, 64); found && err == nil {
			values[name] = number
		}
	}
	return values, text, nil
}
