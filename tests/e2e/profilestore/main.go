// Command profilestore stands in for a Grafana Pyroscope 2.2 server (target all, v2 storage) in tests
// that cannot have the real one: it is started the same way, refuses the same configurations with the
// same words, and gives the same answers. See README.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"profiling.dev/profiling-operator/tests/e2e/profilestore/config"
	"profiling.dev/profiling-operator/tests/e2e/profilestore/jfr"
	"profiling.dev/profiling-operator/tests/e2e/profilestore/server"
	"profiling.dev/profiling-operator/tests/e2e/profilestore/store"
)

const (
	defaultReadyDelay = 2 * time.Second
	defaultJava       = "/usr/lib/jvm/bin/java"
	defaultReader     = "/usr/lib/profilestore/jfr-reader.jar"
	headerTimeout     = 10 * time.Second
)

func main() { os.Exit(run(os.Args[1:], os.Stderr)) }

// run returns the exit code: 2 for bad arguments, 1 for everything else that keeps it from serving.
func run(arguments []string, stderr io.Writer) int {
	flags := flag.NewFlagSet("pyroscope", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {}
	file := flags.String("config.file", "", "yaml file to load")
	expand := flags.Bool("config.expand-env", false, "expands ${var} in the file from the environment")
	target := flags.String("target", "", "modules to load: only \"all\"")
	flags.Bool("self-profiling.disable-push", false, "accepted: this store never profiles itself")
	if err := flags.Parse(arguments); err != nil {
		fmt.Fprintln(stderr, "Run with -help to get a list of available parameters")
		return 2
	}
	fail := func(doing string, err error) int {
		fmt.Fprintf(stderr, "failed %s: %v\n", doing, err)
		return 1
	}
	switch {
	case flags.NArg() > 0:
		return fail("parsing config", fmt.Errorf("unexpected argument %q", flags.Arg(0)))
	case *file == "":
		return fail("parsing config", errors.New("-config.file is required"))
	}
	c, err := config.Load(*file, *expand)
	if err != nil {
		return fail("parsing config", err)
	}
	if *target != "" {
		c.Target = strings.Split(*target, ",")
	}
	if err := c.Validate(); err != nil {
		return fail("creating pyroscope", err)
	}
	delay, err := readyDelay(os.Getenv("PROFILESTORE_READY_DELAY"))
	if err != nil {
		return fail("creating pyroscope", err)
	}
	if err := serve(&c, delay, stderr); err != nil {
		return fail("running pyroscope", err)
	}
	return 0
}

func readyDelay(text string) (time.Duration, error) {
	if text == "" {
		return defaultReadyDelay, nil
	}
	delay, err := time.ParseDuration(text)
	if err != nil || delay < 0 {
		return 0, fmt.Errorf("PROFILESTORE_READY_DELAY: %q is not a duration such as 2s or 30s", text)
	}
	return delay, nil
}

func environment(name, fallback string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return fallback
}

// serve runs until SIGTERM or SIGINT, then answers the requests in flight and writes the buffered profiles.
func serve(c *config.Config, delay time.Duration, stderr io.Writer) (err error) {
	log := newLogger(stderr, c.Server.LogLevel)
	bucket, err := store.NewBucket(c.Storage)
	if err != nil {
		return fmt.Errorf("error initialising module: storage: unable to initialise bucket: %w", err)
	}
	profiles, err := store.Open(c, bucket, log)
	if err != nil {
		return fmt.Errorf("error initialising module: metastore: %w", err)
	}
	defer func() { err = errors.Join(err, profiles.Close()) }()
	reader := jfr.NewReader(environment("PROFILESTORE_JAVA", defaultJava),
		environment("PROFILESTORE_JFR_READER", defaultReader))
	defer reader.Close()

	address := net.JoinHostPort(c.Server.HTTPListenAddress, strconv.Itoa(c.Server.HTTPListenPort))
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("error initialising module: server: %w", err)
	}
	front := server.New(c, profiles, reader, delay)
	protocols := &http.Protocols{}
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	httpServer := &http.Server{Handler: front, Protocols: protocols, ReadHeaderTimeout: headerTimeout,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug)}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	served := make(chan error, 1)
	go func() { served <- httpServer.Serve(listener) }()
	log.Info("server listening on addresses", "http", listener.Addr().String(), "version", server.Version)
	go checkBucket(ctx, c, bucket, log)

	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	log.Info("shutting down")
	front.Drain()
	time.Sleep(c.ShutdownDelay)
	grace, cancel := context.WithTimeout(context.Background(), c.Server.GracefulShutdown)
	defer cancel()
	return httpServer.Shutdown(grace)
}

// checkBucket only warns: the server keeps running with a bucket that it cannot use.
func checkBucket(ctx context.Context, c *config.Config, bucket store.Bucket, log *slog.Logger) {
	if !c.SegmentWriter.BucketHealthCheck {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, c.SegmentWriter.BucketHealthTimeout)
	defer cancel()
	if err := bucket.Check(ctx); err != nil {
		log.Warn("bucket health check failed", "component", "segment-writer", "err", err)
		log.Warn("failed to recover block metadata", "component", "metastore", "err", err)
		return
	}
	log.Debug("bucket health check succeeded", "component", "segment-writer")
}

// newLogger writes logfmt with the server's names of keys.
func newLogger(to io.Writer, level string) *slog.Logger {
	var least slog.Level
	if least.UnmarshalText([]byte(level)) != nil {
		least = slog.LevelInfo
	}
	return slog.New(slog.NewTextHandler(to, &slog.HandlerOptions{
		Level: least,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			switch a.Key {
			case slog.TimeKey:
				return slog.Time("ts", a.Value.Time().UTC())
			case slog.LevelKey:
				return slog.String("level", strings.ToLower(a.Value.String()))
			}
			return a
		},
	}))
}
