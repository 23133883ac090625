{{- /* The name of all objects. 52 characters leave room for a suffix: a Service has 63 at most. */}}
{{- define "forescale.name" -}}
{{- $name := ternary .Release.Name (printf "%s-forescale" .Release.Name) (contains "forescale" .Release.Name) }}
{{- .Values.fullnameOverride | default $name | trunc 52 | trimSuffix "-" }}
{{- end }}

{{- define "forescale.account" -}}
{{- $name := ternary (include "forescale.name" .) "default" .Values.serviceAccount.create }}
{{- .Values.serviceAccount.name | default $name }}
{{- end }}

{{- define "forescale.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
app.kubernetes.io/name: forescale
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- /* Takes (list ROOT COMPONENT), as the templates below do. */}}
{{- define "forescale.selector" -}}
app.kubernetes.io/name: forescale
app.kubernetes.io/instance: {{ (index . 0).Release.Name | quote }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{- /* Takes (list ROOT SUFFIX). */}}
{{- define "forescale.meta" -}}
name: {{ include "forescale.name" (index . 0) }}{{ index . 1 }}
labels:
  {{- include "forescale.labels" (index . 0) | nindent 2 }}
{{- end }}

{{- /* The port in the URL of Prometheus, or that of its scheme. */}}
{{- define "forescale.prometheusPort" -}}
{{- $url := urlParse .Values.prometheus.url }}
{{- regexFind ":[0-9]+$" $url.host | trimPrefix ":" | default (ternary "443" "80" (eq $url.scheme "https")) }}
{{- end }}
