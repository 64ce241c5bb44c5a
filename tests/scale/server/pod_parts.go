package main

import (
	"fmt"
	"time"
)

// appendControllerLabels writes what the pod's controller adds to its labels; those of a StatefulSet
// differ from pod to pod.
func (p *pod) appendControllerLabels(out []byte) []byte {
	switch _, owner := p.owner(); p.kind {
	case statefulSets:
		out = fmt.Appendf(out, `"apps.kubernetes.io/pod-index":"%d","statefulset.kubernetes.io/pod-name":"%s",`, p.ordinal, p.name())
	case cronJobs:
		uid := appendUID(nil, 'J', uint64(p.workload.number))
		out = fmt.Appendf(out, `"batch.kubernetes.io/controller-uid":"%s","controller-uid":"%s","job-name":"%s",`, uid, uid, owner)
	case daemonSets:
		out = append(out, `"pod-template-generation":"3",`...)
	}
	return fmt.Appendf(out, `"%s":"%s"`, p.hashKey(), p.hashValue())
}

// appendState writes the state of the pod's container, or the one before.
func (p *pod) appendState(out []byte, last bool) []byte {
	at := func(out []byte) []byte { return time.Unix(p.changed, 0).UTC().AppendFormat(out, time.RFC3339) }
	terminated := func(out []byte, code, reason string) []byte {
		out = append(out, `{"terminated":{"exitCode":`+code+`,"reason":"`+reason+`","startedAt":"`...)
		out = append(at(out), `","finishedAt":"`...)
		return append(at(out), `","containerID":"containerd://1e4a438c1e6e5f6b7a8c9d4b1f2a606b1e4a438c1e6e5f6b7a8c9d4b1f2a606b"}}`...)
	}
	switch {
	case last && p.restarts > 0:
		return terminated(out, "1", "Error")
	case last:
		return append(out, "{}"...)
	case p.state == pending:
		return append(out, `{"waiting":{"reason":"ContainerCreating"}}`...)
	case p.state == crashing:
		return append(out, `{"waiting":{"reason":"CrashLoopBackOff","message":"back-off 10s restarting failed container=app"}}`...)
	case p.state == succeeded:
		return terminated(out, "0", "Completed")
	}
	return append(at(append(out, `{"running":{"startedAt":"`...)), `"}}`...)
}

// appendAgent writes what the webhook adds to a pod (operator/inject); nothing for the others.
func (p *pod) appendAgent(out []byte, name string) []byte {
	const (
		decision = `,"profiling.dev/decision":"{\"policy\":\"shop\",\"revision\":\"` + revision + `\",\"action\":\"injected\",\"reason\":\"Injected\",` +
			`\"containers\":[{\"name\":\"app\",\"languages\":[{\"language\":\"java\",\"version\":\"1.0\"}],\"action\":\"injected\",\"reason\":\"Injected\"}]}","profiling.dev/inject":"java"`
		initContainers = `"initContainers":[{"name":"profiling-agent-java","image":"registry.example/profiling/agent-java:1.0","resources":{"limits":{"memory":"32Mi"},"requests":{"cpu":"10m","memory":"32Mi"}},` +
			`"volumeMounts":[{"name":"profiling-agent","mountPath":"/profiling-agent"}],"terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File","imagePullPolicy":"IfNotPresent",` +
			`"securityContext":{"capabilities":{"drop":["ALL"]},"runAsUser":65532,"runAsNonRoot":true,"readOnlyRootFilesystem":true,"allowPrivilegeEscalation":false}}],`
		agentEnv = `,{"name":"JAVA_TOOL_OPTIONS","value":"-javaagent:/profiling-agent/java/pyroscope.jar"},{"name":"PYROSCOPE_APPLICATION_NAME","value":"checkout"},` +
			`{"name":"PYROSCOPE_SERVER_ADDRESS","value":"http://pyroscope.profiling.svc:4040"},{"name":"PYROSCOPE_FORMAT","value":"jfr"}`
		initStatuses = `"initContainerStatuses":[{"name":"profiling-agent-java","state":{"terminated":{"exitCode":0,"reason":"Completed","startedAt":"2026-01-05T08:00:00Z","finishedAt":"2026-01-05T08:00:00Z"}},` +
			`"lastState":{},"ready":true,"restartCount":0,"image":"registry.example/profiling/agent-java:1.0","imageID":"","started":false}],`
	)
	var part string
	switch name {
	case "profiledLabel":
		part = `,"profiling.dev/profiled":"` + revision + `"`
	case "decision":
		part = decision
	case "agentVolume":
		part = `{"name":"profiling-agent","emptyDir":{"sizeLimit":"320Mi"}},`
	case "initContainers":
		part = initContainers
	case "agentEnv":
		part = agentEnv
	case "agentMount":
		part = `{"name":"profiling-agent","readOnly":true,"mountPath":"/profiling-agent"},`
	case "initStatuses":
		part = initStatuses
	default:
		panic("pod.json has an unknown name: " + name)
	}
	if !p.profiled {
		return out
	}
	return append(out, part...)
}
