package proxy

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"profiling.dev/profiling-operator/tests/faults/plan"
)

// raw is a connection taken over from the HTTP server, to send what no server should.
type raw struct {
	conn   net.Conn
	out    *bufio.Writer
	forget func()
}

func (c *call) takeOver() (*raw, error) {
	conn, buffer, err := http.NewResponseController(c.w).Hijack()
	if err != nil {
		return nil, err
	}
	_ = conn.SetDeadline(time.Time{})
	return &raw{conn, buffer.Writer, c.p.track(c.ex.Client, conn)}, nil
}

func (r *raw) head(status int, header ...string) error {
	fmt.Fprintf(r.out, "HTTP/1.1 %d %s\r\nConnection: close\r\n", status, http.StatusText(status))
	for _, line := range header {
		fmt.Fprintf(r.out, "%s\r\n", line)
	}
	fmt.Fprint(r.out, "\r\n")
	return r.out.Flush()
}

func (r *raw) chunk(data []byte) error {
	fmt.Fprintf(r.out, "%x\r\n", len(data))
	_, _ = r.out.Write(data)
	fmt.Fprint(r.out, "\r\n")
	return r.out.Flush()
}

func (r *raw) write(data string) error {
	_, _ = r.out.WriteString(data)
	return r.out.Flush()
}

func (r *raw) close() {
	_ = r.conn.Close()
	r.forget()
}

// reset lets the kernel answer with RST instead of ending the stream.
func (r *raw) reset() {
	under := r.conn
	if secure, ok := under.(*tls.Conn); ok {
		under = secure.NetConn() // so that TLS sends no close_notify either
	}
	if tcp, ok := under.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = under.Close()
	r.forget()
}

// abort closes the connection without an answer.
func (c *call) abort(withReset bool) {
	r, err := c.takeOver()
	if err != nil {
		return
	}
	if withReset {
		r.reset()
	} else {
		r.close()
	}
}

// drip sends the answer in pieces with pauses, so that each read makes progress and the whole takes f.Delay.
func (c *call) drip(f plan.Fault) {
	r, err := c.takeOver()
	if err != nil {
		return
	}
	defer r.close()
	c.rec.Status = c.answer.status
	if r.head(c.answer.status, "Content-Type: application/json", "Content-Length: "+strconv.Itoa(len(c.answer.body))) != nil {
		return
	}
	const pieces = 20
	size := max(1, len(c.answer.body)/pieces)
	for rest := c.answer.body; len(rest) > 0; {
		n := min(size, len(rest))
		if r.write(string(rest[:n])) != nil {
			c.rec.Note = "the client gave up while the answer dripped"
			return
		}
		rest = rest[n:]
		if !c.pauseRaw(seconds(f.Delay / pieces)) {
			return
		}
	}
}

func (c *call) pauseRaw(length time.Duration) bool {
	select {
	case <-time.After(length):
		return true
	case <-c.p.stopped:
		return false
	}
}

// corrupt delivers the answer damaged; the request was carried out.
func (c *call) corrupt(f plan.Fault) bool {
	switch f.How {
	case "html":
		c.answer = &answer{http.StatusOK, http.Header{"Content-Type": {"text/html"}}, []byte("<html><body>Welcome to the network of this hotel</body></html>")}
		return false
	case "not-json":
		c.answer.body = []byte(strings.Repeat("\x00\xff{", 40))
		return false
	case "wrong-kind":
		c.answer = &answer{http.StatusOK, c.answer.header, []byte(`{"kind":"Pineapple","apiVersion":"v1","metadata":7,"status":[],"spec":"no","items":{"a":1}}`)}
		return false
	case "no-items": // as a server whose own cache is not ready has been seen to answer
		c.answer.body = fmt.Appendf(nil, `{"kind":"List","apiVersion":"v1","metadata":{"resourceVersion":%q},"items":[]}`, meta(c.answer.body).Metadata.ResourceVersion)
		return false
	case "empty":
		c.answer.body = nil
		return false
	}
	r, err := c.takeOver()
	if err != nil {
		return true
	}
	defer r.close()
	c.rec.Status = c.answer.status
	half := c.answer.body[:len(c.answer.body)/2]
	switch f.How {
	case "truncated":
		if r.head(c.answer.status, "Content-Type: application/json", "Content-Length: "+strconv.Itoa(len(c.answer.body))) == nil {
			_ = r.write(string(half))
		}
	case "bad-chunk":
		if r.head(c.answer.status, "Content-Type: application/json", "Transfer-Encoding: chunked") == nil {
			_ = r.write("zz\r\n" + string(half) + "\r\n-1\r\n")
		}
	case "bad-head":
		_ = r.write("HTTP/1.1 two hundred\r\n\x00: \r\nContent-Length: -5\r\n\r\n" + string(half))
	}
	return true
}
