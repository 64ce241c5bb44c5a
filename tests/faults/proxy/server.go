// Package proxy sits between the operator and a real kube-apiserver: it terminates TLS, forwards HTTP/1.1,
// records each exchange and each event of a watch, and lets the faults of a plan happen.
package proxy

import (
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"profiling.dev/profiling-operator/tests/faults/plan"
)

// Actor does what a fault wants of the world outside the proxy.
type Actor interface {
	Signal(client string, signal string, length time.Duration) // kill returns when the process has ended
	Rotate()                                                   // a new token for the operator
	Foreign(object []byte)                                     // a third party creates an object
	Vanish(e *Exchange)                                        // a third party deletes the object of a request
	Wrote(r *Record)                                           // a write of a custom resource's status succeeded
}

// Upstream is the real API server.
type Upstream struct {
	URL    string // https://host:port
	Client *http.Client
}

// Proxy has one listener for each client, so that a trace distinguishes the replicas.
type Proxy struct {
	upstream Upstream
	identity *Identity
	trace    *Trace
	rules    *Rules
	actor    Actor
	decoy    *Decoy
	stopped  chan struct{} // closed at the end: releases hanging calls

	mutex   sync.Mutex
	doors   map[string]*door
	tokens  map[[32]byte]int
	refused map[int]bool // tokens that are answered with 401
}

// door is the listener of one client.
type door struct {
	address string
	server  *http.Server
	mutex   sync.Mutex
	listen  net.Listener
	open    map[net.Conn]bool
	shut    bool
}

// New makes a proxy without listeners.
func New(upstream Upstream, identity *Identity, trace *Trace, rules *Rules, actor Actor) (*Proxy, error) {
	decoy, err := newDecoy(identity)
	if err != nil {
		return nil, err
	}
	return &Proxy{
		upstream: upstream, identity: identity, trace: trace, rules: rules, actor: actor, decoy: decoy,
		stopped: make(chan struct{}), doors: map[string]*door{},
		tokens: map[[32]byte]int{}, refused: map[int]bool{},
	}, nil
}

// Listen opens the door of a client and returns its URL.
func (p *Proxy) Listen(client string) (string, error) {
	d := &door{open: map[net.Conn]bool{}}
	d.server = &http.Server{
		Handler:           http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { p.serve(client, w, r) }),
		TLSNextProto:      map[string]func(*http.Server, *tls.Conn, http.Handler){}, // HTTP/1.1 only
		ReadHeaderTimeout: time.Minute,
		ErrorLog:          log.New(io.Discard, "", 0), // clients that die in a handshake are the point here
		ConnState: func(c net.Conn, state http.ConnState) {
			d.mutex.Lock()
			defer d.mutex.Unlock()
			switch state {
			case http.StateNew:
				d.open[c] = true
			case http.StateClosed, http.StateHijacked:
				delete(d.open, c)
			}
		},
	}
	p.mutex.Lock()
	p.doors[client] = d
	p.mutex.Unlock()
	if err := p.unlock(d, "127.0.0.1:0"); err != nil {
		return "", err
	}
	d.address = d.listen.Addr().String()
	return "https://" + d.address, nil
}

func (p *Proxy) unlock(d *door, address string) error {
	listen, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	d.mutex.Lock()
	d.listen, d.shut = listen, false
	d.mutex.Unlock()
	secure := tls.NewListener(listen, &tls.Config{
		Certificates: []tls.Certificate{p.identity.Certificate}, NextProtos: []string{"http/1.1"}, MinVersion: tls.VersionTLS12,
	})
	go func() { _ = d.server.Serve(secure) }()
	return nil
}

// Refuse lets every connection of all clients end and refuses new ones for a while.
func (p *Proxy) Refuse(length time.Duration) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for _, d := range p.doors {
		d.lock()
		go func() {
			select {
			case <-time.After(length):
			case <-p.stopped:
				return
			}
			for range 50 { // the port is ours; it may only be in use for a moment
				if p.unlock(d, d.address) == nil {
					return
				}
				time.Sleep(20 * time.Millisecond)
			}
		}()
	}
}

func (d *door) lock() {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.shut = true
	_ = d.listen.Close()
	for c := range d.open {
		_ = c.Close()
	}
}

// track adopts a connection that was taken over from the HTTP server.
func (p *Proxy) track(client string, c net.Conn) (forget func()) {
	p.mutex.Lock()
	d := p.doors[client]
	p.mutex.Unlock()
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if d.shut {
		_ = c.Close()
	}
	d.open[c] = true
	return func() {
		d.mutex.Lock()
		defer d.mutex.Unlock()
		delete(d.open, c)
	}
}

// Close ends everything.
func (p *Proxy) Close() {
	p.rules.Stop()
	close(p.stopped)
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for _, d := range p.doors {
		d.lock()
		_ = d.server.Close()
	}
	p.decoy.Close()
}

// Decoy is where redirects lead; nothing may ever arrive there.
func (p *Proxy) Decoy() *Decoy { return p.decoy }

// Do carries out what a mark of the workload has begun.
func (p *Proxy) Do(faults []plan.Fault) {
	for _, f := range faults {
		client := f.On.Client
		if client == "" {
			client = "a"
		}
		switch f.Do {
		case "kill", "term", "stop":
			p.actor.Signal(client, f.Do, seconds(f.Seconds))
		case "refuse":
			p.Refuse(seconds(f.Seconds))
		}
	}
}

// tokenNumber distinguishes tokens without storing them.
func (p *Proxy) tokenNumber(header string) int {
	if !strings.HasPrefix(header, "Bearer ") {
		return 0
	}
	sum := sha256.Sum256([]byte(header))
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.tokens[sum] == 0 {
		p.tokens[sum] = len(p.tokens) + 1
	}
	return p.tokens[sum]
}

func (p *Proxy) refuseToken(number int) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.refused[number] = true
}

func (p *Proxy) tokenRefused(number int) bool {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.refused[number]
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

var errStopped = errors.New("the proxy was closed")
