{{/* Labels of every object: those of `gatecli-admission manifests`, and what says which release it belongs to. */}}
{{- define "gatecli.labels" -}}
{{- $own := dict
  "app.kubernetes.io/name" "gatecli-admission"
  "app.kubernetes.io/part-of" "gatecli"
  "app.kubernetes.io/instance" .Release.Name
  "app.kubernetes.io/version" .Chart.AppVersion
  "app.kubernetes.io/managed-by" .Release.Service
  "helm.sh/chart" (printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_")
-}}
{{- toYaml (mergeOverwrite (deepCopy .Values.commonLabels) $own) }}
{{- end }}

{{/* The labels that select the Pods. They never change. */}}
{{- define "gatecli.selector" -}}
app.kubernetes.io/name: gatecli-admission
{{- end }}

{{/* The image: its name with registry, tag and digest. */}}
{{- define "gatecli.image" -}}
{{- $image := .Values.image }}
{{- with $image.registry }}{{ . }}/{{ end }}{{ $image.repository }}:{{ $image.tag | default .Chart.AppVersion }}
{{- with $image.digest }}@{{ . }}{{ end }}
{{- end }}

{{/* A value as the text of a variable: a large number without an exponent. */}}
{{- define "gatecli.text" -}}
{{- if kindIs "string" . }}{{ . }}{{ else }}{{ toJson . }}{{ end }}
{{- end }}

{{/* The fewest replicas that there are. */}}
{{- define "gatecli.replicas" -}}
{{- if .Values.autoscaling.enabled }}{{ .Values.autoscaling.minReplicas }}{{ else }}{{ .Values.replicas }}{{ end }}
{{- end }}

{{- define "gatecli.priorityClassName" -}}
{{- if .Values.priorityClass.create }}gatecli-admission{{ else }}{{ .Values.priorityClassName }}{{ end }}
{{- end }}

{{/* What the Deployment, the Job and the test have in common. */}}
{{- define "gatecli.pod" -}}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.podSecurityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* One webhook, the same for both configurations but for its path and whether it is asked again. */}}
{{- define "gatecli.webhook" -}}
{{- $root := .root }}
{{- $webhooks := $root.Values.webhooks }}
- name: workloads.gatecli.dev
  admissionReviewVersions: [v1]
  clientConfig:
    service: {name: gatecli-admission, namespace: {{ $root.Release.Namespace | quote }}, path: {{ .path }}, port: 443}
  failurePolicy: {{ $webhooks.failurePolicy }}
  matchPolicy: Equivalent
  sideEffects: NoneOnDryRun
  timeoutSeconds: {{ $webhooks.timeoutSeconds }}
  {{- with .reinvocationPolicy }}
  reinvocationPolicy: {{ . }}
  {{- end }}
  {{- with $webhooks.matchConditions }}
  matchConditions:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  # Only who may change namespaces can set either label; kube-system must start without the webhook.
  namespaceSelector:
    matchExpressions:
      - {key: gatecli.dev/unchecked, operator: NotIn, values: ["true"]}
      - key: kubernetes.io/metadata.name
        operator: NotIn
        values:
          {{- $shipped := list "kube-system" "kube-node-lease" "kube-public" $root.Release.Namespace }}
          {{- if eq $root.Values.certificates.issuer "cert-manager" }}
          {{- $shipped = append $shipped $root.Values.certificates.certManagerNamespace }}
          {{- end }}
          {{- concat $shipped $webhooks.excludedNamespaces | uniq | toYaml | nindent 10 }}
      {{- with $webhooks.namespaceSelector }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
  rules:
    {{- $root.Files.Get "files/webhook-rules.yaml" | trim | nindent 4 }}
    {{- range uniq $webhooks.customResources }}
    - apiGroups: [{{ .group }}]
      apiVersions: [{{ .version }}]
      operations: [CREATE, UPDATE]
      resources: [{{ .plural }}]
      scope: Namespaced
    {{- end }}
{{- end }}

{{/* The annotations of what a hook's Job may use: made before it, deleted with it. */}}
{{- define "gatecli.hookRights" -}}
helm.sh/hook: {{ . }}
helm.sh/hook-weight: "-10"
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded,hook-failed
{{- end }}
