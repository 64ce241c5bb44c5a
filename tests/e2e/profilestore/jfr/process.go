// Package jfr reads Java flight recordings with the JDK's own reader, in a helper process that starts
// with the first recording and then stays.
package jfr

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"
)

// answerLimit bounds what is believed of a length that the helper sends.
const answerLimit = 256 << 20

// Reader owns the helper process. Its methods may be called from any goroutine; recordings are read one
// after another.
type Reader struct {
	java, classPath string
	timeout         time.Duration

	mutex   sync.Mutex
	process *helper
}

type helper struct {
	command *exec.Cmd
	input   io.WriteCloser
	output  *bufio.Reader
}

// NewReader names the java program and the class path that holds JfrReader. Nothing is started.
func NewReader(java, classPath string) *Reader {
	return &Reader{java: java, classPath: classPath, timeout: 30 * time.Second}
}

// Read parses a recording, already decompressed.
func (r *Reader) Read(ctx context.Context, recording []byte) (*Recording, error) {
	file, err := os.CreateTemp("", "recording-*.jfr") // the JDK reads files only
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.Remove(file.Name()) }()
	_, err = file.Write(recording)
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return nil, err
	}
	body, err := r.ask(ctx, file.Name())
	if err != nil {
		return nil, err
	}
	return parse(body)
}

// Close ends the helper.
func (r *Reader) Close() {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.end()
}

func (r *Reader) ask(ctx context.Context, path string) ([]byte, error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.process == nil {
		if err := r.start(); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	process := r.process.command.Process
	unwatch := context.AfterFunc(ctx, func() { _ = process.Kill() })
	status, body, err := r.process.exchange(path)
	if !unwatch() && err == nil {
		err = ctx.Err() // killed just after it answered
	}
	if err != nil {
		r.end()
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return nil, fmt.Errorf("the JFR reader stopped: %w", err)
	}
	if status != 0 {
		return nil, fmt.Errorf("jfr parser error: %s", body)
	}
	return body, nil
}

func (r *Reader) start() error {
	if r.java == "" || r.classPath == "" {
		return errors.New("no JFR reader: PROFILESTORE_JAVA and PROFILESTORE_JFR_READER name no java program and reader")
	}
	if _, err := os.Stat(r.classPath); err != nil {
		return fmt.Errorf("no JFR reader: %w", err)
	}
	command := exec.Command(r.java, "-Xmx192m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
		"-XX:-UsePerfData", "-cp", r.classPath, "JfrReader")
	command.Env = []string{"LC_ALL=C.UTF-8", "TMPDIR=" + os.TempDir()} // no JAVA_TOOL_OPTIONS
	command.Stderr = os.Stderr
	input, err := command.StdinPipe()
	if err != nil {
		return err
	}
	output, err := command.StdoutPipe()
	if err != nil {
		return err
	}
	if err := command.Start(); err != nil {
		return fmt.Errorf("no JFR reader: %w", err)
	}
	r.process = &helper{command, input, bufio.NewReader(output)}
	return nil
}

func (r *Reader) end() {
	if r.process == nil {
		return
	}
	_ = r.process.input.Close()
	_ = r.process.command.Process.Kill()
	_ = r.process.command.Wait()
	r.process = nil
}

func (h *helper) exchange(path string) (status byte, body []byte, err error) {
	if _, err := fmt.Fprintln(h.input, path); err != nil {
		return 0, nil, err
	}
	var head struct {
		Status byte
		Length int32
	}
	if err := binary.Read(h.output, binary.BigEndian, &head); err != nil {
		return 0, nil, err
	}
	if head.Length < 0 || head.Length > answerLimit {
		return 0, nil, fmt.Errorf("an answer of %d bytes", head.Length)
	}
	body = make([]byte, head.Length)
	_, err = io.ReadFull(h.output, body)
	return head.Status, body, err
}
