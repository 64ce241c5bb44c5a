{{- define "profiling-operator.fullname" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 40 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "profiling-operator.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "profiling-operator.labels" -}}
{{ include "profiling-operator.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end }}

{{- define "profiling-operator.registry" -}}
{{- include "profiling-operator.checkedRegistry" (dict "field" "image.registry" "registry" (required "image.registry is not set: no public registry has these images. Build and push them with `make push REGISTRY=HOST[:PORT][/PATH]`, then install with --set image.registry=HOST[:PORT][/PATH]" .Values.image.registry)) -}}
{{- end }}

{{- /* Here and not in the schema, whose error would show only the pattern. hack/images/push has the same one. */ -}}
{{- define "profiling-operator.checkedRegistry" -}}
{{- if not (regexMatch `^((localhost|\[[0-9a-f:]+\]|[a-z0-9-]+(\.[a-z0-9-]+)+)(:[0-9]+)?|[a-z0-9-]+:[0-9]+)(/[a-z0-9]+([._-]+[a-z0-9]+)*)*$` .registry) }}
{{- fail (printf "%s '%s' must be HOST[:PORT][/PATH] in lower case, without a scheme, tag, digest or slash at the end; HOST is 'localhost' or has a dot or a port" .field .registry) }}
{{- end }}
{{- .registry -}}
{{- end }}

{{- define "profiling-operator.reference" -}}
{{- $sep := ternary "@" ":" (hasPrefix "sha256:" .tag) -}}
{{- if .registry }}{{ .registry }}/{{ end }}{{ .repository }}{{ $sep }}{{ .tag }}
{{- end }}

{{- define "profiling-operator.image" -}}
{{ include "profiling-operator.reference" (dict "registry" (include "profiling-operator.registry" .) "repository" .Values.image.repository "tag" (.Values.image.tag | default .Chart.AppVersion)) }}
{{- end }}

{{- define "profiling-operator.commonArgs" -}}
- --log-level={{ .Values.logging.level }}
- --log-format={{ .Values.logging.format }}
- --health-address=[::]:8081
- --operator-namespace={{ .Release.Namespace }}
- --agent-pull-policy={{ .Values.agents.pullPolicy }}
{{- with (.Values.webhook).excludedNamespaces }}
- --excluded-namespaces={{ join "," . }}
{{- end }}
{{- $registry := include "profiling-operator.registry" . }}
{{- with .Values.agents.registry }}
{{- $registry = include "profiling-operator.checkedRegistry" (dict "field" "agents.registry" "registry" .) }}
{{- end }}
{{- range $language := list "java" "python" "node" "dotnet" "ruby" }}
{{- $agent := index $.Values.agents $language }}
{{- if $agent.repository }}
- {{ printf "--agent-image-%s=%s" $language (include "profiling-operator.reference" (dict "registry" $registry "repository" $agent.repository "tag" (toString $agent.tag))) | quote }}
- --agent-version-{{ $language }}={{ $agent.version }}
{{- end }}
{{- end }}
{{- $scrape := .Values.agents.scrape }}
{{- if $scrape.repository }}
{{- $tag := toString ($scrape.tag | default .Values.image.tag | default .Chart.AppVersion) }}
{{- $version := $scrape.version | default (ternary .Chart.AppVersion $tag (hasPrefix "sha256:" $tag)) }}
{{- range $language := list "go" "native" }}
- {{ printf "--agent-image-%s=%s" $language (include "profiling-operator.reference" (dict "registry" $registry "repository" $scrape.repository "tag" $tag)) | quote }}
- --agent-version-{{ $language }}={{ $version }}
{{- end }}
{{- end }}
{{- with .Values.agents.pullSecrets }}
- --agent-pull-secrets={{ join "," . }}
{{- end }}
{{- range .Values.agents.arm64 }}
- --agent-arm64={{ . }}
{{- end }}
- --native-sidecars={{ .Values.agents.nativeSidecars }}
{{- end }}

{{- define "profiling-operator.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "profiling-operator.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{- define "profiling-operator.ebpfImage" -}}
{{- $image := ((.Values.ebpf).image) | default dict -}}
{{- $registry := $image.registry -}}
{{- if $registry -}}
{{- $registry = include "profiling-operator.checkedRegistry" (dict "field" "ebpf.image.registry" "registry" $registry) -}}
{{- end -}}
{{- include "profiling-operator.reference" (dict "registry" $registry "repository" $image.repository "tag" (toString $image.tag)) -}}
{{- end }}

{{- define "profiling-operator.ebpf" -}}
{{- $e := .Values.ebpf -}}
{{- $settings := dict
  "image" (include "profiling-operator.ebpfImage" .)
  "imagePullPolicy" $e.image.pullPolicy
  "excludedNamespaces" (concat (list "kube-system" "kube-public" "kube-node-lease") .Values.webhook.excludedNamespaces) -}}
{{- merge $settings (omit $e "enabled" "image") | toJson -}}
{{- end }}

{{- define "profiling-operator.healthIngress" -}}
- ports: [{port: health, protocol: TCP}]
  {{- with .Values.networkPolicy.healthFrom }}
  from: {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}
