package proxy

import (
	"crypto/tls"
	"net"
	"net/http"
	"sync/atomic"
)

// Decoy is another host with a certificate that the operator would trust: a client that follows a redirect
// shows up here, with or without its token.
type Decoy struct {
	URL      string
	requests atomic.Int64
	tokens   atomic.Int64
	server   *http.Server
}

func newDecoy(identity *Identity) (*Decoy, error) {
	listen, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	d := &Decoy{URL: "https://localhost:" + portOf(listen.Addr())}
	d.server = &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.requests.Add(1)
		if r.Header.Get("Authorization") != "" {
			d.tokens.Add(1)
		}
		http.Error(w, "{}", http.StatusNotFound)
	})}
	go func() {
		_ = d.server.Serve(tls.NewListener(listen, &tls.Config{Certificates: []tls.Certificate{identity.Certificate}}))
	}()
	return d, nil
}

// Arrived returns the number of requests, and how many of them carried a credential.
func (d *Decoy) Arrived() (requests, tokens int64) { return d.requests.Load(), d.tokens.Load() }

func (d *Decoy) Close() { _ = d.server.Close() }

func portOf(a net.Addr) string {
	_, port, _ := net.SplitHostPort(a.String())
	return port
}
