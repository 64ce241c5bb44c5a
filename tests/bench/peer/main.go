// The webhook that `make bench-webhook` compares ours with: as small as one on controller-runtime can
// be, without a cache, a client or metrics. It adds what --added holds to each pod that opted in.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/webhook"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
)

// added is what an injected pod has more than before; the benchmark takes it from our webhook's answer.
type added struct {
	Labels        map[string]string  `json:"labels"`
	Annotations   map[string]string  `json:"annotations"`
	Volume        corev1.Volume      `json:"volume"`
	InitContainer corev1.Container   `json:"initContainer"`
	Env           []corev1.EnvVar    `json:"env"`
	VolumeMount   corev1.VolumeMount `json:"volumeMount"`
}

type injector struct {
	decoder admission.Decoder
	added   added
}

func (i *injector) Handle(_ context.Context, request admission.Request) admission.Response {
	pod := &corev1.Pod{}
	if err := i.decoder.Decode(request, pod); err != nil {
		return admission.Errored(http.StatusBadRequest, err)
	}
	if pod.Annotations["profiling.dev/inject"] != "true" {
		return admission.Allowed("not opted in")
	}
	if pod.Labels == nil {
		pod.Labels = map[string]string{}
	}
	for key, value := range i.added.Labels {
		pod.Labels[key] = value
	}
	for key, value := range i.added.Annotations {
		pod.Annotations[key] = value
	}
	pod.Spec.Volumes = append(pod.Spec.Volumes, i.added.Volume)
	pod.Spec.InitContainers = append(pod.Spec.InitContainers, i.added.InitContainer)
	for n := range pod.Spec.Containers {
		container := &pod.Spec.Containers[n]
		container.Env = append(container.Env, i.added.Env...)
		container.VolumeMounts = append(container.VolumeMounts, i.added.VolumeMount)
	}
	changed, err := json.Marshal(pod)
	if err != nil {
		return admission.Errored(http.StatusInternalServerError, err)
	}
	return admission.PatchResponseFromRaw(request.Object.Raw, changed)
}

func run() error {
	port := flag.Int("port", 0, "port to listen on")
	certificates := flag.String("tls-dir", "", "folder of tls.crt and tls.key")
	file := flag.String("added", "", "JSON file of what is added to a pod")
	flag.Parse()
	log.SetLogger(logr.Discard())

	text, err := os.ReadFile(*file)
	if err != nil {
		return err
	}
	scheme := runtime.NewScheme()
	if err := corev1.AddToScheme(scheme); err != nil {
		return err
	}
	handler := &injector{decoder: admission.NewDecoder(scheme)}
	if err := json.Unmarshal(text, &handler.added); err != nil {
		return fmt.Errorf("%s: %w", *file, err)
	}
	server := webhook.NewServer(webhook.Options{Host: "127.0.0.1", Port: *port, CertDir: *certificates})
	server.Register("/mutate-pods", &admission.Webhook{Handler: handler})
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	return server.Start(ctx)
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "peer:", err)
		os.Exit(1)
	}
}
