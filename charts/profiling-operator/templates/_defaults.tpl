{{- /*
Values that earlier charts did not have, for `helm upgrade --reuse-values`, which brings only theirs. tests/chart holds
this table to values.yaml. Every template that reads values calls it first.
*/}}
{{- define "profiling-operator.newerValues" }}
agents:
  dotnet: {repository: "", tag: 1.4.0, version: 1.4.0}
  ruby: {repository: "", tag: 1.0.7, version: 1.0.7}
  scrape: {repository: profiling-operator/agent-scrape, tag: "", version: ""}
  nativeSidecars: Auto
  arm64: []
  pullSecrets: []
webhook:
  watchNodes: true
  refusalHold: 5m
  clientCA: {configMap: "", key: ca.crt}
networkPolicy:
  webhookFrom: []
  healthFrom: []
controller:
  restarts: {enabled: false, maxWorkloads: 20}
  replicas: 2
  leaderElection: {leaseDuration: 30s, renewDeadline: 20s, retryPeriod: 4s}
  podDisruptionBudget: {enabled: true, minAvailable: 1}
top:
  defaultPolicy: {enabled: false, mode: Enforce, namespaceSelector: {}, serverRef: {name: pyroscope, namespace: profiling}}
  ebpf:
    enabled: false
    image: {registry: "", repository: grafana/alloy, tag: v1.18.1, pullPolicy: IfNotPresent}
    server: {namespace: profiling, name: pyroscope}
    tenantID: ""
    sampleHz: 19
    collectInterval: 15s
    namespaces: []
    optIn: Annotated
    nodeSelector: {}
    tolerations: []
    resources:
      requests: {cpu: 100m, memory: 256Mi}
      limits: {memory: 1Gi}
    priorityClassName: ""
{{- end }}

{{- define "profiling-operator.complete" -}}
{{- $values := .Values -}}
{{- range $block, $newer := include "profiling-operator.newerValues" . | fromYaml -}}
{{- $at := ternary $values (index $values $block) (eq $block "top") -}}
{{- include "profiling-operator.fill" (dict "at" $at "newer" $newer) -}}
{{- end -}}
{{- end }}

{{- /* Sets what is absent. Not inside `resources`: a limit may be absent because somebody removed it. */}}
{{- define "profiling-operator.fill" -}}
{{- $at := .at -}}
{{- range $key, $value := .newer -}}
{{- if not (hasKey $at $key) -}}{{- $_ := set $at $key $value -}}
{{- else if and (kindIs "map" $value) (kindIs "map" (index $at $key)) (ne $key "resources") -}}
{{- include "profiling-operator.fill" (dict "at" (index $at $key) "newer" $value) -}}
{{- end -}}
{{- end -}}
{{- end }}
